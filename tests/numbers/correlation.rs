//! How much of the likeness of samples' gradients is left at a layer, against closed forms (Balduzzi et al. 2017).

use gradsweep::model::Batch;
use gradsweep::model::dense::Residual;
use gradsweep::model::dense::{Architecture, Network};
use gradsweep::model::init::{Init, Start};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::tensor;
use gradsweep::probe::{LayerMeasure, Probe};
use gradsweep::seed::Seeds;
use std::f64::consts::PI;

const ROWS: usize = 32;

fn net(activation: Activation, width: usize, depth: usize) -> Architecture {
    Architecture {
        features: width,
        outputs: 10,
        widths: vec![width; depth],
        activation,
        output_activation: Activation::Identity,
        bias: true,
        norm: None,
        residual: Residual::None,
        dropout: 0.0,
    }
}

/// Of random inputs, which are nearly orthogonal. Large targets make the gradients independent of the activations, as theory
/// has it.
fn measure(architecture: &Architecture, init: impl Into<Start> + Copy, run: u64, targets: f64) -> Vec<LayerMeasure> {
    let seeds = Seeds { experiment: 0, run };
    let mut stream = seeds.stream("inputs", &[]);
    let x = (0..ROWS * architecture.features).map(|_| stream.normal()).collect();
    let target = Target::Values((0..ROWS * architecture.outputs).map(|_| stream.normal() * targets).collect());
    let network = || Network::<f64>::new(architecture.clone(), init, &seeds).unwrap();
    let x = tensor(x, (ROWS, architecture.features)).unwrap();
    Probe::new(Box::new(network()), Batch { x, target, loss: Loss::Mse }).measure(&network()).unwrap()
}

#[test]
fn the_gradients_of_a_wide_relu_net_shatter_as_the_closed_form_says() {
    const DEPTH: usize = 8;
    let measured: Vec<Vec<LayerMeasure>> =
        (1..=6).map(|run| measure(&net(Activation::Relu, 400, DEPTH), Init::HeNormal, run, 100.0)).collect();
    // The cosine of two samples' activations from layer to layer, and the share of units that both leave open.
    let onward = |c: f64| ((1.0 - c * c).sqrt() + (PI - c.acos()) * c) / PI;
    let both = |c: f64| (PI - c.acos()) / PI / 0.5;
    let mut c = 0.0;
    let factors: Vec<f64> = (1..DEPTH)
        .map(|_| {
            c = onward(c);
            both(c) * 0.5
        })
        .collect();
    for layer in 1..=DEPTH {
        let expected: f64 = factors[layer - 1..].iter().product();
        let mean = measured.iter().map(|layers| layers[layer - 1].correlation.unwrap()).sum::<f64>() / 6.0;
        println!("layer {layer}: {mean:.4}, expected {expected:.4}");
        assert!((mean - expected).abs() < 0.03, "layer {layer}: {mean}, expected {expected}");
    }
}

#[test]
fn an_orthogonal_linear_net_keeps_every_likeness_however_small_its_gradients() {
    for gain in [0.5, 1e-10] {
        let layers = measure(&net(Activation::Identity, 48, 20), Init::Orthogonal.times(gain), 1, 1.0);
        for layer in &layers {
            assert!((layer.correlation.unwrap() - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn a_single_sample_is_like_no_other() {
    let architecture = net(Activation::Tanh, 8, 3);
    let seeds = Seeds { experiment: 0, run: 1 };
    let network = || Network::<f64>::new(architecture.clone(), Init::LecunNormal, &seeds).unwrap();
    let x = tensor(vec![0.5; 8], (1, 8)).unwrap();
    let batch = Batch { x, target: Target::Classes(vec![1]), loss: Loss::CrossEntropy };
    let layers = Probe::new(Box::new(network()), batch).measure(&network());
    assert!(layers.unwrap().iter().all(|layer| layer.correlation.is_none()));
}
