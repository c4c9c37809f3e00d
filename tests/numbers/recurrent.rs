//! Every recurrent cell, read-out and stack: fused against composed ops, composed against central differences, and what holds
//! exactly of gradients through time.

use gradsweep::model::recurrent::{Network, architecture, composed};
use gradsweep::model::{Batch, CandleModel, Gradients, Model};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::recurrent::{Cell, ReadOut, Stack};
use gradsweep::ops::{Element, Mode, Tensor, tensor};
use gradsweep::probe::Probe;
use gradsweep::seed::Seeds;

const ROWS: usize = 5;
const STEPS: usize = 5;
const SEEDS: Seeds = Seeds { experiment: 0, run: 1 };

fn cells() -> Vec<Cell> {
    Activation::ALL.into_iter().map(Cell::Rnn).chain([Cell::Lstm, Cell::Gru]).collect()
}

fn stacks() -> Vec<Stack> {
    let mut all = Vec::new();
    for cell in cells() {
        for depth in [1, 2] {
            for read_out in [ReadOut::Last, ReadOut::Mean, ReadOut::Every] {
                for (truncation, bias, output_activation) in [
                    (None, true, Activation::Identity),
                    (Some(4), true, Activation::Identity),
                    (None, false, Activation::Tanh),
                    (Some(1), false, Activation::Identity),
                ] {
                    all.push(Stack {
                        cell,
                        steps: STEPS,
                        features: 3,
                        depth,
                        width: 4,
                        outputs: 3,
                        bias,
                        output_activation,
                        read_out,
                        truncation,
                    });
                }
            }
        }
    }
    all
}

/// Parameters of which every one is away from its special initial value.
fn parameters(stack: &Stack) -> Vec<f64> {
    let mut stream = SEEDS.stream("parameters", &[]);
    (0..stack.parameter_count()).map(|_| 0.4 * stream.normal()).collect()
}

fn fused<T: Element>(stack: &Stack) -> Network<T> {
    Network::with_parameters(stack.clone(), &parameters(stack)).unwrap()
}

fn composed<T: Element>(stack: &Stack) -> CandleModel<T> {
    composed::model(stack, &parameters(stack)).unwrap()
}

fn inputs<T: Element>(stack: &Stack) -> Tensor {
    let mut stream = SEEDS.stream("x", &[]);
    let count = ROWS * stack.steps * stack.features;
    tensor((0..count).map(|_| T::of(stream.normal())).collect(), (ROWS, stack.steps, stack.features)).unwrap()
}

/// A target for each row, or for each row and time step: that of the last step is the row's.
fn batch<T: Element>(stack: &Stack, loss: Loss) -> Batch<T> {
    let mut steps = SEEDS.stream("y", &[]);
    let mut earlier = SEEDS.stream("earlier y", &[]);
    let answers = stack.answers();
    let mut drawn = |answer: usize| if (answer + 1) % answers == 0 { steps.normal() } else { earlier.normal() };
    let target = match loss {
        loss if loss.takes_classes() => {
            let class = |x: f64| (x.abs() * 100.0) as u32 % stack.outputs as u32;
            Target::Classes((0..ROWS * answers).map(|answer| class(drawn(answer))).collect())
        }
        _ => {
            let answer = |answer| (0..stack.outputs).map(|_| T::of(drawn(answer))).collect::<Vec<T>>();
            Target::Values((0..ROWS * answers).flat_map(answer).collect())
        }
    };
    Batch { x: inputs::<T>(stack), target, loss }
}

fn run<T: Element>(model: &mut dyn Model<T>, stack: &Stack, loss: Loss) -> (f64, Vec<f64>) {
    let mut gradients = Gradients::default();
    let value = model.loss_and_gradients(batch(stack, loss), Mode::Train, &mut gradients).unwrap();
    (value, gradients.packed.iter().map(|g| g.f64()).collect())
}

/// max|a - b| / max|b|.
fn error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0f64, |m, (x, y)| if (x - y).is_nan() { f64::NAN } else { m.max((x - y).abs()) }) / size
}

/// candle's erf is a rational approximation, good to about 1e-7 in its derivative and 1e-10 in value.
fn bound(stack: &Stack) -> f64 {
    if let Cell::Rnn(Activation::Gelu | Activation::Erf) = stack.cell { 1e-6 } else { 1e-11 }
}

