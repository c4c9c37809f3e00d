//! Figures that compare optimizers, held against numbers worked out by other means.

use crate::figure_support::house::{says, scenes, series, sound, swept};
use crate::figure_support::{Fake, labels, only, rates, spec, vanishing};
use gradsweep::compare::Comparison;
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::figure::{Style, draw};
use gradsweep::plan_file::figure::FigureSpec;
use gradsweep::results::Results;
use gradsweep::table::Cell;

/// A line of the figure by its name, as places on the page.
pub fn line(scene: &Scene, wanted: &str) -> Vec<(f64, f64)> {
    let points = scene.shapes.iter().find_map(|shape| match shape {
        Shape::Line { name: Some(name), points, .. } if name == wanted => Some(points),
        _ => None,
    });
    points.unwrap_or_else(|| panic!("no line {wanted}")).iter().map(|p| (p.x, p.y)).collect()
}

/// What a height on the page stands for by the ticks of its scale: the value, or log10 of it.
pub fn height(scene: &Scene, logarithmic: bool, place: (f64, f64)) -> f64 {
    let number = |text: &str| -> Option<f64> {
        let superscript =
            |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|s| s == c).and_then(|d| char::from_digit(d as u32, 10));
        let plain: String = text
            .chars()
            .map(|c| {
                superscript(c).unwrap_or(match c {
                    '−' | '⁻' => '-',
                    c => c,
                })
            })
            .collect();
        if let Some(share) = plain.strip_suffix('%') {
            return Some(share.trim_end().parse::<f64>().ok()? / 100.0);
        }
        let power = text.strip_prefix("10").filter(|rest| !rest.is_empty() && !rest.starts_with('.'));
        match (power, logarithmic) {
            (Some(_), _) => plain[2..].parse().ok(),
            (None, true) => plain.parse().ok().map(f64::log10),
            (None, false) => plain.parse().ok(),
        }
    };
    let left = scene.texts().filter(|t| t.at.x < place.0 && t.turn == gradsweep::figure::scene::Turn::Level);
    let ticks: Vec<(f64, f64)> = left.filter_map(|t| Some((t.at.y - 0.36 * t.size, number(&t.text)?))).collect();
    let ((a, u), (b, v)) = (ticks[0], ticks[1]);
    u + (place.1 - a) / (b - a) * (v - u)
}

/// Three rates in two decades, five seeds: adam is best in the middle, momentum at its largest; at the largest rate
/// some runs of adam diverge.
fn tuned() -> Fake {
    let mut fake = rates();
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
    fake
}

#[test]
fn the_best_rate_is_ringed_and_one_at_the_edge_has_an_arrow() {
    let (_, scene) = scenes("rates", &tuned()).remove(0);
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

/// Where some runs diverge at the largest rate, the best in the median, none beyond is better.
#[test]
fn no_arrow_leads_to_rates_at_which_runs_diverge() {
    let mut fake = tuned();
    fake.twist = |run| {
        let kept = (tuned().twist)(run);
        if run.labels["optimizer"] == "momentum" && run.labels["optimizer.lr"] == "1" && run.seed == 2 {
            run.diverge();
        }
        kept
    };
    for (fake, is_drawn) in [(&tuned(), true), (&fake, false)] {
        let (_, scene) = scenes("rates", fake).remove(0);
        assert_eq!(says(&scene, "best at an end of its range"), is_drawn);
    }
}

#[test]
fn the_ring_is_what_the_comparison_chose() {
    let mut fake = tuned();
    // Over all seeds adam is best at 0.1, on the two that choose at 0.01.
    fake.twist = |run| {
        let kept = (tuned().twist)(run);
        if run.labels["optimizer"] == "adam" && run.labels["optimizer.lr"] == "0.01" && run.seed <= 2 {
            run.outcome.insert("train_loss", Cell::from(0.001));
        }
        kept
    };
    let temp = tempfile::tempdir().unwrap();
    fake.write(temp.path());
    let path = temp.path().join("plan.json");
    let mut plan: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    plan["compare"] = serde_json::json!({"arm": "optimizer", "tune": ["optimizer.lr"], "tune_seeds": 2});
    std::fs::write(&path, plan.to_string()).unwrap();
    let results = Results::read(temp.path()).unwrap();
    let comparison = Comparison::of(&results).unwrap().unwrap();
    let chosen: Vec<&str> = comparison.tasks[0].arms.iter().map(|arm| arm.chosen[0].1.as_str()).collect();
    assert_eq!(chosen, ["1", "0.01"]);
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    assert!(says(
        &scene,
        "Ring: the rate that the comparison chose for this line, by the training loss of seeds 1 to 2."
    ));
    let rings: Vec<f64> = scene
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Line { name: None, points, .. } if points.len() == 25 => Some((points[0].x + points[12].x) / 2.0),
            _ => None,
        })
        .collect();
    assert_eq!(rings.len(), 2);
    for (x, wanted) in rings.into_iter().zip([line(&scene, "momentum")[2], line(&scene, "adam")[0]]) {
        assert!((x - wanted.0).abs() < 1e-9);
    }
}

