//! Runs that diverged are counted in every figure, and how they ended is in no median.

use crate::figure_support::{Fake, vanishing};
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::figure::{Style, draw};
use gradsweep::results::Results;
use gradsweep::table::Cell;

/// The vanishing grid, its gradients by layer after the last step.
fn at_the_end() -> Fake {
    let mut fake = vanishing();
    for figure in fake.figures.iter_mut().filter(|f| f.kind == "gradient_by_layer") {
        figure.step = Some("last".into());
    }
    fake
}

fn scenes(fake: &Fake) -> Vec<(String, Scene)> {
    let dir = tempfile::tempdir().unwrap();
    fake.write(dir.path());
    let results = Results::read(dir.path()).unwrap();
    fake.figures.iter().map(|spec| (spec.kind.clone(), draw(&results, spec, ALL, Style::Page).unwrap())).collect()
}

/// Of five seeds three end early, with numbers that are finite and mean nothing.
#[test]
fn how_diverged_runs_end_is_in_no_median() {
    let mut fake = at_the_end();
    let whole = scenes(&fake);
    fake.twist = |run| {
        if run.seed <= 3 {
            run.status = "diverged";
            run.outcome.insert("attenuation_end", Cell::Float(77.7));
            let half = run.layers[run.layers.len() / 2]["step"].clone();
            let after = run.layers.iter().position(|row| row["step"] == half).unwrap();
            run.layers.truncate(after);
        }
        true
    };
    let count = |scene: &Scene| scene.shapes.iter().filter(|s| matches!(s, Shape::Tile { .. })).count();
    for ((kind, scene), (_, before)) in scenes(&fake).iter().zip(&whole) {
        let text = scene.texts().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ");
        assert!(text.contains(" diverged"), "{kind:?} counts no run that diverged: {text}");
        assert!(!text.contains("77.7"), "{kind:?} averages the end of runs that diverged: {text}");
        if *kind == "gradient_heatmap" {
            assert!(count(scene) < count(before), "the maps go on without their seeds");
        }
        if *kind == "heat_map" {
            // Three of five are the median: no tile has a number, and none is the best.
            assert!(!text.contains("Outlined") && text.contains("×: diverged"), "{text}");
        }
    }
}
