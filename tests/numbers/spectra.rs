//! Singular values of Jacobians and the largest eigenvalue of the Hessian, against closed forms and matrices written out.

use crate::support::{settings, text};
use gradsweep::data::{Dataset, Places, Sizes, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::{Batch, Family, Loss, Model, Target, dense::Dense};
use gradsweep::ops::tensor;
use gradsweep::probe::jacobian::{Jacobian, JacobianMeasure};
use gradsweep::probe::sharpness::Sharpness;
use gradsweep::run::train;
use gradsweep::seed::Seeds;
use gradsweep::setting::{Settings, Value};
use gradsweep::stats::eigenvalues::singular_values;
use gradsweep::stats::median;
use gradsweep::table::{Cell, Table};
use std::ops::ControlFlow;

fn seeds(run: u64) -> Seeds {
    Seeds { experiment: 0, run }
}

/// The singular values of each layer, the input, and the net.
type Measured = (Vec<Vec<f64>>, Vec<f64>, Box<dyn Model<f64>>);

/// The singular values of each layer of a dense net at one input of length sqrt(features).
fn measured(settings: &Settings, features: usize, run: u64) -> Measured {
    let sizes = Sizes { input: vec![features], outputs: 3 };
    let packed = Dense::Fused.initial(settings, &sizes, &seeds(run)).unwrap();
    let net = Dense::Fused.build_f64(settings, &sizes, &packed).unwrap();
    let (headless, square) = Dense::Fused.headless(settings, &sizes).unwrap();
    let zeros = vec![0.0; Dense::Fused.layout(&headless, &square).unwrap().count()];
    let mut stream = seeds(run).stream("x", &[]);
    let mut x: Vec<f64> = (0..features).map(|_| stream.normal()).collect();
    let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.iter_mut().for_each(|x| *x *= (features as f64).sqrt() / length);
    let headless = Dense::Fused.build_f64(&headless, &square, &zeros).unwrap();
    let rows = tensor(x.clone(), (1, features)).unwrap();
    (Jacobian::new(headless, &rows).unwrap().measure(&*net).unwrap(), x, net)
}

fn net(activation: &str, init: &str, width: i64, depth: i64) -> Settings {
    settings(&[
        ("activation", text(activation)),
        ("init", text(init)),
        ("width", Value::Int(width)),
        ("depth", Value::Int(depth)),
    ])
}

#[test]
fn orthogonal_linear_layers_keep_every_length() {
    let (layers, ..) = measured(&net("identity", "orthogonal", 48, 12), 10, 1);
    assert_eq!(layers.len(), 12);
    for (values, layer) in layers.iter().zip(1..) {
        assert_eq!(values.len(), 48);
        assert!(values.iter().all(|x| (x - 1.0).abs() < 1e-12), "layer {layer}: {values:?}");
    }
    let whole = JacobianMeasure::of(&layers[0]).unwrap();
    assert!((whole.rms - 1.0).abs() < 1e-12 && whole.spread < 1e-20, "{whole:?}");
}

#[test]
fn a_jacobian_of_zeros_has_zeros_for_its_measures() {
    let whole = JacobianMeasure::of(&singular_values(&[0.0; 12], 3, 4));
    assert_eq!(whole, Some(JacobianMeasure { rms: 0.0, spread: 0.0, max: 0.0, median: 0.0, min: 0.0 }));
}

/// Each layer multiplies by a thousand: the outputs are beyond 1e20, and the gradient of 1 is not lost beside them.
#[test]
fn exploding_nets_have_their_singular_values() {
    let settings = settings(&[
        ("activation", text("identity")),
        ("init", text("orthogonal")),
        ("init.gain", Value::Float(1e3)),
        ("width", Value::Int(12)),
        ("depth", Value::Int(9)),
    ]);
    let (layers, ..) = measured(&settings, 10, 1);
    for (values, factors) in layers.iter().zip((0..9).rev()) {
        let expected = 1e3f64.powi(factors);
        assert!(values.iter().all(|x| (x / expected - 1.0).abs() < 1e-12), "{factors} factors: {values:?}");
    }
}

/// dh3/dh1 = W2 D2 W3 D3 of row vectors, D the slopes of tanh, written out.
#[test]
fn the_jacobian_is_the_product_of_its_layers() {
    let (features, widths) = (5, [4, 6, 3]);
    let settings = settings(&[
        ("activation", text("tanh")),
        ("init", text("lecun_normal")),
        ("widths", Value::List(widths.iter().map(|w| f64::from(*w)).collect())),
    ]);
    let (layers, x, net) = measured(&settings, features, 2);
    let mut packed = Vec::new();
    net.read(&mut |own| packed = own.to_vec()).unwrap();
    let weight =
        |layer: usize| packed[net.layout().find(&format!("layer{layer}.weight")).unwrap().range.clone()].to_vec();
    let times = |a: &[f64], w: &[f64], inner: usize, columns: usize| -> Vec<f64> {
        let entry = |i: usize, j: usize| (0..inner).map(|k| a[i * inner + k] * w[k * columns + j]).sum();
        (0..a.len() / inner * columns).map(|at| entry(at / columns, at % columns)).collect()
    };
    let [one, two, three] = widths.map(|w| w as usize);
    let tanh = |z: Vec<f64>| -> Vec<f64> { z.into_iter().map(f64::tanh).collect() };
    let h1 = tanh(times(&x, &weight(1), features, one));
    let h2 = tanh(times(&h1, &weight(2), one, two));
    let h3 = tanh(times(&h2, &weight(3), two, three));
    let slopes = |m: Vec<f64>, h: &[f64]| -> Vec<f64> {
        m.iter().enumerate().map(|(at, x)| x * (1.0 - h[at % h.len()].powi(2))).collect()
    };
    let last = slopes(weight(3), &h3);
    let both = times(&slopes(weight(2), &h2), &last, two, three);
    let expected = [singular_values(&both, one, three), singular_values(&last, two, three), vec![1.0; 3]];
    for (found, expected) in layers.iter().zip(&expected) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-13), "{found:?} instead of {expected:?}");
    }
}

