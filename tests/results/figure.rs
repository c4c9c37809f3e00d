//! Figures from made-up results folders: nothing cut, nothing overlapping, nothing missing.

use crate::figure_support::house::{says, scenes, series, sound, swept};
use crate::figure_support::{Fake, draw_all, labels, of_networks, only, spec, vanishing};
use flate2::read::ZlibDecoder;
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::origin::Origin;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::figure::text::Weight;
use gradsweep::figure::{FORMATS, Style, draw, pdf, png, svg};
use gradsweep::plan_file::figure::FigureSpec;
use gradsweep::results::Results;
use gradsweep::table::Cell;
use std::collections::BTreeSet;
use std::io::Read;

#[test]
fn the_vanishing_grid_shows_every_variant() {
    for (spec, scene) in scenes("vanishing", &vanishing()) {
        let names = series(&scene);
        let expected: &[&str] = match spec.kind.as_str() {
            "gradient_by_layer" | "attenuation_by_depth" | "first_layer" => {
                &["plain = l2 = lr_decay", "matched_init", "batch_norm", "residual"]
            }
            "gradient_heatmap" | "heat_map" | "layer_lines" => &[],
            _ => &["plain", "matched_init", "batch_norm", "residual", "l2", "lr_decay"],
        };
        for name in expected {
            assert!(names.contains(name) && says(&scene, name), "{:?}: no {name} in {names:?}", spec.kind);
        }
        // What is seen is said, in words for those who cannot see it too.
        let finding = match spec.kind.as_str() {
            "gradient_by_layer" => "Fades most: sigmoid, plain = l2 = lr_decay, 0.86 decades per layer",
            "attenuation_by_depth" => "Fades most: ",
            "first_layer" => "Smallest: ",
            "gradient_heatmap" => "Fades most: ",
            "attenuation_over_training" => "Training changes the fading most for ",
            "layer_lines" => "Smallest at the end: ",
            "steps_to_target" => "Fastest: ",
            "performance_profile" => "Fastest most often: ",
            "best_of_tries" => "with all tries: ",
            "derivative" => "Smallest factor ",
            _ => " at the end: ",
        };
        assert!(says(&scene, finding) && scene.caption.contains(finding), "{:?}: {}", spec.kind, scene.caption);
        let tiles = scene.shapes.iter().filter(|s| matches!(s, Shape::Tile { .. })).count();
        if spec.kind == "gradient_heatmap" {
            assert!(tiles >= 18 * 32 * 10, "{tiles}");
        }
        if spec.kind == "heat_map" {
            assert!(
                tiles >= 3 * 6 * 5 && says(&scene, "Outlined: the best") && says(&scene, "matched_init"),
                "{tiles}"
            );
        }
    }
}

#[test]
fn unfinished_failed_and_diverged_runs_are_counted() {
    let mut fake = vanishing();
    fake.twist = |run| {
        let depth = run.labels["depth"].as_str();
        if run.labels["variant"] == "l2" && run.seed > 1 && depth != "4" {
            return false;
        }
        match (run.labels["variant"].as_str(), depth, run.seed) {
            ("batch_norm", "32", 1..=3) => run.diverge(),
            ("residual", "32", 2) => run.fail(),
            _ => {}
        }
        true
    };
    for (spec, scene) in scenes("partial", &fake) {
        assert!(says(&scene, "diverged") && says(&scene, "failed"), "{:?}", spec.kind);
        assert!(says(&scene, " runs)") && says(&scene, " of "), "{:?}", spec.kind);
    }
}

