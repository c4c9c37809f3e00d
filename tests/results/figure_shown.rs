//! What a figure speaks of is in it, and what it says is what it shows.

use crate::figure_support::house::{says, sound, swept};
use crate::figure_support::{Fake, FakeRun, labels, rates, spec, vanishing};
use crate::program::expect;
use gradsweep::fading::Fading;
use gradsweep::figure::chart::{Body, Chart, Mark, Points, Strip};
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::ruler::Ruler;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::figure::select::Selection;
use gradsweep::figure::sheet::Medium;
use gradsweep::figure::{Style, draw};
use gradsweep::plan_file::figure::FigureSpec;
use gradsweep::results::Results;
use gradsweep::table::Cell;
use std::fs;

fn chart(results: &Results, spec: &FigureSpec) -> Chart {
    let kind = ALL.iter().find(|own| own.facts.word == spec.kind).unwrap();
    (kind.draw)(&Selection::new(results, spec, kind.facts).unwrap(), Medium::Page(None, 1.0)).unwrap()
}

fn scene(results: &Results, spec: &FigureSpec) -> Scene {
    let scene = draw(results, spec, ALL, Style::Page).unwrap();
    sound(&spec.kind, &scene);
    scene
}

fn strips(chart: &Chart) -> Vec<&Strip> {
    let Body::Grid(grid) = &chart.body else { panic!("no grid") };
    grid.blocks.iter().flat_map(|block| &block.strips).collect()
}

/// The lines of the first strip, and its ruler.
fn lines(chart: &Chart) -> (Vec<(&str, &Points)>, &Ruler) {
    let strip = strips(chart)[0];
    let lines = strip.panels.iter().flatten().filter_map(|mark| match mark {
        Mark::Median { name, points, .. } => Some((name.as_str(), points)),
        _ => None,
    });
    (lines.collect(), &strip.y)
}

/// The results of a fake whose plan is changed.
fn written(fake: &Fake, change: impl Fn(&mut serde_json::Value)) -> (tempfile::TempDir, Results) {
    let dir = tempfile::tempdir().unwrap();
    fake.write(dir.path());
    let path = dir.path().join("plan.json");
    let mut plan = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut plan);
    fs::write(&path, plan.to_string()).unwrap();
    let results = Results::read(dir.path()).unwrap();
    (dir, results)
}

/// Where targets are a hundred times as small, guessing is 1e4 times as good, and every loss begins far above it.
#[test]
fn losses_that_begin_far_above_guessing_are_in_sight() {
    let small = |plan: &mut serde_json::Value| {
        for part in ["training", "validation", "test"] {
            plan["data"]["guesses"][part]["loss"] = (10f64.ln() * 1e-4).into();
        }
    };
    let mut fake = vanishing();
    fake.figures.retain(|figure| figure.kind == "curves");
    let (_dir, results) = written(&fake, small);
    let chart = chart(&results, &results.plan.figures[0]);
    let (lines, y) = lines(&chart);
    assert!(!lines.is_empty() && !chart.caption.contains("The scale ends"), "{}", chart.caption);
    for (name, points) in lines {
        assert!(points.iter().all(|(_, s)| y.holds(s.median)), "{name} leaves the panel");
    }

    // The rates below the best of each line stay in sight, and what runs away at a larger one does not.
    let mut fake = rates();
    fake.twist = |run| {
        let rate: f64 = run.labels["optimizer.lr"].parse().unwrap();
        let loss = match (run.labels["optimizer"].as_str(), rate) {
            ("momentum", rate) => 3e-4 / rate / rate,
            (_, 1.0) => 1e9,
            (_, rate) => 3e-4 * rate,
        };
        run.outcome.insert("train_loss", Cell::from(loss * (1.0 + 0.001 * run.seed as f64)));
        true
    };
    let (_dir, results) = written(&fake, small);
    let chart = self::chart(&results, &results.plan.figures[0]);
    let (lines, y) = self::lines(&chart);
    assert!(chart.caption.contains("The scale ends"), "{}", chart.caption);
    for (name, points) in lines {
        let seen: Vec<bool> = points.iter().map(|(_, s)| y.holds(s.median)).collect();
        assert_eq!(seen, [true, true, name == "momentum"], "{name}");
    }
    // Where no rate gets near guessing, that tells nothing of the losses.
    fake.twist = |run| {
        let rate: f64 = run.labels["optimizer.lr"].parse().unwrap();
        run.outcome.insert("train_loss", Cell::from(0.1 * rate * (1.0 + 0.001 * run.seed as f64)));
        true
    };
    let (_dir, results) = written(&fake, small);
    let chart = self::chart(&results, &results.plan.figures[0]);
    let (lines, y) = self::lines(&chart);
    assert!(lines.iter().flat_map(|(_, points)| *points).all(|(_, s)| y.holds(s.median)));
}

