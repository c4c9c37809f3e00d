//! Every combination of activation, norm and skip: fused against composed ops, composed against central differences,
//! and the exact identities that gradients obey at any time in training.

use gradsweep::model::dense::{Architecture, Network, Residual, composed};
use gradsweep::model::init::{Init, initial};
use gradsweep::model::{Batch, CandleModel, Gradients, Model};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::{Role, Skip};
use gradsweep::ops::dropout::Draws;
use gradsweep::ops::loss::{Criterion, Loss, Target, Weighing};
use gradsweep::ops::norm::{Norm, NormKind, Placement};
use gradsweep::ops::{Element, Mode, Tensor, tensor};
use gradsweep::probe::Probe;
use gradsweep::seed::Seeds;
use std::sync::Arc;

const ROWS: usize = 7;
const FEATURES: usize = 5;
const OUTPUTS: usize = 3;
const SEEDS: Seeds = Seeds { experiment: 0, run: 1 };

fn architectures() -> Vec<Architecture> {
    let mut all = Vec::new();
    let norms = NormKind::ALL.into_iter().flat_map(|kind| {
        let both = Placement::ALL.map(|place| Norm::new(kind, place));
        both.into_iter().chain([Norm { affine: false, ..both[0] }]).map(Some)
    });
    for activation in Activation::ALL {
        for norm in [None].into_iter().chain(norms.clone()) {
            for residual in [
                Residual::None,
                Residual::PreActivation(Skip::Scaled(0.6)),
                Residual::PostActivation(Skip::Scaled(0.6)),
                Residual::PreActivation(Skip::Learned),
                Residual::PostActivation(Skip::Learned),
                Residual::Highway { transform_bias: -0.5 },
            ] {
                for output_activation in [Activation::Identity, Activation::Tanh] {
                    // One activation below is enough to see the output's beside every norm and skip.
                    if output_activation != Activation::Identity && activation != Activation::Tanh {
                        continue;
                    }
                    all.push(Architecture {
                        features: FEATURES,
                        outputs: OUTPUTS,
                        widths: vec![4; 3],
                        activation,
                        output_activation,
                        bias: true,
                        norm,
                        residual,
                        dropout: 0.0,
                    });
                }
            }
        }
    }
    all
}

/// Parameters of which every one, learned scales too, is away from its special initial value.
fn parameters(architecture: &Architecture) -> Vec<f64> {
    let layout = architecture.layout();
    let mut packed = initial(Init::Gaussian { sigma_w: 1.3, sigma_b: 0.2 }, &layout, &SEEDS);
    for parameter in layout.parameters().iter().filter(|parameter| parameter.role != Role::Weight) {
        let mut stream = SEEDS.stream(&parameter.name, &[parameter.range.len()]);
        packed[parameter.range.clone()].iter_mut().for_each(|x| *x += 0.3 * stream.normal());
    }
    packed
}

fn fused<T: Element>(architecture: &Architecture) -> Network<T> {
    Network::with_parameters(architecture.clone(), &parameters(architecture)).unwrap()
}

fn composed<T: Element>(architecture: &Architecture) -> CandleModel<T> {
    composed::model(architecture, &parameters(architecture)).unwrap()
}

fn inputs<T: Element>() -> Tensor {
    let mut stream = SEEDS.stream("x", &[]);
    tensor((0..ROWS * FEATURES).map(|_| T::of(stream.normal())).collect(), (ROWS, FEATURES)).unwrap()
}

fn batch<T: Element>(criterion: impl Into<Criterion>) -> Batch<T> {
    let Criterion { loss, weighing } = criterion.into();
    let mut stream = SEEDS.stream("y", &[]);
    let mut classes = || (0..ROWS).map(|_| stream.below(OUTPUTS) as u32).collect();
    let target = match weighing {
        Some(weighing) => Target::Weighed(classes(), weighing),
        None if loss.takes_classes() => Target::Classes(classes()),
        None => Target::Values((0..ROWS * OUTPUTS).map(|_| T::of(stream.normal())).collect()),
    };
    Batch { x: inputs::<T>(), target, loss }
}