#[test]
fn one_run_says_that_it_is_one() {
    let mut fake = vanishing();
    for axis in &mut fake.axes {
        axis.1.truncate(if axis.0 == "depth" { 4 } else { 1 });
        if axis.0 == "depth" {
            axis.1.drain(..3);
        }
    }
    fake.seeds = 1;
    fake.figures = of_networks().map(spec).collect();
    for figure in &mut fake.figures {
        match figure.kind.as_str() {
            "heat_map" => (figure.x, figure.y) = (Some("depth".into()), Some("variant".into())),
            "lr_sensitivity" => figure.x = Some("depth".into()),
            _ => {}
        }
    }
    for (spec, scene) in scenes("single", &fake) {
        assert!(says(&scene, "N = 1"), "{:?}", spec.kind);
        assert!(
            !scene.shapes.iter().any(|s| matches!(s, Shape::Area { opacity, .. } if *opacity < 1.0)),
            "a band of one"
        );
    }
}

fn many(depth: &[usize], series: usize) -> Fake {
    let mut fake = vanishing();
    fake.axes = vec![
        ("depth", labels(depth), "log"),
        ("width", (1..=series).map(|w| (w * 8).to_string()).collect(), "log"),
        ("note", labels(&["a rather long name of a zipped budget, longer than any panel is wide"]), "category"),
    ];
    fake.seeds = 3;
    fake.excluded = |_| false;
    let deepest = depth.last().unwrap().to_string();
    for figure in &mut fake.figures {
        figure.facet = labels(&["note"]);
        figure.filter.clear();
        figure.color = Some("width".into());
        if figure.x.is_none() {
            figure.filter = only(&[("depth", &deepest)]);
        }
        if matches!(figure.kind.as_str(), "gradient_heatmap" | "layer_lines") {
            figure.facet = labels(&["width"]);
            figure.color = None;
        }
        if figure.kind == "heat_map" {
            (figure.y, figure.color) = (figure.color.take(), None);
        }
    }
    fake
}

#[test]
fn a_hundred_layers_and_sixty_series_stay_readable() {
    for (_, scene) in scenes("deep", &many(&[50, 100], 2)) {
        assert!(says(&scene, "100"));
    }
    for (spec, scene) in scenes("crowd", &many(&[2, 8], 60)) {
        if !matches!(spec.kind.as_str(), "gradient_heatmap" | "heat_map" | "layer_lines") {
            let names = series(&scene);
            assert!(
                (1..=60).all(|w| names.iter().any(|n| n.split(" = ").any(|n| n == (w * 8).to_string()))),
                "{:?}",
                spec.kind
            );
        }
    }
    // Unordered: sixty categories cycle through hues, dashes and markers.
    let mut fake = many(&[2, 8], 60);
    fake.axes[1].2 = "category";
    scenes("categories", &fake);
    scenes("many_columns", &{
        let mut fake = vanishing();
        fake.axes[1].1 =
            labels(&["sigmoid", "tanh", "relu", "gelu", "hard_tanh", "softsign", "leaky_relu", "mish", "silu"]);
        fake
    });
}

#[test]
fn tiny_zero_and_broken_numbers_have_a_place() {
    let mut fake = vanishing();
    fake.twist = |run| {
        let tanh = run.labels["activation"] == "tanh";
        for (i, row) in run.layers.iter_mut().enumerate() {
            let layer = match row["layer"] {
                Cell::Int(layer) => layer as f64,
                _ => panic!("layers are whole numbers"),
            };
            if run.labels["activation"] == "sigmoid" {
                row.insert("stream_rms", Cell::from(10f64.powf(-300.0 + 9.0 * layer)));
            }
            if tanh && layer < 6.0 {
                row.insert("stream_rms", Cell::from(0.0));
                row.insert("weight_grad_rms", Cell::from(0.0));
            }
            if run.labels["activation"] == "relu" && run.seed == 3 {
                row.insert("stream_rms", [Cell::from(f64::NAN), Cell::from(f64::INFINITY), Cell::Empty][i % 3].clone());
            }
        }
        if tanh && run.labels["variant"] == "residual" {
            run.outcome.insert("train_loss", Cell::from(0.0));
            run.outcome.insert("attenuation_init", Cell::Empty);
        }
        true
    };
    for (spec, scene) in scenes("odd", &fake) {
        match spec.kind.as_str() {
            "gradient_by_layer" => {
                assert!(says(&scene, "10⁻³⁰⁰") && says(&scene, "▼") && says(&scene, "not finite"));
            }
            "gradient_heatmap" => {
                assert!(says(&scene, "10⁻²⁰⁰") && says(&scene, "zero") && says(&scene, "not finite"))
            }
            "loss_by_depth" => assert!(says(&scene, "exactly zero")),
            _ => {}
        }
    }
}

