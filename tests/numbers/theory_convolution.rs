//! Theory of convolutional nets: against the law of dense nets and the spectrum of the border where these hold exactly, and against
//! networks as the program itself draws and measures them.

use gradsweep::columns;
use gradsweep::data::{Places, Sizes, load};
use gradsweep::experiment::plan::Plan;
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model;
use gradsweep::run::train;
use gradsweep::setting::Settings;
use gradsweep::table::Cell;
use gradsweep::theory::{Inputs, Prediction};
use std::f64::consts::{LN_10, PI};
use std::ops::ControlFlow;

fn plan(base: &str) -> Plan {
    let text =
        format!("name = \"x\"\nseeds = 12\n[base]\nsteps = 1\n{base}\n[record]\nscore = {{ at = [] }}\nprobe = 16\n");
    Experiment::parse(&text, "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap()
}

/// For images of 8 x 8 that are equally bright everywhere.
fn of_even_images(base: &str) -> Prediction {
    let settings: Settings = plan(base).cells[0].settings.clone();
    let is_dense = settings.text("network") == Some("mlp");
    let inputs = Inputs {
        sizes: Sizes { input: if is_dense { vec![64] } else { vec![1, 8, 8] }, outputs: 10 },
        rows: 16,
        squares: vec![0.7],
        centred: vec![0.7],
        steps: Vec::new(),
        images: vec![vec![0.7; 64]],
        classes: true,
        targets: vec![0.0; 160],
    };
    model::family(&settings).predict(&settings, &inputs).unwrap()
}

fn assert_equal(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{a} and {b}: {what}"));
}

/// Without a border every position is like every other, and a kernel is a dense layer of as many inputs.
#[test]
fn without_a_border_a_convolutional_net_is_a_dense_one() {
    let init = "init = { kind = \"gaussian\", sigma_w = 1.4, sigma_b = 0.3 }\ndepth = 12";
    for activation in ["tanh", "relu", "sigmoid", "identity"] {
        for residual in ["none", "pre_activation"] {
            let both = format!("{init}\nactivation = \"{activation}\"\nresidual = \"{residual}\"");
            let dense = of_even_images(&both);
            for own in ["padding = \"circular\"", "kernel = 1", "padding = \"circular\", kernel = 5"] {
                let conv = of_even_images(&format!("network = {{ kind = \"conv\", {own} }}\n{both}"));
                assert_equal(&conv.stream, &dense.stream, &both);
                assert_equal(&conv.delta, &dense.delta, &both);
            }
        }
    }
    // The centre of a kernel reads nothing beyond the border.
    let delta = "init = { kind = \"delta_orthogonal\", gain = 1.3 }\ndepth = 12\nbias = false";
    let dense = of_even_images("init = { kind = \"gaussian\", sigma_w = 1.3 }\ndepth = 12\nwidth = 64\nbias = false");
    let conv = of_even_images(&format!("network = {{ kind = \"conv\", channels = 1 }}\n{delta}"));
    assert_equal(&conv.stream, &dense.stream, delta);
}

/// A linear net's gradient comes to fade as the largest eigenvalue of the mean over neighbours says: in each direction that of a
/// path, (1 + 2 cos(pi / (m + 1))) / 3 for m positions.
#[test]
fn a_border_of_zeros_fades_by_the_spectrum_of_a_path() {
    let own = "network = { kind = \"conv\", channels = 4 }\nactivation = \"identity\"\ndepth = 200";
    let stream = of_even_images(own).stream;
    let eigenvalue = ((1.0 + 2.0 * (PI / 9.0).cos()) / 3.0).powi(2);
    assert!((stream[0] - stream[1] - eigenvalue.ln()).abs() < 1e-9);
    assert!((-eigenvalue.log10() / 2.0 - 0.0178).abs() < 5e-5);
}

/// Where every other position is left out, those that are read hand back as much in all: the norm is kept, not the mean square.
#[test]
fn stages_keep_the_norm_of_a_linear_nets_gradient() {
    let own = "network = { kind = \"conv\", padding = \"circular\", stages = 2 }\nactivation = \"identity\"\ndepth = 6";
    let stream = of_even_images(own).stream;
    for (layer, square) in stream.iter().enumerate() {
        let positions: f64 = if layer < 3 { 64.0 } else { 16.0 };
        assert!((square + (positions / 16.0).ln()).abs() < 1e-12, "layer {}: {square}", layer + 1);
    }
}

/// Predicted and measured attenuation, by the program's own way from file to record.
fn measured(base: &str) -> (f64, Vec<f64>) {
    let plan = plan(base);
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    let rows = runs[0].spec.cadence.probe_rows(0, data.train.rows);
    let settings = &runs[0].spec.settings;
    let stream = model::family(settings).predict(settings, &Inputs::of(&data, &rows)).unwrap().stream;
    let last = stream.len() - 1;
    let place = columns::OUTCOMES.iter().position(|c| c.name == "attenuation_init").unwrap();
    let values = runs.iter().map(|run| {
        let record = train(&run.spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
        if let Cell::Float(x) = record.outcome[place] { x } else { panic!("{:?}", record.outcome[place]) }
    });
    ((stream[last] - stream[0]) / (2.0 * LN_10 * last as f64), values.collect())
}

/// The bias of so few channels, plus three standard errors of the mean over the nets as they were found.
#[test]
fn nets_lose_what_theory_says() {
    let relu = "activation = \"relu\"\ninit = \"he_normal\"";
    for (base, bias) in [
        ("network = \"conv\"".to_string(), 0.003),
        ("network = { kind = \"conv\", padding = \"circular\" }".into(), 0.003),
        ("network = \"conv\"\ninit = \"delta_orthogonal\"".into(), 0.003),
        ("network = { kind = \"conv\", stages = 2 }".into(), 0.003),
        (format!("network = \"conv\"\n{relu}"), 0.008),
        (format!("network = {{ kind = \"conv\", padding = \"circular\" }}\n{relu}"), 0.008),
        (format!("network = {{ kind = \"conv\", stages = 2 }}\n{relu}\nresidual = true"), 0.008),
    ] {
        let (predicted, values) = measured(&format!("batch = 16\ndepth = 12\n{base}"));
        let (nets, mean) = (values.len() as f64, values.iter().sum::<f64>() / values.len() as f64);
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (nets - 1.0);
        let bound = bias + 3.0 * (variance / nets).sqrt();
        println!("{mean:+.4} sd {:.4} for {predicted:+.4}: {base:?}", variance.sqrt());
        assert!((mean - predicted).abs() < bound, "{mean} for {predicted}, bound {bound}: {base}");
    }
}