/// Two nets and two optimizers with rates of their own, really trained.
const TRAINED: &str = "seeds = 4\n[base]\nsteps = 60\nwidth = 8\ntarget_loss = 1.5\ninit = \"uniform_fan_in\"\n\
    data = { kind = \"digits\", validation = 0.2 }\n[axes]\ndepth = [2, 4]\n[[optimizer]]\nkind = \"sgd\"\nlr = [0.1, 1]\n\
    [[optimizer]]\nkind = \"adam\"\nlr = [0.003, 0.03, 0.3]\n[record]\ngradients = { at = \"log\", points = 5 }\nscore = { every = 5 }\n";

#[test]
fn an_experiment_of_optimizers_gets_figures_that_compare_them_at_their_best() {
    let (_temp, results) = swept(TRAINED);
    let kinds: Vec<&str> = results.plan.figures.iter().map(|f| f.kind.as_str()).collect();
    assert_eq!(kinds[0], "comparison");
    let own = [
        "lr_sensitivity",
        "best_of_tries",
        "attenuation_over_training",
        "layer_lines",
        "steps_to_target",
        "performance_profile",
    ];
    assert!(kinds[2..].starts_with(&own), "{kinds:?}");
    for spec in &results.plan.figures {
        let scene = draw(&results, spec, ALL, Style::Page).unwrap();
        sound(&format!("{:?}", spec.kind), &scene);
        // Seed 1 chose, the other three are shown; what tuning is worth is told by all of them.
        let seeds = match (spec.kind.as_str(), spec.tune.is_empty()) {
            ("performance_profile", _) => "N = 6 problems",
            ("best_of_tries", _) | (_, true) => "4 seeds",
            _ => "3 seeds",
        };
        let chosen = says(&scene, "learning rate chosen by the validation loss of seed 1");
        assert_eq!(chosen, !spec.tune.is_empty() && spec.kind != "best_of_tries", "{:?}: {}", spec.kind, scene.caption);
        assert!(says(&scene, seeds), "{:?}", spec.kind);
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
        filter: only(&[("depth", "4"), ("optimizer.lr", "0.1")]),
        color: Some("optimizer".into()),
        ..spec("attenuation_over_training")
    };
    let scene = draw(&results, &spec, ALL, Style::Page).unwrap();
    let path = line(&scene, "sgd");
    let run = results.runs.iter().find(|run| run.labels == [1, 0, 2]).expect("sgd at depth 4 and 0.1");
    for (place, metric) in [(path[0], "attenuation_init"), (*path.last().unwrap(), "attenuation_end")] {
        let (value, wanted) = (height(&scene, false, place), run.value(metric).unwrap());
        assert!((value - wanted).abs() < 0.005, "{metric}: {value} {wanted}");
    }
}

/// Four tries in decades; of adam one diverges in the median seed.
fn tries() -> Fake {
    let mut fake = tuned();
    fake.axes[0].1 = labels(&["0.01", "0.1", "1", "10"]);
    fake.twist = |run| {
        let adam = run.labels["optimizer"] == "adam";
        let rate: f64 = run.labels["optimizer.lr"].parse().unwrap();
        run.outcome.insert("train_loss", Cell::from(0.01 / rate));
        run.outcome.insert("steps_to_target", Cell::from((rate != 1.0).then_some(100 * (run.seed as usize))));
        if adam && rate == 0.01 && run.seed > 2 {
            run.diverge();
        }
        true
    };
    let figure = |kind| FigureSpec { color: Some("optimizer".into()), tune: labels(&["optimizer.lr"]), ..spec(kind) };
    fake.figures = vec![figure("best_of_tries")];
    fake
}