#[test]
fn fused_agrees_with_composed() {
    for stack in stacks() {
        for loss in Loss::ALL {
            let (value, gradient) = run(&mut fused::<f64>(&stack), &stack, loss);
            let (composed_value, reference) = run(&mut composed::<f64>(&stack), &stack, loss);
            let e = error(&gradient, &reference).max((value - composed_value).abs());
            assert!(e < bound(&stack), "f64 {e:e} in {stack:?}");
            let (_, single) = run(&mut fused::<f32>(&stack), &stack, loss);
            let e = error(&single, &reference);
            assert!(e < 2e-5, "f32 {e:e} in {stack:?}");
        }
    }
}

/// What a probe sees at every layer and time step: of each part its numbers, and by which name.
fn seen(model: &mut dyn Model<f64>, stack: &Stack) -> Vec<(String, Vec<f64>)> {
    model.loss_and_gradients(batch(stack, Loss::CrossEntropy), Mode::Probe, &mut Gradients::default()).unwrap();
    let mut all = Vec::new();
    model
        .visit(&mut |site, tap| {
            for (part, numbers) in [
                ("h", tap.h),
                ("stream", tap.stream),
                ("z", tap.z),
                ("delta", tap.delta),
                ("activation", tap.activation),
                ("cell", tap.cell),
                ("cell stream", tap.cell_stream),
                ("gates", tap.gates),
            ] {
                all.push((format!("{part} of layer {} at {:?}", site.layer, site.time), numbers.to_vec()));
            }
        })
        .unwrap();
    all
}

#[test]
fn a_probe_sees_the_same_in_both_at_every_layer_and_time_step() {
    for stack in stacks() {
        let (ours, theirs) = (seen(&mut fused(&stack), &stack), seen(&mut composed(&stack), &stack));
        assert_eq!(ours.len(), 8 * stack.depth * stack.steps);
        for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
            let e = error(ours, theirs);
            assert!(e < bound(&stack), "{name}: {e:e} in {stack:?}");
        }
    }
}

#[test]
fn composed_agrees_with_central_differences() {
    for stack in stacks().into_iter().filter(|stack| stack.truncation.is_none()) {
        let loss = if stack.output_activation == Activation::Identity { Loss::CrossEntropy } else { Loss::Mse };
        let apart = gradsweep::model::differences::deviation(&mut composed(&stack), &batch(&stack, loss)).unwrap();
        // gelu's and erf's derivative in candle carries constants of six digits.
        let bound = if bound(&stack) > 1e-9 { 1e-5 } else { 1e-7 };
        assert!(apart < bound, "{apart:e} in {stack:?}");
    }
}

/// A probe looks at the loss at the last step, through all steps, whatever is trained on.
#[test]
fn other_read_outs_and_a_truncation_leave_what_a_probe_sees_as_it_is() {
    for cell in cells() {
        let of_cell =
            |stack: &Stack| stack.cell == cell && stack.bias && stack.output_activation == Activation::Identity;
        let seen: Vec<_> =
            stacks().iter().filter(|s| of_cell(s) && s.depth == 2).map(|s| seen(&mut fused(s), s)).collect();
        assert!(seen.len() == 6 && seen.iter().all(|other| *other == seen[0]), "{cell:?}");
    }
}

/// Where a row has one target and the net answers at every step, the target holds at each: the mean loss is that of the steps.
#[test]
fn one_target_holds_at_every_step() {
    for stack in stacks().into_iter().filter(|s| s.read_out == ReadOut::Every && s.truncation.is_none()) {
        for loss in [Loss::CrossEntropy, Loss::Mse] {
            let one = batch::<f64>(&Stack { read_out: ReadOut::Last, ..stack.clone() }, loss);
            let each = Batch { target: one.target.clone().of_answers(ROWS * STEPS, stack.outputs), ..one.clone() };
            let mut both = [one, each].into_iter().map(|batch| {
                let mut gradients = Gradients::default();
                let value = fused::<f64>(&stack).loss_and_gradients(batch, Mode::Train, &mut gradients).unwrap();
                (value, gradients.packed)
            });
            assert_eq!(both.next(), both.next(), "{stack:?}");
        }
    }
}

