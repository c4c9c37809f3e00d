//! Every kind of figure of extreme results, as page, slide and column: no ink outside its panel, no text over another.

use crate::figure_support::house::{faults, says, swept};
use crate::figure_support::{Fake, FakeRun, labels, vanishing};
use gradsweep::columns::{self, Column};
use gradsweep::figure::chart::{Body, GUESSING, Mark};
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::figure::select::Selection;
use gradsweep::figure::sheet::Medium;
use gradsweep::figure::{FigureError, Style, draw, svg};
use gradsweep::plan_file::Scale;
use gradsweep::plan_file::figure::FigureSpec;
use gradsweep::results::Results;
use gradsweep::table::Cell;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Changes a finished run, or drops it.
type Twist = fn(&mut FakeRun) -> bool;

/// Every figure of a folder in every style, held to the rules of the house.
fn all(name: &str, results: &Results) -> Vec<(FigureSpec, Scene)> {
    in_styles(name, results, &[Style::Page, Style::Slide, Style::Column])
}

fn in_styles(name: &str, results: &Results, styles: &[Style]) -> Vec<(FigureSpec, Scene)> {
    let (mut pages, mut wrong) = (Vec::new(), Vec::new());
    for spec in &results.plan.figures {
        for style in styles.iter().copied() {
            match draw(results, spec, ALL, style) {
                Ok(scene) => {
                    let faults = faults(&scene).into_iter();
                    wrong.extend(faults.map(|fault| format!("{name}, {} as {style:?}: {fault}", spec.kind)));
                    pages.extend((style == Style::Page).then(|| (spec.clone(), scene)));
                }
                Err(FigureError::Nothing(_)) => {}
                Err(error) => panic!("{name}, {}: {error}", spec.kind),
            }
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    pages
}

fn faked(name: &str, fake: &Fake) -> Vec<(FigureSpec, Scene)> {
    let folder = tempfile::tempdir().unwrap();
    fake.write(folder.path());
    all(name, &Results::read(folder.path()).unwrap())
}

/// The vanishing grid with a figure of every kind that networks have, those of arms too.
fn grid() -> Fake {
    let mut fake = vanishing();
    fake.target = Some(0.5);
    fake.seeds = 4;
    let of = |kind: &str| FigureSpec {
        color: Some("variant".into()),
        facet: labels(&["activation"]),
        filter: [("optimizer".to_string(), labels(&["momentum"]))].into(),
        ..FigureSpec::new(kind)
    };
    let mut profile = FigureSpec { over: labels(&["depth"]), ..of("performance_profile") };
    let mut steps = FigureSpec { ..of("steps_to_target") };
    let tries = FigureSpec { tune: labels(&["depth"]), ..of("best_of_tries") };
    steps.filter.insert("depth".into(), labels(&["8"]));
    profile.facet.clear();
    profile.filter.insert("activation".into(), labels(&["tanh"]));
    fake.figures.extend([profile, steps, tries]);
    fake.twist = |run| {
        let steps = (run.seed != 2).then_some(40 * run.seed as usize);
        run.outcome.insert("steps_to_target", Cell::from(steps));
        true
    };
    fake
}

/// A figure with one thing said of how it is drawn, for each that its kind lets a user choose.
fn drawn_otherwise(spec: &FigureSpec) -> Vec<FigureSpec> {
    let kind = ALL.iter().find(|kind| kind.facts.word == spec.kind).unwrap().facts;
    let column = spec.metric.as_deref().or(kind.metric).and_then(columns::measurement);
    let limits = |log: bool| Some(if log { [1e-6, 2.0] } else { [0.1, 0.7] });
    let is_log = column.is_some_and(Column::is_log);
    let mut all = vec![FigureSpec { size: Some([24.0, 30.0]), ..spec.clone() }];
    let scales = [Scale::Log, Scale::Linear]
        .into_iter()
        .filter(|scale| kind.scales && (*scale == Scale::Linear || column.is_some_and(Column::is_never_negative)));
    for scale in scales {
        let own = FigureSpec { scale: Some(scale), ..spec.clone() };
        all.push(FigureSpec { limits: limits(scale == Scale::Log).filter(|_| kind.limits), ..own.clone() });
        all.push(own);
    }
    all.extend(kind.x_scales.iter().map(|scale| FigureSpec { x_scale: Some(*scale), ..spec.clone() }));
    if kind.limits {
        all.push(FigureSpec { limits: limits(is_log), ..spec.clone() });
    }
    if kind.x_limits {
        all.push(FigureSpec { x_limits: Some([2.0, 7.0]), ..spec.clone() });
    }
    all
}

#[test]
fn whatever_is_said_of_scales_and_limits_figures_keep_the_rules() {
    let mut fake = grid();
    fake.seeds = 2;
    fake.figures = fake.figures.iter().flat_map(drawn_otherwise).collect();
    let folder = tempfile::tempdir().unwrap();
    fake.write(folder.path());
    // Slides differ from pages in their height alone.
    let pages = in_styles("drawn otherwise", &Results::read(folder.path()).unwrap(), &[Style::Page, Style::Column]);
    assert_eq!(pages.len(), fake.figures.len(), "a figure had nothing to show");
    let plain = grid();
    let folder = tempfile::tempdir().unwrap();
    plain.write(folder.path());
    let results = Results::read(folder.path()).unwrap();
    for (spec, scene) in &pages {
        if spec.limits.or(spec.x_limits).is_some() {
            let usual = FigureSpec { limits: None, x_limits: None, ..spec.clone() };
            let usual = draw(&results, &usual, ALL, Style::Page).unwrap();
            assert_ne!(svg::render(scene, ""), svg::render(&usual, ""), "{}: limits change nothing", spec.kind);
        }
        if spec.x_limits.is_some() {
            // Tips tell where a value stands: after the name of its series.
            let tips = scene
                .shapes
                .iter()
                .filter_map(|shape| if let Shape::Tip { text, .. } = shape { Some(text) } else { None });
            let places = tips.filter_map(|text| text.lines().nth(1)?.split(": ").next()?.parse::<f64>().ok());
            assert!(
                places.clone().all(|x| (2.0..=7.0).contains(&x)),
                "{}: {:?}",
                spec.kind,
                places.collect::<Vec<_>>()
            );
        }
        if let Some([width, height]) = spec.size {
            let cm = 72.0 / 2.54;
            assert!((scene.width - width * cm).abs() < 1e-6, "{} is {} points wide", spec.kind, scene.width);
            assert!((scene.height - height * cm).abs() < 1.0, "{} is {} points high", spec.kind, scene.height);
        }
    }
}

#[test]
fn guessing_stands_at_its_value_on_every_scale() {
    let (_dir, results) = swept(
        "name = \"x\"\nseeds = 2\n[base]\nwidth = 4\nsteps = 5\ndata = { kind = \"spirals\", n = 100 }\n[axes]\ndepth = [1, 2]\n",
    );
    for (kind, metric) in [("curves", "train_loss"), ("curves", "test_accuracy"), ("loss_by_depth", "test_loss")] {
        let kind = ALL.iter().find(|own| own.facts.word == kind).unwrap();
        let column = columns::measurement(metric).unwrap();
        let value = results.plan.shared_guesses().unwrap().score(column).unwrap();
        for scale in [Scale::Log, Scale::Linear] {
            let mut spec =
                FigureSpec { metric: Some(metric.into()), scale: Some(scale), ..FigureSpec::new(kind.facts.word) };
            let axis = Some("depth".to_string());
            if kind.facts.word == "curves" {
                spec.color = axis
            } else {
                spec.x = axis
            }
            let selection = Selection::new(&results, &spec, kind.facts).unwrap();
            let chart = (kind.draw)(&selection, Medium::Page(None, 1.0)).unwrap();
            let Body::Grid(grid) = &chart.body else { panic!("no grid") };
            let is_guess = |mark: &&Mark| matches!(mark, Mark::Across { stroke, .. } if stroke.dash == GUESSING.dash);
            let strip = &grid.blocks[0].strips[0];
            let at = if scale == Scale::Log { value.log10() } else { value };
            match strip.panels[0].iter().find(is_guess) {
                Some(Mark::Across { y, .. }) => assert_eq!(*y, at, "{} {metric} {scale:?}", kind.facts.word),
                _ => assert!(!strip.y.holds(at), "{} {metric} {scale:?}", kind.facts.word),
            }
        }
    }
}

/// Changes every number of a kind of rows.
fn change(rows: &mut [std::collections::BTreeMap<&'static str, Cell>], to: impl Fn(f64) -> f64) {
    for cell in rows.iter_mut().flat_map(|row| row.iter_mut()) {
        if let (name, Cell::Float(value)) = cell
            && !["step", "layer"].contains(name)
        {
            *value = to(*value);
        }
    }
}

fn outcomes(run: &mut FakeRun, to: impl Fn(f64) -> f64) {
    let mut rows = [std::mem::take(&mut run.outcome)];
    change(&mut rows, to);
    [run.outcome] = rows;
}

#[test]
fn no_ink_leaves_its_panel_whatever_the_numbers_are() {
    let twists: [(&str, Twist); 7] = [
        ("plain", |_| true),
        ("one run of 1e13", |run| {
            if run.seed == 3 && run.labels["variant"] == "l2" {
                run.outcome.insert("train_loss", Cell::Float(1e13));
                run.history.iter_mut().skip(25).for_each(|row| _ = row.insert("train_loss", Cell::Float(1e13)));
                run.layers.iter_mut().for_each(|row| _ = row.insert("stream_rms", Cell::Float(1e13)));
            }
            true
        }),
        ("zeros", |run| {
            if run.seed > 1 || run.labels["variant"] == "plain" {
                change(&mut run.layers, |_| 0.0);
                change(&mut run.history, |_| 0.0);
                run.outcome.insert("train_loss", Cell::Float(0.0));
            }
            true
        }),
        ("zeros of some seeds", |run| {
            if run.seed % 2 == 0 {
                change(&mut run.layers, |v| if v < 1e-4 { 0.0 } else { v });
                change(&mut run.history, |v| if v < 0.5 { 0.0 } else { v });
            }
            true
        }),
        ("negative", |run| {
            outcomes(run, |v| -v);
            true
        }),
        ("all the same", |run| {
            change(&mut run.layers, |_| 1e-3);
            change(&mut run.history, |_| 0.25);
            outcomes(run, |_| 0.25);
            true
        }),
        ("many lost", |run| {
            match run.seed {
                1 => {}
                2 if run.labels["depth"] == "4" => run.fail(),
                _ => run.diverge(),
            }
            true
        }),
    ];
    for (name, twist) in twists {
        let mut fake = grid();
        fake.twist = twist;
        let drawn = faked(name, &fake);
        // A negative loss has no place on a logarithmic scale.
        assert!(drawn.len() >= if name == "negative" { 2 } else { 7 }, "{name}: {} figures", drawn.len());
        if name == "one run of 1e13" {
            for (spec, scene) in drawn.iter().filter(|(spec, _)| ["loss_by_depth", "curves"].contains(&&*spec.kind)) {
                assert!(says(scene, "1\u{a0}×\u{a0}10¹³"), "{}: no arrow with its value", spec.kind);
            }
        }
    }
}

#[test]
fn names_of_any_length_and_one_cell_have_a_place() {
    let mut fake = grid();
    let place = fake.axes.iter().position(|axis| axis.0 == "variant").unwrap();
    let long = |i: usize| format!("momentum with a long warmup, decayed slowly, without bias, number {i}");
    fake.axes[place].1 = (0..12).map(long).collect();
    fake.excluded = |_| false;
    for (spec, scene) in faked("twelve arms of long names", &fake) {
        // Whatever is cut, no two labels read the same.
        if let "steps_to_target" = &*spec.kind {
            let names: Vec<&str> = scene.texts().map(|t| &*t.text).filter(|t| t.contains('…')).collect();
            let distinct: std::collections::BTreeSet<&&str> = names.iter().collect();
            assert!(names.len() >= 12 && distinct.len() >= 12, "{names:?}");
        }
    }
    let mut fake = grid();
    for axis in &mut fake.axes {
        let own = axis.1.len() - 1;
        axis.1 = vec![axis.1[if axis.0 == "depth" { own } else { 0 }].clone()];
    }
    fake.seeds = 1;
    for figure in &mut fake.figures {
        figure.filter.clear();
    }
    faked("one cell", &fake);
}

#[test]
fn values_in_headings_are_never_cut() {
    let mut fake = grid();
    fake.axes[0] = ("optimizer.schedule.warmup", labels(&["0.001", "0.003", "0.01", "0.03", "0.1"]), "log");
    fake.figures.retain(|figure| ["curves", "gradient_by_layer"].contains(&&*figure.kind));
    for figure in &mut fake.figures {
        figure.filter.remove("depth");
        figure.facet = labels(&["optimizer.schedule.warmup"]);
        figure.filter.insert("activation".into(), labels(&["tanh"]));
    }
    let drawn = faked("headings", &fake);
    assert_eq!(drawn.len(), 2);
    for (spec, scene) in drawn {
        // Nor is anything else: they take several lines.
        assert!(!scene.texts().any(|t| t.text.contains('…')), "{}", spec.kind);
        for value in ["0.001", "0.003", "0.01", "0.03", "0.1"] {
            assert!(scene.texts().any(|t| t.text.ends_with(&format!("= {value}"))), "{}: no {value}", spec.kind);
        }
    }
}

#[test]
fn gradients_that_are_zero_in_some_seeds_stay_inside() {
    let points =
        "data = { kind = \"points\", x = [[-1],[0],[1],[2],[3],[4],[5]], y = [[-3],[-1],[1],[3],[5],[7],[9]] }";
    let outside = format!(
        "seeds = 30\n[base]\n{points}\ndepth = 2\nwidth = 3\nactivation = \"relu\"\nbatch = \"full\"\nsteps = 100\n\
         [[figure]]\nkind = \"gradient_by_layer\"\n[[figure]]\nkind = \"layer_lines\"\n[[figure]]\nkind = \"curves\"\n\
         [[figure]]\nkind = \"attenuation_over_training\"\n[[figure]]\nkind = \"gradient_heatmap\"\n"
    );
    let dead = "seeds = 10\n[base]\ndata = \"digits\"\nactivation = \"relu\"\ninit = \"he_normal\"\nwidth = 3\nsteps = 60\n\
         [axes]\ndepth = [4, 16]\n[[figure]]\nkind = \"gradient_by_layer\"\ncolor = \"depth\"\n[[figure]]\nkind = \"layer_lines\"\n\
         facet = \"depth\"\n[[figure]]\nkind = \"attenuation_by_depth\"\n[[figure]]\nkind = \"attenuation_over_training\"\n\
         color = \"depth\"\n[[figure]]\nkind = \"loss_by_depth\"\n";
    let functions = "seeds = 2\n[base]\nsteps = 300\nfunction = { kind = \"rosenbrock\", noise = 1, spread = 0.2 }\n[axes]\n\
         \"optimizer.lr\" = [0.0001, 0.001, 0.1, 10]\n";
    for (name, experiment) in [("lines outside", &*outside), ("dead seeds", dead), ("functions", functions)] {
        let (_folder, results) = swept(experiment);
        let drawn = all(name, &results);
        assert!(!drawn.is_empty(), "{name}");
        let lines = drawn.iter().flat_map(|(_, scene)| &scene.shapes);
        assert!(lines.filter(|shape| matches!(shape, Shape::Line { name: Some(_), .. })).count() > 0, "{name}");
    }
}

/// Copies the files of a folder of the repository.
fn copied(from: &str, to: &Path) -> Vec<String> {
    let mut experiments = Vec::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(from)).unwrap() {
        let (path, name) = file.map(|file| (file.path(), file.file_name().into_string().unwrap())).unwrap();
        fs::copy(&path, to.join(&name)).unwrap();
        experiments.extend(name.ends_with(".toml").then_some(name));
    }
    experiments.sort();
    experiments
}

/// Those that say on purpose what is wrong with them have no results.
#[test]
fn figures_of_the_cases_and_recipes_keep_the_rules() {
    let mut figures = 0;
    for folder in ["tests/cases", "tests/questions", "experiments/recipes"] {
        let temp = tempfile::tempdir().unwrap();
        for experiment in copied(folder, temp.path()) {
            let command = ["sweep", &experiment, "--quiet", "--no-figures", "--seeds", "2", "--out", "out", "--fresh"];
            let swept = Command::new(env!("CARGO_BIN_EXE_gradsweep")).current_dir(temp.path()).args(command).output();
            if matches!(swept.unwrap().status.code(), Some(0 | 3)) {
                figures += all(&experiment, &Results::read(&temp.path().join("out")).unwrap()).len();
            }
        }
    }
    assert!(figures > 20, "{figures}");
}

/// After `scripts/gallery.sh` every shipped experiment stands in `results`: `RESULTS=$PWD/results cargo test --release --test results -- --ignored`.
#[test]
#[ignore = "looks at every results folder within the folder that RESULTS names"]
fn figures_of_these_results_keep_the_rules() {
    let within = std::env::var("RESULTS").expect("RESULTS names a folder of results folders");
    let mut figures = 0;
    for folder in fs::read_dir(&within).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.join("plan.json").is_file() {
            figures += all(&folder.display().to_string(), &Results::read(&folder).unwrap()).len();
        }
    }
    println!("{figures} figures");
    assert!(figures > 0, "{within} holds no results");
}
