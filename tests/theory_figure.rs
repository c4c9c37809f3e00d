//! Theory over measurement: what `theory = true` draws, says and leaves out, on sweeps that are really run.

use gradsweep::figure::draw;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::results::Results;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use tempfile::{TempDir, tempdir};

/// Sweeps an experiment into a folder of its own.
fn sweep(experiment: &str) -> (TempDir, Results) {
    let dir = tempdir().unwrap();
    let file = dir.path().join("x.toml");
    std::fs::write(&file, experiment).unwrap();
    let out = dir.path().join("out");
    let mut program = Command::new(env!("CARGO_BIN_EXE_gradsweep"));
    let output = program.args(["sweep", "--quiet", "--out"]).arg(&out).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results = Results::read(&out).unwrap();
    (dir, results)
}

fn text(scene: &Scene) -> String {
    scene.texts().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Lines with the dashes of a prediction.
fn dashed(scene: &Scene) -> usize {
    let is = |shape: &&Shape| matches!(shape, Shape::Line { name: None, stroke, .. } if stroke.dash == [3.2, 1.8]);
    // The legend shows one more.
    scene.shapes.iter().filter(is).count().saturating_sub(1)
}

/// The median of each layer's stream over that of the last layer, by cell, in decades, before the first update.
fn measured(results: &Results) -> BTreeMap<Vec<usize>, Vec<f64>> {
    let mut runs: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let all: Vec<usize> = (0..results.runs.len()).collect();
    let first = |run: usize, row: &[Option<f64>]| {
        if row[0] == Some(0.0) {
            runs.entry(run).or_default().push(row[1].unwrap().log10());
        }
    };
    results.stream("layers.csv", &all, &["step", "stream_rms"], first).unwrap();
    let mut cells: BTreeMap<Vec<usize>, Vec<Vec<f64>>> = BTreeMap::new();
    for (run, layers) in runs {
        let ratios = layers.iter().map(|x| x - layers.last().unwrap()).collect();
        cells.entry(results.runs[run].labels.clone()).or_default().push(ratios);
    }
    let median = |seeds: &Vec<Vec<f64>>, layer: usize| {
        let mut values: Vec<f64> = seeds.iter().map(|layers| layers[layer]).collect();
        values.sort_by(f64::total_cmp);
        0.5 * (values[(values.len() - 1) / 2] + values[values.len() / 2])
    };
    let medians = |seeds: Vec<Vec<f64>>| (0..seeds[0].len()).map(|layer| median(&seeds, layer)).collect();
    cells.into_iter().map(|(cell, seeds)| (cell, medians(seeds))).collect()
}

#[test]
fn wide_nets_lie_on_the_predictions_of_theory_csv() {
    let (_dir, results) = sweep(
        r#"
        seeds = 8
        [base]
        depth = 6
        width = 256
        steps = 1
        [axes]
        activation = ["tanh", "relu", "sigmoid"]
        init = ["he_normal", "uniform_fan_in"]
        [[figure]]
        kind = "gradient_by_layer"
        color = "activation"
        facet = "init"
        theory = true
        "#,
    );
    let theory = results.theory().unwrap();
    let measured = measured(&results);
    assert_eq!((theory.len(), measured.len()), (6, 6));
    for (cell, measured) in &measured {
        let predicted = theory[cell].as_ref().unwrap().by_layer("stream_rms").unwrap();
        assert_eq!(predicted.len(), 6);
        let mut factors = Vec::new();
        for (l, (measured, predicted)) in measured.iter().zip(&predicted).enumerate().take(5) {
            // A layer's squared gradient, on average over the layers from here to the last.
            let factor = 10f64.powf(2.0 * (measured - predicted) / (5 - l) as f64);
            factors.push(factor);
        }
        assert!(factors.iter().all(|factor| (factor - 1.0).abs() < 0.05), "{cell:?} {factors:?}");
    }
    let scene = draw(&results, &results.plan.figures[0]).unwrap().unwrap();
    assert_eq!(dashed(&scene), 6);
    let text = text(&scene);
    for said in
        ["predicted at infinite width", "/ predicted", "8 seeds", "Probe: 64 training rows", "last hidden layer"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn what_theory_does_not_cover_is_said_and_not_drawn() {
    let (dir, results) = sweep(
        r#"
        seeds = 2
        [base]
        width = 16
        steps = 1
        [axes]
        depth = [1, 2, 4]
        [variants.plain]
        [variants.before]
        batch_norm = "before"
        [variants.after]
        batch_norm = "after"
        [[figure]]
        kind = "gradient_by_layer"
        name = "start"
        color = "variant"
        where = { depth = 4 }
        theory = true
        [[figure]]
        kind = "gradient_by_layer"
        name = "end"
        color = "variant"
        where = { depth = 4 }
        step = "last"
        theory = true
        [[figure]]
        kind = "attenuation_by_depth"
        name = "total"
        color = "variant"
        theory = true
        [[figure]]
        kind = "attenuation_by_depth"
        name = "trained"
        metric = "attenuation_end"
        color = "variant"
        theory = true
        [[figure]]
        kind = "gradient_by_layer"
        name = "pooled"
        over = ["variant"]
        where = { depth = 4 }
        theory = true
        "#,
    );
    let scenes: Vec<Scene> = results.plan.figures.iter().map(|s| draw(&results, s).unwrap().unwrap()).collect();
    let after = "for batch normalization after the activation no closed form is known";
    let before = "the rate of deep layers";
    let trained = "theory is of nets before the first update";
    let pooled = "the cells pooled into one line have different predictions";
    // Depth 1 has no attenuation to predict, so its place on the line is empty.
    for (scene, lines, said, unsaid) in [
        (&scenes[0], 2, [before, after], trained),
        (&scenes[1], 0, [trained, "3 of 3"], before),
        (&scenes[2], 2, [before, after], trained),
        (&scenes[3], 0, [trained, "9 of 9"], before),
        (&scenes[4], 0, ["1 of 1", ""], trained),
    ] {
        let text = text(scene);
        assert_eq!(dashed(scene), lines, "{text}");
        assert!(said.iter().all(|s| text.contains(s)) && !text.contains(unsaid), "{text}");
        assert_eq!(text.contains("/ predicted"), lines > 0, "{text}");
    }
    assert!(text(&scenes[4]).contains(after) || text(&scenes[4]).contains(pooled));
    // A figure is drawn from the folder alone; what is missing there is said.
    std::fs::remove_file(dir.path().join("out/theory.csv")).unwrap();
    let error = draw(&results, &results.plan.figures[0]).unwrap_err().to_string();
    assert!(error.contains("theory.csv"), "{error}");
}

#[test]
fn the_table_is_empty_where_no_figure_asks() {
    let (dir, _) = sweep("seeds = 1\n[base]\nwidth = 8\nsteps = 1\n[axes]\ndepth = [1, 2]\n");
    let table = |dir: &Path| std::fs::read_to_string(dir.join("out/theory.csv")).unwrap();
    assert_eq!(table(dir.path()), "depth,layer,stream_decades,delta_decades,note\n");
}