#[test]
fn a_sweep_without_numbers_is_skipped_with_a_reason() {
    let mut fake = vanishing();
    fake.twist = |run| {
        run.fail();
        true
    };
    let temp = tempfile::tempdir().unwrap();
    fake.write(temp.path());
    for drawn in draw_all(temp.path()).unwrap() {
        assert!(drawn.files.is_empty() && drawn.skipped.unwrap().contains("failed"), "{}", drawn.name);
    }
    fake.twist = |_| false;
    fake.write(temp.path());
    for drawn in draw_all(temp.path()).unwrap() {
        assert!(drawn.skipped.unwrap().contains("has ended yet"), "{}", drawn.name);
    }
}

#[test]
fn an_axis_left_open_is_an_error_that_names_it() {
    for kind in of_networks() {
        let mut fake = vanishing();
        fake.seeds = 1;
        fake.figures.retain(|f| f.kind == kind);
        fake.figures[0].facet.retain(|f| f != "activation");
        let temp = tempfile::tempdir().unwrap();
        fake.write(temp.path());
        let error = draw_all(temp.path()).unwrap_err().to_string();
        assert!(error.contains("\"activation\"") && error.contains("over = [\"activation\"]"), "{error}");
        assert!(!temp.path().join("figures").exists());
        // Pooled by name it is fine, and said.
        fake.figures[0].over = labels(&["activation"]);
        for (_, scene) in scenes("pooled", &fake) {
            assert!(says(&scene, "pooled within a seed by its median: activation"));
        }
    }
    for (change, hint) in [("unknown", "its axes are"), ("where", "but that axis has"), ("twice", "used twice")] {
        let mut fake = vanishing();
        fake.seeds = 1;
        match change {
            "unknown" => fake.figures[0].color = Some("varaint".into()),
            "where" => fake.figures[0].filter = only(&[("depth", "33")]),
            _ => {
                fake.figures[0].color = Some("activation".into());
                fake.figures[0].filter.insert("variant".into(), labels(&["plain"]));
            }
        }
        let temp = tempfile::tempdir().unwrap();
        fake.write(temp.path());
        let error = draw_all(temp.path()).unwrap_err().to_string();
        assert!(error.contains(hint), "{change}: {error}");
    }
}

#[test]
fn broken_folders_are_named_with_a_cure() {
    let temp = tempfile::tempdir().unwrap();
    let error = |what: &str| {
        let error = draw_all(temp.path()).unwrap_err().to_string();
        assert!(error.contains(what), "{what}: {error}");
    };
    error("plan.json");
    let mut fake = vanishing();
    fake.seeds = 1;
    fake.write(temp.path());
    let runs = std::fs::read_to_string(temp.path().join("runs.csv")).unwrap();
    std::fs::write(temp.path().join("runs.csv"), runs.replacen("finished", "perished", 1)).unwrap();
    error("runs.csv:2");
    std::fs::write(temp.path().join("runs.csv"), runs.replacen("train_loss", "loss_of_training", 1)).unwrap();
    error("no column \"train_loss\"");
    std::fs::write(temp.path().join("runs.csv"), &runs).unwrap();
    std::fs::remove_file(temp.path().join("layers.csv")).unwrap();
    error("layers.csv");
}

