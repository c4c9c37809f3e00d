//! The gradient at init of many networks beside theory, as a Markdown table: `results/bench/theory.md`.
//!
//!     scripts/measured_on_predicted.sh
//!
//! With a word, only the networks whose name holds it.

#[path = "../tests/numbers/at_init.rs"]
mod at_init;

use at_init::{Case, per_layer};
use gradsweep::model::dense::{Architecture, Residual};
use gradsweep::model::init::Init;
use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::Skip;
use gradsweep::ops::loss::Loss;
use gradsweep::ops::norm::{Norm, NormKind, Placement};

const WIDTH: usize = 512;
const NETS: u64 = 16;

fn plain(activation: Activation, depth: usize) -> Architecture {
    Architecture {
        features: 64,
        outputs: 10,
        widths: vec![WIDTH; depth],
        activation,
        output_activation: Activation::Identity,
        bias: true,
        norm: None,
        residual: Residual::None,
        dropout: 0.0,
    }
}

fn gaussian(weight_variance: f64, bias_variance: f64) -> Init {
    Init::Gaussian { sigma_w: weight_variance.sqrt(), sigma_b: bias_variance.sqrt() }
}

fn main() {
    println!(
        "| network | init | width | depth | batch | predicted, ln per layer | measured | ± | measured / predicted per layer | delta |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let norm = Some(Norm::new(NormKind::BATCH, Placement::Before));
    let inits = |a: Activation| match a {
        Activation::Identity => {
            vec![("lecun_normal", Init::LecunNormal), ("orthogonal", Init::Orthogonal)]
        }
        Activation::Sigmoid => vec![("glorot_normal", Init::GlorotNormal), ("gaussian 16, 0", gaussian(16.0, 0.0))],
        Activation::Tanh => vec![
            ("lecun_normal", Init::LecunNormal),
            ("uniform_fan_in", Init::UniformFanIn),
            ("gaussian 2.5, 0.05", gaussian(2.5, 0.05)),
            ("orthogonal", Init::Orthogonal),
        ],
        Activation::Relu => vec![
            ("he_normal", Init::HeNormal),
            ("he_uniform", Init::HeUniform),
            ("glorot_uniform", Init::GlorotUniform),
        ],
        Activation::Selu => vec![("lecun_normal", Init::LecunNormal)],
        _ => vec![("he_normal", Init::HeNormal), ("gaussian 1, 0.05", gaussian(1.0, 0.05))],
    };
    for activation in Activation::ALL {
        for (name, init) in inits(activation) {
            let depth = if matches!(init, Init::Orthogonal) { 8 } else { 16 };
            row(activation.word(), name, plain(activation, depth), init, 8);
        }
    }
    let wider = Architecture { widths: vec![2 * WIDTH; 16], ..plain(Activation::Gelu, 16) };
    row("gelu", "he_normal", wider, Init::HeNormal, 8);
    for (words, activation, residual) in [
        ("pre-activation, 1/sqrt(L)", Activation::Relu, Residual::PreActivation(Skip::Scaled(0.25))),
        ("pre-activation, 1", Activation::Relu, Residual::PreActivation(Skip::Scaled(1.0))),
        ("pre-activation, 1", Activation::Tanh, Residual::PreActivation(Skip::Scaled(1.0))),
        ("post-activation, 1/sqrt(L)", Activation::Relu, Residual::PostActivation(Skip::Scaled(0.25))),
        ("post-activation, 1", Activation::Relu, Residual::PostActivation(Skip::Scaled(1.0))),
        ("post-activation, 1", Activation::Sigmoid, Residual::PostActivation(Skip::Scaled(1.0))),
        ("post-activation, 1", Activation::Tanh, Residual::PostActivation(Skip::Scaled(1.0))),
        ("post-activation, 1", Activation::Gelu, Residual::PostActivation(Skip::Scaled(1.0))),
    ] {
        let architecture = Architecture { residual, ..plain(activation, 16) };
        row(&format!("{}, {words}", activation.word()), "he_normal", architecture.clone(), Init::HeNormal, 8);
        let one = Architecture { outputs: 1, ..architecture };
        row(&format!("{}, {words}, one output", activation.word()), "he_normal", one, Init::HeNormal, 8);
    }
    for activation in [Activation::Relu, Activation::Tanh] {
        let architecture =
            Architecture { residual: Residual::PreActivation(Skip::Scaled(1.0)), norm, ..plain(activation, 16) };
        row(
            &format!("{}, batch norm, pre-activation, 1", activation.word()),
            "he_normal",
            architecture,
            Init::HeNormal,
            64,
        );
    }
    for activation in [Activation::Identity, Activation::Relu, Activation::Tanh, Activation::Sigmoid] {
        for rows in [8, 32, 128] {
            let architecture = Architecture { norm, features: 1024, ..plain(activation, 16) };
            row(&format!("{}, batch norm", activation.word()), "he_normal", architecture, Init::HeNormal, rows);
        }
    }
    println!("\n{NOTES}");
}

const NOTES: &str = "\
Measured: ln of the mean over 16 nets of (`stream_rms` of layer 1 / that of the last layer)^2, divided by the number of
layers between; ± is its standard error from the scatter of the nets. Inputs are drawn from a sphere, 64 features (1024
in the rows with batch norm alone, so that samples are equally far apart from layer 1 on), 10 outputs, cross-entropy.
The last column is the same quotient for `delta_rms`. Where it is not 1:
- gelu from He init: chi rises with the variance, and a deviation of the variance grows from layer to layer, so that
  the few nets that start above the average make most of the mean. A wider net comes closer.
- Post-activation blocks of scale 1 amplify what lies along their stream. With ten outputs the gradient of cross-entropy
  starts out along it; with one output it starts without direction, as predicted.
- Batch norm in residual branches is predicted for a large batch.";

fn row(network: &str, init_name: &str, architecture: Architecture, init: Init, rows: usize) {
    if std::env::args().nth(1).is_some_and(|word| !network.contains(&word)) {
        return;
    }
    let depth = architecture.depth();
    let case = Case { architecture, init: init.into(), rows, nets: NETS, loss: Loss::CrossEntropy };
    let (measured, predicted) = (case.measure(), case.predict());
    let rate = |squares: &[f64]| (squares[0] - squares[depth - 1]) / (depth - 1) as f64;
    println!(
        "| {network} | {init_name} | {} | {depth} | {rows} | {:.4} | {:.4} | {:.4} | {:.4} | {:.4} |",
        case.architecture.widths[0],
        rate(&predicted.stream),
        rate(&measured.stream),
        measured.error / (depth - 1) as f64,
        per_layer(&measured.stream, &predicted.stream),
        per_layer(&measured.delta, &predicted.delta),
    );
}
