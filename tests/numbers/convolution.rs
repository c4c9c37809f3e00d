//! Convolutions: our op against candle's own and central differences, and what holds exactly of convolutional nets at init.

use gradsweep::model::convolution::Architecture;
use gradsweep::model::convolution::forward::{COMPOSED, FUSED, Ops, model};
use gradsweep::model::dense::Residual;
use gradsweep::model::init::{Init, initial};
use gradsweep::model::{Batch, CandleModel, Gradients, Model, differences};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::{Nonlinearity, Skip};
use gradsweep::ops::convolution::{Convolution, Padding, convolve};
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::norm::{Norm, NormKind, Placement};
use gradsweep::ops::{Element, Mode, Tensor, composed, tensor};
use gradsweep::probe::Probe;
use gradsweep::seed::Seeds;

const SEEDS: Seeds = Seeds { experiment: 0, run: 1 };
const OUTPUTS: usize = 3;
/// Of each layer of a net.
const CHANNELS: usize = 2;

fn normal<T: Element>(what: &str, shape: &[usize]) -> Tensor {
    let mut stream = SEEDS.stream(what, shape);
    tensor((0..shape.iter().product()).map(|_| T::of(stream.normal())).collect(), shape).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let double = tensor.to_dtype(candle_core::DType::F64).unwrap();
    double.flatten_all().unwrap().to_vec1().unwrap()
}

/// max|a - b| / max|b|.
fn error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0f64, |m, (x, y)| if (x - y).is_nan() { f64::NAN } else { m.max((x - y).abs()) }) / size
}

/// Kernels up to the size of the image, odd and even sides, one channel and several, both paddings, and every other position.
fn convolutions() -> Vec<Convolution> {
    let mut all = Vec::new();
    for (height, width) in [(5, 5), (4, 6), (7, 5)] {
        for (inputs, outputs) in [(1, 3), (3, 2), (4, 4)] {
            for kernel in [1, 3, 5].into_iter().filter(|kernel| *kernel <= height) {
                for stride in [1, 2] {
                    for padding in [Padding::Zero, Padding::Circular] {
                        all.push(Convolution { height, width, inputs, outputs, kernel, stride, padding });
                    }
                }
            }
        }
    }
    all
}

type Convolve =
    fn(&Convolution, Option<Activation>, &Tensor, &Tensor, Option<&Tensor>) -> gradsweep::ops::Result<Tensor>;

/// What a convolution gives, and its gradients of input, weight and bias for a given one of the output.
fn both_ways<T: Element>(
    of: &Convolution,
    activation: Option<Activation>,
    convolve: Convolve,
    rows: usize,
    with_bias: bool,
) -> Vec<Vec<f64>> {
    let [read, computed] = of.positions();
    let variable = |what: &str, shape: &[usize]| candle_core::Var::from_tensor(&normal::<T>(what, shape)).unwrap();
    let x = variable("x", &[rows, read, of.inputs]);
    let weight = variable("w", &[of.kernel, of.kernel, of.inputs, of.outputs]);
    let bias = variable("b", &[of.outputs]);
    let out = convolve(of, activation, &x, &weight, with_bias.then_some(bias.as_tensor())).unwrap();
    let delta = normal::<T>("delta", &[rows, computed, of.outputs]);
    let store = (&out * delta).unwrap().sum_all().unwrap().backward().unwrap();
    let variables = [Some(&x), Some(&weight), with_bias.then_some(&bias)];
    let gradients = variables.into_iter().flatten().map(|v| numbers(store.get(v).unwrap()));
    [numbers(&out)].into_iter().chain(gradients).collect()
}

/// Holds our op to candle's.
fn agrees(of: &Convolution, activation: Option<Activation>, rows: usize, with_bias: bool) {
    let reference = both_ways::<f64>(of, activation, composed::convolve, rows, with_bias);
    let double = both_ways::<f64>(of, activation, convolve, rows, with_bias);
    let single = both_ways::<f32>(of, activation, convolve, rows, with_bias);
    for (part, theirs) in reference.iter().enumerate() {
        let (double, single) = (error(&double[part], theirs), error(&single[part], theirs));
        assert!(
            double < 1e-13 && single < 1e-5,
            "part {part}: f64 {double:e}, f32 {single:e} in {of:?}, {activation:?}"
        );
    }
}