#[test]
fn the_best_of_k_tries_is_that_of_all_subsets() {
    let (_, scene) = scenes("tries", &tries()).remove(0);
    assert!(
        says(&scene, "1 of the tries diverged in the median seed and counts as the worst")
            && says(&scene, "the median of 5 seeds")
    );
    // The losses, the largest first.
    let tries = [1.0, 0.1, 0.01, 0.001];
    // Both have the same tries, so that they are one line.
    for (k, place) in (1..).zip(line(&scene, "momentum = adam")) {
        let subsets = (0..16u32).filter(|s| s.count_ones() == k);
        let mut best: Vec<f64> = subsets
            .map(|s| (0..4).filter(|i| s >> i & 1 == 1).map(|i| tries[i]).fold(f64::INFINITY, f64::min))
            .collect();
        best.sort_by(f64::total_cmp);
        // Of an even number of choices the mean of the middle two.
        let wanted = f64::log10((best[(best.len() - 1) / 2] + best[best.len() / 2]) / 2.0);
        let value = height(&scene, true, place);
        assert!((value - wanted).abs() < 0.02, "{k}: {value} {wanted}");
    }
}

#[test]
fn misses_are_shown_as_misses() {
    let mut fake = tries();
    fake.target = Some(0.5);
    let figure = |rate: &str, kind| FigureSpec {
        color: Some("optimizer".into()),
        filter: only(&[("optimizer.lr", rate)]),
        ..spec(kind)
    };
    fake.figures = vec![figure("10", "steps_to_target"), figure("0.1", "steps_to_target")];
    for figure in &mut fake.figures {
        figure.name = Some(format!("steps_{}", figure.filter["optimizer.lr"][0]));
    }
    fake.twist = |run| {
        let reached = run.labels["optimizer"] == "adam" && run.seed < 5 || run.seed < 3;
        run.outcome.insert("steps_to_target", Cell::from(reached.then_some(10 * run.seed as usize)));
        true
    };
    for (_, scene) in scenes("misses", &fake) {
        assert!(says(&scene, "never reached it (4 of 10 runs)"));
        // The range from 10 to 20 steps of the one and to 40 of the other, on one logarithmic scale.
        let (momentum, adam) = (line(&scene, "momentum"), line(&scene, "adam"));
        assert_eq!(momentum[0].0, adam[0].0);
        let (one, two) = (momentum[1].0 - momentum[0].0, adam[1].0 - adam[0].0);
        assert!((two - 2.0 * one).abs() < 1e-9, "{one} {two}");
    }
    // Without a target there is nothing to miss.
    fake.target = None;
    let temp = tempfile::tempdir().unwrap();
    fake.write(temp.path());
    for drawn in crate::figure_support::draw_all(temp.path()).unwrap() {
        assert!(drawn.skipped.unwrap().contains("target_loss"));
    }
}

#[test]
fn a_profile_is_the_share_within_a_factor() {
    let mut fake = tries();
    fake.target = Some(0.5);
    fake.axes[0] = ("depth", labels(&["2", "4"]), "log");
    fake.figures =
        vec![FigureSpec { color: Some("optimizer".into()), over: labels(&["depth"]), ..spec("performance_profile") }];
    // Momentum: 100 steps at depth 2, a miss at 4. Adam: 200, 300, 400, 500, 600 at 2 and 700 at 4.
    fake.twist = |run| {
        let steps = match (run.labels["optimizer"].as_str(), run.labels["depth"].as_str()) {
            ("momentum", "2") => Some(100),
            ("momentum", _) => None,
            (_, "2") => Some(100 * (1 + run.seed as usize)),
            _ => Some(700),
        };
        run.outcome.insert("steps_to_target", Cell::from(steps));
        true
    };
    let (_, scene) = scenes("profile", &fake).remove(0);
    assert!(says(&scene, "N = 10 problems per panel, one for each depth and seed"));
    // Momentum is fastest on half and solves no more; adam on the other half, and all within a factor of six.
    let shares = |name: &str| -> Vec<f64> {
        line(&scene, name).into_iter().map(|place| (10.0 * height(&scene, false, place)).round() / 10.0).collect()
    };
    assert_eq!(shares("momentum"), [0.5, 0.5]);
    assert_eq!(shares("adam"), [0.5, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.9, 0.9, 1.0, 1.0]);
    let at = |steps: usize| line(&scene, "adam")[2 * steps - 1].0;
    // Factors 2, 3, 4, 5, 6, evenly in their logarithms.
    for (i, factor) in (1..).zip([2.0f64, 3.0, 4.0, 5.0]) {
        let (own, wanted) = ((at(i) - at(1)) / (at(5) - at(1)), (factor / 2.0).ln() / 3f64.ln());
        assert!((own - wanted).abs() < 1e-9, "{factor}: {own} {wanted}");
    }
}