/// Without a recurrent matrix the cell alone carries the gradient, and each step multiplies it by the forget gate.
#[test]
fn an_lstm_without_recurrent_weights_carries_its_gradient_by_the_forget_gate_alone() {
    let stack = stacks().into_iter().find(|stack| stack.cell == Cell::Lstm).unwrap();
    let mut network = fused::<f64>(&stack);
    let recurrent = stack.layer(0).recurrent;
    network.rewrite(&mut |p| p[recurrent.clone()].fill(0.0)).unwrap();
    network.loss_and_gradients(batch(&stack, Loss::CrossEntropy), Mode::Probe, &mut Gradients::default()).unwrap();
    let mut steps: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    network.visit(&mut |_, tap| steps.push((tap.cell_stream.to_vec(), tap.gates.to_vec()))).unwrap();
    for pair in steps.windows(2) {
        let ((earlier, _), (later, gates)) = (&pair[0], &pair[1]);
        for (k, (earlier, later)) in earlier.iter().zip(later).enumerate() {
            let (row, unit) = (k / stack.width, k % stack.width);
            let forget = gates[row * stack.columns() + stack.width + unit];
            assert_eq!(forget * later, *earlier, "row {row}, unit {unit}");
        }
    }
}

#[test]
fn gradients_of_weights_are_sums_over_time_of_what_each_step_brings() {
    // A copy of the weights for each step: the chain rule adds up their gradients. Here by the streams: dW = sum of h' delta.
    let stack = stacks().into_iter().find(|stack| stack.cell == Cell::Rnn(Activation::Tanh)).unwrap();
    let mut network = fused::<f64>(&stack);
    let mut gradients = Gradients::default();
    network.loss_and_gradients(batch(&stack, Loss::Mse), Mode::Probe, &mut gradients).unwrap();
    let mut steps: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    network.visit(&mut |_, tap| steps.push((tap.h.to_vec(), tap.delta.to_vec()))).unwrap();
    let n = stack.width;
    let mut sum = vec![0.0; n * n];
    for pair in steps.windows(2) {
        for row in 0..ROWS {
            for (k, sum) in sum.iter_mut().enumerate() {
                *sum += pair[0].0[row * n + k / n] * pair[1].1[row * n + k % n];
            }
        }
    }
    assert!(error(&sum, &gradients.packed[stack.layer(0).recurrent]) < 1e-13);
}

/// A sigmoid net loses 0.7 decades a step: over 784 steps more than f64 holds, which the measurement says as a bound.
#[test]
fn a_gradient_that_underflows_over_time_is_a_bound() {
    let plain = stacks().into_iter().find(|stack| stack.cell == Cell::Rnn(Activation::Sigmoid)).unwrap();
    let stack = Stack { steps: 784, width: 16, ..plain };
    let mut stream = SEEDS.stream("long", &[]);
    let packed: Vec<f64> = (0..stack.parameter_count()).map(|_| stream.normal() / 4.0).collect();
    let network = Network::<f32>::with_parameters(stack.clone(), &packed).unwrap();
    let in_f64 = Network::<f64>::with_parameters(stack.clone(), &packed).unwrap();
    let measured = Probe::new(Box::new(in_f64), batch(&stack, Loss::CrossEntropy)).measure(&network).unwrap();
    let sizes: Vec<f64> = measured.iter().filter_map(|m| m.state_rms).collect();
    assert_eq!(sizes.len(), 784);
    let fading = gradsweep::fading::Fading::of(&sizes).unwrap();
    assert!(fading.is_bound() && fading.number() > 250.0, "{fading:?}");
    // A graph of so many steps is no matter for the reference either.
    let mut reference = composed::model::<f64>(&stack, &packed).unwrap();
    reference.loss_and_gradients(batch(&stack, Loss::CrossEntropy), Mode::Train, &mut Gradients::default()).unwrap();
}

#[test]
fn parameters_are_named_layer_by_layer() {
    let stack = stacks().into_iter().find(|stack| stack.cell == Cell::Gru && stack.depth == 2).unwrap();
    let layout = architecture::layout(&stack);
    let names: Vec<&str> = layout.parameters().iter().map(|p| p.name.as_str()).take(3).collect();
    assert_eq!(names, ["layer1.input.weight", "layer1.recurrent.weight", "layer1.bias"]);
    for layer in 0..stack.depth {
        let (places, named) = (stack.layer(layer), |what: &str| {
            layout.find(&format!("layer{}.{what}", layer + 1)).unwrap().range.clone()
        });
        assert_eq!((places.input, places.recurrent), (named("input.weight"), named("recurrent.weight")));
        assert_eq!(places.bias, Some(named("bias")));
    }
    assert_eq!(stack.output().0, layout.find("output.weight").unwrap().range);
    assert_eq!(layout.count(), stack.parameter_count());
}