#[test]
fn files_are_whole_and_the_same_every_time() {
    let mut fake = vanishing();
    fake.seeds = 2;
    let temp = tempfile::tempdir().unwrap();
    fake.write(temp.path());
    let first = draw_all(temp.path()).unwrap();
    let read = || -> Vec<Vec<u8>> { first.iter().flat_map(|d| &d.files).map(|f| std::fs::read(f).unwrap()).collect() };
    let before = read();
    draw_all(temp.path()).unwrap();
    assert!(before == read(), "a second drawing differs");
    let results = Results::read(temp.path()).unwrap();
    assert_eq!(std::fs::read_dir(temp.path().join("figures")).unwrap().count(), FORMATS.len() * fake.figures.len());
    for ((spec, files), own) in fake.figures.iter().zip(before.chunks(FORMATS.len())).zip(&first) {
        let scene = draw(&results, spec, ALL, Style::Page).unwrap();
        let (image, drawing) = (&files[0], std::str::from_utf8(&files[1]).unwrap());
        assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), png::size(&scene));
        assert_eq!(&image[image.len() - 8..image.len() - 4], b"IEND");
        assert!(image.len() > 10_000, "an empty page");
        let origin = Origin::read(&own.files[1]).unwrap().expect("an SVG says where it comes from");
        for file in &own.files {
            assert_eq!(Origin::read(file).unwrap().as_ref(), Some(&origin), "{}", file.display());
        }
        assert_eq!(drawing, svg::render(&scene, &origin.element()));
        assert_eq!(drawing.matches("<text").count(), scene.texts().count());
        assert!(drawing.ends_with("</svg>\n") && !drawing.contains("NaN"));
        assert!(files[2] == pdf::render(&scene, &origin));
        pdf_holds(&scene, &files[2]);
    }
}

/// Every shape is an operator of the page's content, and every letter stands in the map from glyphs to text.
fn pdf_holds(scene: &Scene, file: &[u8]) {
    let find = |from: usize, mark: &[u8]| Some(from + file[from..].windows(mark.len()).position(|w| w == mark)?);
    let mut streams = Vec::new();
    let mut from = 0;
    while let Some(start) = find(from, b"stream\n") {
        let (start, end) = (start + 7, find(start, b"\nendstream").unwrap());
        let mut plain = Vec::new();
        let packed = ZlibDecoder::new(&file[start..end]).read_to_end(&mut plain).is_ok();
        streams.push(if packed { plain } else { file[start..end].to_vec() });
        from = end + 10;
    }
    let content = String::from_utf8_lossy(&streams[0]);
    let operators = |name: &str| content.lines().filter(|line| line.split(' ').next_back() == Some(name)).count();
    let shapes = |wanted: fn(&Shape) -> bool| scene.shapes.iter().filter(|shape| wanted(shape)).count();
    assert_eq!(operators("TJ"), scene.texts().count());
    assert_eq!(operators("S"), shapes(|shape| matches!(shape, Shape::Line { .. })));
    assert_eq!(operators("re"), shapes(|shape| matches!(shape, Shape::Tile { .. })));
    assert_eq!(operators("c"), 4 * shapes(|shape| matches!(shape, Shape::Disc { .. })));
    assert!(!content.contains("NaN"));
    let maps: Vec<_> =
        streams.iter().map(|stream| String::from_utf8_lossy(stream)).filter(|s| s.contains("bfchar")).collect();
    for (weight, map) in [Weight::Regular, Weight::Bold].into_iter().zip(&maps) {
        for c in scene.texts().filter(|text| text.weight == weight).flat_map(|text| text.text.chars()) {
            assert!(map.contains(&format!("<{:04X}>\n", c as u32)), "{c} cannot be copied from the PDF");
        }
    }
    assert_eq!(maps.len(), 2);
}