/// Every loss, of samples that weigh the same and of others.
fn criteria() -> Vec<Criterion> {
    let weights = || (0..OUTPUTS).map(|class| 0.4 + class as f64).collect();
    let weighed = |smoothing| Some(Arc::new(Weighing { weights: weights(), smoothing }));
    let of = |loss| [None, weighed(0.0), weighed(0.2)].into_iter().map(move |weighing| Criterion { loss, weighing });
    Loss::ALL.into_iter().flat_map(of).collect()
}

/// A loss sees the outputs alone: all of them for the first net, cross-entropy and each other one in turn for the others.
fn some_criteria(number: usize) -> Vec<Criterion> {
    let all = criteria();
    if number == 0 { all } else { vec![all[0].clone(), all[1 + number % (all.len() - 1)].clone()] }
}

fn run<T: Element>(model: &mut dyn Model<T>, criterion: impl Into<Criterion>) -> (f64, Vec<f64>) {
    run_in(Mode::Probe, model, criterion)
}

fn run_in<T: Element>(mode: Mode, model: &mut dyn Model<T>, criterion: impl Into<Criterion>) -> (f64, Vec<f64>) {
    let mut gradients = Gradients::default();
    let value = model.loss_and_gradients(batch(criterion), mode, &mut gradients).unwrap();
    (value, gradients.packed.iter().map(|g| g.f64()).collect())
}

/// max|a - b| / max|b|.
fn error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0f64, |m, (x, y)| if (x - y).is_nan() { f64::NAN } else { m.max((x - y).abs()) }) / size
}

#[test]
fn fused_agrees_with_composed() {
    let (mut worst64, mut worst32) = (0.0f64, 0.0f64);
    for (number, architecture) in architectures().into_iter().enumerate() {
        for loss in &some_criteria(number) {
            let (mut one, mut other) = (fused::<f64>(&architecture), composed::<f64>(&architecture));
            let ((fused_loss, gradient), (loss64, reference)) = (run(&mut one, loss), run(&mut other, loss));
            let e = error(&gradient, &reference).max((fused_loss - loss64).abs());
            assert!(e < 1e-6, "f64 {e:e} in {architecture:?} {loss:?}");
            // candle's erf is a rational approximation, good to about 1e-7 in its derivative and 1e-10 in value.
            if !matches!(architecture.activation, Activation::Gelu | Activation::Erf) {
                assert!(e < 1e-11, "f64 {e:e} in {architecture:?} {loss:?}");
                worst64 = worst64.max(e);
            }
            let (_, single) = run(&mut fused::<f32>(&architecture), loss);
            let e = error(&single, &reference);
            assert!(e < 2e-5, "f32 {e:e} in {architecture:?} {loss:?}");
            worst32 = worst32.max(e);
        }
    }
    println!("worst fused error: f64 {worst64:e}, f32 against f64 {worst32:e}");
}