/// Of L factors: Gaussian linear maps have relative variance L and their largest squared singular value near
/// (L + 1)^(L + 1) / L^L; ReLU doubles the variance, and with orthogonal matrices leaves L (Pennington et al. 2017, 2018).
#[test]
fn wide_nets_have_the_spectra_of_free_probability() {
    let factors = 5;
    let median_of = |activation: &str, init: &str, what: fn(&JacobianMeasure) -> f64| {
        let one = |run| {
            let (layers, ..) = measured(&net(activation, init, 200, factors + 1), 64, run);
            what(&JacobianMeasure::of(&layers[0]).unwrap())
        };
        median(&(1..=3).map(one).collect::<Vec<f64>>()).unwrap()
    };
    let l = factors as f64;
    let near =
        |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 0.15, "{found} instead of {expected}");
    near(median_of("identity", "lecun_normal", |own| own.spread), l);
    near(median_of("identity", "lecun_normal", |own| (own.max / own.rms).powi(2)), (l + 1.0).powf(l + 1.0) / l.powf(l));
    near(median_of("relu", "he_normal", |own| own.spread), 2.0 * l);
    near(median_of("relu", "orthogonal", |own| own.spread), l);
}

#[test]
fn the_sharpness_of_a_linear_regression_is_the_largest_eigenvalue_of_its_second_moments() {
    let (rows, features) = (40, 6);
    let settings = settings(&[("depth", Value::Int(0)), ("bias", Value::Bool(false)), ("init", text("lecun_normal"))]);
    let sizes = Sizes { input: vec![features], outputs: 1 };
    let mut stream = seeds(1).stream("x", &[]);
    let x: Vec<f64> = (0..rows * features).map(|at| stream.normal() * (1 + at % features) as f64).collect();
    let packed = Dense::Fused.initial(&settings, &sizes, &seeds(1)).unwrap();
    let build = || Dense::Fused.build_f64(&settings, &sizes, &packed).unwrap();
    let target = Target::Values((0..rows).map(|_| stream.normal()).collect());
    let batch = Batch { x: tensor(x.clone(), (rows, features)).unwrap(), target, loss: Loss::Mse };
    let found = Sharpness::new(build(), batch, &seeds(1)).measure(&*build()).unwrap();
    // The Hessian of the mean squared error is 2 X^T X / n, whose eigenvalues are squared singular values of X.
    let largest = singular_values(&x, rows, features)[features - 1];
    let expected = 2.0 * largest.powi(2) / rows as f64;
    assert!((found / expected - 1.0).abs() < 1e-7, "{found} instead of {expected}");
}

fn column(table: &Table, name: &str) -> Vec<f64> {
    let at = table.column(name).unwrap();
    table.rows.iter().map(|row| if let Cell::Float(x) = row[at] { x } else { f64::NAN }).collect()
}

/// Gradient descent at the rate eta holds the sharpness at 2 / eta (Cohen et al. 2021): here 1, which is 5 of half the sum over ten
/// outputs, where it begins above and falls first.
#[test]
fn full_batch_training_ends_at_the_edge_of_stability() {
    const FILE: &str = "name = \"edge\"\n[base]\ndata = { kind = \"digits\", n_train = 300 }\ndepth = 2\nwidth = 32\nactivation = \"tanh\"\n\
        init = \"lecun_normal\"\nloss = \"mse\"\nbatch = \"full\"\nsteps = 1500\noptimizer = { kind = \"sgd\", lr = 2.0 }\n\
        [record]\ngradients = { at = [] }\nscore = { every = 250 }\nsharpness = true\n";
    let plan = Experiment::parse(FILE, "edge.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
    let data: Dataset = load(&plan.cells[0].settings, &Places::default()).unwrap();
    let runs = plan.runs(std::slice::from_ref(&data.digest));
    let record = train(&runs[0].spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
    let sharpness = column(&record.history, "sharpness");
    assert!(sharpness[0] > 1.3, "{sharpness:?}");
    assert!(sharpness[4..].iter().all(|own| (own - 1.0).abs() < 0.03), "{sharpness:?}");
}
