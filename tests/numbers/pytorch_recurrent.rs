//! Recurrent nets held against torch.nn.RNN, LSTM and GRU over some updates, by the numbers of `scripts/recurrent_reference.py`.

use crate::support::settings;
use gradsweep::data::Sizes;
use gradsweep::model::recurrent::Recurrent;
use gradsweep::model::{Batch, Family, Gradients, Layout, Precision};
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
    input: [usize; 2],
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

fn cases() -> Vec<Case> {
    let path = format!("{}/tests/fixtures/pytorch_recurrent.json.gz", env!("CARGO_MANIFEST_DIR"));
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

fn follow<T: Precision>(case: &Case, family: Recurrent) -> f64 {
    let mut pairs: Vec<(&str, Value)> = case.settings.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    pairs.extend([
        ("optimizer.kind", Value::Text("momentum".into())),
        ("optimizer.lr", Value::Float(0.05)),
        ("optimizer.momentum", Value::Float(0.9)),
    ]);
    let settings = settings(&pairs);
    let sizes = Sizes { input: case.input.to_vec(), outputs: case.outputs };
    let layout = family.layout(&settings, &sizes).unwrap();
    let packed: Vec<f64> = layout.parameters().iter().flat_map(|p| case.parameters[&p.name].clone()).collect();
    let mut model = T::build(&family, &settings, &sizes, &packed).unwrap();
    let rule = Optimizer::from_settings(&settings).unwrap();
    let mut stepper = Stepper::new(rule, Regularization::from_settings(&settings), &layout);
    let loss = Loss::from_settings(&settings, true).unwrap();
    let (mut worst, mut gradients) = (0.0f64, Gradients::default());
    for (step, theirs) in case.losses.iter().enumerate() {
        let Drawn { x, y } = &case.batches[step % case.batches.len()];
        let rows = x.len() / (case.input[0] * case.input[1]);
        let x = tensor(x.iter().map(|x| T::of(*x)).collect(), (rows, case.input[0], case.input[1])).unwrap();
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
fn every_cell_follows_pytorchs_own() {
    let cases = cases();
    for case in &cases {
        for family in [Recurrent::Fused, Recurrent::Composed] {
            let (double, single) = (follow::<f64>(case, family), follow::<f32>(case, family));
            assert!(double < 1e-12 && single < 1e-5, "{} {family:?}: f64 {double:e}, f32 {single:e}", case.name);
        }
    }
    for kind in Recurrent::Fused.words() {
        let is_held = cases.iter().any(|case| case.settings["network"] == Value::Text(kind.to_string()));
        assert!(is_held, "{kind} is not held against PyTorch");
    }
}
