//! Figures of how the numbers of layers are spread, and of errors over epochs, from sweeps that are really run.

use crate::figure_optimizers::{height, line};
use crate::figure_support::house::{says, scenes, sound, swept};
use crate::figure_support::{labels, only, spec, vanishing};
use gradsweep::columns::QUANTITIES;
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::Shape;
use gradsweep::figure::{Style, draw};
use gradsweep::plan_file::Scale;
use gradsweep::plan_file::figure::{FigureSpec, Reference};
use gradsweep::results::Results;
use gradsweep::stats::median;
use gradsweep::table::Cell;
use std::collections::BTreeMap;

const EXPERIMENT: &str = "seeds = 3\n[base]\nsteps = 40\nwidth = 12\ndepth = 3\n[axes]\nactivation = [\"tanh\", \"relu\"]\n\
    [record]\ngradients = { every = 10 }\nscore = { every = 4 }\ndistributions = true\njacobian = true\n";

/// The rows of a results table, each as the texts of these columns.
fn rows(results: &Results, file: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let mut table = csv::Reader::from_path(results.dir.join(file)).unwrap();
    let header = table.headers().unwrap().clone();
    let places: Vec<usize> = columns.iter().map(|name| header.iter().position(|own| own == *name).unwrap()).collect();
    table.records().map(|row| places.iter().map(|at| row.as_ref().unwrap()[*at].to_string()).collect()).collect()
}

#[test]
fn percentiles_and_ridges_show_what_distributions_csv_holds() {
    let (_temp, results) = swept(EXPERIMENT);
    for quantity in QUANTITIES {
        // Of the last layer with respect to itself all singular values are 1.
        let layers = if quantity.recorded == Some("jacobian") { 2 } else { 3 };
        let percentiles =
            FigureSpec { metric: Some(quantity.name.into()), facet: labels(&["activation"]), ..spec("percentiles") };
        let scene = draw(&results, &percentiles, ALL, Style::Page).unwrap();
        sound(quantity.name, &scene);
        assert!(says(&scene, &format!("layer {layers}")) && says(&scene, "layer 1"), "{}", quantity.name);
        let ridges = FigureSpec { color: Some("activation".into()), facet: Vec::new(), ..percentiles };
        for step in ["first", "last"] {
            let ridges = FigureSpec { kind: "distribution_by_layer".into(), step: Some(step.into()), ..ridges.clone() };
            let scene = draw(&results, &ridges, ALL, Style::Page).unwrap();
            sound(quantity.name, &scene);
            let ridges =
                scene.shapes.iter().filter(|shape| matches!(shape, Shape::Area { opacity, .. } if *opacity < 1.0));
            assert_eq!(ridges.count(), 2 * layers, "{}", quantity.name);
        }
    }
    let figure = FigureSpec { filter: only(&[("activation", "tanh")]), ..spec("percentiles") };
    let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
    let tanh: Vec<&str> = results.runs.iter().filter(|run| run.labels == [0]).map(|run| run.id.as_str()).collect();
    let at_the_end = rows(&results, "distributions.csv", &["run_id", "step", "layer", "quantity", "q50"]);
    let at_the_end =
        at_the_end.iter().filter(|row| tanh.contains(&row[0].as_str()) && row[1..4] == ["40", "3", "argument"]);
    let values: Vec<f64> = at_the_end.map(|row| row[4].parse().unwrap()).collect();
    assert_eq!(values.len(), 3);
    let drawn = height(&scene, false, *line(&scene, "median").last().unwrap());
    assert!((drawn - median(&values).unwrap()).abs() < 0.02, "{drawn} {values:?}");
}