#[test]
fn our_convolution_is_candles_forward_and_backward() {
    for of in convolutions() {
        for with_bias in [true, false] {
            agrees(&of, None, 3, with_bias);
            agrees(&of, Some(Activation::Tanh), 3, with_bias);
        }
    }
}

/// More images than are framed at a time, and more channels than a tile has, by every number that is left over.
#[test]
fn many_images_of_many_channels_are_convolved_in_parts() {
    for (inputs, outputs) in [(16, 4), (18, 21), (33, 16), (3, 32)] {
        let padding = Padding::Zero;
        agrees(&Convolution { height: 8, width: 8, inputs, outputs, kernel: 3, stride: 1, padding }, None, 21, true);
    }
}

/// By its definition, in a loop over everything.
#[test]
fn candles_convolution_in_our_layout_is_the_definition() {
    for of in convolutions() {
        let Convolution { height, width, inputs, outputs, kernel, stride, padding } = of;
        let ([_, columns], [read, computed]) = (of.output(), of.positions());
        let (x, w) = (normal::<f64>("x", &[1, read, inputs]), normal::<f64>("w", &[kernel, kernel, inputs, outputs]));
        let ours = numbers(&composed::convolve(&of, None, &x, &w, None).unwrap());
        let (x, w) = (numbers(&x), numbers(&w));
        let beyond = |at: usize, size: usize| match padding {
            Padding::Circular => (at + size - kernel / 2) % size,
            Padding::Zero => at.wrapping_sub(kernel / 2),
        };
        for (k, got) in ours.iter().enumerate() {
            let (at, to) = (k / outputs, k % outputs);
            let mut sum = 0.0;
            for tap in 0..kernel * kernel {
                let row = beyond(at / columns * stride + tap / kernel, height);
                let column = beyond(at % columns * stride + tap % kernel, width);
                if row < height && column < width {
                    let channel = |c| x[(row * width + column) * inputs + c] * w[(tap * inputs + c) * outputs + to];
                    sum += (0..inputs).map(channel).sum::<f64>();
                }
            }
            assert!((got - sum).abs() < 1e-12, "{got} for {sum} in {of:?}");
        }
        assert_eq!(ours.len(), computed * outputs);
    }
}

/// For images of 6 x 6 with two channels; the second layer computes every other position.
fn layers(padding: Padding) -> Vec<Convolution> {
    let layer = |side: usize, inputs: usize, stride: usize| Convolution {
        height: side,
        width: side,
        inputs,
        outputs: CHANNELS,
        kernel: 3,
        stride,
        padding,
    };
    vec![layer(6, 2, 1), layer(6, CHANNELS, 2), layer(3, CHANNELS, 1)]
}

fn net(activation: Activation, norm: Option<Norm>, residual: Residual, padding: Padding, bias: bool) -> Architecture {
    Architecture {
        layers: layers(padding),
        features: 2 * 6 * 6,
        outputs: OUTPUTS,
        bias,
        pair: Nonlinearity { activation, norm, dropout: 0.0 },
        residual,
        output_activation: Activation::Identity,
    }
}

/// Every activation in a plain net, and every norm at every place in every form of skip connection.
fn nets() -> Vec<Architecture> {
    let mut all = Vec::new();
    for activation in Activation::ALL {
        all.push(net(activation, None, Residual::None, Padding::Zero, true));
    }
    let norms = NormKind::ALL.into_iter().flat_map(|kind| Placement::ALL.map(|place| Some(Norm::new(kind, place))));
    for norm in norms.chain([None]) {
        for (residual, bias) in [
            (Residual::None, false),
            (Residual::PreActivation(Skip::Scaled(0.6)), true),
            (Residual::PreActivation(Skip::Learned), false),
            (Residual::PostActivation(Skip::Scaled(0.4)), true),
            (Residual::PostActivation(Skip::Learned), true),
            (Residual::Highway { transform_bias: -1.0 }, true),
        ] {
            all.push(net(Activation::Tanh, norm, residual, Padding::Circular, bias));
        }
    }
    all
}