type Twist = fn(&mut FakeRun) -> bool;

/// Losses times so many powers of ten.
fn scaled<const POWER: i32>(run: &mut FakeRun) -> bool {
    for row in &mut run.history {
        if let Cell::Float(loss) = row["train_loss"] {
            row.insert("train_loss", Cell::from(loss * 10f64.powi(POWER)));
        }
    }
    true
}

#[test]
fn numbers_of_guessing_are_written_as_those_of_the_axis() {
    let mut fake = vanishing();
    fake.figures.retain(|figure| figure.kind == "curves");
    let scales: [(Twist, f64, &str); 3] = [
        (scaled::<14>, 1.234e14, "guessing (1.2\u{a0}×\u{a0}10¹⁴"),
        (scaled::<-5>, 1.234e-5, "guessing (1.2\u{a0}×\u{a0}10⁻⁵"),
        (scaled::<0>, 1.234, "guessing (1.23"),
    ];
    for (twist, loss, said) in scales {
        fake.twist = twist;
        let (_dir, results) = written(&fake, |plan| plan["data"]["guesses"]["training"]["loss"] = loss.into());
        assert!(says(&scene(&results, &results.plan.figures[0]), said), "{said}");
    }
}

/// Where layers differ in size, the picture is of the numbers that stand beside it.
#[test]
fn layers_of_different_sizes_are_drawn_by_the_norm() {
    let (_dir, results) = swept(
        "name = \"x\"\nseeds = 1\n[base]\ndata = \"digits\"\nsteps = 2\nactivation = \"sigmoid\"\n[axes]\nwidths = [[64, 4], [4, 64]]\n\
         [[figure]]\nkind = \"gradient_by_layer\"\ncolor = \"widths\"\n[[figure]]\nkind = \"gradient_heatmap\"\nfacet = \"widths\"\n\
         [[figure]]\nkind = \"attenuation_over_training\"\ncolor = \"widths\"\n\
         [[figure]]\nkind = \"gradient_by_layer\"\nname = \"asked\"\nmetric = \"stream_rms\"\ncolor = \"widths\"\n",
    );
    let lost: Vec<f64> = results.runs.iter().map(|run| run.value("attenuation_norm_init").unwrap()).collect();
    let charts: Vec<Chart> = results.plan.figures.iter().map(|figure| chart(&results, figure)).collect();
    for chart in &charts[..3] {
        assert!(chart.caption.contains("compared by the norm"), "{}", chart.caption);
    }
    let drawn = |chart: &Chart, read: fn(&Points) -> f64| -> Vec<f64> {
        lines(chart).0.into_iter().map(|(_, points)| read(points)).collect()
    };
    let is_close = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(is_close(&drawn(&charts[0], |points| points[1].1.median - points[0].1.median), &lost));
    assert!(is_close(&drawn(&charts[2], |points| points[0].1.median), &lost));
    assert!(strips(&charts[0])[0].title.concat().contains("norm of dL/dh"));
    let Body::Grid(maps) = &charts[1].body else { panic!("no grid") };
    assert!(maps.colors.as_ref().unwrap().title.concat().contains("norm of the gradient over"));
    for (panel, lost) in maps.blocks[0].strips[0].panels.iter().zip(&lost) {
        let tiles = panel.iter().find_map(|mark| if let Mark::Tiles(map) = mark { Some(&map.tiles) } else { None });
        let told = &tiles.unwrap()[0].told;
        let value: f64 = told.rsplit_once(": ").unwrap().1.parse().unwrap();
        assert!(told.starts_with("layer 1, step 0") && (value.log10() + lost).abs() < 1e-4, "{told} {lost}");
    }
    // A column that is asked for stays, without rates that are of another.
    assert!(strips(&charts[3])[0].title.concat().contains("root mean square"));
    assert!(!charts[3].finding.contains("decades") && !charts[3].caption.contains("by the norm"));
}

