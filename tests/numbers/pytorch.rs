//! Whole trainings held against PyTorch's numbers, written by `scripts/pytorch_reference.py` from the same initial
//! weights and batches. Needs no Python: the numbers are committed.

use crate::point::point;
use crate::support::{settings, text};
use gradsweep::data::function::Kind;
use gradsweep::data::{Sizes, Split, Targets};
use gradsweep::model::dense::Dense;
use gradsweep::model::{self, Family, Gradients, Layout, Model, Precision};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::loss::{Criterion, FusedLoss, Loss};
use gradsweep::ops::{Element, Mode, with_slice};
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::probe::Probe;
use gradsweep::run::score;
use gradsweep::schedule::{Schedule, Shape};
use gradsweep::setting::{Domain, Settings, Value};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct File<C> {
    cases: Vec<C>,
    #[serde(default)]
    pointwise: Vec<Pointwise>,
    #[serde(default)]
    plateaus: Vec<PlateauCase>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    dtype: String,
    settings: BTreeMap<String, Value>,
    features: usize,
    outputs: usize,
    steps: usize,
    parameters: Vec<Parameter>,
    batches: Vec<Batch>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Batch {
    rows: usize,
    x: Vec<f64>,
    classes: Option<Vec<u32>>,
    values: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct Expected {
    lr: Vec<f64>,
    batch_loss: Vec<f64>,
    final_batch_loss: f64,
    gradients: Vec<Vec<f64>>,
    zero_gradients: Vec<String>,
    after_first: Vec<Vec<f64>>,
    after_last: Vec<Vec<f64>>,
    running: Vec<Statistics>,
    eval_loss: f64,
    eval_outputs: Vec<f64>,
    probe: ProbeNumbers,
}

#[derive(Deserialize)]
struct Statistics {
    mean: Vec<f64>,
    var: Vec<f64>,
}

#[derive(Deserialize)]
struct ProbeNumbers {
    stream_rms: Vec<f64>,
    delta_rms: Vec<f64>,
}

#[derive(Deserialize)]
struct Pointwise {
    settings: BTreeMap<String, Value>,
    z: Vec<f64>,
    value: Vec<f64>,
    derivative: Vec<f64>,
}

#[derive(Deserialize)]
struct Descent {
    name: String,
    dtype: String,
    settings: BTreeMap<String, Value>,
    path: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct ScheduleCase {
    name: String,
    settings: BTreeMap<String, Value>,
    steps: usize,
    lr: Vec<f64>,
}

#[derive(Deserialize)]
struct PlateauCase {
    name: String,
    settings: BTreeMap<String, Value>,
    losses: Vec<f64>,
    lr: Vec<f64>,
}

fn read<C: for<'a> Deserialize<'a>>(name: &str) -> File<C> {
    let path = format!("{}/tests/fixtures/pytorch_{name}.json.gz", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_reader(std::io::BufReader::new(flate2::read::GzDecoder::new(file))).unwrap()
}

fn resolved(given: &BTreeMap<String, Value>) -> Settings {
    let pairs: Vec<(&str, Value)> = given.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    settings(&pairs)
}

/// The bound of the design, by precision.
fn bound(dtype: &str) -> f64 {
    if dtype == "f32" { 1e-5 } else { 1e-10 }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// max|a - b| / max|b|, NaN if anything is.
fn error(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let worst = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    let worst = worst.fold(0.0f64, |m, d| if d.is_nan() || m.is_nan() { f64::NAN } else { m.max(d) });
    if worst == 0.0 { 0.0 } else { worst / largest(theirs) }
}

fn check(case: &Case, what: &str, ours: &[f64], theirs: &[f64], worst: &mut f64) {
    let e = error(ours, theirs);
    assert!(e <= bound(&case.dtype), "{} {}: {what} differs by {e:e}", case.name, case.dtype);
    *worst = worst.max(e);
}

/// The batch as training sees it: inputs, and targets for this loss.
fn tensors<T: Element>(case: &Case, batch: &Batch, criterion: &Criterion) -> model::Batch<T> {
    let targets = match (&batch.classes, &batch.values) {
        (Some(labels), _) => Targets::Classes { labels: labels.clone(), count: case.outputs },
        (_, Some(y)) => Targets::Values { y: y.clone(), width: case.outputs },
        _ => panic!("a batch without targets"),
    };
    let split = Split { rows: batch.rows, x: batch.x.clone().into(), targets };
    let rows: Vec<usize> = (0..batch.rows).collect();
    score::batch(&split, &[case.features], &rows, criterion).unwrap()
}

/// Our packed vectors from tensors by name.
fn packed(case: &Case, layout: &Layout) -> Vec<f64> {
    assert_eq!(layout.parameters().len(), case.parameters.len(), "{}", case.name);
    let mut packed = Vec::new();
    for own in layout.parameters() {
        let name = &own.name;
        let parameter = case.parameters.iter().find(|p| p.name == *name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(parameter.shape.iter().product::<usize>(), own.range.len(), "{name}");
        packed.extend(&parameter.values);
    }
    packed
}

/// The tensors of a packed vector, in the order of the case's parameters.
fn unpacked<T: Element>(case: &Case, layout: &Layout, packed: &[T]) -> Vec<Vec<f64>> {
    let of = |p: &Parameter| packed[layout.find(&p.name).unwrap().range.clone()].iter().map(|x| x.f64()).collect();
    case.parameters.iter().map(of).collect()
}

fn parameters<T: Element>(case: &Case, model: &dyn Model<T>) -> Vec<Vec<f64>> {
    let mut parameters = Vec::new();
    model.read(&mut |packed| parameters = unpacked(case, model.layout(), packed)).unwrap();
    parameters
}

fn run<T: Precision>(case: &Case, family: Dense, worst: &mut f64) {
    let settings = resolved(&case.settings);
    let sizes = Sizes { input: vec![case.features], outputs: case.outputs };
    let layout = family.layout(&settings, &sizes).unwrap();
    let packed = packed(case, &layout);
    let mut network = T::build(&family, &settings, &sizes, &packed).unwrap();
    let classes = case.batches[0].classes.is_some();
    let counts = vec![1; case.outputs];
    let criterion = &Criterion::from_settings(&settings, classes.then_some(&counts[..])).unwrap();
    let expected = &case.expected;

    let first = &case.batches[0];
    let mut probe = Probe::new(family.build_f64(&settings, &sizes, &packed).unwrap(), tensors(case, first, criterion));
    let measures = probe.measure(&*network).unwrap();
    let ours: Vec<f64> = measures.iter().map(|m| m.stream_rms).collect();
    check(case, "stream_rms", &ours, &expected.probe.stream_rms, worst);
    let ours: Vec<f64> = measures.iter().map(|m| m.delta_rms.unwrap()).collect();
    check(case, "delta_rms", &ours, &expected.probe.delta_rms, worst);

    let schedule = Schedule::from_settings(&settings, case.steps).unwrap();
    let rule = Optimizer::from_settings(&settings).unwrap();
    let mut stepper = Stepper::new(rule, Regularization::from_settings(&settings), &layout);
    let mut gradients = Gradients::default();
    let (mut losses, mut rates) = (Vec::new(), Vec::new());
    for step in 0..=case.steps {
        let batch = &case.batches[step % case.batches.len()];
        let tensors = tensors(case, batch, criterion);
        let value = network.loss_and_gradients(tensors, Mode::Train, &mut gradients).unwrap();
        if step == 0 {
            let ours = unpacked(case, &layout, &gradients.packed);
            let size = largest(&expected.gradients.concat());
            for ((p, ours), theirs) in case.parameters.iter().zip(&ours).zip(&expected.gradients) {
                if expected.zero_gradients.contains(&p.name) {
                    assert!(largest(ours) <= bound(&case.dtype) * size, "{}: {} is not zero", case.name, p.name);
                } else {
                    check(case, &format!("gradient of {}", p.name), ours, theirs, worst);
                }
            }
        }
        if step == case.steps {
            check(case, "final loss", &[value], &[expected.final_batch_loss], worst);
            break;
        }
        losses.push(value);
        rates.push(schedule.at(step));
        network.updated(batch.rows);
        network.rewrite(&mut |packed| stepper.step(packed, &gradients, schedule.at(step))).unwrap();
        let after = match step + 1 {
            1 => Some(&expected.after_first),
            s if s == case.steps => Some(&expected.after_last),
            _ => None,
        };
        if let Some(after) = after {
            for ((p, ours), theirs) in case.parameters.iter().zip(parameters(case, &*network)).zip(after) {
                check(case, &format!("{} after step {}", p.name, step + 1), &ours, theirs, worst);
            }
        }
    }
    check(case, "losses", &losses, &expected.batch_loss, worst);
    check(case, "learning rates", &rates, &expected.lr, &mut 0.0);

    let running = network.running();
    assert_eq!(running.len(), 2 * expected.running.len(), "{}", case.name);
    let theirs = expected.running.iter().flat_map(|theirs| [&theirs.mean, &theirs.var]);
    for ((name, ours), theirs) in running.iter().zip(theirs) {
        check(case, name, &ours.iter().map(|x| x.f64()).collect::<Vec<_>>(), theirs, worst);
    }
    let model::Batch { x, target, loss } = tensors::<T>(case, first, criterion);
    let outputs = network.outputs(&x, Mode::Evaluate).unwrap();
    let numbers = with_slice::<T, _>(&outputs, |o| o.iter().map(|x| x.f64()).collect::<Vec<_>>()).unwrap();
    check(case, "evaluation outputs", &numbers, &expected.eval_outputs, worst);
    let fused = FusedLoss { loss, target };
    let value = with_slice(&outputs, |o| fused.value(o, case.outputs)).unwrap().unwrap();
    check(case, "evaluation loss", &[value], &[expected.eval_loss], worst);
}

fn run_file(name: &str, families: &[Dense]) {
    let file: File<Case> = read(name);
    let mut worst = 0.0f64;
    for case in &file.cases {
        for family in families {
            match case.dtype.as_str() {
                "f32" => run::<f32>(case, *family, &mut worst),
                _ => run::<f64>(case, *family, &mut worst),
            }
        }
    }
    println!("{name}: {} cases, worst error {worst:e}", file.cases.len());
}

#[test]
fn every_optimizer_follows_pytorch() {
    run_file("optimizers", &[Dense::Fused, Dense::Composed]);
    let file: File<Case> = read("optimizers");
    for rule in Optimizer::ALL {
        for dtype in ["f32", "f64"] {
            let covered = file.cases.iter().any(|c| {
                c.dtype == dtype && c.steps == 50 && c.settings.get("optimizer.kind") == Some(&text(rule.word()))
            });
            assert!(covered, "{} is not held against PyTorch in {dtype}", rule.word());
        }
    }
}

/// The largest error of our way down Rosenbrock's function, the gradient being taken in f64 and rounded.
fn descend<T: Element>(case: &Descent) -> f64 {
    let settings = resolved(&case.settings);
    let rule = Optimizer::from_settings(&settings).unwrap();
    let mut at_point = case.path[0].map(T::of);
    let mut stepper = Stepper::new(rule, Regularization::from_settings(&settings), &point(2));
    let mut worst = 0.0f64;
    for theirs in &case.path[1..] {
        let at: Vec<f64> = at_point.iter().map(|x| x.f64()).collect();
        let mut gradient = [0.0; 2];
        Kind::Rosenbrock.at(&at, &mut gradient);
        let gradients = Gradients { packed: gradient.map(T::of).to_vec(), finite: true };
        stepper.step(&mut at_point, &gradients, settings.float("optimizer.lr").unwrap());
        let ours: Vec<f64> = at_point.iter().map(|x| x.f64()).collect();
        worst = worst.max(error(&ours, theirs));
    }
    worst
}

#[test]
fn every_optimizer_with_all_that_composes_follows_pytorch_down_rosenbrock() {
    let file: File<Descent> = read("rosenbrock");
    let mut worst = BTreeMap::new();
    for case in &file.cases {
        assert_eq!(case.path.len(), 51);
        let e = if case.dtype == "f32" { descend::<f32>(case) } else { descend::<f64>(case) };
        assert!(e < bound(&case.dtype), "{} {}: {e:e}", case.name, case.dtype);
        let so_far = worst.entry(&case.dtype).or_insert(e);
        *so_far = so_far.max(e);
    }
    println!("rosenbrock: {} cases, worst errors {worst:?}", file.cases.len());
    let beside = ["l2", "weight_decay", "clip.norm", "clip.value"];
    for rule in Optimizer::ALL {
        for dtype in ["f32", "f64"] {
            // With none of them, each alone, all together.
            let alone = beside.into_iter().map(|one| vec![one]);
            for wanted in alone.chain([vec![], beside.to_vec()]) {
                let is_it = |case: &&Descent| {
                    case.dtype == dtype
                        && case.settings.get("optimizer.kind") == Some(&text(rule.word()))
                        && beside.into_iter().all(|key| case.settings.contains_key(key) == wanted.contains(&key))
                };
                assert!(file.cases.iter().any(|c| is_it(&c)), "{} with {wanted:?} in {dtype} is not held", rule.word());
            }
        }
    }
}

#[test]
fn every_norm_and_skip_follows_pytorch() {
    run_file("architecture", &[Dense::Fused, Dense::Composed]);
}

#[test]
fn every_activation_follows_pytorch() {
    // candle's own erf carries six digits in its derivative, so the composed path is not held to 1e-10 here.
    run_file("activations", &[Dense::Fused]);
    let file: File<Case> = read("activations");
    for activation in Activation::ALL {
        let named = |s: &BTreeMap<String, Value>| Activation::from_settings(&resolved(s), "activation");
        let same = |s| named(s).is_ok_and(|a| a.word() == activation.word());
        assert!(file.cases.iter().any(|c| same(&c.settings)), "{} is not held against PyTorch", activation.word());
    }
    for p in &file.pointwise {
        let activation = Activation::from_settings(&resolved(&p.settings), "activation").unwrap();
        for ((z, value), derivative) in p.z.iter().zip(&p.value).zip(&p.derivative) {
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
            assert!(close(activation.value(*z), *value), "{activation:?} at {z}: {}", activation.value(*z));
            assert!(close(activation.slope(*z), *derivative), "{activation:?}' at {z}: {}", activation.slope(*z));
        }
    }
}

#[test]
fn every_loss_follows_pytorch() {
    run_file("losses", &[Dense::Fused, Dense::Composed]);
    let file: File<Case> = read("losses");
    for loss in Loss::ALL {
        for weighed in [false, true] {
            let is_it = |case: &&Case| {
                case.settings.get("loss") == Some(&text(loss.word()))
                    && case.settings.contains_key("loss.class_weights") == weighed
            };
            assert!(file.cases.iter().any(|c| is_it(&c)), "{loss:?} with weights {weighed} is not held");
        }
    }
}

#[test]
fn every_schedule_follows_pytorch() {
    let file: File<ScheduleCase> = read("schedules");
    for case in &file.cases {
        let schedule = Schedule::from_settings(&resolved(&case.settings), case.steps).unwrap();
        let ours: Vec<f64> = (0..case.steps).map(|t| schedule.at(t)).collect();
        let e = error(&ours, &case.lr);
        assert!(e < 1e-14, "{}: {e:e}\n{ours:?}\n{:?}", case.name, case.lr);
    }
    let Domain::Word(words) = gradsweep::schedule::SETTINGS[0].domain else { panic!("the schedule is a word") };
    for word in words {
        let held = file.cases.iter().any(|case| case.settings.get("schedule") == Some(&text(word)));
        assert!(held || *word == "plateau", "{word} is not held against PyTorch");
    }
    assert!(file.plateaus.len() >= 3);
    for case in &file.plateaus {
        let schedule = Schedule::from_settings(&resolved(&case.settings), 1).unwrap();
        let Shape::Plateau(mut plateau) = schedule.shape else { panic!("{}", case.name) };
        let mut see = |loss: &f64| {
            plateau.see(*loss);
            schedule.lr * plateau.share()
        };
        let ours: Vec<f64> = case.losses.iter().map(&mut see).collect();
        assert!(error(&ours, &case.lr) < 1e-14, "{}:\n{ours:?}\n{:?}", case.name, case.lr);
    }
}
