//! The loops give the same bits portable, with AVX2 and with AVX-512: whole runs over every family's list.

use gradsweep::data::{Places, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::families;
use gradsweep::ops::activation::Activation;
use gradsweep::ops::kernel::{Width, limit, width};
use gradsweep::ops::loss::Loss;
use gradsweep::optim::Optimizer;
use gradsweep::run::train;
use std::ops::ControlFlow;

/// Width 21 leaves columns over at every chunk size.
const FILE: &str = r#"
name = "t"
[base]
data = { kind = "spirals", n = 200 }
depth = 4
width = 21
batch = 16
steps = 4
l2 = 1e-3
clip = { norm = 1.0, value = 0.1 }
[record]
gradients = { every = 2 }
"#;

/// What is recorded of a run, as text.
fn record(changes: &[String]) -> String {
    // A convolutional net has channels in place of a width.
    let is_conv = changes.contains(&"network=\"conv\"".to_string());
    let file = if is_conv { FILE.replace("width = 21\n", "") } else { FILE.into() };
    let experiment = Experiment::parse(&file, "t.toml", FACTS).unwrap();
    let plan = experiment.plan(&Overrides { set: changes.to_vec(), ..Overrides::default() });
    let plan = plan.unwrap_or_else(|e| panic!("{changes:?}: {e}"));
    let data = load(&plan.cells[0].settings, &Places::default()).unwrap_or_else(|e| panic!("{e}"));
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    format!("{:?}", train(&runs[0].spec, &data, &mut |_| ControlFlow::Continue(())).unwrap())
}

/// Every activation, norm, residual form, loss, optimizer and precision, each in some run of a dense net, and every other network.
fn runs() -> Vec<Vec<String>> {
    let norms = ["none", "batch", "layer", "rms"];
    let places = ["before", "after"];
    let residuals = ["none", "pre_activation", "post_activation", "highway"];
    let scales = ["1/sqrt(depth)", "learned_zero"];
    let mut runs = Vec::new();
    for dtype in ["f32", "f64"] {
        for (i, activation) in Activation::ALL.into_iter().enumerate() {
            for (j, norm) in norms.into_iter().enumerate() {
                for (k, residual) in residuals.into_iter().enumerate() {
                    let turn = i + j + k;
                    let optimizer = Optimizer::ALL[turn % Optimizer::ALL.len()];
                    let mut changes = vec![
                        format!("dtype=\"{dtype}\""),
                        format!("activation=\"{}\"", activation.word()),
                        format!("norm=\"{norm}\""),
                        format!("residual=\"{residual}\""),
                        format!("loss=\"{}\"", Loss::ALL[turn % Loss::ALL.len()].word()),
                        format!("optimizer.kind=\"{}\"", optimizer.word()),
                    ];
                    if optimizer == Optimizer::Gd {
                        changes.push("batch=\"full\"".into());
                    }
                    if norm != "none" {
                        changes.push(format!("norm.place=\"{}\"", places[turn % places.len()]));
                    }
                    if residual.ends_with("activation") {
                        changes.push(format!("residual.scale=\"{}\"", scales[turn % scales.len()]));
                    }
                    runs.push(changes);
                }
            }
        }
        let rules = Optimizer::ALL.into_iter().map(|rule| format!("optimizer.kind=\"{}\"", rule.word()));
        let rules = rules.map(|rule| vec![rule]).chain([vec![
            "optimizer.kind=\"rmsprop\"".into(),
            "optimizer.centered=true".into(),
            "optimizer.momentum=0.5".into(),
        ]]);
        for mut changes in rules {
            // Enough for RAdam to divide by its second moment.
            changes.extend([format!("dtype=\"{dtype}\""), "batch=\"full\"".into(), "steps=12".into()]);
            runs.push(changes);
        }
        let words = families::all().flat_map(|family| family.words()).filter(|word| **word != "mlp");
        runs.extend(words.map(|word| {
            let heads = (*word == "transformer").then(|| "network.heads=3".to_string());
            let own = [format!("dtype=\"{dtype}\""), format!("network=\"{word}\""), "data=\"digits\"".into()];
            own.into_iter().chain(heads).collect()
        }));
    }
    runs
}

#[test]
fn every_width_gives_the_same_bits() {
    let widest = width();
    for changes in runs() {
        limit(Width::Portable);
        assert_eq!(width(), Width::Portable);
        let portable = record(&changes);
        for wider in [Width::Avx2, Width::Avx512].into_iter().filter(|w| *w <= widest) {
            limit(wider);
            assert_eq!(width(), wider);
            assert!(record(&changes) == portable, "{wider:?} differs from portable: {changes:?}");
        }
    }
    println!("{} runs, portable and up to {widest:?}", runs().len());
}