#[test]
fn two_facets_another_step_and_other_metrics_are_drawn() {
    let mut fake = vanishing();
    let base = fake.figures[0].clone();
    let grid = FigureSpec {
        facet: labels(&["variant", "activation"]),
        color: Some("depth".into()),
        filter: only(&[("optimizer", "momentum")]),
        title: Some("Every remedy, every depth".into()),
        ..base.clone()
    };
    let last = FigureSpec { step: Some("last".into()), name: Some("../last & <least>".into()), ..base.clone() };
    let mut accuracy = fake.figures.iter().find(|f| f.kind == "loss_by_depth").unwrap().clone();
    accuracy.metric = Some("test_accuracy".into());
    fake.figures = vec![grid, last, accuracy];
    let drawn = scenes("other", &fake);
    assert!(says(&drawn[0].1, "Every remedy, every depth"));
    assert!(["2", "4", "8", "16", "32"].iter().all(|d| series(&drawn[0].1).contains(d)));
    assert!(says(&drawn[0].1, "Fades most: plain, sigmoid"), "of equal ones the first");
    assert!(says(&drawn[1].1, "after the last update") && series(&drawn[1].1).contains(&"l2"));
    assert!(says(&drawn[2].1, "test accuracy") && says(&drawn[2].1, "guessing (10.0 %)"));
    let temp = tempfile::tempdir().unwrap();
    fake.write(temp.path());
    let names: Vec<String> = draw_all(temp.path()).unwrap().into_iter().map(|d| d.name).collect();
    assert_eq!(names, ["gradient_by_layer", "___last____least_", "loss_by_depth"]);
}

#[test]
fn headings_name_the_axis_and_titles_what_is_drawn() {
    let mut fake = vanishing();
    let place = fake.axes.iter().position(|a| a.0 == "depth").unwrap();
    fake.axes[place].1 = labels(&["2", "31.6227766017", "64"]);
    let fixed = only(&[("optimizer", "momentum"), ("activation", "tanh")]);
    let map = FigureSpec {
        metric: Some("dead".into()),
        facet: labels(&["variant", "depth"]),
        filter: fixed.clone(),
        ..spec("gradient_heatmap")
    };
    let curves = FigureSpec {
        color: Some("depth".into()),
        facet: labels(&["variant"]),
        filter: fixed.clone(),
        ..spec("curves")
    };
    let start = FigureSpec {
        metric: Some("attenuation_init".into()),
        x: Some("depth".into()),
        color: Some("variant".into()),
        filter: fixed,
        ..spec("loss_by_depth")
    };
    fake.figures = vec![map, curves, start];
    // How a run ends does not unmake its start.
    fake.twist = |run| {
        run.status = "diverged";
        for layer in &mut run.layers {
            layer.insert("dead", Cell::Float(0.0));
        }
        true
    };
    let drawn = scenes("headings", &fake);
    assert!(says(&drawn[0].1, "depth = 31.6") && says(&drawn[0].1, "are dead at each layer"));
    assert!(!says(&drawn[0].1, "The gradient"));
    assert!(series(&drawn[1].1).contains(&"31.6") && !says(&drawn[1].1, "31.62"));
    assert!(says(&drawn[2].1, "at the start") && series(&drawn[2].1).contains(&"plain"));
}

