//! Every recurrent cell, read-out and stack: fused against composed ops, composed against central differences, and what holds
//! exactly of gradients through time.

use gradsweep::data::{Places, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::model::recurrent::composed::Composed;
use gradsweep::model::recurrent::{Network, architecture, composed};
use gradsweep::model::{Batch, Gradients, Model};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::dropout::Draws;
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::norm::{Norm, NormKind, Placement};
use gradsweep::ops::recurrent::{Cell, PADDING, ReadOut, Stack};
use gradsweep::ops::{Element, Mode, Tensor, tensor};
use gradsweep::probe::Probe;
use gradsweep::run::train;
use gradsweep::seed::Seeds;
use std::ops::ControlFlow;

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
                        norm: None,
                        residual: false,
                        dropout: 0.0,
                        truncation,
                    });
                }
            }
        }
    }
    all
}

/// What candle's own ops alone compute: norms, with and without gains and biases, and skip connections.
fn beside() -> Vec<Stack> {
    // The activations' derivatives are held elsewhere.
    let one_of_each = |cell: Cell| !matches!(cell, Cell::Rnn(activation) if activation != Activation::Tanh);
    let plain = |stack: &Stack| stack.depth == 2 && stack.truncation.is_none() && one_of_each(stack.cell);
    let stacks: Vec<Stack> = stacks().into_iter().filter(plain).collect();
    // Over four units a norm bends so sharply that differences are off by 1e-7; a larger eps rounds it off.
    let norms =
        [NormKind::Layer, NormKind::Rms].map(|kind| Some(Norm { eps: 0.1, ..Norm::new(kind, Placement::Before) }));
    let bare = norms[0].map(|norm| Norm { affine: false, ..norm });
    let forms = [(norms[0], false), (norms[1], false), (bare, true), (norms[1], true), (None, true)];
    let of = |stack: &Stack| forms.map(|(norm, residual)| Stack { norm, residual, ..stack.clone() });
    stacks.iter().flat_map(of).collect()
}

/// Parameters of which every one is away from its special initial value.
fn parameters(stack: &Stack) -> Vec<f64> {
    let mut stream = SEEDS.stream("parameters", &[]);
    (0..stack.parameter_count()).map(|_| 0.4 * stream.normal()).collect()
}

fn fused<T: Element>(stack: &Stack) -> Network<T> {
    Network::with_parameters(stack.clone(), &parameters(stack)).unwrap()
}

