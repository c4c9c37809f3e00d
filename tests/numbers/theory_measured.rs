//! Measured on predicted: wide networks at init fade as theory says, narrow ones scatter as it says.

use crate::at_init::{Case, Measured, at_the_end, per_layer};
use crate::finite_width::log_factor;
use crate::support::{settings, text};
use gradsweep::model::dense::theory::predict;
use gradsweep::model::dense::{Architecture, Network, Residual};
use gradsweep::model::init::{Init, Start};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::Skip;
use gradsweep::ops::loss::Loss;
use gradsweep::ops::norm::{Norm, NormKind, Placement};
use gradsweep::probe::Probe;
use gradsweep::seed::Seeds;
use gradsweep::theory::Prediction;
use gradsweep::{data, run::score};

fn net(activation: Activation, width: usize, depth: usize) -> Architecture {
    Architecture {
        features: 32,
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

fn check(architecture: Architecture, init: impl Into<Start>, rows: usize) {
    check_case(Case { architecture, init: init.into(), rows, nets: 16, loss: Loss::CrossEntropy });
}

fn check_case(case: Case) -> (Measured, Prediction) {
    let (measured, predicted) = (case.measure(), case.predict());
    for (name, measured, predicted) in
        [("stream", &measured.stream, &predicted.stream), ("delta", &measured.delta, &predicted.delta)]
    {
        let factor = per_layer(measured, predicted);
        assert!((factor - 1.0).abs() < 0.05, "{:?}, {:?}: {name} {factor} a layer", case.architecture, case.init);
    }
    (measured, predicted)
}

#[test]
fn wide_networks_fade_as_predicted() {
    let gaussian = |weight: f64, bias: f64| Init::Gaussian { sigma_w: weight.sqrt(), sigma_b: bias.sqrt() };
    for (activation, init) in [
        (Activation::Sigmoid, Init::GlorotNormal),
        (Activation::Tanh, Init::UniformFanIn),
        (Activation::Tanh, gaussian(2.5, 0.05)),
        (Activation::Relu, Init::HeUniform),
        (Activation::Softplus, gaussian(1.0, 0.05)),
        (Activation::Selu, Init::LecunNormal),
        (Activation::Silu, Init::HeNormal),
    ] {
        check(net(activation, 512, 6), init, 4);
    }
    check(net(Activation::HardTanh, 128, 4), Init::Orthogonal.times(1.2), 4);
    // With one number for all layers; 0.05^2 times 512 is 1.28.
    check(net(Activation::Tanh, 512, 6), Init::Normal { std: 0.05 }, 4);
    check(net(Activation::Relu, 512, 6), Init::Uniform { range: 0.1 }, 4);
    check(net(Activation::Sigmoid, 512, 6), Init::GlorotNormal.times(4.0), 4);
}

/// The root mean square of the gradient also fades or grows with the shape.
#[test]
fn networks_of_unequal_layers_fade_as_predicted() {
    for init in [Init::LecunNormal, Init::GlorotNormal, Init::Orthogonal, Init::Normal { std: 0.04 }] {
        for norm in [None, Some(Norm::new(NormKind::Layer, Placement::Before))] {
            let widths = vec![300, 900, 450, 450, 600, 200];
            check(Architecture { widths, norm, ..net(Activation::Tanh, 1, 1) }, init, 4);
        }
    }
    let norm = Some(Norm::new(NormKind::BATCH, Placement::Before));
    let widths = vec![300, 900, 450, 600];
    check(Architecture { widths, norm, features: 512, ..net(Activation::Tanh, 1, 1) }, Init::LecunNormal, 16);
}

#[test]
fn wide_residual_networks_grow_as_predicted() {
    for residual in [
        Residual::PreActivation(Skip::Scaled(0.4)),
        Residual::PreActivation(Skip::Scaled(1.0)),
        Residual::PostActivation(Skip::Scaled(0.4)),
        Residual::PostActivation(Skip::Scaled(1.0)),
    ] {
        check(Architecture { residual, ..net(Activation::Relu, 512, 6) }, Init::HeNormal, 4);
    }
}

/// The more of the stream is carried, the less fades; the tables of Srivastava et al.'s nets start here.
#[test]
fn wide_highway_networks_fade_as_predicted() {
    for (activation, transform_bias) in [
        (Activation::Tanh, 0.0),
        (Activation::Tanh, -1.0),
        (Activation::Tanh, -3.0),
        (Activation::Relu, -1.0),
        (Activation::Sigmoid, -2.0),
    ] {
        let residual = Residual::Highway { transform_bias };
        check(Architecture { residual, ..net(activation, 512, 8) }, Init::Gaussian { sigma_w: 1.0, sigma_b: 0.2 }, 4);
    }
}

#[test]
fn batch_normalized_networks_grow_by_batch_size_as_predicted() {
    // Random inputs of so many features are equally far apart from the first layer on.
    let norm = Some(Norm::new(NormKind::BATCH, Placement::Before));
    for (activation, rows) in [(Activation::Relu, 8), (Activation::Relu, 32), (Activation::Tanh, 16)] {
        check(Architecture { norm, features: 512, ..net(activation, 512, 6) }, Init::LecunNormal, rows);
    }
}

#[test]
fn networks_that_normalize_each_sample_fade_as_predicted() {
    for kind in [NormKind::Layer, NormKind::Rms] {
        for place in Placement::ALL {
            let norm = Some(Norm::new(kind, place));
            for (activation, init) in [
                (Activation::Relu, Init::HeNormal),
                (Activation::Sigmoid, Init::LecunNormal),
                (Activation::Tanh, Init::Gaussian { sigma_w: 1.5, sigma_b: 0.3 }),
            ] {
                check(Architecture { norm, ..net(activation, 512, 6) }, init, 4);
            }
            let residual = Residual::PreActivation(Skip::Scaled(1.0));
            check(Architecture { norm, residual, ..net(Activation::Relu, 512, 6) }, Init::HeNormal, 4);
        }
    }
}

/// What all samples have in common in the last layer does not pass its norm: a third to two thirds of the squared gradient
/// where targets and outputs have a mean, as with the squared error. And what is added to the variance takes its part.
#[test]
fn batch_normalized_networks_lose_what_samples_have_in_common_and_heed_eps() {
    let loses = |predicted: &Prediction| {
        predicted.stream[4] - predicted.stream[3] - (predicted.stream[3] - predicted.stream[2])
    };
    for activation in [Activation::Sigmoid, Activation::Relu, Activation::Tanh] {
        for (eps, loss) in [(1e-5, Loss::Mse), (1e-5, Loss::CrossEntropy), (0.5, Loss::Mse), (0.5, Loss::CrossEntropy)]
        {
            let norm = Some(Norm { eps, ..Norm::new(NormKind::BATCH, Placement::Before) });
            let architecture = Architecture { norm, features: 512, ..net(activation, 256, 5) };
            let (measured, predicted) =
                check_case(Case { architecture, init: Init::LecunNormal.into(), rows: 24, nets: 32, loss });
            let last = measured.stream[3] - predicted.stream[3];
            assert!(last.abs() < 0.1, "{activation:?}, eps {eps}, {loss:?}: the last step is off by {last}");
            if (activation, loss) == (Activation::Sigmoid, Loss::Mse) {
                assert!(loses(&predicted) > 0.5, "{:?}", predicted.stream);
            }
        }
    }
}

/// A narrow net's gradient lies along its stream, and how much of it does is the loss's doing.
#[test]
fn narrow_post_activation_networks_grow_as_their_loss_lets_them() {
    let predicted = [Loss::CrossEntropy, Loss::Mse].map(|loss| {
        let residual = Residual::PostActivation(Skip::Scaled(1.0));
        let architecture = Architecture { residual, ..net(Activation::Relu, 64, 8) };
        check_case(Case { architecture, init: Init::HeNormal.into(), rows: 8, nets: 64, loss }).1.stream[0]
    });
    assert!(predicted[1] > predicted[0] + 0.4, "{predicted:?}");
}

#[test]
fn the_logarithm_of_a_narrow_nets_gradient_has_the_predicted_mean_and_variance() {
    const NETS: usize = 3000;
    for (activation, init, width) in
        [(Activation::Relu, Init::HeNormal, 12), (Activation::Identity, Init::LecunNormal, 8)]
    {
        let depth = 6;
        let architecture = Architecture { outputs: 1, ..net(activation, width, depth) };
        let case = Case { architecture, init: init.into(), rows: 1, nets: 1, loss: Loss::Mse };
        let law = log_factor(activation, width).unwrap();
        let logs: Vec<f64> = case.ratios(NETS as u64).into_iter().filter(|r| *r > 0.0).map(f64::ln).collect();
        let n = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / n;
        let variance = logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let gaps = (depth - 1) as f64;
        let error = (variance / n).sqrt();
        assert!((mean - gaps * law.mean).abs() < 4.0 * error, "{activation:?}: {mean} +- {error}, {law:?}");
        // The fourth moment of a nearly normal variable.
        let error = variance * (2.5 / n).sqrt();
        assert!((variance - gaps * law.variance).abs() < 4.0 * error, "{activation:?}: {variance} +- {error}, {law:?}");
        // A relu layer of 12 units is dead to one input in 1 of 4096 nets.
        assert!(logs.len() > NETS - 30);
    }
}

/// Images differ in length, so each sample has its own transient; the prediction averages over them.
#[test]
fn digits_fade_as_predicted_from_the_lengths_of_the_images() {
    let digits = data::load(&settings(&[("data", text("digits"))]), &data::Places::default()).unwrap();
    let rows: Vec<usize> = (0..64).collect();
    let batch = score::batch::<f64>(&digits.train, &digits.shape, &rows, Loss::CrossEntropy).unwrap();
    let lengths: Vec<f64> = digits.train.x.to_vec()[..64 * digits.features()]
        .chunks_exact(digits.features())
        .map(|row| row.iter().map(|x| x * x).sum::<f64>() / digits.features() as f64)
        .collect();
    for (activation, init) in [(Activation::Tanh, Init::HeNormal), (Activation::Silu, Init::GlorotUniform)] {
        let architecture = Architecture { features: digits.features(), ..net(activation, 512, 4) };
        let predicted = predict(&architecture, init, &lengths, 64, &at_the_end(10, Activation::Identity, 64)).unwrap();
        let network = |run| Network::<f64>::new(architecture.clone(), init, &Seeds { experiment: 0, run }).unwrap();
        let mut probe = Probe::new(Box::new(network(1)), batch.clone());
        let mut attenuation = || {
            let run = |run| {
                let layers = probe.measure(&network(run)).unwrap();
                (layers[3].stream_rms / layers[0].stream_rms).log10() / 3.0
            };
            (1..=4).map(run).sum::<f64>() / 4.0
        };
        let (measured, predicted) = (attenuation(), predicted.attenuation().unwrap());
        // 5 % of a layer's squared gradient, in decades of the gradient.
        assert!((measured - predicted).abs() < 0.5 * 1.05f64.log10(), "{activation:?}: {measured} {predicted}");
    }
}