#[test]
fn trajectories_show_start_minimum_end_and_who_diverged() {
    let (temp, results) = swept(
        "[base]\nsteps = 3000\n[axes]\nfunction = [\"quadratic\", \"rosenbrock\", \"beale\", \"himmelblau\", \"saddle\"]\n\
         [[optimizer]]\nkind = \"gd\"\nlr = 0.001\n[[optimizer]]\nkind = \"sgd\"\nlr = 0.03\n[[optimizer]]\nkind = \"adam\"\nlr = 0.1",
    );
    let kinds: Vec<&str> = results.plan.figures.iter().map(|f| f.kind.as_str()).collect();
    assert_eq!(kinds, ["trajectories", "curves"]);
    for spec in &results.plan.figures {
        let scene = draw(&results, spec, ALL, Style::Page).unwrap();
        sound(&format!("{:?}", spec.kind), &scene);
        assert!(says(&scene, "Function: beale, himmelblau, quadratic, rosenbrock, saddle."));
        assert!(says(&scene, "diverged") && ["gd", "sgd", "adam"].iter().all(|name| series(&scene).contains(name)));
    }
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    let diverged = results.runs.iter().filter(|r| r.status == gradsweep::record::Status::Diverged).count();
    assert!(diverged >= 2 && says(&scene, &format!("diverged ({diverged} of 15 runs)")), "{diverged}");
    assert!(says(&scene, "minimum") && says(&scene, "start") && says(&scene, "x1") && says(&scene, "x2"));
    // All paths of a panel begin at its start; a panel is what lies between two neighbouring panels' headings.
    let starts: Vec<_> = scene
        .shapes
        .iter()
        .filter_map(|s| match s {
            Shape::Line { name: Some(_), points, .. } => Some((points[0].x.round() as i64, points[0].y.round() as i64)),
            _ => None,
        })
        .collect();
    let distinct: std::collections::BTreeSet<_> = starts.iter().collect();
    assert!(starts.len() >= 15 && distinct.len() >= 5, "{starts:?}");
    let levels =
        scene.shapes.iter().filter(|s| matches!(s, Shape::Line { name: None, points, .. } if points.len() > 20));
    assert!(levels.count() > 20);
    let lines = |name: &str| std::fs::read_to_string(temp.path().join("out").join(name)).unwrap().lines().count();
    assert_eq!(lines("layers.csv"), 1);
    assert!(lines("points.csv") > 5000);
}

/// Of one variable the way is told against step, and what comes of it on average.
#[test]
fn an_iterate_and_a_mean_stand_against_step() {
    let (_temp, results) = swept(
        "seeds = 3\n[base]\nsteps = 90\nfunction = { kind = \"reddi\", c = 3.0, spread = 0.3 }\n\
         [[optimizer]]\nkind = \"sgd\"\nlr = 0.01\n[[optimizer]]\nkind = \"adam\"\nlr = 0.01\nbeta1 = 0.0\nbeta2 = 0.1\n\
         [record]\npoints = { every = 1 }\nscore = { every = 1 }\n\
         [[figure]]\nkind = \"curves\"\nname = \"iterate\"\nmetric = \"x1\"\ncolor = \"optimizer\"\n\
         [[figure]]\nkind = \"curves\"\nmetric = \"train_loss\"\naveraged = true\nscale = \"linear\"\ncolor = \"optimizer\"\n",
    );
    let scenes: Vec<Scene> =
        results.plan.figures.iter().map(|spec| draw(&results, spec, ALL, Style::Page).unwrap()).collect();
    scenes.iter().for_each(|scene| sound("against step", scene));
    let ends = |scene: &Scene| -> Vec<f64> {
        let tips = scene.shapes.iter().filter_map(|shape| match shape {
            Shape::Tip { text, .. } if text.contains("step 90\n") => text.lines().nth(2),
            _ => None,
        });
        let number = |line: &str| line.rsplit(' ').next().unwrap().replace('−', "-").parse::<f64>().unwrap();
        tips.map(number).collect()
    };
    let (iterates, means) = (ends(&scenes[0]), ends(&scenes[1]));
    assert_eq!((iterates.len(), means.len()), (2, 2));
    // SGD goes down, Adam of short memory up; the loss is (x + 1) / 3, and the mean of a way lies between its ends.
    assert!(iterates[0] < 0.0 && iterates[1] > 0.0, "{iterates:?}");
    for (x, mean) in iterates.iter().zip(&means) {
        let (end, start) = ((x + 1.0) / 3.0, 1.0 / 3.0);
        assert!((mean - end).abs() < (start - end).abs() + 0.2 && *mean > 0.0, "{x} {mean}");
    }
    assert!(says(&scenes[1], "the mean over the steps up to it") && says(&scenes[0], "x1, the first variable"));
}

