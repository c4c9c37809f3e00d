//! Identities that hold to rounding at every step of a training: the strictest test of the recorded gradients.

use crate::support::{settings, text};
use gradsweep::data::Sizes;
use gradsweep::model::dense::{Architecture, Network};
use gradsweep::model::init::Init;
use gradsweep::model::{Batch, Gradients, Model};
use gradsweep::ops::Mode;
use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::Role;
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::tensor;
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::probe::Probe;
use gradsweep::seed::Seeds;
use gradsweep::setting::Value;

const SEEDS: Seeds = Seeds { experiment: 0, run: 5 };
const ROWS: usize = 12;
const FEATURES: usize = 7;
const STEPS: usize = 40;

fn architecture(pairs: &[(&str, Value)]) -> Architecture {
    let fixed = [("depth", Value::Int(5)), ("width", Value::Int(9))];
    let sizes = Sizes { input: vec![FEATURES], outputs: 4 };
    Architecture::from_settings(&settings(&[&fixed, pairs].concat()), &sizes).unwrap()
}

/// Trains in f64 by adam, and shows `look` every step's network and gradient, as a probe leaves them.
fn train(architecture: &Architecture, mut look: impl FnMut(usize, &Network<f64>, &Gradients<f64>)) {
    let mut network = Network::<f64>::new(architecture.clone(), Init::HeNormal, &SEEDS).unwrap();
    let adam = Optimizer::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
    let mut stepper = Stepper::new(adam, Regularization::default(), network.layout());
    let mut gradients = Gradients::default();
    for step in 0..STEPS {
        network.loss_and_gradients(batch(), Mode::Probe, &mut gradients).unwrap();
        look(step, &network, &gradients);
        network.rewrite(&mut |packed| stepper.step(packed, &gradients, 0.01)).unwrap();
    }
}

fn x() -> gradsweep::ops::Tensor {
    let mut stream = SEEDS.stream("x", &[]);
    tensor((0..ROWS * FEATURES).map(|_| stream.normal()).collect(), (ROWS, FEATURES)).unwrap()
}

fn batch() -> Batch<f64> {
    Batch { x: x(), target: Target::Classes((0..ROWS as u32).map(|i| i % 4).collect()), loss: Loss::CrossEntropy }
}

fn product(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn size(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x * y).abs()).sum()
}

/// phi(a z) = a phi(z) for a > 0, so that a bias-free net's output is homogeneous of degree 1 in each layer's weights
/// and in each layer's stream; Euler's identity then makes every <W_l, dL/dW_l> and <h_l, dL/dh_l> the same number,
/// <f, dL/df>.
fn is_homogeneous(activation: Activation) -> bool {
    [-3.0, -0.4, 0.7, 2.0, 5.0].iter().all(|z| (activation.value(2.0 * z) - 2.0 * activation.value(*z)).abs() < 1e-15)
}

#[test]
fn every_layer_of_a_homogeneous_net_has_the_same_product_of_weights_and_gradients() {
    let homogeneous: Vec<Activation> = Activation::ALL.into_iter().filter(|a| is_homogeneous(*a)).collect();
    assert_eq!(homogeneous.len(), 4);
    for activation in homogeneous {
        for residual in ["none", "post_activation"] {
            let net = architecture(&[
                ("activation", text(activation.word())),
                ("bias", Value::Bool(false)),
                ("residual", text(residual)),
            ]);
            let mut largest = 0f64;
            train(&net, |step, network, gradients| {
                let arena = network.arena().lock().unwrap();
                let last = arena.blocks.len() - 1;
                let stream = |l: usize| (&arena.blocks[l].output[..], &arena.blocks[l].output_delta[..]);
                let (output, slope) = stream(last);
                let known = product(output, slope);
                let agrees = |found: f64, scale: f64, what: &str| {
                    assert!(
                        (found - known).abs() < 1e-13 * scale,
                        "{activation:?}, {residual}, step {step}: {what} {found} {known}"
                    );
                };
                for l in 0..last {
                    let (h, slope) = stream(l);
                    agrees(product(h, slope), size(h, slope), &format!("stream {}", l + 1));
                }
                if residual == "none" {
                    network
                        .read(&mut |parameters| {
                            for l in 0..=last {
                                let weight = network.chain.part(parameters, l, Role::Weight);
                                let slope = network.chain.part(&gradients.packed, l, Role::Weight);
                                agrees(product(weight, slope), size(weight, slope), &format!("weights {}", l + 1));
                            }
                        })
                        .unwrap();
                }
                largest = largest.max(known.abs());
            });
            assert!(largest > 0.1, "nothing was tested: {largest}");
        }
    }
}

#[test]
fn under_batch_norm_no_unit_has_a_gradient_along_its_own_weights_nor_on_its_bias() {
    for activation in Activation::ALL {
        let net = architecture(&[
            ("activation", text(activation.word())),
            ("norm", text("batch")),
            ("norm.eps", Value::Float(1e-12)),
        ]);
        train(&net, |step, network, gradients| {
            network
                .read(&mut |parameters| {
                    for l in 0..net.depth() {
                        let block = &network.chain.blocks()[l];
                        let weight = network.chain.part(parameters, l, Role::Weight);
                        let slope = network.chain.part(&gradients.packed, l, Role::Weight);
                        for unit in 0..block.outputs {
                            let column =
                                |x: &[f64]| x.iter().skip(unit).step_by(block.outputs).copied().collect::<Vec<_>>();
                            let (w, g) = (column(weight), column(slope));
                            let (found, scale) = (product(&w, &g), size(&w, &g));
                            assert!(
                                found.abs() <= 1e-9 * scale,
                                "{activation:?}, step {step}, layer {l}: {found:e} {scale:e}"
                            );
                        }
                        let bias = network.chain.part(&gradients.packed, l, Role::Bias);
                        let largest = slope.iter().fold(0f64, |m, g| m.max(g.abs()));
                        assert!(
                            bias.iter().all(|g| g.abs() <= 1e-13 * largest),
                            "{activation:?}, step {step}: {bias:?}"
                        );
                    }
                })
                .unwrap();
        });
    }
}

#[test]
fn what_the_probe_logs_of_a_homogeneous_net_fits_the_identity() {
    // With one sample and one unit a layer each product is one term, so the logged rms values multiply to it.
    let net = Architecture {
        widths: vec![1; 8],
        ..architecture(&[("activation", text("identity")), ("bias", Value::Bool(false))])
    };
    let x = tensor(vec![0.5; FEATURES], (1, FEATURES)).unwrap();
    let batch = Batch { x, target: Target::Classes(vec![1]), loss: Loss::CrossEntropy };
    let network = || Network::<f64>::new(net.clone(), Init::LecunNormal, &SEEDS).unwrap();
    let layers = Probe::new(Box::new(network()), batch).measure(&network()).unwrap();
    let products: Vec<f64> = layers[1..].iter().map(|l| l.weight_rms * l.weight_grad_rms).collect();
    let streams: Vec<f64> = layers.iter().map(|l| l.activation_mean.unwrap().abs() * l.stream_rms).collect();
    for found in products.iter().chain(&streams) {
        assert!((found / products[0] - 1.0).abs() < 1e-13, "{products:?} {streams:?}");
    }
}