/// Of the last layer but one all singular values are a ten-thousandth, of the one before it the square of that, and so on.
#[test]
fn layers_that_lie_far_from_all_others_have_their_ridges() {
    let (_temp, results) = swept(
        "seeds = 2\n[base]\nsteps = 1\nwidth = 12\ndepth = 6\ninit = { kind = \"orthogonal\", gain = 1e-4 }\n\
         [axes]\nactivation = [\"tanh\", \"identity\"]\n[record]\ndistributions = true\njacobian = true\n",
    );
    let figure = FigureSpec {
        metric: Some("singular_value".into()),
        color: Some("activation".into()),
        step: Some("first".into()),
        ..spec("distribution_by_layer")
    };
    let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
    let ridges = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Area { opacity, .. } if *opacity < 1.0));
    assert_eq!(ridges.count(), 2 * 5);
}

#[test]
fn errors_are_what_accuracies_leave_and_epochs_are_passes_over_the_data() {
    let (_temp, results) = swept(EXPERIMENT);
    let figure = FigureSpec {
        metric: Some("test_error".into()),
        color: Some("activation".into()),
        epochs: true,
        ..spec("curves")
    };
    let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
    sound("test_error", &scene);
    assert!(says(&scene, "epoch") && says(&scene, "Thin: the training error."), "{}", scene.caption);
    for (name, column) in [("tanh", "test_accuracy"), ("tanh, training error", "train_accuracy")] {
        let values: Vec<f64> =
            results.runs.iter().filter(|run| run.labels == [0]).map(|run| 1.0 - run.value(column).unwrap()).collect();
        let drawn = height(&scene, false, *line(&scene, name).last().unwrap());
        assert!((drawn - median(&values).unwrap()).abs() < 0.01, "{name}: {drawn} {values:?}");
    }
}

#[test]
fn many_runs_are_violins_and_a_bound_is_a_line() {
    let mut fake = vanishing();
    fake.seeds = 201;
    for (name, own, _) in &mut fake.axes {
        own.truncate(if *name == "depth" { 3 } else { 1 });
    }
    fake.twist = |run| {
        let depth: f64 = run.labels["depth"].parse().unwrap();
        run.outcome.insert("train_loss", Cell::from(depth + run.seed as f64 / 100.0));
        run.history.clear();
        run.layers.clear();
        true
    };
    let reference =
        Reference { name: "as deep".into(), value: 1.0, factor: 1.0, power: 0.0, slope: 1.0, filter: BTreeMap::new() };
    let figure = FigureSpec {
        x: Some("depth".into()),
        x_scale: Some(gradsweep::plan_file::Scale::Linear),
        scale: Some(gradsweep::plan_file::Scale::Linear),
        x_title: Some("how deep".into()),
        references: vec![reference],
        ..spec("loss_by_depth")
    };
    fake.figures = vec![figure];
    let (_, scene) = scenes("violins", &fake).remove(0);
    assert!(says(&scene, "Violin: the density of the runs") && says(&scene, "as deep") && says(&scene, "how deep"));
    let violins = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Area { opacity, .. } if *opacity < 1.0));
    assert_eq!(violins.count(), 3);
}

