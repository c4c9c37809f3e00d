//! Figures that compare optimizers, held against numbers worked out by other means.

mod figure_support;

use figure_support::house::{says, scenes, series, sound, swept};
use figure_support::{Fake, labels, spec, vanishing};
use gradsweep::experiment::figure_spec::{FigureKind, FigureSpec};
use gradsweep::figure::draw;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::table::Cell;

/// A line of the figure by its name, as places on the page.
fn line(scene: &Scene, wanted: &str) -> Vec<(f64, f64)> {
    let points = scene.shapes.iter().find_map(|shape| match shape {
        Shape::Line { name: Some(name), points, .. } if name == wanted => Some(points),
        _ => None,
    });
    points.unwrap_or_else(|| panic!("no line {wanted}")).iter().map(|p| (p.x, p.y)).collect()
}

/// Three rates in two decades, five seeds: adam is best in the middle, momentum at its largest; at the largest rate
/// some runs of adam diverge.
fn rates() -> Fake {
    let mut fake = vanishing();
    fake.axes = vec![
        ("optimizer.lr", labels(&["0.01", "0.1", "1"]), "log"),
        ("optimizer", labels(&["momentum", "adam"]), "category"),
    ];
    fake.excluded = |_| false;
    fake.twist = |run| {
        let adam = run.labels["optimizer"] == "adam";
        let loss = match (adam, run.labels["optimizer.lr"].as_str()) {
            (true, "0.01") | (false, "0.1") => 0.1,
            (true, "0.1") | (false, "1") => 0.01,
            _ => 1.0,
        };
        run.outcome.insert("train_loss", Cell::from(loss * (1.0 + 0.001 * run.seed as f64)));
        if adam && run.labels["optimizer.lr"] == "1" && run.seed > 2 {
            run.diverge();
        }
        true
    };
    fake.figures = vec![FigureSpec {
        x: Some("optimizer.lr".into()),
        color: Some("optimizer".into()),
        ..spec(FigureKind::LrSensitivity)
    }];
    fake
}

#[test]
fn the_best_rate_is_ringed_and_one_at_the_edge_has_an_arrow() {
    let (_, scene) = scenes("rates", &rates()).remove(0);
    assert!(says(&scene, "Training loss at the end against learning rate"));
    assert!(says(&scene, "best at an end of its range (1 of 2)") && says(&scene, "diverged (3 of 30 runs)"));
    // The median of adam at 1 is a run that diverged, so its line ends before it.
    let (momentum, adam) = (line(&scene, "momentum"), line(&scene, "adam"));
    assert_eq!((momentum.len(), adam.len()), (3, 2));
    // A factor of ten is the same way everywhere.
    assert!((momentum[1].0 - momentum[0].0 - (momentum[2].0 - momentum[1].0)).abs() < 1e-9);
    assert!(((momentum[1].1 - momentum[0].1) - (momentum[2].1 - momentum[1].1)).abs() < 1e-9);
    assert_eq!((momentum[1].1, momentum[2].1), (adam[0].1, adam[1].1));
    // Rings are the closed lines of 25 points; their centres are the best places.
    let rings = scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Line { name: None, points, .. } if points.len() == 25 => {
            Some(((points[0].x + points[12].x) / 2.0, (points[0].y + points[12].y) / 2.0))
        }
        _ => None,
    });
    for ((x, y), (u, v)) in rings.zip([momentum[2], adam[1]]) {
        assert!((x - u).abs() < 1e-9 && (y - v).abs() < 1e-9);
    }
}

/// Two nets and two optimizers with rates of their own, really trained.
const TRAINED: &str = "seeds = 3\n[base]\nsteps = 60\nwidth = 8\ntarget_loss = 1.5\ninit = \"uniform_fan_in\"\n\
    data = { kind = \"digits\", validation = 0.2 }\n[axes]\ndepth = [2, 4]\n[[optimizer]]\nkind = \"sgd\"\nlr = [0.1, 1]\n\
    [[optimizer]]\nkind = \"adam\"\nlr = [0.003, 0.03, 0.3]\n[record]\ngradients = { at = \"log\", points = 5 }\nscore = { every = 5 }\n";

#[test]
fn an_experiment_of_optimizers_gets_figures_that_compare_them_at_their_best() {
    let (_temp, results) = swept(TRAINED);
    let kinds: Vec<FigureKind> = results.plan.figures.iter().map(|f| f.kind).collect();
    assert!(kinds.contains(&FigureKind::LrSensitivity) && kinds.contains(&FigureKind::AttenuationOverTraining));
    for spec in &results.plan.figures {
        let scene = draw(&results, spec).unwrap().unwrap();
        sound(&format!("{:?}", spec.kind), &scene);
        if !spec.tune.is_empty() {
            assert!(says(&scene, "optimizer.lr chosen by the validation loss of seed 1"), "{:?}", spec.kind);
            assert!(says(&scene, "2 seeds"), "{:?}", spec.kind);
        }
        if spec.color.as_deref() == Some("optimizer") {
            assert!(["sgd", "adam"].iter().all(|name| series(&scene).contains(name)), "{:?}", spec.kind);
        }
    }
}

#[test]
fn attenuation_over_training_begins_and_ends_as_runs_csv_says() {
    let (_temp, mut results) = swept(TRAINED);
    // One run alone, so that its line is its own numbers.
    results.runs.retain(|run| run.seed == 2);
    let spec = FigureSpec {
        filter: figure_support::only(&[("depth", "4"), ("optimizer.lr", "0.1")]),
        color: Some("optimizer".into()),
        ..spec(FigureKind::AttenuationOverTraining)
    };
    let scene = draw(&results, &spec).unwrap().unwrap();
    let path = line(&scene, "sgd");
    let run = results.runs.iter().find(|run| run.labels == [1, 0, 2]).expect("sgd at depth 4 and 0.1");
    // The ticks of the scale turn a height on the page back into a number.
    let ticks: Vec<(f64, f64)> = scene
        .texts()
        .filter(|t| t.at.x < path[0].0 && t.turn == gradsweep::figure::scene::Turn::Level)
        .filter_map(|t| Some((t.bounds(), t.text.replace('−', "-").parse::<f64>().ok()?)))
        .map(|(bounds, value)| ((bounds.top + bounds.bottom) / 2.0, value))
        .collect();
    let ((a, u), (b, v)) = (ticks[0], *ticks.last().unwrap());
    let value = |y: f64| u + (y - a) / (b - a) * (v - u);
    for (place, metric) in [(path[0], "attenuation_init"), (*path.last().unwrap(), "attenuation_end")] {
        let wanted = run.value(metric).unwrap();
        assert!((value(place.1) - wanted).abs() < 0.02 * (v - u).abs(), "{metric}: {} {wanted}", value(place.1));
    }
}