/// A median between gaps has its mark, of however many points the line is.
#[test]
fn a_median_without_a_line_has_a_mark() {
    let mut fake = vanishing();
    fake.axes = vec![("depth", labels(&[40]), "log"), ("activation", labels(&["tanh"]), "category")];
    fake.excluded = |_| false;
    fake.twist = |run| {
        for row in &mut run.layers {
            if !matches!(row["layer"], Cell::Int(layer) if [7, 8, 11, 40].contains(&layer)) {
                row.insert("stream_rms", Cell::from(0.0));
            }
        }
        true
    };
    fake.figures = vec![FigureSpec { metric: Some("stream_rms".into()), ..spec("gradient_by_layer") }];
    let (_dir, results) = written(&fake, |_| {});
    let scene = scene(&results, &results.plan.figures[0]);
    for layer in [11, 40] {
        let tip = scene.shapes.iter().find_map(|shape| match shape {
            Shape::Tip { area, text } if text.contains(&format!(" {layer}\n")) => Some(*area),
            _ => None,
        });
        let tip = tip.unwrap_or_else(|| panic!("no tip at {layer}"));
        let is_mark = |shape: &Shape| matches!(shape, Shape::Disc { at, .. } if tip.holds(*at, 0.1));
        assert!(scene.shapes.iter().any(is_mark), "layer {layer} has no mark");
    }
}

#[test]
fn what_does_not_arrive_over_time_is_missed_at_the_first_time_step() {
    let (_dir, results) = swept(
        "name = \"x\"\nseeds = 2\n[base]\nnetwork = \"rnn\"\ndata = { kind = \"parity\", n = 60 }\nbatch = 16\nwidth = 4\nsteps = 1\n\
         init.recurrent_gain = 0.0\n[axes]\ndata.length = [4, 6]\nactivation = [\"tanh\", \"relu\"]\n\
         [[figure]]\nkind = \"attenuation_by_depth\"\nx = \"data.length\"\ncolor = \"activation\"\n\
         [[figure]]\nkind = \"gradient_by_time\"\ncolor = \"activation\"\nwhere = { \"data.length\" = 6 }\n\
         [[figure]]\nkind = \"loss_by_depth\"\nx = \"data.length\"\nmetric = \"attenuation_time_init\"\nfacet = \"activation\"\n",
    );
    for figure in &results.plan.figures {
        let Ok(scene) = draw(&results, figure, ALL, Style::Page) else { continue };
        assert!(!says(&scene, "at the first layer"), "{}", figure.kind);
        assert!(says(&scene, "first time step"), "{}", figure.kind);
    }
}

#[test]
fn a_line_goes_on_past_a_seed_that_diverged_while_its_median_is_a_number() {
    let mut fake = vanishing();
    fake.figures.retain(|figure| figure.kind == "curves");
    for lost in [1, 3] {
        fake.twist = match lost {
            1 => |run| {
                if run.seed == 1 {
                    run.diverge();
                }
                true
            },
            _ => |run| {
                if run.seed <= 3 {
                    run.diverge();
                }
                true
            },
        };
        let (_dir, results) = written(&fake, |_| {});
        let chart = chart(&results, &results.plan.figures[0]);
        let (lines, y) = lines(&chart);
        let last = results.runs.iter().find(|run| run.seed == 5).and_then(|run| run.value("steps")).unwrap();
        for (name, points) in lines {
            let drawn: Vec<f64> = points.iter().filter(|(_, s)| s.median.is_finite()).map(|(x, _)| *x).collect();
            let end = drawn.last().copied().unwrap();
            assert_eq!(end == last, lost == 1, "{name} ends at {end}");
            assert!(lost > 1 || y.holds(points.last().unwrap().1.median), "{name} ends out of sight");
        }
        assert!(chart.caption.contains("counts as worse than every number"), "{}", chart.caption);
        sound("curves", &scene(&results, &results.plan.figures[0]));
    }
}