#[test]
fn sixty_arms_stay_on_the_page() {
    let mut fake = tries();
    fake.target = Some(0.5);
    fake.axes[1].1 = (0..60).map(|i| format!("optimizer number {i}")).collect();
    let spec = |kind| FigureSpec { color: Some("optimizer".into()), tune: labels(&["optimizer.lr"]), ..spec(kind) };
    fake.figures = ["best_of_tries", "steps_to_target", "performance_profile"].map(spec).to_vec();
    fake.figures.push(FigureSpec {
        x: Some("optimizer.lr".into()),
        color: Some("optimizer".into()),
        ..crate::figure_support::spec("lr_sensitivity")
    });
    scenes("sixty", &fake);
}

#[test]
fn update_ratios_are_those_of_layers_csv() {
    let mut fake = vanishing();
    fake.seeds = 1;
    fake.figures = vec![FigureSpec {
        facet: labels(&["variant"]),
        filter: only(&[("depth", "4"), ("activation", "tanh"), ("optimizer", "adam")]),
        ..spec("layer_lines")
    }];
    fake.twist = |run| {
        for row in &mut run.layers {
            let Cell::Int(layer) = row["layer"] else { panic!("layers are whole numbers") };
            row.insert("update_ratio", Cell::from(10f64.powi(-(layer as i32))));
        }
        true
    };
    let (_, scene) = scenes("ratios", &fake).remove(0);
    for layer in 1..=4 {
        let path = line(&scene, &format!("layer {layer}"));
        assert!((height(&scene, true, path[0]) + f64::from(layer)).abs() < 0.02 && path.len() > 5);
    }
}

#[test]
fn tuned_figures_show_the_settings_that_compare_chooses() {
    let (_temp, results) = swept(TRAINED);
    let spec = FigureSpec {
        x: Some("depth".into()),
        color: Some("optimizer".into()),
        tune: labels(&["optimizer.lr"]),
        ..spec("loss_by_depth")
    };
    let scene = draw(&results, &spec, ALL, Style::Page).unwrap();
    let comparison = Comparison::of(&results).unwrap().expect("two optimizers");
    for (i, problem) in comparison.tasks.iter().enumerate() {
        for arm in &problem.arms {
            let wanted = arm.measures["train_loss"].median.log10();
            let shown = height(&scene, true, line(&scene, &arm.name)[i]);
            assert!((shown - wanted).abs() < 0.01, "{} {}: {shown} {wanted}", problem.name(), arm.name);
        }
    }
}

/// Of arms that end far above guessing, at which the scale would end, none is out of sight, so none is said to lie on another.
#[test]
fn no_arm_vanishes_beyond_the_scale() {
    let data = "data = { kind = \"points\", x = [0, 0.5, 1, 1.5, 2, 2.5], y = [100, 101, 104, 99, 103, 97] }\n";
    let arms = "[[optimizer]]\nkind = \"sgd\"\nlr = [1e-4, 1e-5]\n[[optimizer]]\nkind = \"adam\"\nlr = [1e-3, 1e-2]\n\
        [[optimizer]]\nkind = \"rprop\"\nlr = [0.05, 0.1]\n";
    let (_dir, results) = swept(&format!(
        "name = \"x\"\nseeds = 3\n[base]\n{data}batch = \"full\"\nwidth = 8\ndepth = 2\nsteps = 60\n{arms}"
    ));
    for kind in ["curves", "lr_sensitivity"] {
        let spec = results.plan.figures.iter().find(|spec| spec.kind == kind).unwrap();
        let scene = draw(&results, spec, ALL, Style::Page).unwrap();
        sound(kind, &scene);
        let lines = series(&scene);
        // Of lines that lie on each other in sight the names are joined.
        let is_drawn = |arm: &&str| lines.iter().any(|line| line.split(" = ").any(|own| own == *arm));
        assert!(["sgd", "adam", "rprop"].iter().all(is_drawn), "{kind}: {lines:?}");
    }
}