fn built<T: Element>(net: &Architecture, ops: Ops) -> CandleModel<T> {
    // Every parameter away from its special initial value.
    let mut stream = SEEDS.stream("parameters", &[]);
    let packed: Vec<f64> = (0..net.layout().count()).map(|_| 0.4 * stream.normal()).collect();
    model(net, &packed, ops).unwrap()
}

fn batch<T: Element>(rows: usize) -> Batch<T> {
    let target = Target::Classes((0..rows).map(|row| (row % OUTPUTS) as u32).collect());
    Batch { x: normal::<T>("images", &[rows, 2, 6, 6]), target, loss: Loss::CrossEntropy }
}

/// Loss, gradient and what a probe sees at every layer.
fn seen<T: Element>(model: &mut dyn Model<T>, rows: usize) -> Vec<(String, Vec<f64>)> {
    let mut gradients = Gradients::default();
    let loss = model.loss_and_gradients(batch(rows), Mode::Probe, &mut gradients).unwrap();
    let double = |numbers: &[T]| numbers.iter().map(|x| x.f64()).collect::<Vec<f64>>();
    let mut all = vec![("loss".to_string(), vec![loss]), ("gradient".to_string(), double(&gradients.packed))];
    model
        .visit(&mut |site, tap| {
            let parts =
                [("h", tap.h), ("stream", tap.stream), ("z", tap.z), ("delta", tap.delta), ("a", tap.activation)];
            for (part, numbers) in parts {
                assert_eq!(numbers.len(), rows * site.units, "{part}");
                all.push((format!("{part} of layer {}", site.layer), double(numbers)));
            }
        })
        .unwrap();
    all
}

#[test]
fn nets_of_our_ops_agree_with_those_of_candles() {
    for net in nets() {
        // candle's erf is good to about 1e-10, its derivative to 1e-7.
        let is_erf = matches!(net.pair.activation, Activation::Gelu | Activation::Erf);
        let reference = seen(&mut built::<f64>(&net, COMPOSED), 5);
        let (double, single) = (seen(&mut built::<f64>(&net, FUSED), 5), seen(&mut built::<f32>(&net, FUSED), 5));
        for (((name, theirs), (_, double)), (_, single)) in reference.iter().zip(&double).zip(&single) {
            let (double, single) = (error(double, theirs), error(single, theirs));
            let bound = if is_erf { 1e-6 } else { 1e-11 };
            assert!(double < bound && single < 2e-5, "{name}: f64 {double:e}, f32 {single:e} in {net:?}");
        }
    }
}

/// A probe looks at what stands between convolution and activation, which are one op in training.
#[test]
fn training_has_the_bits_of_a_probe() {
    for net in nets() {
        let gradient = |mode: Mode| {
            let mut gradients = Gradients::default();
            built::<f32>(&net, FUSED).loss_and_gradients(batch(5), mode, &mut gradients).unwrap();
            gradients.packed
        };
        assert_eq!(gradient(Mode::Train), gradient(Mode::Probe), "{net:?}");
    }
}

#[test]
fn nets_of_candles_ops_agree_with_central_differences() {
    // Activations by themselves are held to their derivatives elsewhere.
    let has_norm_before = |net: &Architecture| net.pair.norm.is_none_or(|norm| norm.place == Placement::Before);
    for net in nets().iter().filter(|net| net.pair.activation == Activation::Tanh && has_norm_before(net)) {
        let apart = differences::deviation(&mut built(net, COMPOSED), &batch(5)).unwrap();
        assert!(apart < 1e-7, "{apart:e} in {net:?}");
    }
}

/// Batch normalization is of each channel over all rows and positions, the others of each row over all channels and positions.
#[test]
fn norms_are_over_what_they_say() {
    for kind in NormKind::ALL {
        let norm = Norm { affine: false, ..Norm::new(kind, Placement::Before) };
        let net = net(Activation::Identity, Some(norm), Residual::None, Padding::Zero, true);
        let seen = seen(&mut built::<f64>(&net, FUSED), 5);
        let z = &seen.iter().find(|(name, _)| name == "z of layer 1").unwrap().1;
        let per_row = z.len() / 5;
        let of = |group: &dyn Fn(usize) -> usize, which: usize| {
            let own: Vec<f64> = z.iter().enumerate().filter(|(k, _)| group(*k) == which).map(|(_, z)| *z).collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            (mean, own.iter().map(|z| z * z).sum::<f64>() / own.len() as f64)
        };
        let groups = if kind.is_over_batch() { CHANNELS } else { 5 };
        for which in 0..groups {
            let by_channel = |k: usize| k % CHANNELS;
            let by_row = |k: usize| k / per_row;
            let (mean, square) = if kind.is_over_batch() { of(&by_channel, which) } else { of(&by_row, which) };
            assert!(!kind.is_centred() || mean.abs() < 1e-12, "{kind:?}: mean {mean}");
            assert!((square - 1.0).abs() < 1e-3, "{kind:?}: mean square {square}");
        }
    }
}