/// A depth of 0 among decades stands by its value, and lines lead from depth to depth.
#[test]
fn what_stands_by_its_value_is_joined() {
    let (_dir, results) = swept(
        "name = \"x\"\nseeds = 1\n[base]\ndata = \"digits\"\nsteps = 1\nwidth = 4\n[axes]\ndepth = [0, 1, 4, 12]\nactivation = [\"tanh\", \"relu\"]\n\
         [[figure]]\nkind = \"attenuation_by_depth\"\ncolor = \"activation\"\n",
    );
    let chart = chart(&results, &results.plan.figures[0]);
    let Body::Grid(grid) = &chart.body else { panic!("no grid") };
    let x: Vec<f64> = grid.blocks[0].x.ticks.iter().map(|tick| tick.at).collect();
    assert_eq!(x, [0.0, 1.0, 4.0, 12.0]);
    let (lines, _) = lines(&chart);
    assert_eq!(lines.iter().map(|(_, points)| points.len()).collect::<Vec<_>>(), [2, 2]);
    assert!(chart.caption.starts_with("Line"), "{}", chart.caption);
}

#[test]
fn rings_at_one_place_lie_around_each_other() {
    let mut fake = rates();
    fake.twist = |run| {
        let best = run.labels["optimizer.lr"] == "0.1";
        let own = if run.labels["optimizer"] == "adam" { 1.01 } else { 1.0 };
        run.outcome.insert("train_loss", Cell::from(own * if best { 0.01 } else { 1.0 }));
        true
    };
    let (_dir, results) = written(&fake, |_| {});
    let scene = scene(&results, &results.plan.figures[0]);
    let rings = scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Line { name: None, points, .. } if points.len() == 25 => Some((points[0].x - points[12].x) / 2.0),
        _ => None,
    });
    let radii: Vec<f64> = rings.collect();
    assert!(matches!(radii[..], [a, b] if (a - b).abs() > 1.5), "{radii:?}");
}

#[test]
fn names_are_whole_where_the_page_has_room() {
    const NAMES: [&str; 3] = ["plain net without anything", "orthogonal initialization", "layer normalization before"];
    let mut fake = vanishing();
    fake.axes = vec![("depth", labels(&[2, 4]), "log"), ("variant", labels(&NAMES), "category")];
    fake.excluded = |_| false;
    fake.target = Some(0.5);
    fake.twist = |run| {
        run.outcome.insert("steps_to_target", Cell::from(100 * run.seed as usize));
        true
    };
    let by_name = |kind: &str| FigureSpec {
        x: Some("variant".into()),
        filter: [("depth".into(), labels(&[4]))].into(),
        ..spec(kind)
    };
    let by_row = |kind: &str| FigureSpec { x: None, color: Some("variant".into()), ..by_name(kind) };
    fake.figures = vec![
        by_name("loss_by_depth"),
        by_name("first_layer"),
        by_row("steps_to_target"),
        FigureSpec { x: Some("depth".into()), color: Some("variant".into()), ..spec("attenuation_by_depth") },
        FigureSpec { y: Some("variant".into()), x: Some("depth".into()), ..spec("heat_map") },
    ];
    let (_dir, results) = written(&fake, |_| {});
    for figure in &results.plan.figures {
        let scene = scene(&results, figure);
        for name in NAMES {
            assert!(scene.texts().any(|text| text.text == name), "{}: no {name}", figure.kind);
        }
    }
}

#[test]
fn why_a_line_ends_is_said_where_one_does() {
    let mut fake = vanishing();
    fake.figures.retain(|figure| figure.kind == "attenuation_over_training");
    let said = |fake: &Fake| {
        let (_dir, results) = written(fake, |_| {});
        chart(&results, &results.plan.figures[0]).caption
    };
    let sentence = "no gradient at the last layer";
    assert!(!said(&fake).contains(sentence));
    fake.twist = |run| {
        let last = run.layers.last().unwrap()["step"].clone();
        for row in run.layers.iter_mut().filter(|row| row["step"] == last) {
            row.insert("stream_rms", Cell::from(0.0));
        }
        true
    };
    assert!(said(&fake).contains(sentence));
}