fn composed<T: Element>(stack: &Stack) -> Composed<T> {
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
    let mut drawn =
        |answer: usize| if (answer + 1).is_multiple_of(answers) { steps.normal() } else { earlier.normal() };
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

/// The batch with so many steps of each row before its sequence begins.
fn padded(stack: &Stack, before: &[usize]) -> Batch<f64> {
    let batch = batch::<f64>(stack, Loss::CrossEntropy);
    let mut x = batch.x.flatten_all().unwrap().to_vec1::<f64>().unwrap();
    let size = stack.steps * stack.features;
    before.iter().enumerate().for_each(|(row, before)| x[row * size..][..before * stack.features].fill(PADDING));
    Batch { x: tensor(x, (ROWS, stack.steps, stack.features)).unwrap(), ..batch }
}

/// One row of a batch, without its first steps.
fn alone(stack: &Stack, batch: &Batch<f64>, row: usize, before: usize) -> (Stack, Batch<f64>) {
    let stack = Stack { steps: stack.steps - before, ..stack.clone() };
    let x = batch.x.narrow(0, row, 1).unwrap().narrow(1, before, stack.steps).unwrap().contiguous().unwrap();
    let Target::Classes(labels) = &batch.target else { panic!("classes") };
    (stack, Batch { x, target: Target::Classes(vec![labels[row]]), loss: batch.loss })
}

/// A padded sequence is what it is alone, in a net of as many steps: loss and gradients of a batch are the means of theirs, and a
/// probe measures at each time step the sequences that have begun.
#[test]
fn padding_takes_no_part() {
    let before = [0, 3, 1, 4, 3];
    let once = |stack: &Stack| stack.read_out != ReadOut::Every && stack.truncation.is_none();
    for stack in stacks().into_iter().chain(beside()).filter(once) {
        let batch = padded(&stack, &before);
        let mut models: Vec<Box<dyn Model<f64>>> = vec![Box::new(composed(&stack))];
        if stack.is_fused() {
            models.push(Box::new(fused(&stack)));
        }
        let (mut loss, mut gradient, mut streams) = (0.0, vec![0.0; stack.parameter_count()], vec![0.0; STEPS]);
        let mut gradients = Gradients::default();
        for (row, before) in before.into_iter().enumerate() {
            let (short, one) = alone(&stack, &batch, row, before);
            let mut model = composed::<f64>(&short);
            loss += model.loss_and_gradients(one.clone(), Mode::Train, &mut gradients).unwrap() / ROWS as f64;
            gradient.iter_mut().zip(&gradients.packed).for_each(|(sum, own)| *sum += own / ROWS as f64);
            let measured = Probe::new(Box::new(composed::<f64>(&short)), one).measure(&model).unwrap();
            for (step, own) in measured.iter().filter(|own| own.layer == 1).enumerate() {
                streams[before + step] += own.stream_rms.powi(2);
            }
        }
        for mut model in models {
            let value = model.loss_and_gradients(batch.clone(), Mode::Train, &mut gradients).unwrap();
            let e = error(&gradients.packed, &gradient).max((value - loss).abs());
            assert!(e < bound(&stack), "{e:e} in {stack:?}");
            let probe = if stack.is_fused() {
                Box::new(fused(&stack)) as Box<dyn Model<f64>>
            } else {
                Box::new(composed(&stack))
            };
            let measured = Probe::new(probe, batch.clone()).measure(&*model).unwrap();
            model.loss_and_gradients(batch.clone(), Mode::Probe, &mut gradients).unwrap();
            let of_input = &gradients.packed[stack.layer(0).input];
            let of_input = (of_input.iter().map(|g| g * g).sum::<f64>() / of_input.len() as f64).sqrt();
            for own in measured.iter().filter(|own| own.layer == 1) {
                assert!((own.input_grad_rms.unwrap() / of_input - 1.0).abs() < 1e-9, "{stack:?}");
                let step = own.time.unwrap() - 1;
                let begun = before.iter().filter(|before| **before <= step).count() as f64;
                let expected = (streams[step] / begun).sqrt();
                assert!(
                    (own.stream_rms / expected - 1.0).abs() < 1e-6,
                    "{} {expected} at {step} in {stack:?}",
                    own.stream_rms
                );
            }
        }
    }
}

#[test]
fn composed_agrees_with_central_differences() {
    for stack in stacks().into_iter().filter(|stack| stack.truncation.is_none()).chain(beside()) {
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

/// A norm takes each gate by itself, over its units, at each time step: the arguments of a plain cell have mean 0 and mean square 1.
#[test]
fn what_enters_the_activation_is_normalized_at_every_step() {
    for stack in beside().into_iter().filter(|stack| matches!(stack.cell, Cell::Rnn(_))) {
        let Some(norm) = stack.norm.filter(|norm| !norm.affine && !stack.bias) else { continue };
        let norm = Norm { eps: 1e-9, ..norm };
        let stack = Stack { norm: Some(norm), ..stack };
        let mut model = composed::<f64>(&stack);
        model.loss_and_gradients(batch(&stack, Loss::Mse), Mode::Probe, &mut Gradients::default()).unwrap();
        let mut sites = 0;
        model
            .visit(&mut |_, tap| {
                for z in tap.z.chunks_exact(stack.width) {
                    let n = z.len() as f64;
                    let (mean, square) = (z.iter().sum::<f64>() / n, z.iter().map(|z| z * z).sum::<f64>() / n);
                    assert!(mean.abs() < 1e-14 && (square - 1.0).abs() < 1e-6, "{mean} {square}");
                }
                sites += 1;
            })
            .unwrap();
        assert_eq!(sites, stack.depth * stack.steps);
    }
}

/// What a probe sees is of the last step's loss, and the gradients are those of what is trained on, in nets of candle's ops too.
#[test]
fn nets_of_candles_ops_are_probed_at_the_last_step() {
    for stack in beside() {
        let last = Stack { read_out: ReadOut::Last, ..stack.clone() };
        assert_eq!(seen(&mut composed(&stack), &stack), seen(&mut composed(&last), &stack), "{stack:?}");
        let of = |mode| {
            let (mut gradients, mut model) = (Gradients::default(), composed::<f64>(&stack));
            let value = model.loss_and_gradients(batch(&stack, Loss::Mse), mode, &mut gradients).unwrap();
            (value, gradients.packed)
        };
        assert!(of(Mode::Train) == of(Mode::Probe) && of(Mode::Train) == of(Mode::Trace), "{stack:?}");
    }
}

/// Without weights at all a layer hands on what it read, so that the last layer's gradient reaches the first whole.
#[test]
fn a_skip_connection_hands_on_what_a_layer_reads() {
    for cell in [Cell::Rnn(Activation::Tanh), Cell::Lstm, Cell::Gru] {
        let stack = beside().into_iter().find(|s| s.cell == cell && s.norm.is_none() && s.read_out == ReadOut::Last);
        let stack = stack.unwrap();
        let mut model = composed::<f64>(&stack);
        let upper = stack.layer(1);
        model.rewrite(&mut |p| p[upper.input.start..stack.output().0.start].fill(0.0)).unwrap();
        model.loss_and_gradients(batch(&stack, Loss::Mse), Mode::Probe, &mut Gradients::default()).unwrap();
        let mut last: Vec<Vec<f64>> = Vec::new();
        let of_last = Some(stack.steps);
        model
            .visit(&mut |site, tap| {
                if site.time == of_last {
                    last.push(tap.stream.to_vec());
                }
            })
            .unwrap();
        assert!(error(&last[0], &last[1]) < 1e-15, "{cell:?}");
    }
}

/// The masks of dropout lie between the layers alone, are those of the run's draws, and are off in probe and evaluation.
#[test]
fn dropout_is_between_layers_and_of_the_run() {
    let plain = stacks().into_iter().find(|s| s.cell == Cell::Gru && s.depth == 2 && s.read_out == ReadOut::Last);
    let stack = Stack { dropout: 0.5, ..plain.unwrap() };
    let masks = |step: usize, run: u64| {
        let mut model = composed::<f64>(&stack);
        model.draw_from(Draws { seeds: Seeds { run, ..SEEDS }, step });
        model.loss_and_gradients(batch(&stack, Loss::Mse), Mode::Trace, &mut Gradients::default()).unwrap();
        let mut masks: Vec<(usize, Vec<f64>)> = Vec::new();
        model.visit(&mut |site, tap| masks.push((site.layer, tap.mask.to_vec()))).unwrap();
        masks
    };
    let own = masks(0, 1);
    for (layer, mask) in &own {
        assert_eq!(mask.len(), if *layer == 1 { ROWS * stack.width } else { 0 });
        assert!(mask.iter().all(|m| [0.0, 2.0].contains(m)));
    }
    assert!(own[0] != own[1], "each time step has draws of its own");
    assert_eq!(own, masks(0, 1));
    assert!(own != masks(1, 1) && own != masks(0, 2));
    let without = Stack { dropout: 0.0, ..stack.clone() };
    assert_eq!(seen(&mut composed(&stack), &stack), seen(&mut composed(&without), &stack));
    let outputs = |stack: &Stack| -> Vec<f64> {
        let outputs = composed::<f64>(stack).outputs(&inputs::<f64>(stack), Mode::Evaluate).unwrap();
        outputs.flatten_all().unwrap().to_vec1().unwrap()
    };
    assert_eq!(outputs(&stack), outputs(&without));
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

/// Numbers below the smallest normal one stay as they are when they are multiplied by 0.6: no more is known than that they lie there.
#[test]
fn a_gradient_below_the_normal_numbers_is_a_bound() {
    let smallest = 5e-324;
    assert!(smallest * 0.6 > 0.0);
    for sizes in [&[smallest, smallest, 1e-300, 1.0][..], &[1e-310, 1e-300, 1.0], &[0.0, smallest, 1e-300, 1.0]] {
        let fading = gradsweep::fading::Fading::of(sizes).unwrap();
        assert!(fading.is_bound() && (fading.number() - 300.0).abs() < 1e-9, "{sizes:?}: {fading:?}");
    }
    let exact = gradsweep::fading::Fading::of(&[1e-300, 1.0]).unwrap();
    assert!(!exact.is_bound() && (exact.number() - 300.0).abs() < 1e-9);
}

/// Which time steps have rows changes no number of a run: with every hundredth alone the gradient seems to stop at once.
#[test]
fn time_steps_without_rows_count_in_what_a_gradient_loses() {
    let run = |times: &str| {
        let text = format!(
            "name = \"x\"\n[base]\ndata = {{ kind = \"adding\", length = 500, n = 20 }}\nnetwork = \"rnn\"\n\
             activation = \"sigmoid\"\nwidth = 8\nbatch = 4\nsteps = 1\n[record]\nprobe = 2\n{times}"
        );
        let plan = Experiment::parse(&text, "x.toml", &[]).unwrap().plan(&Overrides::default()).unwrap();
        let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
        let runs = plan.runs(std::slice::from_ref(&data.digest));
        train(&runs[0].spec, &data, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let [all, few] = ["times = { every = 1 }", "times = { every = 250 }"].map(run);
    assert_eq!((&all.outcome, &all.bounds), (&few.outcome, &few.bounds));
    assert!(all.bounds.iter().any(|name| name == "attenuation_time_init"), "{:?}", all.bounds);
    assert_eq!(few.layers.rows.len(), 2 * 3);
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
