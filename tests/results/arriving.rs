//! A gradient that does not arrive, and a median of an even number of seeds: the same number in `summary.csv`, figures, claims and report.

use crate::figure_support::house::{says, sound};
use gradsweep::columns;
use gradsweep::fading::{Fading, Summary};
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::scene::{Scene, Shape};
use gradsweep::figure::{Style, draw};
use gradsweep::results::Results;
use gradsweep::table::significant;

/// ReLU nets so narrow that at depth 4 some seeds and at depth 16 all are cut off from their input; sigmoid nets so deep that f64
/// ends before the first layer; residual nets whose branches begin at 0.
const NETS: [&str; 3] = [
    "activation = \"relu\"\ninit = \"he_normal\"\nwidth = 3\n[axes]\ndepth = [4, 16]",
    "activation = \"sigmoid\"\nwidth = 4\n[axes]\ndepth = [40, 520]",
    "residual = { form = \"pre_activation\", scale = \"learned_zero\" }\nwidth = 4\n[axes]\ndepth = [3, 6]",
];

/// Every kind that draws an attenuation or a gradient by layer, and medians of losses on a logarithmic scale.
const FIGURES: &str = "
[[figure]]
kind = \"gradient_by_layer\"
color = \"depth\"
[[figure]]
kind = \"attenuation_by_depth\"
[[figure]]
kind = \"attenuation_by_depth\"
name = \"per_layer\"
metric = \"attenuation_init\"
[[figure]]
kind = \"attenuation_over_training\"
color = \"depth\"
[[figure]]
kind = \"loss_by_depth\"
[[figure]]
kind = \"loss_by_depth\"
name = \"attenuation\"
metric = \"attenuation_init\"
[[figure]]
kind = \"gradient_heatmap\"
facet = \"depth\"
[[figure]]
kind = \"layer_lines\"
facet = \"depth\"
";