/// Axes of which one varies where the others are held make a map each, under one scale of colours.
#[test]
fn several_axes_along_x_are_maps_side_by_side() {
    let (_temp, results) = swept(
        "seeds = 2\n[base]\nsteps = 20\nfunction = { kind = \"quadratic\", spread = 0.1 }\n[axes]\noptimizer.lr = [0.01, 0.02]\n\
         weight_decay = [0, 0.1, 1]\n[[include]]\nweight_decay = 0\nl2 = [0.1, 0.3]\n\
         [[figure]]\nkind = \"heat_map\"\nx = [\"l2\", \"weight_decay\"]\ny = \"optimizer.lr\"\n",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    sound("side by side", &scene);
    assert_eq!(scene.plots.len(), 2);
    for said in ["L2", "weight decay", "Along L2: weight decay 0.", "Along weight decay: L2 0.", "2 seeds"] {
        assert!(says(&scene, said), "{said}: {}", scene.caption);
    }
    let tiles = |panel: usize| {
        let shapes = &scene.shapes[scene.plots[panel].shapes.clone()];
        shapes.iter().filter(|shape| matches!(shape, Shape::Tile { told: Some(_), .. })).count()
    };
    assert_eq!((tiles(0), tiles(1)), (6, 6));
}

#[test]
fn every_run_has_its_own_path() {
    let (_temp, results) = swept(
        "seeds = 3\n[base]\nsteps = 100\nfunction = { kind = \"beale\", noise = 1, spread = 0.2 }\n[axes]\n\
         \"optimizer.lr\" = [0.001, 0.003]\n\"function.noise\" = [0.5, 1]",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    sound("seeds", &scene);
    assert!(says(&scene, "N = 3 seeds") && says(&scene, "The way down beale"));
    assert!(series(&scene).len() >= 6, "{:?}", series(&scene));
}

#[test]
fn slides_and_columns_have_their_shape_and_everything_on_them() {
    let mut fake = vanishing();
    fake.figures =
        ALL.iter().filter_map(|kind| fake.figures.iter().find(|f| f.kind == kind.facts.word).cloned()).collect();
    let temp = tempfile::tempdir().unwrap();
    fake.write(temp.path());
    let results = Results::read(temp.path()).unwrap();
    let words = |scene: &Scene| scene.texts().map(|t| t.text.len()).sum::<usize>();
    let names = |scene: &Scene| series(scene).into_iter().map(String::from).collect::<BTreeSet<_>>();
    for spec in &results.plan.figures {
        let page = draw(&results, spec, ALL, Style::Page).unwrap();
        for style in [Style::Slide, Style::Column] {
            let name = format!("{style:?} {:?}", spec.kind);
            let scene = draw(&results, spec, ALL, style).unwrap();
            sound(&name, &scene);
            // As many series as on the page, with the number of seeds and less small print.
            assert_eq!(names(&scene), names(&page), "{name}");
            assert!(words(&scene) < words(&page) && says(&scene, "seeds"), "{name}");
            let smallest = scene.texts().map(|t| t.size).fold(f64::INFINITY, f64::min);
            match style {
                Style::Slide => {
                    let largest = scene.texts().map(|t| t.size / scene.height).fold(0.0, f64::max);
                    assert_eq!((scene.width, scene.height), (968.0, 544.5), "{name}");
                    assert!(largest > 0.03, "{name}");
                }
                // Eight centimetres, and type that is read there.
                _ => assert!((scene.width - 226.8).abs() < 0.1 && smallest >= 4.0, "{name}: {smallest}"),
            }
        }
    }
    for style in [Style::Slide, Style::Column] {
        let drawn = gradsweep::figure::draw_all(&Results::read(temp.path()).unwrap(), ALL, style, &[]).unwrap();
        let own = temp.path().join(style.folder());
        assert!(drawn.iter().all(|f| f.files.len() == FORMATS.len() && f.files.iter().all(|f| f.starts_with(&own))));
    }
}