/// Two arms, of which the better one diverges in a few seeds, or misses its target: an interval that has no end says whose fault that is.
#[test]
fn a_difference_without_an_end_names_the_arm_that_has_none() {
    for (metric, fate) in [("test_loss", "diverged"), ("steps_to_target", "missed")] {
        for baseline in ["", "baseline = \"lost\"\n"] {
            let mut runs = "run_id,arm,seed,status,target_loss\n".to_string();
            let mut history = "run_id,step,train_loss,test_loss\n".to_string();
            for (arm, seed) in (1..=12).flat_map(|seed| ["lost", "kept"].map(|arm| (arm, seed))) {
                let is_lost = arm == "lost" && seed % 6 == 0;
                let status = if is_lost && fate == "diverged" { "diverged" } else { "finished" };
                runs += &format!("{arm}{seed},{arm},{seed},{status},0.5\n");
                let (first, end) = if arm == "lost" { (10 + seed, 0.1) } else { (50 + 2 * seed, 0.3) };
                for step in 0..=100 {
                    let loss = if step < first || is_lost { 0.9 } else { end + 0.001 * f64::from(seed) };
                    history += &format!("{arm}{seed},{step},{loss},{loss}\n");
                }
            }
            let dir = tempfile::tempdir().unwrap();
            let asks = format!(
                "[compare]\narm = \"arm\"\nreport = \"{metric}\"\n{baseline}[[figure]]\nkind = \"comparison\"\ncolor = \"arm\"\n"
            );
            for (name, text) in [("runs.csv", runs), ("history.csv", history), ("asks.toml", asks)] {
                fs::write(dir.path().join(name), text).unwrap();
            }
            expect(dir.path(), &["import", "runs.csv", "history.csv", "asks.toml", "--out", "mine"], 0, &[]);
            let results = Results::read(&dir.path().join("mine")).unwrap();
            let figure = results.plan.figures.iter().find(|figure| figure.kind == "comparison").unwrap();
            let chart = chart(&results, figure);
            let marks = strips(&chart).into_iter().flat_map(|strip| strip.panels.iter().flatten());
            let words = marks.filter_map(|mark| match mark {
                Mark::Sideways { words, .. } => Some(words.clone()),
                _ => None,
            });
            let whose = if baseline.is_empty() { "the best" } else { "lost" };
            assert_eq!(words.collect::<Vec<_>>(), [format!("{whose}: {fate}")], "{metric} {baseline}");
            scene(&results, figure);
        }
    }
}

/// A zero next to a gradient at the end of what f64 holds is one that could not be measured.
#[test]
fn a_heat_map_tells_an_underflow_from_a_gradient_that_does_not_arrive() {
    for (smallest, said) in [(1e-280, "too small to be measured"), (1e-3, "no gradient arrives")] {
        assert_eq!(matches!(Fading::of(&[0.0, smallest, 1.0]), Some(Fading::AtLeast(_))), smallest < 1e-100);
        let mut fake = vanishing();
        fake.axes = vec![("depth", labels(&[4]), "log"), ("activation", labels(&["tanh"]), "category")];
        fake.excluded = |_| false;
        fake.twist = match smallest < 1e-100 {
            true => |run| zero_below(run, 1e-280),
            false => |run| zero_below(run, 1e-3),
        };
        fake.figures = vec![spec("gradient_heatmap")];
        let (_dir, results) = written(&fake, |_| {});
        let finding = chart(&results, &results.plan.figures[0]).finding;
        assert!(finding.contains(&format!("layer 1, step 0: {said}")), "{finding}");
    }
}

fn zero_below(run: &mut FakeRun, smallest: f64) -> bool {
    for row in &mut run.layers {
        let size = match row["layer"] {
            Cell::Int(1) => 0.0,
            Cell::Int(2) => smallest,
            _ => 1.0,
        };
        row.insert("stream_rms", Cell::from(size));
    }
    true
}