const CLAIMS: &str = "
[[claim]]
says = \"It fades\"
metric = \"attenuation_init\"
each = [\"depth\"]
confidence = 0.5
expect = { above = 0.01 }
[[claim]]
says = \"It does not\"
metric = \"attenuation_init\"
each = [\"depth\"]
confidence = 0.5
expect = { below = 5.0 }
";

/// The sweep, of which a claim may fail.
fn of(net: &str) -> (tempfile::TempDir, Results) {
    let base = "name = \"x\"\nseeds = 10\n[base]\ndata = \"digits\"\nsteps = 2\n";
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("x.toml"), format!("{base}{net}\n{FIGURES}{CLAIMS}")).unwrap();
    let mut sweep = std::process::Command::new(env!("CARGO_BIN_EXE_gradsweep"));
    let output = sweep.current_dir(temp.path()).args(["sweep", "x.toml", "--out", "out"]).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    let results = Results::read(&temp.path().join("out")).unwrap();
    (temp, results)
}

fn scenes(results: &Results) -> Vec<(String, Scene)> {
    let scene = |spec| draw(results, spec, ALL, Style::Page).unwrap();
    let scenes = results.plan.figures.iter().map(|spec| (spec.kind.clone(), scene(spec)));
    scenes.inspect(|(kind, scene)| sound(kind, scene)).collect()
}

fn tells(scene: &Scene, what: &str) -> bool {
    scene.shapes.iter().any(|shape| matches!(shape, Shape::Tip { text, .. } if text.contains(what)))
}

/// The summaries of the cells: from `summary.csv`, after they have been found the same as those of `runs.csv`.
fn summaries(results: &Results, name: &str) -> Vec<Summary> {
    let column = columns::outcome(name).unwrap();
    let rows = results.summary().unwrap().rows;
    let of_cell = |(label, row)| {
        let runs = results.runs.iter().filter(|run| run.labels == [label]);
        let own = Summary::of(&runs.filter_map(|run| run.fading(column)).collect::<Vec<_>>()).unwrap();
        let interval = (own.low, own.high, own.coverage);
        assert_eq!(Summary::from_row(row, column), Some(Summary { interval, ..own }));
        own
    };
    rows.iter().enumerate().map(of_cell).collect()
}

#[test]
fn the_same_attenuation_stands_everywhere_also_where_no_gradient_arrives() {
    for net in NETS {
        let (_temp, results) = of(net);
        let found = summaries(&results, "attenuation_init");
        let report = std::fs::read_to_string(results.dir.join("report.html")).unwrap();
        let scenes = scenes(&results);
        for summary in &found {
            let shown = summary.median.shown(|x| significant(x, 4));
            assert!(report.contains(&shown), "{net}: the report does not say {shown}");
            if let Fading::Exactly(x) = summary.median {
                let per_layer = &scenes[2].1;
                assert!(tells(per_layer, &significant(x, 6)), "{net}: no figure tells {x}");
            }
            if summary.none > 0 {
                assert!(report.contains(&summary.note()), "{net}");
                for kind in ["gradient_by_layer", "attenuation_by_depth", "attenuation_over_training"] {
                    for (_, scene) in scenes.iter().filter(|(own, _)| own == kind) {
                        assert!(says(scene, "none arrives"), "{net}: {kind}");
                        assert!(says(scene, &summary.note()) || tells(scene, &summary.note()), "{net}: {kind}");
                    }
                }
            }
            if summary.median.is_bound() {
                assert!(scenes.iter().any(|(_, scene)| says(scene, "at least")), "{net}");
            }
        }
    }
}

#[test]
fn each_cause_of_a_zero_is_told_from_the_others() {
    let attenuations = |net| {
        let (_temp, results) = of(net);
        let text = std::fs::read_to_string(results.dir.join("claims.csv")).unwrap();
        let verdicts = |claim: &str| -> Vec<String> {
            let own = text.lines().filter(|line| line.starts_with(claim));
            let words = ["holds", "fails", "inconclusive"];
            let word =
                |line: &str| words.into_iter().find(|word| line.contains(&format!(",{word},"))).unwrap().to_string();
            own.map(word).collect()
        };
        (summaries(&results, "attenuation_init"), verdicts("1,"), verdicts("2,"))
    };
    let (relu, above, below) = attenuations(NETS[0]);
    assert!(relu[0].none > 0 && matches!(relu[0].median, Fading::Exactly(_)), "{relu:?}");
    assert_eq!((relu[1].median, relu[1].none), (Fading::Beyond, 10));
    assert_eq!((&above[1][..], &below[1][..]), ("holds", "fails"));
    let (sigmoid, above, below) = attenuations(NETS[1]);
    assert!(matches!(sigmoid[0].median, Fading::Exactly(x) if x > 0.4), "{sigmoid:?}");
    assert!(matches!(sigmoid[1].median, Fading::AtLeast(x) if x > 0.4) && sigmoid[1].none == 0, "{sigmoid:?}");
    assert_eq!((&above[1][..], &below[1][..]), ("holds", "inconclusive"));
    let (learned, ..) = attenuations(NETS[2]);
    assert!(learned.iter().all(|summary| summary.median == Fading::Exactly(0.0)), "{learned:?}");
}

#[test]
fn what_is_zero_by_construction_is_no_fading() {
    let (_temp, results) = of(NETS[2]);
    for name in ["attenuation_delta_init", "weight_grad_total_init"] {
        let column = columns::outcome(name).unwrap();
        let values = results.runs.iter().filter_map(|run| run.fading(column));
        assert!(values.clone().count() > 0 && values.clone().all(|value| value == Fading::Undefined), "{name}");
    }
    let by_layer = &scenes(&results)[0].1;
    assert!(says(by_layer, "although dL/dh arrives at layer 1") && !says(by_layer, "none arrives"));
}

#[test]
fn an_even_number_of_seeds_has_one_median_in_tables_and_in_logarithmic_figures() {
    let (_temp, results) = of(NETS[2]);
    let rows = results.summary().unwrap().rows;
    let loss = scenes(&results).into_iter().find(|(kind, _)| kind == "loss_by_depth").unwrap().1;
    for row in rows {
        let median = significant(row["train_loss_median"].parse().unwrap(), 6);
        assert!(tells(&loss, &format!(": {median}")), "{median}");
    }
}
