//! Figures, claims and answer of recurrent nets: what is of time steps, and that everything else takes a layer at its last one.

use crate::figure_support::house::{says, sound, swept as swept_of};
use gradsweep::answer::Answer;
use gradsweep::columns;
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::Scene;
use gradsweep::figure::{FigureError, Style, draw};
use gradsweep::plan_file::figure::{FigureSpec, MapAxes};
use gradsweep::results::Results;
use std::collections::BTreeMap;

const FILE: &str = "
name = \"x\"
seeds = 5
[base]
data = { kind = \"lag\", features = 4, length = 9, lag = 0, n = 60 }
width = 12
batch = 16
steps = 3
init.recurrent = \"orthogonal\"
[axes]
depth = [1, 2]
network = [\"rnn\", \"lstm\", \"gru\"]
[record]
gradients = { every = 1 }
probe = 16
[[figure]]
kind = \"gradient_by_time\"
color = \"network\"
where = { depth = 1 }
theory = true
[[figure]]
kind = \"gradient_by_time\"
name = \"stacked\"
color = \"network\"
where = { depth = 2 }
step = \"last\"
[[claim]]
says = \"A plain net loses more than a tenth of a decade a step\"
metric = \"attenuation_time_init\"
where = { depth = 1, network = \"rnn\" }
confidence = 0.5
expect = { above = 0.1 }
[[claim]]
says = \"As theory has it\"
metric = \"attenuation_time_init\"
against = \"theory\"
by = \"difference\"
where = { depth = 1 }
each = [\"network\"]
confidence = 0.5
expect = { within = [-0.1, 0.1] }
";

fn swept() -> (tempfile::TempDir, Results) {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("x.toml"), FILE).unwrap();
    let mut sweep = std::process::Command::new(env!("CARGO_BIN_EXE_gradsweep"));
    let output = sweep.current_dir(temp.path()).args(["sweep", "x.toml", "--out", "out"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let results = Results::read(&temp.path().join("out")).unwrap();
    (temp, results)
}

fn scene(results: &Results, spec: &FigureSpec) -> Result<Scene, FigureError> {
    let scene = draw(results, spec, ALL, Style::Page);
    scene.inspect(|scene| sound(&spec.kind, scene))
}

#[test]
fn every_figure_works_on_recurrent_nets_or_says_why_not() {
    let (_temp, results) = swept();
    for spec in &results.plan.figures {
        let scene = scene(&results, spec).unwrap();
        assert!(says(&scene, "time step of the sequence") && says(&scene, "lstm"), "{}", scene.caption);
        assert!(scene.caption.contains("decades per time step"), "{}", scene.caption);
        let limited = FigureSpec { x_limits: Some([2.0, 5.0]), ..spec.clone() };
        let limited = draw(&results, &limited, ALL, Style::Page).unwrap();
        let texts: Vec<&str> = limited.texts().map(|text| &*text.text).collect();
        assert!(!texts.contains(&"9") && texts.contains(&"5"), "{texts:?}");
        assert_eq!(spec.theory, says(&scene, "theory of wide nets"), "{}", scene.caption);
    }
    for kind in ALL {
        let axes = ["depth", "network"].map(String::from);
        let mut spec = FigureSpec::new(kind.facts.word);
        spec.filter = BTreeMap::from([("depth".to_string(), vec!["2".to_string()])]);
        spec.color = Some(axes[1].clone());
        match spec.kind.as_str() {
            "attenuation_by_depth" | "loss_by_depth" => {
                (spec.x, spec.filter) = (Some(axes[0].clone()), BTreeMap::new())
            }
            "heat_map" => {
                (spec.x, spec.y, spec.color) = (Some(axes[0].clone()), Some(axes[1].clone()), None);
                spec.filter.clear();
            }
            "gradient_heatmap" | "layer_lines" | "derivative" => {
                (spec.facet, spec.color) = (vec![axes[1].clone()], None)
            }
            _ => {}
        }
        match scene(&results, &spec) {
            Ok(_) => {}
            Err(error) => assert!(error.to_string().len() > 20, "{}: {error}", spec.kind),
        }
    }
}

/// A step, a layer and a time step.
type At = (u64, u64, u64);

/// The least of what a map shows is where the median over seeds of layers.csv's numbers is least.
#[test]
fn a_heat_map_is_over_time_and_training_or_over_layers_and_time() {
    let (_temp, results) = swept();
    let map = |axes: MapAxes, depth: &str, step: Option<&str>| {
        let filter =
            [("depth", depth), ("network", "rnn")].map(|(axis, label)| (axis.to_string(), vec![label.to_string()]));
        let spec = FigureSpec {
            axes,
            step: step.map(String::from),
            filter: BTreeMap::from(filter),
            ..FigureSpec::new("gradient_heatmap")
        };
        scene(&results, &spec).unwrap()
    };
    let has = |run: &usize, name: &str, label: &str| {
        let place = results.plan.axes.iter().position(|axis| axis.name == name).unwrap();
        results.plan.axes[place].labels[results.runs[*run].labels[place]] == label
    };
    let all: Vec<usize> = (0..results.runs.len()).collect();
    let runs: Vec<usize> = all.into_iter().filter(|run| has(run, "depth", "2") && has(run, "network", "rnn")).collect();
    assert_eq!(runs.len(), 5);
    // By step, layer and time, the seeds' values.
    let mut all: BTreeMap<At, Vec<f64>> = BTreeMap::new();
    let wanted = ["step", "layer", "time", "state_rms"];
    let mut see = |_: usize, row: &[Option<f64>]| {
        let at = |i: usize| row[i].unwrap() as u64;
        all.entry((at(0), at(1), at(2))).or_default().push(row[3].unwrap());
    };
    results.stream("layers.csv", &runs, &wanted, &mut see).unwrap();
    let median = |place: At, last: At| {
        let mut ratios: Vec<f64> = all[&place].iter().zip(&all[&last]).map(|(x, last)| x / last).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[2]
    };
    let least = |places: Vec<(At, At)>| {
        let least = places.into_iter().min_by(|a, b| median(a.0, a.1).total_cmp(&median(b.0, b.1)));
        least.unwrap().0
    };
    let over_training: Vec<_> = (0..=3).flat_map(|s| (1..=9).map(move |t| ((s, 2, t), (s, 2, 9)))).collect();
    let (step, _, time) = least(over_training);
    let scene = map(MapAxes::StepTime, "2", None);
    assert!(
        scene.caption.contains("Of the top layer.") && says(&scene, "time step of the sequence"),
        "{}",
        scene.caption
    );
    assert!(says(&scene, "at each time step over the last time step's, during training"), "{}", scene.caption);
    let told = format!("Fades most: time step {time}, step {step}");
    assert!(says(&scene, &told) || scene.caption.contains(&told), "{told}: {}", scene.caption);
    for (step, word, when) in [(0, None, "before the first update"), (3, Some("last"), "after the last update")] {
        let places: Vec<_> = (1..=2).flat_map(|l| (1..=9).map(move |t| ((step, l, t), (step, 2, 9)))).collect();
        let (_, layer, time) = least(places);
        let scene = map(MapAxes::TimeLayer, "2", word);
        let told = format!("Fades most: layer {layer}, time step {time}");
        assert!(says(&scene, when), "{}", scene.caption);
        assert!(says(&scene, &told) || scene.caption.contains(&told), "{told}: {}", scene.caption);
    }
}

#[test]
fn a_layer_stands_for_itself_by_its_last_time_step() {
    let (_temp, results) = swept();
    let runs: Vec<usize> = (0..results.runs.len()).collect();
    let (mut all, mut last) = (BTreeMap::new(), BTreeMap::new());
    let with_time = ["step", "layer", "time", "stream_rms"];
    results
        .stream("layers.csv", &runs, &with_time, |run, row| {
            let key = (run, row[0].unwrap() as u64, row[1].unwrap() as u64);
            let entry: &mut (usize, f64) = all.entry(key).or_default();
            *entry = (entry.0 + 1, if row[2] == Some(9.0) { row[3].unwrap() } else { f64::NAN });
        })
        .unwrap();
    results
        .stream("layers.csv", &runs, &["step", "layer", "stream_rms"], |run, row| {
            let key = (run, row[0].unwrap() as u64, row[1].unwrap() as u64);
            assert!(last.insert(key, (9, row[2].unwrap())).is_none(), "{key:?} twice");
        })
        .unwrap();
    assert_eq!(all, last);
    // Attenuation over layers is between these, too.
    let first = results.runs.iter().position(|run| run.value("attenuation_init").is_some()).unwrap();
    let lost = last[&(first, 0, 2)].1.log10() - last[&(first, 0, 1)].1.log10();
    assert!((results.runs[first].value("attenuation_init").unwrap() - lost).abs() < 1e-12);
}

#[test]
fn the_answer_is_told_by_time_steps_where_there_is_one_layer() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(
        temp.path().join("x.toml"),
        FILE.replace("depth = [1, 2]", "depth = [1]").replace("depth = 2", "depth = 1"),
    )
    .unwrap();
    let mut sweep = std::process::Command::new(env!("CARGO_BIN_EXE_gradsweep"));
    let output = sweep.current_dir(temp.path()).args(["sweep", "x.toml", "--out", "out"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("each time step") || text.contains("a time step"), "{text}");
    let results = Results::read(&temp.path().join("out")).unwrap();
    let answer = Answer::of(&results, None).unwrap();
    assert!(answer.columns.iter().any(|column| **column == columns::ATTENUATION_TIME_INIT), "{:?}", answer.columns);
}

/// Where panels differ in their data each has the baseline of its own: of copying S symbols of K after T steps S ln K / (T + 2 S).
#[test]
fn guessing_is_drawn_in_each_panel_by_its_data() {
    let (_temp, results) = swept_of(
        "seeds = 2\n[base]\nnetwork = \"gru\"\nwidth = 4\nsteps = 3\n\
         data = { kind = \"copy_memory\", copied = 2, symbols = 2, n = 4000 }\n[axes]\ndata.length = [2, 6]\n\
         [[figure]]\nkind = \"curves\"\nmetric = \"test_loss\"\nlimits = [0.05, 5]\nfacet = [\"data.length\"]\n",
    );
    let scene = draw(&results, &results.plan.figures[0], ALL, Style::Page).unwrap();
    let names: Vec<&str> = scene.texts().map(|text| text.text.as_str()).collect();
    let said = names.iter().find_map(|text| text.strip_prefix("guessing (")?.strip_suffix(')')).expect("a line");
    let (low, high) = said.split_once(" to ").expect("two values");
    for (said, delay) in [(low, 6.0), (high, 2.0)] {
        let expected = 2.0 * 2f64.ln() / (delay + 4.0);
        assert!((said.parse::<f64>().unwrap() / expected - 1.0).abs() < 0.02, "{said} {expected}");
    }
}
