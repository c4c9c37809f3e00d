//! Nets held against PyTorch's own modules over some updates, by the numbers of `scripts/recurrent_reference.py` (RNN, LSTM and GRU) and
//! `scripts/modules_reference.py` (Conv2d, BatchNorm2d, GroupNorm and TransformerEncoderLayer).

use crate::support::settings;
use gradsweep::data::Sizes;
use gradsweep::model::convolution::Convolutional;
use gradsweep::model::recurrent::Recurrent;
use gradsweep::model::transformer::Transformer;
use gradsweep::model::{Batch, Family, Gradients, Layout, Precision, families};
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::{Element, Mode, tensor};
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::setting::Value;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    settings: BTreeMap<String, Value>,
    input: Vec<usize>,
    outputs: usize,
    parameters: BTreeMap<String, Vec<f64>>,
    batches: Vec<Drawn>,
    gradients: BTreeMap<String, Vec<f64>>,
    losses: Vec<f64>,
    after_last: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct Drawn {
    x: Vec<f64>,
    y: Vec<f64>,
}

const FIXTURES: [&str; 2] = ["pytorch_recurrent", "pytorch_modules"];
const FAMILIES: [&dyn Family; 6] = [
    &Recurrent::Fused,
    &Recurrent::Composed,
    &Convolutional::Fused,
    &Convolutional::Composed,
    &Transformer::Fused,
    &Transformer::Composed,
];

fn cases(fixture: &str) -> Vec<Case> {
    let path = format!("{}/tests/fixtures/{fixture}.json.gz", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let file: File = serde_json::from_reader(std::io::BufReader::new(flate2::read::GzDecoder::new(file))).unwrap();
    file.cases
}

/// max|a - b| / max|b| over each tensor.
fn error<T: Element>(layout: &Layout, ours: &[T], theirs: &BTreeMap<String, Vec<f64>>) -> f64 {
    assert_eq!(layout.parameters().len(), theirs.len());
    let of = |name: &String, range: std::ops::Range<usize>| {
        let theirs = &theirs[name];
        let size = theirs.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        ours[range].iter().zip(theirs).map(|(a, b)| (a.f64() - b).abs()).fold(0.0f64, f64::max) / size
    };
    layout.parameters().iter().map(|p| of(&p.name, p.range.clone())).fold(0.0, f64::max)
}

fn follow<T: Precision>(case: &Case, family: &dyn Family) -> f64 {
    let mut pairs: Vec<(&str, Value)> = case.settings.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    pairs.extend([
        ("optimizer.kind", Value::Text("momentum".into())),
        ("optimizer.lr", Value::Float(0.05)),
        ("optimizer.momentum", Value::Float(0.9)),
    ]);
    let settings = settings(&pairs);
    let sizes = Sizes { input: case.input.clone(), outputs: case.outputs };
    let layout = family.layout(&settings, &sizes).unwrap();
    let packed: Vec<f64> = layout.parameters().iter().flat_map(|p| case.parameters[&p.name].clone()).collect();
    let mut model = T::build(family, &settings, &sizes, &packed).unwrap();
    let rule = Optimizer::from_settings(&settings).unwrap();
    let mut stepper = Stepper::new(rule, Regularization::from_settings(&settings), &layout);
    let loss = Loss::from_settings(&settings, true).unwrap();
    let (mut worst, mut gradients) = (0.0f64, Gradients::default());
    for (step, theirs) in case.losses.iter().enumerate() {
        let Drawn { x, y } = &case.batches[step % case.batches.len()];
        let rows = x.len() / case.input.iter().product::<usize>();
        let shape: Vec<usize> = [rows].into_iter().chain(case.input.clone()).collect();
        let x = tensor(x.iter().map(|x| T::of(*x)).collect(), shape).unwrap();
        let target = match loss {
            Loss::CrossEntropy => Target::Classes(y.iter().map(|class| *class as u32).collect()),
            _ => Target::Values(y.iter().map(|y| T::of(*y)).collect()),
        };
        let ours = model.loss_and_gradients(Batch { x, target, loss }, Mode::Train, &mut gradients).unwrap();
        worst = worst.max((ours - theirs).abs() / theirs);
        if step == 0 {
            worst = worst.max(error(&layout, &gradients.packed, &case.gradients));
        }
        if step + 1 < case.losses.len() {
            model.rewrite(&mut |packed| stepper.step(packed, &gradients, 0.05)).unwrap();
        }
    }
    model.read(&mut |packed| worst = worst.max(error(&layout, packed, &case.after_last))).unwrap();
    worst
}

#[test]
fn every_net_follows_pytorchs_own() {
    let cases: Vec<Case> = FIXTURES.into_iter().flat_map(cases).collect();
    let network =
        |case: &Case| if let Value::Text(word) = &case.settings["network"] { word.clone() } else { String::new() };
    for case in &cases {
        for family in FAMILIES.into_iter().filter(|family| family.words().contains(&&*network(case))) {
            let (double, single) = (follow::<f64>(case, family), follow::<f32>(case, family));
            assert!(double < 1e-12 && single < 1e-5, "{}: f64 {double:e}, f32 {single:e}", case.name);
        }
    }
    // Dense nets are held in `pytorch.rs`.
    for kind in families::all().flat_map(|family| family.words()).filter(|kind| **kind != "mlp") {
        assert!(cases.iter().any(|case| network(case) == *kind), "{kind} is not held against PyTorch");
    }
}