/// Running statistics take the unbiased variance over all rows and positions, as PyTorch's BatchNorm2d does.
#[test]
fn running_variances_count_every_position() {
    let norm = Norm::new(NormKind::Batch { momentum: 1.0 }, Placement::Before);
    let net = net(Activation::Identity, Some(norm), Residual::None, Padding::Zero, true);
    let mut normed = built::<f64>(&net, FUSED);
    normed.loss_and_gradients(batch(5), Mode::Train, &mut Gradients::default()).unwrap();
    normed.updated(5);
    let (name, running) = normed.running().swap_remove(1);
    assert_eq!(name, "layer1.variance");
    let plain = Architecture { pair: Nonlinearity { norm: None, ..net.pair }, ..net.clone() };
    let first = net.layout().find("layer1.norm.gain").unwrap().range.start;
    let mut packed = Vec::new();
    normed.read(&mut |numbers| packed.extend_from_slice(&numbers[..first])).unwrap();
    packed.resize(plain.layout().count(), 0.0);
    let z = seen(&mut model::<f64>(&plain, &packed, FUSED).unwrap(), 5).swap_remove(4).1;
    for (channel, running) in running.iter().enumerate() {
        let own: Vec<f64> = z.iter().skip(channel).step_by(CHANNELS).copied().collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        let variance = own.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / (own.len() as f64 - 1.0);
        assert!((running / variance - 1.0).abs() < 1e-12, "{running} for {variance}");
    }
}

/// Streams of a linear net, as norms, from the last layer's on.
fn norms(init: Init, stride: usize, padding: Padding) -> Vec<f64> {
    let layer = |side, inputs, stride| Convolution {
        height: side,
        width: side,
        inputs,
        outputs: 6,
        kernel: 3,
        stride,
        padding,
    };
    let mut layers = vec![layer(8, 2, 1)];
    layers.extend((0..6).map(|_| layer(8, 6, 1)));
    layers.push(layer(8, 6, stride));
    let plain = net(Activation::Identity, None, Residual::None, padding, false);
    let net = Architecture { layers, features: 2 * 8 * 8, ..plain };
    let packed = initial(init, &net.layout(), &SEEDS);
    let (network, twin) = (model::<f64>(&net, &packed, FUSED).unwrap(), model::<f64>(&net, &packed, FUSED).unwrap());
    let target = Target::Classes(vec![0, 1, 2, 0]);
    let batch = Batch { x: normal::<f64>("images", &[4, 2, 8, 8]), target, loss: Loss::CrossEntropy };
    let measured = Probe::new(Box::new(twin), batch).measure(&network).unwrap();
    measured.iter().map(|m| m.stream_norm()).collect()
}

/// The centre tap alone acts, at every position alike, by an orthogonal matrix, whatever lies beyond the border; where positions are
/// left out, those that are read get all of it.
#[test]
fn delta_orthogonal_layers_keep_the_norm_of_the_gradient_exactly() {
    for padding in [Padding::Zero, Padding::Circular] {
        for stride in [1, 2] {
            let norms = norms(Init::DeltaOrthogonal, stride, padding);
            for norm in &norms {
                assert!((norm / norms[7] - 1.0).abs() < 1e-12, "{norm:e} in {norms:?}");
            }
        }
    }
    // The test can fail: orthogonal matrices over all taps do not keep it.
    let norms = norms(Init::Orthogonal, 1, Padding::Circular);
    assert!((norms[0] / norms[7] - 1.0).abs() > 0.01, "{norms:?}");
}
