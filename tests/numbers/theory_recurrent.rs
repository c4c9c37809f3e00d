//! Theory of the gradient through time: against numbers of an independent program (PyTorch and quadrature, f64), and against
//! networks as the program itself draws, trains and measures them.

use gradsweep::columns;
use gradsweep::data::{Places, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model;
use gradsweep::ops::activation::Activation;
use gradsweep::run::train;
use gradsweep::table::Cell;
use gradsweep::theory::recurrent::{chi_product, identity_relu, linear, normed_product};
use gradsweep::theory::recurrent_gates::Gated;
use gradsweep::theory::{Inputs, MeanField};
use std::ops::ControlFlow;

/// Decades a step from the last to the first.
fn per_step(state: &[f64]) -> f64 {
    (state[state.len() - 1] - state[0]) / (2.0 * std::f64::consts::LN_10 * (state.len() - 1) as f64)
}

#[test]
fn the_product_over_steps_is_that_of_an_independent_quadrature() {
    for (activation, gain, input, steps, wanted) in [
        (Activation::Tanh, 0.5, 0.3, 28, 0.3404),
        (Activation::Tanh, 1.0, 0.1, 28, 0.0249),
        (Activation::Tanh, 1.0, 0.3, 28, 0.0756),
        (Activation::Tanh, 1.0, 0.3, 64, 0.0766),
        (Activation::Tanh, 1.0, 1.0, 28, 0.1994),
        (Activation::Tanh, 1.5, 0.3, 8, -0.0390),
        (Activation::Tanh, 1.5, 0.3, 28, -0.0197),
        (Activation::Tanh, 1.5, 0.3, 200, -0.0138),
        (Activation::Tanh, 2.0, 0.3, 64, -0.0654),
        (Activation::Sigmoid, 1.0, 1.0, 28, 0.6886),
        (Activation::Sigmoid, 4.0, 1.0, 64, 0.2153),
        (Activation::Relu, 1.0, 1.0, 28, 0.1505),
        (Activation::Relu, 2f64.sqrt(), 1.0, 28, 0.0),
        (Activation::Identity, 0.9, 1.0, 64, 0.0458),
    ] {
        let layer = MeanField { activation, weight_variance: gain * gain, bias_variance: 0.0 };
        let own = per_step(&chi_product(&layer, &[vec![input * input; steps]]));
        assert!((own - wanted).abs() < 6e-5, "{activation:?} {gain} {input} {steps}: {own} for {wanted}");
    }
    assert!((per_step(&linear(0.9, 64)) - 0.9f64.log10().abs()).abs() < 1e-15);
}

/// g^2 E phi'^2 / (g^2 E phi^2 + s^2) at q = 1, by the quadrature of another program.
#[test]
fn a_norm_leaves_the_ratio_of_what_recurs_to_what_comes_in() {
    for (activation, input, wanted) in [
        (Activation::Tanh, 1.0, 0.2387),
        (Activation::Tanh, 0.3, 0.0091),
        (Activation::Relu, 0.3, 0.0359),
        (Activation::Sigmoid, 1.0, 0.730),
    ] {
        let layer = MeanField { activation, weight_variance: 1.0, bias_variance: 0.0 };
        let own = per_step(&normed_product(&layer, 1e-12, &[vec![input * input; 28]]));
        assert!((own - wanted).abs() < 6e-4, "{activation:?} {input}: {own} for {wanted}");
    }
}

#[test]
fn the_identity_start_is_that_of_the_closed_form() {
    for (steps, wanted) in
        [(8, 0.03723), (28, 0.014729), (64, 0.007740), (100, 0.005416), (200, 0.003073), (784, 0.00097)]
    {
        let state = identity_relu(steps);
        assert!((per_step(&state) - wanted).abs() < 6e-6, "{steps}: {}", per_step(&state));
        // All that leaves the last step is there, and ever less on the way back.
        assert!(state[steps - 1].abs() < 1e-12 && state.windows(2).all(|w| w[0] < w[1]));
    }
}

#[test]
fn the_theory_of_gates_is_that_of_a_larger_population() {
    let of = |input: f64, bias: f64, steps: usize, is_lstm: bool| {
        let inputs = vec![input * input; steps];
        let gated = Gated { weight_variance: 1.0, bias_variance: 0.0, gate_bias: bias, inputs: &inputs };
        per_step(&if is_lstm { gated.lstm() } else { gated.gru() })
    };
    for (input, bias, steps, wanted) in [
        (1.0, -1.0, 64, 0.3407),
        (1.0, 0.0, 28, 0.1966),
        (1.0, 0.0, 64, 0.1934),
        (1.0, 1.0, 28, 0.0904),
        (1.0, 1.0, 64, 0.0865),
        (1.0, 3.0, 64, -0.0011),
        (1.0, 5.0, 64, -0.0152),
        (0.3, 0.0, 64, 0.1474),
    ] {
        let own = of(input, bias, steps, true);
        assert!((own - wanted).abs() < 0.003, "LSTM {input} {bias} {steps}: {own} for {wanted}");
    }
    for (input, bias, steps, wanted) in [
        (1.0, -3.0, 28, 0.4146),
        (1.0, -1.0, 64, 0.2736),
        (1.0, 0.0, 28, 0.1837),
        (1.0, 0.0, 64, 0.1799),
        (1.0, 1.0, 64, 0.1031),
        (1.0, 3.0, 64, 0.0251),
        (0.3, 0.0, 64, 0.1447),
    ] {
        let own = of(input, bias, steps, false);
        assert!((own - wanted).abs() < 0.003, "GRU {input} {bias} {steps}: {own} for {wanted}");
    }
}

const NETS: usize = 12;

/// Predicted and measured decades a step of nets on independent inputs, by the program's own way from file to record.
fn measured(settings: &str) -> (f64, Vec<f64>) {
    let text = format!(
        "name = \"x\"\nseeds = {NETS}\n[base]\ndata = {{ kind = \"lag\", features = 16, length = 28, n = 100, lag = 0 }}\n\
         width = 96\nsteps = 1\n{settings}\n[record]\nscore = {{ at = [] }}\nprobe = 32\n"
    );
    let plan = Experiment::parse(&text, "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    let rows = runs[0].spec.cadence.probe_rows(0, data.train.rows);
    let settings = &runs[0].spec.settings;
    let prediction = model::family(settings).predict(settings, &Inputs::of(&data, &rows)).unwrap();
    let place = columns::OUTCOMES.iter().position(|c| c.name == "attenuation_time_init").unwrap();
    let value = |run: &gradsweep::experiment::plan::PlannedRun| {
        let record = train(&run.spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
        if let Cell::Float(x) = record.outcome[place] { x } else { panic!("{:?}", record.outcome[place]) }
    };
    (per_step(&prediction.state), runs.iter().map(value).collect())
}

/// The bias of a finite width, plus three standard errors of the mean over the nets as they were found.
#[test]
fn nets_lose_what_theory_says() {
    let orthogonal = "init.recurrent = \"orthogonal\"";
    for (settings, bias) in [
        (format!("network = \"rnn\"\n{orthogonal}"), 0.002),
        (
            format!(
                "network = \"rnn\"\n{orthogonal}\ninit.recurrent_gain = 1.5\ninit.kind = \"gaussian\"\ninit.sigma_w = 0.3"
            ),
            0.002,
        ),
        (format!("network = \"rnn\"\n{orthogonal}\nactivation = \"sigmoid\""), 0.002),
        (format!("network = \"rnn\"\n{orthogonal}\nactivation = \"relu\""), 0.007),
        ("network = \"rnn\"".into(), 0.012),
        ("network = \"rnn\"\nactivation = \"relu\"\ninit.recurrent = \"identity\"".into(), 0.0008),
        (format!("network = \"rnn\"\n{orthogonal}\nnorm = \"layer\""), 0.005),
        (
            format!("network = \"rnn\"\n{orthogonal}\nnorm = \"rms\"\ninit.kind = \"gaussian\"\ninit.sigma_w = 0.3"),
            0.005,
        ),
        (format!("network = \"rnn\"\n{orthogonal}\nactivation = \"sigmoid\"\nnorm = \"layer\""), 0.009),
        (format!("network = \"lstm\"\n{orthogonal}"), 0.004),
        (format!("network = {{ kind = \"lstm\", forget_bias = 1.0 }}\n{orthogonal}"), 0.004),
        (format!("network = {{ kind = \"lstm\", forget_bias = 3.0 }}\n{orthogonal}"), 0.004),
        (format!("network = \"gru\"\n{orthogonal}"), 0.004),
        (format!("network = {{ kind = \"gru\", update_bias = 3.0 }}\n{orthogonal}"), 0.004),
    ] {
        let (predicted, values) = measured(&settings);
        let mean = values.iter().sum::<f64>() / NETS as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (NETS - 1) as f64;
        let bound = bias + 3.0 * (variance / NETS as f64).sqrt();
        println!("{mean:+.4} sd {:.4} for {predicted:+.4}: {settings:?}", variance.sqrt());
        assert!((mean - predicted).abs() < bound, "{mean} for {predicted}, bound {bound}: {settings}");
    }
}

#[test]
fn a_linear_net_with_an_orthogonal_matrix_is_predicted_to_rounding() {
    for gain in [0.9, 1.0, 1.1] {
        let (predicted, values) = measured(&format!(
            "network = \"rnn\"\ndtype = \"f64\"\nactivation = \"identity\"\ninit.recurrent = \"orthogonal\"\ninit.recurrent_gain = {gain:?}"
        ));
        assert!(values.iter().all(|x| (x - predicted).abs() < 1e-12), "{gain}: {values:?} for {predicted}");
    }
}
