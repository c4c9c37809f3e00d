//! Theory over measurement: what `theory = true` draws, says and leaves out, on sweeps that are really run.

use crate::figure_support::house::sound;
use gradsweep::columns;
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::figure::{Style, draw};
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
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    assert_eq!(dashed(&scene), 6);
    let text = text(&scene);
    for said in ["theory of wide nets", "/ predicted", "8 seeds", "Probe: 64 training rows", "last hidden layer"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

/// A root mean square fades with the shape alone, by half the decades that the sizes fall; the norm does not.
#[test]
fn the_norm_of_the_gradient_is_predicted_in_nets_of_unequal_layers() {
    let (_dir, results) = sweep(
        r#"
        seeds = 8
        [base]
        widths = [400, 200, 100, 50]
        steps = 1
        [axes]
        activation = ["tanh", "relu"]
        [[claim]]
        says = "The norm fades as predicted"
        metric = "attenuation_norm_init"
        against = "theory"
        by = "difference"
        each = ["activation"]
        expect = { within = [-0.03, 0.03] }
        "#,
    );
    let theory = results.theory().unwrap();
    for (cell, predicted) in &theory {
        let predicted = predicted.as_ref().unwrap();
        let [norm, total, plain] = ["attenuation_norm_init", "attenuation_norm_total_init", "attenuation_init"]
            .map(|column| predicted.outcome(column).unwrap());
        assert!((norm - (plain - 0.5 * 8f64.log10() / 3.0)).abs() < 1e-12, "{norm} {plain}");
        assert!((total - 3.0 * norm).abs() < 1e-12, "{total} {norm}");
        let column = columns::outcome("attenuation_norm_init").unwrap();
        let of_cell = results.runs.iter().filter(|run| run.labels == *cell);
        let mut measured: Vec<f64> = of_cell.map(|run| run.fading(column).unwrap().number()).collect();
        measured.sort_by(f64::total_cmp);
        let median = 0.5 * (measured[3] + measured[4]);
        assert!((median - norm).abs() < 0.02, "{cell:?}: {median} for {norm}");
    }
    let claims = std::fs::read_to_string(results.dir.join("claims.csv")).unwrap();
    assert_eq!(claims.matches(",holds,").count(), 2, "{claims}");
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
    let scenes: Vec<Scene> =
        results.plan.figures.iter().map(|s| draw(&results, s, ALL, Style::Page).unwrap()).collect();
    let after = "no closed form is known for batch normalization after the activation";
    let before = "Batch normalization: theory assumes that all samples are equally far apart";
    let trained = "theory holds before the first update only";
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
    let error = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap_err().to_string();
    assert!(error.contains("theory.csv"), "{error}");
}

#[test]
fn the_table_is_empty_where_no_figure_asks() {
    let (dir, _) = sweep("seeds = 1\n[base]\nwidth = 8\nsteps = 1\n[axes]\ndepth = [1, 2]\n");
    let table = |dir: &Path| std::fs::read_to_string(dir.join("out/theory.csv")).unwrap();
    assert_eq!(
        table(dir.path()),
        "depth,layer,stream_decades,delta_decades,norm_decades,argument_variance,correlation_depth,note,time,state_decades\n"
    );
}

#[test]
fn why_it_fades_is_told_in_factors_of_the_first_and_the_last_layer() {
    let (dir, results) = sweep(
        "seeds = 5\n[base]\nwidth = 128\ndepth = 8\nsteps = 1\ninit = \"uniform_fan_in\"\n[axes]\n\
         activation = [\"identity\", \"relu\", { kind = \"leaky_relu\", slope = 0.5 }, \"gelu\"]\n\
         batch_norm = [\"none\", \"before\"]\n[[figure]]\nkind = \"derivative\"\nfacet = [\"activation\", \"batch_norm\"]\n",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    sound("derivative", &scene);
    sound("derivative on a slide", &draw(&results, &results.plan.figures[0], ALL, Style::Slide).unwrap());
    let text = text(&scene);
    // sigma_w^2 = 1/3; E phi'^2 is 1, 1/2 and (1 + 0.5^2) / 2.
    for square in [1.0 / 3.0, 1.0 / 6.0, 1.25 / 6.0f64] {
        let factor = format!("{:.3}", square.sqrt());
        assert!(text.contains(&format!("first × {factor}, last × {factor}")), "no {factor} in {text}");
    }
    assert_eq!(text.matches("measured ×").count(), 4, "{text}");
    assert_eq!(text.matches("no prediction").count(), 4, "normalized nets have none: {text}");
    assert!(text.contains("No prediction in the other panels: theory predicts the gradient, but not"), "{text}");
    assert!(text.contains("median of 5 seeds"));
    // The density of layer 1: sigma_w^2 times the mean square of the inputs, which are scaled to 1 over all features.
    let table = std::fs::read_to_string(dir.path().join("out/theory.csv")).unwrap();
    let first = table.lines().find(|line| line.starts_with("identity,none,1,")).unwrap();
    let variance: f64 = first.split(',').nth(6).unwrap().parse().unwrap();
    assert!((variance - 1.0 / 3.0).abs() < 0.05, "{first}");
}

/// Six depth scales of tanh nets with sigma_b^2 = 0.05, by Gauss-Hermite quadrature in scipy (fixed points by brentq).
const SIX_XI: [(&str, f64); 4] =
    [("1", 6.0 * 3.626975618), ("1.4", 6.0 * 10.73231840), ("2.2", 6.0 * 16.22322569), ("3", 6.0 * 9.0514557)];

#[test]
fn six_depth_scales_cross_a_heat_map_where_they_should() {
    let variants: String = SIX_XI
        .iter()
        .map(|(square, _)| {
            format!("[variants.\"{square}\"]\ninit.sigma_w = {}\n", square.parse::<f64>().unwrap().sqrt())
        })
        .collect();
    let grid = format!(
        "seeds = 1\n[base]\nactivation = \"tanh\"\nwidth = 8\nsteps = 1\n\
         init = {{ kind = \"gaussian\", sigma_b = 0.22360679774997896 }}\n[axes]\ndepth = [5, 20, 80, 160]\n{variants}"
    );
    let figure = |x: &str, y: &str| {
        format!("[[figure]]\nkind = \"heat_map\"\nname = \"{x}\"\nx = \"{x}\"\ny = \"{y}\"\ntheory = true\n")
    };
    let (_dir, results) = sweep(&(grid.clone() + &figure("variant", "depth") + &figure("depth", "variant")));
    for (spec, upright) in results.plan.figures.iter().zip([true, false]) {
        let scene = draw(&results, spec, ALL, Style::Page).unwrap();
        assert!(text(&scene).contains("6 ξ") && text(&scene).contains("six times the depth scale"), "{}", text(&scene));
        let line = scene.shapes.iter().find_map(|shape| match shape {
            Shape::Line { points, stroke, .. } if stroke.dash == [4.0, 2.0] => Some(points.clone()),
            _ => None,
        });
        let line = line.expect("a dashed line");
        // The middles of the tiles of each depth tell where a depth stands.
        let middle = |depth: &str| {
            let told = |told: &Option<String>| {
                let place = told.as_ref().and_then(|told| Some(told.split_once(": ")?.0.to_string()));
                place.is_some_and(|place| place.split(", ").any(|label| label == depth) && place.contains("2.2"))
            };
            scene.shapes.iter().find_map(|shape| match shape {
                Shape::Tile { rect, told: t, .. } if told(t) => {
                    Some(if upright { (rect.top + rect.bottom) / 2.0 } else { (rect.left + rect.right) / 2.0 })
                }
                _ => None,
            })
        };
        let (twenty, eighty) = (middle("20").unwrap(), middle("80").unwrap());
        assert_eq!(line.len(), SIX_XI.len());
        for (point, (square, depth)) in line.iter().zip(SIX_XI) {
            let share = (depth / 20.0f64).ln() / 4f64.ln();
            let expected = match share {
                share if share <= 1.0 => twenty + share * (eighty - twenty),
                // Beyond 80 the next place is 160.
                _ => eighty + (depth / 80.0f64).ln() / 2f64.ln() * (eighty - twenty),
            };
            let is = if upright { point.y } else { point.x };
            assert!((is - expected).abs() < 0.05, "sigma_w^2 = {square}: {is} instead of {expected}");
        }
    }
    // Without the depth on an axis there is nothing to draw it over.
    let dir = tempdir().unwrap();
    let wrong = grid + "l2 = [0.0, 0.1]\n" + &figure("variant", "l2");
    let wrong =
        wrong.replace("depth = [5, 20, 80, 160]\n", "l2 = [0.0, 0.1]\n").replacen("l2 = [0.0, 0.1]\n[[", "[[", 1);
    std::fs::write(dir.path().join("x.toml"), wrong).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gradsweep"))
        .current_dir(dir.path())
        .args(["plan", "x.toml"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("no axis of this heat map is the depth"), "{said}");
}

/// The colour of a disc is that of theory around it where the net is as theory has it; the critical line of ReLU stands at the root
/// of 2, that of tanh leans to the right.
#[test]
fn the_phase_diagram_has_its_critical_line_and_a_disc_a_cell() {
    let (_dir, results) = sweep(
        "name = \"plane\"\nseeds = 3\n[base]\nsteps = 1\ndepth = 8\nwidth = 48\ninit = \"gaussian\"\n\
         [axes]\nactivation = [\"relu\", \"tanh\"]\ninit.sigma_w = [0.5, 1.0, 1.5, 2.0]\ninit.sigma_b = [0, 0.5, 1.0]\n\
         [record]\ngradients = { at = [] }\n[[figure]]\nkind = \"phase_diagram\"\nfacet = \"activation\"\n",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    sound("phase_diagram", &scene);
    let discs = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Disc { .. })).count();
    // An outline in black, one in white, and the colour.
    assert_eq!(discs, 2 * 12 * 3);
    let critical = |panel: usize| -> Vec<f64> {
        let plot = &scene.plots[panel];
        let is = |shape: &&Shape| matches!(shape, Shape::Line { stroke, .. } if stroke.dash.is_empty() && stroke.width == 1.4);
        let lines = scene.shapes[plot.shapes.clone()].iter().filter(is).flat_map(Shape::points);
        // From 0.25 to 2.25 across.
        lines.map(|p| 0.25 + 2.0 * (p.x - plot.area.left) / (plot.area.right - plot.area.left)).collect()
    };
    let (relu, tanh) = (critical(0), critical(1));
    assert!(relu.len() > 10 && relu.iter().all(|w| (w - 2f64.sqrt()).abs() < 0.01), "{relu:?}");
    // Chi is 1 at (1, 0), and at (1.3270, 0.2236), where sigma_b^2 = 0.05.
    let lowest = tanh.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((lowest - 1.0).abs() < 0.05 && tanh.iter().any(|w| *w > 1.5), "{tanh:?}");
}

/// Layer normalization changes the gradient, and theory of plain nets says nothing of it.
#[test]
fn the_phase_diagram_has_no_theory_beneath_nets_that_are_not_plain() {
    let (_dir, results) = sweep(
        "name = \"plane\"\nseeds = 2\n[base]\nsteps = 1\ndepth = 4\nwidth = 16\ninit = \"gaussian\"\n\
         [axes]\nnorm = [\"none\", \"layer\"]\ninit.sigma_w = [0.5, 1.5]\ninit.sigma_b = [0, 0.5]\n\
         [record]\ngradients = { at = [] }\n[[figure]]\nkind = \"phase_diagram\"\nfacet = \"norm\"\n",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    let discs = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Disc { .. })).count();
    // What was measured is there all the same.
    assert_eq!(discs, 2 * 4 * 3);
    let text = text(&scene);
    assert!(text.contains("no prediction") && text.contains("No prediction for norm = layer: "), "{text}");
    sound("phase_diagram", &scene);
}

/// Deviations that grow by factors stand evenly apart, and no disc lies over another.
#[test]
fn a_phase_diagram_of_factors_is_logarithmic() {
    let (_dir, results) = sweep(
        "name = \"plane\"\nseeds = 1\n[base]\nsteps = 1\ndepth = 6\nwidth = 24\ninit = \"gaussian\"\nactivation = \"tanh\"\n\
         [axes]\ninit.sigma_w = { log = [0.25, 4], n = 5 }\ninit.sigma_b = { log = [0.01, 1], n = 3 }\n\
         [record]\ngradients = { at = [] }\n[[figure]]\nkind = \"phase_diagram\"\n",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    sound("phase_diagram", &scene);
    let discs: Vec<(f64, f64)> = scene
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Disc { at, radius, .. } if *radius > 5.0 => Some((at.x, at.y)),
            _ => None,
        })
        .collect();
    let places = |side: fn(&(f64, f64)) -> f64| {
        let mut places: Vec<f64> = discs.iter().map(side).collect();
        places.sort_by(f64::total_cmp);
        places.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
        places
    };
    for (places, n) in [(places(|at| at.0), 5), (places(|at| at.1), 3)] {
        let steps: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            places.len() == n && steps.iter().all(|step| (step - steps[0]).abs() < 0.01 && *step > 12.0),
            "{places:?}"
        );
    }
}