/// Gradient descent on x^2 / 2 at a rate of 0.1 multiplies the loss by 0.81 at each step, at 0.5 by 0.25.
#[test]
fn a_law_lies_on_what_follows_it_in_the_colour_of_its_label() {
    let (_dir, results) = swept(
        "seeds = 1\n[base]\nfunction = { kind = \"quadratic\", condition = 1, dimension = 2, start = [2, 0], spread = 0 }\nsteps = 20\noptimizer = \"sgd\"\n\
         dtype = \"f64\"\n[axes]\noptimizer.lr = [0.1, 0.5]\n[record]\nscore = { every = 1 }\n",
    );
    let law = |name: &str, label: &str, factor: f64| Reference {
        name: name.into(),
        value: 2.0,
        factor,
        power: 0.0,
        slope: 0.0,
        filter: only(&[("optimizer.lr", label)]),
    };
    let figure = |x_scale| FigureSpec {
        color: Some("optimizer.lr".into()),
        x_scale: Some(x_scale),
        references: vec![law("law", "0.1", 0.81), law("law", "0.5", 0.25)],
        ..spec("curves")
    };
    for scale in [Scale::Linear, Scale::Log] {
        let figure = figure(scale);
        let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
        assert_eq!(scene.shapes.iter().filter(|shape| matches!(shape, Shape::Text(t) if t.text == "law")).count(), 1);
        for label in ["0.1", "0.5"] {
            let own = line(&scene, label);
            let color = scene.shapes.iter().find_map(|shape| match shape {
                Shape::Line { name: Some(name), stroke, .. } if name == label => Some(stroke.color),
                _ => None,
            });
            let dashed = scene.shapes.iter().filter_map(|shape| match shape {
                Shape::Line { name: None, points, stroke } if !stroke.dash.is_empty() && points.len() > 20 => {
                    (Some(stroke.color) == color).then_some(points)
                }
                _ => None,
            });
            let dashed: Vec<_> = dashed.flatten().collect();
            // Of the law's points the nearest to one of the line is at its height.
            for (x, y) in &own[2..8] {
                let near = dashed.iter().min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs())).unwrap();
                assert!((near.y - y).abs() < 4.0, "{label} {scale:?}: {near:?} {x} {y}");
            }
        }
    }
}

/// A law over an axis has at each label the height of that label, also where the label is the only one, and what no panel shows is said.
#[test]
fn a_law_over_an_axis_has_the_heights_of_the_labels() {
    for depths in [&[3.0][..], &[1.0, 2.0, 3.0]] {
        let (_dir, results) = swept(&format!(
            "seeds = 2\n[base]\nsteps = 3\nwidth = 6\n[axes]\ndepth = {:?}\n[record]\ngradients = {{ every = 3 }}\n",
            depths.iter().map(|depth| *depth as usize).collect::<Vec<_>>()
        ));
        for (kind, limits) in
            [("first_layer", [1e-3, 10.0]), ("loss_by_depth", [1e-3, 10.0]), ("first_layer", [1e-9, 1e-8])]
        {
            let law = Reference {
                name: "law".into(),
                value: 1.0,
                factor: 0.5,
                power: 0.0,
                slope: 0.0,
                filter: BTreeMap::new(),
            };
            let figure = FigureSpec {
                x: Some("depth".into()),
                scale: Some(Scale::Log),
                limits: Some(limits),
                references: vec![law],
                ..spec(kind)
            };
            let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
            assert_eq!(scene.caption.contains("Outside the scale: law."), limits[1] < 1.0, "{}", scene.caption);
            if limits[1] < 1.0 {
                continue;
            }
            let dashed = scene.shapes.iter().find_map(|shape| match shape {
                Shape::Line { name: None, points, stroke } if !stroke.dash.is_empty() && points.len() > 20 => {
                    Some(points)
                }
                _ => None,
            });
            let points = dashed.unwrap_or_else(|| panic!("{kind}: no law over {depths:?}"));
            for (point, depth) in [(points[0], depths[0]), (points[points.len() - 1], depths[depths.len() - 1])] {
                let (found, wanted) = (height(&scene, true, (point.x, point.y)), 0.5f64.powf(depth).log10());
                assert!((found - wanted).abs() < 0.03, "{kind}, depth {depth}: {found} {wanted}");
            }
        }
    }
}

