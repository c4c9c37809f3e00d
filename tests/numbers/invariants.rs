//! Identities that hold to rounding whatever the weights: skips that start at zero, orthogonal linear nets, gradient flow.

use crate::support::{settings, text};
use gradsweep::data::Sizes;
use gradsweep::model::dense::{Architecture, Network};
use gradsweep::model::init::Init;
use gradsweep::model::{Batch, Gradients, Model};
use gradsweep::ops::Mode;
use gradsweep::ops::activation::Activation;
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::norm::{NormKind, Placement};
use gradsweep::ops::tensor;
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::probe::{LayerMeasure, Probe};
use gradsweep::seed::Seeds;
use gradsweep::setting::Value;

const SEEDS: Seeds = Seeds { experiment: 0, run: 3 };
const ROWS: usize = 6;
const FEATURES: usize = 9;

fn architecture(pairs: &[(&str, Value)]) -> Architecture {
    Architecture::from_settings(&settings(pairs), &Sizes { input: vec![FEATURES], outputs: 4 }).unwrap()
}

fn x() -> gradsweep::ops::Tensor {
    let mut stream = SEEDS.stream("x", &[]);
    tensor((0..ROWS * FEATURES).map(|_| stream.normal()).collect(), (ROWS, FEATURES)).unwrap()
}

fn batch() -> Batch<f64> {
    Batch { x: x(), target: Target::Classes((0..ROWS as u32).map(|i| i % 4).collect()), loss: Loss::CrossEntropy }
}

fn measure(architecture: Architecture, init: Init) -> Vec<LayerMeasure> {
    let network = || Network::<f64>::new(architecture.clone(), init, &SEEDS).unwrap();
    Probe::new(Box::new(network()), batch()).measure(&network()).unwrap()
}

/// What a histogram says is what the numbers say, to half a bin's width and what lies beyond the outer bins.
#[test]
fn distributions_are_those_of_the_numbers_that_are_measured() {
    let net = || {
        let pairs = [("depth", Value::Int(3)), ("width", Value::Int(40)), ("activation", text("tanh"))];
        Network::<f64>::new(architecture(&pairs), Init::LecunNormal, &SEEDS).unwrap()
    };
    let mut probe = Probe::new(Box::new(net()), batch()).with_distributions(true);
    for layer in probe.measure(&net()).unwrap() {
        let numbers = [ROWS * 40, ROWS * 40, ROWS * 40, ROWS * 40, layer.weight.len()];
        assert_eq!(layer.distributions.len(), numbers.len());
        for ((name, own), n) in layer.distributions.iter().zip(numbers) {
            assert_eq!(own.counts.iter().sum::<u32>() as usize, n, "{name}");
            let middles =
                own.counts.iter().enumerate().map(|(i, count)| (own.low + (i as f64 + 0.5) * own.width, *count));
            let moment =
                |power| middles.clone().map(|(x, count)| x.powi(power) * f64::from(count)).sum::<f64>() / n as f64;
            let (mean, rms) = (moment(1), moment(2).sqrt());
            let close =
                |a: f64, b: f64| assert!((a - b).abs() < 0.5 * own.width, "{name}, layer {}: {a} {b}", layer.layer);
            match *name {
                "activation" => {
                    close(mean, layer.activation_mean.unwrap());
                    close((rms * rms - mean * mean).sqrt(), layer.activation_std.unwrap());
                }
                "stream" => close(rms, layer.stream_rms),
                "delta" => close(rms, layer.delta_rms.unwrap()),
                "weight_grad" => close(rms, layer.weight_grad_rms),
                // tanh grows with its argument, so that quantiles go over into quantiles.
                _ => {
                    let (_, activation) = &layer.distributions[0];
                    let same = own.quantiles.iter().zip(&activation.quantiles);
                    same.for_each(|(z, h)| assert!((z.tanh() - h).abs() < 1e-14, "{z} {h}"));
                }
            }
        }
    }
}

#[test]
fn a_skip_whose_branch_starts_at_zero_hands_the_gradient_on_bit_for_bit() {
    for form in ["pre_activation", "post_activation"] {
        for (norm, place) in NormKind::ALL.iter().flat_map(|kind| Placement::ALL.map(|place| (kind, place))) {
            for activation in Activation::ALL {
                let layers = measure(
                    architecture(&[
                        ("depth", Value::Int(12)),
                        ("width", Value::Int(9)),
                        ("activation", text(activation.word())),
                        ("norm", text(norm.word())),
                        ("norm.place", text(place.word())),
                        ("residual", text(form)),
                        ("residual.scale", text("learned_zero")),
                    ]),
                    Init::HeNormal,
                );
                assert!(layers[0].stream_rms > 0.0);
                for layer in &layers {
                    assert_eq!(layer.stream_rms, layers[0].stream_rms, "{form} {norm:?} {activation:?}");
                }
            }
        }
    }
}

#[test]
fn an_orthogonal_linear_net_keeps_every_gradient() {
    let linear = [("depth", Value::Int(50)), ("width", Value::Int(9)), ("activation", text("identity"))];
    for layer in measure(architecture(&linear), Init::Orthogonal).windows(2) {
        let [below, above] = layer else { unreachable!() };
        assert!((below.stream_rms / above.stream_rms - 1.0).abs() < 1e-12);
        assert!((below.delta_rms.unwrap() / above.delta_rms.unwrap() - 1.0).abs() < 1e-12);
    }
}

/// Under gradient flow |W_l|^2 - |W_(l+1)|^2 is conserved in a bias-free relu net (Du, Hu & Lee 2018, theorem 2.1); a
/// step of size lr therefore moves it by lr^2 (|dW_l|^2 - |dW_(l+1)|^2) exactly.
#[test]
fn a_step_moves_the_balance_of_layers_only_in_second_order() {
    let relu = architecture(&[("depth", Value::Int(5)), ("activation", text("relu")), ("bias", Value::Bool(false))]);
    for lr in [1e-1, 1e-2, 1e-3] {
        let mut network = Network::<f64>::new(relu.clone(), Init::HeNormal, &SEEDS).unwrap();
        let chain = network.chain.clone();
        let per_block = |packed: &[f64]| -> Vec<f64> {
            (0..chain.blocks().len()).map(|i| packed[chain.range(i)].iter().map(|x| x * x).sum()).collect()
        };
        let mut gradients = Gradients::default();
        network.loss_and_gradients(batch(), Mode::Train, &mut gradients).unwrap();
        let mut stepper = Stepper::new(Optimizer::Sgd, Regularization::default(), network.layout());
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let update = &mut |packed: &mut [f64]| {
            before = per_block(packed);
            stepper.step(packed, &gradients, lr);
            after = per_block(packed);
        };
        network.rewrite(update).unwrap();
        let slopes = per_block(&gradients.packed);
        for l in 0..before.len() - 1 {
            let moved = (after[l] - after[l + 1]) - (before[l] - before[l + 1]);
            let second_order = lr * lr * (slopes[l] - slopes[l + 1]);
            assert!((moved - second_order).abs() < 1e-12 * before[l], "layer {l}, lr {lr}: {moved:e} {second_order:e}");
        }
    }
}