/// A map fine enough to show a border has its axes in round numbers, its tiles as wide as what lies between their values, and no numbers
/// in them.
#[test]
fn a_fine_heat_map_has_numbers_along_its_axes() {
    let (_dir, results) = sweep(
        "seeds = 1\n[base]\nactivation = \"tanh\"\nwidth = 4\nsteps = 1\ninit = { kind = \"gaussian\", sigma_b = 0.22360679774997896 }\n\
         [axes]\ndepth = [5, 7, 10, 14, 20, 28, 40, 56]\n\
         init.sigma_w = [1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.5, 1.9]\n\
         [[figure]]\nkind = \"heat_map\"\nx = \"init.sigma_w\"\ny = \"depth\"\ntheory = true\n",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    sound("heat_map", &scene);
    let texts: Vec<&str> = scene.texts().map(|t| &*t.text).collect();
    assert!(!texts.contains(&"1.05") && !texts.contains(&"28") && texts.contains(&"1.4"), "{texts:?}");
    let tile = |place: &str| {
        scene.shapes.iter().find_map(|shape| match shape {
            Shape::Tile { rect, told: Some(told), .. } if told.starts_with(place) => Some(*rect),
            _ => None,
        })
    };
    let (narrow, wide) = (tile("1.1, 10:").unwrap(), tile("1.5, 10:").unwrap());
    assert!((wide.width() / narrow.width() - 6.0).abs() < 0.05, "{narrow:?} {wide:?}");
    let (low, high) = (tile("1.1, 14:").unwrap(), tile("1.1, 40:").unwrap());
    assert!((low.height() / high.height() - 1.0).abs() < 0.05, "{low:?} {high:?}");
    // Six depth scales at 1 are 22 layers.
    let line = scene.shapes.iter().find_map(|shape| match shape {
        Shape::Line { points, stroke, .. } if stroke.dash == [4.0, 2.0] => points.first().copied(),
        _ => None,
    });
    let (first, twenty) = (line.unwrap(), tile("1, 20:").unwrap());
    assert!(first.y > twenty.top && first.y < (twenty.top + twenty.bottom) / 2.0, "{first:?} {twenty:?}");
}