/// The numbers of the figure are those of `layers.csv` in layer 1, at the first or the last step.
#[test]
fn the_first_layer_is_drawn_against_depth() {
    let (_dir, results) = swept(
        "seeds = 3\n[base]\nsteps = 5\nwidth = 6\n[axes]\ndepth = [1, 2, 4]\n[record]\ngradients = { every = 5 }\nscore = { at = [] }\n",
    );
    for (step, at) in [("first", "0"), ("last", "5")] {
        let figure = FigureSpec {
            x: Some("depth".into()),
            metric: Some("activation_std".into()),
            step: Some(step.into()),
            ..spec("first_layer")
        };
        let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
        sound("first_layer", &scene);
        let table = rows(&results, "layers.csv", &["run_id", "step", "layer", "activation_std"]);
        let drawn = line(&scene, "all runs");
        for (depth, place) in drawn.iter().enumerate() {
            let own = results.runs.iter().filter(|run| run.labels == [depth]);
            let value = |id: &str| {
                let row = table.iter().find(|row| row[..3] == [id, at, "1"]).unwrap();
                row[3].parse::<f64>().unwrap()
            };
            let wanted = median(&own.map(|run| value(&run.id)).collect::<Vec<_>>()).unwrap();
            let found = height(&scene, false, *place);
            assert!((found - wanted).abs() < 0.01, "{step}, place {depth}: {found} {wanted}");
        }
    }
}

const ALONG: &str = "seeds = 3\n[base]\ndata = { kind = \"teacher\", features = 1, n = 100 }\nsteps = 2\nwidth = 12\nactivation = \"relu\"\n\
    init = { kind = \"gaussian\", sigma_w = 1.4, sigma_b = 1.4 }\n[variants.shallow]\ndepth = 1\n[variants.deep]\ndepth = 8\n\
    [variants.exploding]\ndepth = 8\nresidual = { form = \"pre_activation\", scale = 30.0 }\n[record]\nalong_input = true\n";

#[test]
fn lines_along_the_input_are_those_of_the_first_seed() {
    let (_temp, results) = swept(ALONG);
    let plain = FigureSpec {
        color: Some("variant".into()),
        filter: BTreeMap::from([("variant".into(), labels(&["shallow", "deep"]))]),
        x_title: Some("dose".into()),
        ..spec("along_input")
    };
    for (metric, step) in [("gradient", "first"), ("gradient", "last"), ("output", "first")] {
        let figure = FigureSpec { metric: Some(metric.into()), step: Some(step.into()), ..plain.clone() };
        let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
        sound(metric, &scene);
        let caption = "Line: the run of seed 1 alone, of 3 seeds, at 256 inputs.";
        assert!(says(&scene, "dose") && scene.caption.contains(caption), "{}", scene.caption);
        let own = results.runs.iter().find(|run| run.labels == [1] && run.seed == 1).unwrap();
        let rows = rows(&results, "along_input.csv", &["run_id", "step", "x", metric]);
        let at = if step == "first" { "0" } else { "2" };
        let rows = rows.iter().filter(|row| row[0] == own.id && row[1] == at);
        let ends: Vec<f64> = rows.map(|row| row[3].parse().unwrap()).collect();
        assert_eq!(ends.len(), 256);
        let drawn = height(&scene, false, *line(&scene, "deep").last().unwrap());
        assert!((drawn - ends.last().unwrap()).abs() < 0.02 * (1.0 + drawn.abs()), "{metric} {step}: {drawn}");
    }
    // The median over all seeds is told for each line.
    let value = |label: usize| {
        let runs = results.runs.iter().filter(|run| run.labels == [label]);
        median(&runs.map(|run| run.value("autocorrelation_init").unwrap()).collect::<Vec<_>>()).unwrap()
    };
    let scene = draw(&results, &plain, ALL, Style::Page).unwrap();
    let told = format!("neighbouring inputs: shallow: {:.2}; deep: {:.2}.", value(0), value(1));
    assert!(scene.caption.contains(&told) || says(&scene, &told), "{told} {}", scene.caption);
    // Lines whose sizes differ are drawn over their own.
    let figure = FigureSpec { facet: labels(&["variant"]), ..spec("along_input") };
    let scene = draw(&results, &figure, ALL, Style::Page).unwrap();
    sound("of all sizes", &scene);
    assert!(says(&scene, "over its root mean square"), "{}", scene.caption);
}