/// The gradient by central differences of the loss in training mode.
fn differences(model: &mut CandleModel<f64>, criterion: impl Into<Criterion>) -> Vec<f64> {
    let criterion = criterion.into();
    // Small enough that no argument crosses a kink; rounding then leaves about 5e-9.
    let (h, count) = (2e-6, model.layout().count());
    let slope = |j: usize| {
        let mut at = |d: f64| {
            model.rewrite(&mut |p: &mut [f64]| p[j] += d).unwrap();
            let Batch { x, target, loss } = batch::<f64>(&criterion);
            let outputs = model.outputs(&x, Mode::Train).unwrap();
            let loss = gradsweep::ops::loss::composed(loss, &outputs, &target).unwrap();
            model.rewrite(&mut |p: &mut [f64]| p[j] -= d).unwrap();
            loss.to_scalar::<f64>().unwrap()
        };
        // Fourth order, so that the truncation stays below the rounding.
        (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
    };
    (0..count).map(slope).collect()
}

#[test]
fn composed_agrees_with_central_differences() {
    let mut worst = 0.0f64;
    for (number, architecture) in architectures().into_iter().enumerate() {
        let criteria = some_criteria(number);
        // Cross-entropy and each other loss in turn.
        let some = if number == 0 { &criteria[..] } else { &criteria[number % 2..][..1] };
        for criterion in some {
            let e = central_differences(&architecture, criterion);
            // gelu's and erf's derivative in candle carries constants of six digits.
            let bound = if matches!(architecture.activation, Activation::Gelu | Activation::Erf) { 1e-6 } else { 2e-8 };
            assert!(e < bound, "{e:e} in {architecture:?} {criterion:?}");
            worst = worst.max(e);
        }
    }
    println!("worst error against central differences: {worst:e}");
}

/// With the statistics of a probe pass, fused against composed, and both against differences of the output.
#[test]
fn input_gradients_are_the_slopes_of_the_first_output() {
    let column = |h: f64| tensor((0..9).map(|i| 0.47 * f64::from(i) - 2.0 + h).collect(), (9, 1)).unwrap();
    let (mut worst, h) = (0.0f64, 1e-5);
    for architecture in architectures() {
        let architecture = Architecture { features: 1, ..architecture };
        let models: [Box<dyn Model<f64>>; 2] = [Box::new(fused(&architecture)), Box::new(composed(&architecture))];
        let [one, other] = models.map(|mut model| {
            let x = inputs::<f64>().narrow(1, 0, 1).unwrap().contiguous().unwrap();
            let probe = Batch { x, ..batch(Loss::Mse) };
            model.loss_and_gradients(probe, Mode::Probe, &mut Gradients::default()).unwrap();
            let mut at = |h: f64| model.input_gradients(&column(h)).unwrap();
            let [outputs, slopes] = at(0.0);
            let around = [at(h), at(-h), at(2.0 * h), at(-2.0 * h)].map(|[outputs, _]| outputs);
            let slope = |i: usize| {
                let [a, b, c, d] = [0, 1, 2, 3].map(|k: usize| around[k][i]);
                (8.0 * (a - b) - (c - d)) / (12.0 * h)
            };
            // A kink between the points of a difference is none of the gradient's.
            if !architecture.activation.slope_jumps() {
                let differences: Vec<f64> = (0..slopes.len()).map(slope).collect();
                let e = error(&slopes, &differences);
                let is_rational = matches!(architecture.activation, Activation::Gelu | Activation::Erf);
                assert!(e < if is_rational { 1e-4 } else { 2e-5 }, "{e:e} in {architecture:?}");
                worst = worst.max(e);
            }
            if architecture.norm.is_none_or(|norm| !norm.kind.is_over_batch()) {
                let evaluated = model.outputs(&column(0.0), Mode::Evaluate).unwrap().to_vec2::<f64>().unwrap();
                assert!(error(&outputs, &evaluated.iter().map(|row| row[0]).collect::<Vec<_>>()) < 1e-12);
            }
            [outputs, slopes]
        });
        for (one, other) in one.iter().zip(&other) {
            assert!(error(one, other) < 1e-6, "{architecture:?}");
        }
    }
    println!("worst error of input gradients against differences: {worst:e}");
}

/// How far the gradient is from the differences.
fn central_differences(architecture: &Architecture, criterion: &Criterion) -> f64 {
    let mut model = composed::<f64>(architecture);
    let (_, gradient) = run(&mut model, criterion);
    error(&gradient, &differences(&mut model, criterion))
}

/// Both paths draw the same, the gradient is that of what was drawn, another step draws anew, and neither a probe nor an
/// evaluation knows of it.
#[test]
fn dropout_acts_in_training_alone_and_alike_in_both_paths() {
    let draws = Draws { seeds: SEEDS, step: 5 };
    for plain in architectures() {
        if plain.activation != Activation::Tanh || plain.output_activation != Activation::Identity {
            continue;
        }
        let architecture = Architecture { dropout: 0.4, ..plain.clone() };
        let (mut one, mut other) = (fused::<f64>(&architecture), composed::<f64>(&architecture));
        one.draw_from(draws);
        other.draw_from(draws);
        let (_, ours) = run_in(Mode::Trace, &mut one, Loss::CrossEntropy);
        let (_, reference) = run_in(Mode::Trace, &mut other, Loss::CrossEntropy);
        assert!(error(&ours, &reference) < 1e-11, "{architecture:?}");
        assert!(error(&ours, &differences(&mut other, Loss::CrossEntropy)) < 2e-8, "{architecture:?}");
        assert_eq!(run_in(Mode::Train, &mut one, Loss::CrossEntropy).1, ours, "{architecture:?}");
        one.draw_from(Draws { step: 6, ..draws });
        assert_ne!(run_in(Mode::Train, &mut one, Loss::CrossEntropy).1, ours, "{architecture:?}");
        let mut without = fused::<f64>(&plain);
        assert_eq!(run(&mut one, Loss::CrossEntropy), run(&mut without, Loss::CrossEntropy), "{architecture:?}");
        let outputs = |model: &dyn Model<f64>| {
            let outputs = model.outputs(&inputs::<f64>(), Mode::Evaluate).unwrap();
            outputs.flatten_all().unwrap().to_vec1::<f64>().unwrap()
        };
        assert_eq!(outputs(&one), outputs(&without), "{architecture:?}");
    }
}

/// Bias-free relu and linear nets: sum(W dL/dW) is the same for every layer (f is homogeneous in each weight matrix).
#[test]
fn homogeneous_nets_balance_every_layer() {
    for activation in [Activation::Relu, Activation::Identity, Activation::LeakyRelu { slope: 0.2 }] {
        let plain = architectures().into_iter().next().unwrap();
        let architecture = Architecture { activation, bias: false, widths: vec![8; 9], ..plain };
        let mut network = Network::<f64>::new(architecture, Init::HeNormal, &SEEDS).unwrap();
        let (_, gradient) = run(&mut network, Loss::CrossEntropy);
        let mut sums: Vec<f64> = Vec::new();
        network
            .read(&mut |w| {
                let sum = |range: std::ops::Range<usize>| {
                    w[range.clone()].iter().zip(&gradient[range]).map(|(w, g)| w * g).sum()
                };
                sums = network.layout().parameters().iter().map(|weight| sum(weight.range.clone())).collect();
            })
            .unwrap();
        for sum in &sums {
            assert!((sum / sums[0] - 1.0).abs() < 1e-10, "{activation:?} {sums:?}");
        }
    }
}

/// Under layer and RMS norm the loss does not feel the scale of a layer's weights and biases together, and under layer norm not
/// what all units of a layer have in common.
#[test]
fn norms_of_a_row_make_its_scale_irrelevant() {
    let plain = architectures().into_iter().next().unwrap();
    for (kind, activation) in [NormKind::Layer, NormKind::Rms].into_iter().flat_map(|k| Activation::ALL.map(|a| (k, a)))
    {
        let norm = Norm { eps: 1e-12, ..Norm::new(kind, Placement::Before) };
        let architecture = Architecture { activation, norm: Some(norm), ..plain.clone() };
        let mut network = fused::<f64>(&architecture);
        let (_, gradient) = run(&mut network, Loss::CrossEntropy);
        for (i, block) in network.chain.blocks().iter().enumerate().take(architecture.depth()) {
            let g = &gradient[network.chain.range(i)];
            let largest = g.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let affine = block.range(Role::Bias).unwrap().end;
            let mut along = 0.0;
            network
                .read(&mut |p| {
                    let p = &p[network.chain.range(i)];
                    along = p[..affine].iter().zip(g).map(|(p, g)| p * g).sum();
                })
                .unwrap();
            assert!(along.abs() < 1e-8 * largest, "{activation:?} {kind:?}: {along:e}");
            let shift: f64 = block.part(g, Role::Bias).unwrap().iter().sum();
            assert!(kind == NormKind::Rms || shift.abs() < 1e-8 * largest, "{activation:?}: {shift:e}");
        }
    }
}

/// Under batch norm the loss does not feel the scale of a unit's weights, nor the bias before the norm.
#[test]
fn batch_norm_makes_scale_and_bias_irrelevant() {
    let norm = Norm { eps: 1e-12, ..Norm::new(NormKind::BATCH, Placement::Before) };
    let plain = architectures().into_iter().next().unwrap();
    for activation in Activation::ALL {
        let architecture = Architecture { activation, norm: Some(norm), ..plain.clone() };
        let mut network = fused::<f64>(&architecture);
        let (_, gradient) = run(&mut network, Loss::CrossEntropy);
        for (i, block) in network.chain.blocks().iter().enumerate().take(architecture.depth()) {
            let g = &gradient[network.chain.range(i)];
            let largest = g.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let bias = block.part(g, Role::Bias).unwrap();
            assert!(bias.iter().all(|b| b.abs() < 1e-9 * largest), "{activation:?} {bias:?}");
            network
                .read(&mut |p| {
                    let p = &p[network.chain.range(i)];
                    for unit in 0..block.outputs {
                        let along: f64 =
                            (0..block.inputs).map(|k| p[k * block.outputs + unit] * g[k * block.outputs + unit]).sum();
                        assert!(along.abs() < 1e-8 * largest, "{activation:?} unit {unit}: {along:e}");
                    }
                })
                .unwrap();
        }
    }
}

#[test]
fn evaluation_uses_running_statistics_in_both_paths() {
    for architecture in architectures().into_iter().filter(|a| a.norm.is_some()) {
        let over_batch = architecture.norm.is_some_and(|norm| norm.kind.is_over_batch());
        let outputs = |model: &mut dyn Model<f64>| {
            model.loss_and_gradients(batch(Loss::Mse), Mode::Train, &mut Gradients::default()).unwrap();
            model.updated(ROWS);
            let out = model.outputs(&inputs::<f64>(), Mode::Evaluate).unwrap();
            (out.flatten_all().unwrap().to_vec1::<f64>().unwrap(), model.running())
        };
        let ((ours, a), (reference, b)) = (outputs(&mut fused(&architecture)), outputs(&mut composed(&architecture)));
        assert!(error(&ours, &reference) < 1e-8, "{architecture:?}");
        assert_eq!(a.len(), if over_batch { 2 * architecture.depth() } else { 0 });
        for ((name, a), (same, b)) in a.iter().zip(&b) {
            assert_eq!(name, same);
            assert!(error(a, b) < 1e-8, "{architecture:?}");
        }
    }
}

/// Layer 1 of this net sees gradients around 1e-170, whose squares no f64 holds.
#[test]
fn the_probe_reads_what_a_deep_sigmoid_net_leaves() {
    let plain = architectures().into_iter().find(|a| a.activation == Activation::Sigmoid).unwrap();
    let architecture = Architecture { widths: vec![16; 200], output_activation: Activation::Identity, ..plain };
    let network = Network::<f32>::new(architecture.clone(), Init::UniformFanIn, &SEEDS).unwrap();
    let in_f64 = Network::<f64>::new(architecture, Init::UniformFanIn, &SEEDS).unwrap();
    let layers = Probe::new(Box::new(in_f64), batch(Loss::CrossEntropy)).measure(&network).unwrap();
    assert!(layers[0].stream_rms < 1e-150 && layers[0].stream_rms > 1e-200, "{:e}", layers[0].stream_rms);
    for (i, m) in layers.iter().enumerate() {
        // The rms of a mean of gradients is at most that of the gradients, and here samples nearly agree.
        let agree = m.coherence().unwrap();
        assert!(agree > 0.01 && agree < 1.0 + 1e-9, "layer {}: {agree} {m:?}", i + 1);
        assert!(m.stream_rms > 0.0 && m.delta_rms > Some(0.0) && m.weight_grad_rms > 0.0, "layer {}: {m:?}", i + 1);
    }
}
