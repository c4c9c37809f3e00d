//! Theory against independent integration (scripts/theory_reference.py), closed forms and published numbers.

use gradsweep::model::dense::{Architecture, Residual as Form};
use gradsweep::model::init::{Init, Start};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::Skip;
use gradsweep::ops::loss::Loss;
use gradsweep::ops::norm::{Norm, NormKind, Placement};
use gradsweep::theory::mean_field::{mean_square, slope_square};
use gradsweep::theory::{Limit, MeanField, NoPrediction, Outputs, Prediction, ResidualBlock};

use crate::at_init::at_the_end;
use crate::finite_width::log_factor;
use crate::theory_closed_forms::{batch_growth, critical, gradient_depth, growth_of_large_batches, transient};
use std::f64::consts::PI;

fn predict(
    architecture: &Architecture,
    init: impl Into<Start>,
    inputs: &[f64],
    batch: usize,
) -> Result<Prediction, NoPrediction> {
    let outputs = at_the_end(architecture.outputs, architecture.output_activation, batch);
    gradsweep::model::dense::theory::predict(architecture, init, inputs, batch, &outputs)
}

/// Of deep layers, without eps.
fn growth(activation: Activation, batch: usize) -> Result<f64, NoPrediction> {
    batch_growth(activation, batch, 0.0, Init::LecunNormal)
}

fn field(activation: Activation, weight_variance: f64, bias_variance: f64) -> MeanField {
    MeanField { activation, weight_variance, bias_variance }
}

fn close(computed: f64, known: f64, relative: f64, what: &str) {
    assert!((computed - known).abs() <= relative * known.abs(), "{what}: {computed:e} against {known:e}");
}

/// To the digits that a table prints.
fn printed(computed: f64, digits: &str, what: &str) {
    let decimals = digits.split_once('.').map_or(0, |(_, d)| d.len());
    let known: f64 = digits.parse().unwrap();
    let half = 0.5 * 10f64.powi(-(decimals as i32));
    assert!((computed - known).abs() <= 1.001 * half, "{what}: {computed} against {digits}");
}

struct Row {
    quantity: String,
    activation: Activation,
    first: f64,
    second: f64,
    value: f64,
}

fn reference() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/theory_reference.csv");
    let number = |text: &str| text.parse().unwrap_or(f64::NAN);
    let row = |r: csv::StringRecord| {
        let plain = Activation::ALL.into_iter().find(|a| a.word() == &r[1]).unwrap();
        let activation = match plain {
            Activation::LeakyRelu { .. } => Activation::LeakyRelu { slope: r[2].parse().unwrap() },
            Activation::Prelu { .. } => Activation::Prelu { slope: r[2].parse().unwrap() },
            Activation::Elu { .. } => Activation::Elu { alpha: r[2].parse().unwrap() },
            other => other,
        };
        Row { quantity: r[0].into(), activation, first: number(&r[3]), second: number(&r[4]), value: number(&r[5]) }
    };
    csv::Reader::from_path(path).unwrap().records().map(|r| row(r.unwrap())).collect()
}

#[test]
fn theory_agrees_with_independent_integration() {
    let rows = reference();
    for activation in Activation::ALL {
        let own = rows.iter().filter(|r| r.activation.word() == activation.word());
        assert!(own.count() >= 13, "{activation:?} is not in the reference");
    }
    for Row { quantity, activation, first, second, value } in rows {
        let what = format!("{quantity} {activation:?} {first} {second}");
        let unit = field(activation, 1.0, 0.0);
        let given = field(activation, first, second);
        let fixed = || given.limit(1.0).value().unwrap();
        let (computed, relative) = match quantity.as_str() {
            "mean_square" => (mean_square(activation, first), 1e-12),
            "slope_square" => (slope_square(activation, first), 1e-12),
            "variance_slope" => (unit.variance_slope(first), 1e-12),
            "fixed_point" => (fixed(), 1e-12),
            "fixed_chi" => (given.chi(fixed()), 1e-12),
            "critical_weight" => (critical(activation, first).unwrap().0.weight_variance, 1e-11),
            "critical_variance" => (critical(activation, first).unwrap().1, 1e-10),
            "log10_product" => {
                let layers = transient(field(activation, first, 0.0), 1.0, second as usize);
                (layers.iter().map(|(_, chi)| chi.log10()).sum(), 1e-11)
            }
            "mean_product" => (unit.correlation(first, second) * unit.variance(first), 1e-11),
            "slope_product" => (unit.correlation_slope(first, second) * unit.variance(first) / first, 1e-11),
            "fixed_correlation" => (given.fixed_correlation(fixed()), 1e-6),
            "correlation_depth" => (given.correlation_depth(fixed()).unwrap(), 1e-6),
            "width_mean" => (log_factor(activation, first as usize).unwrap().mean, 1e-11),
            "width_variance" => (log_factor(activation, first as usize).unwrap().variance, 1e-11),
            // Sampled: `second` is the standard error.
            "batch_growth" => (growth(activation, first as usize).unwrap(), 4.5 * second / value + 1e-6),
            other => panic!("{other}"),
        };
        close(computed, value, relative, &what);
    }
}

#[test]
fn closed_forms_hold_from_tiny_to_huge_variances() {
    for q in [1e-12, 1e-6, 1e-2, 0.3, 1.0, 7.0, 1e3, 1e8] {
        let what = format!("q = {q}");
        for slope in [0.0, 0.01, 0.2, 1.0] {
            let leaky = Activation::LeakyRelu { slope };
            close(mean_square(leaky, q), q * (1.0 + slope * slope) / 2.0, 1e-13, &what);
            close(slope_square(leaky, q), (1.0 + slope * slope) / 2.0, 1e-13, &what);
        }
        close(mean_square(Activation::Identity, q), q, 1e-13, &what);
        close(mean_square(Activation::Relu, q), q / 2.0, 1e-13, &what);
        // Williams 1998: the arcsine kernel.
        close(mean_square(Activation::Erf, q), 2.0 / PI * (2.0 * q / (1.0 + 2.0 * q)).asin(), 1e-12, &what);
        close(slope_square(Activation::Erf, q), 4.0 / PI / (1.0 + 4.0 * q).sqrt(), 1e-12, &what);
        let gelu = (q / (1.0 + q)).asin() + 2.0 * q / ((1.0 + q) * (1.0 + 2.0 * q).sqrt());
        close(mean_square(Activation::Gelu, q), q / 4.0 + q / (2.0 * PI) * gelu, 1e-12, &what);
        // Of the cosine's characteristic function; over more waves than a tenth of 1e8 nothing is known.
        close(mean_square(Activation::Sine, q), -0.5 * (-2.0 * q).exp_m1(), 1e-12, &what);
        close(slope_square(Activation::Sine, q), 0.5 * (1.0 + (-2.0 * q).exp()), 1e-12, &what);
        let flat = |x: f64| libm::erf(x / (2.0 * q).sqrt());
        close(slope_square(Activation::HardTanh, q), flat(1.0), 1e-12, &what);
    }
}

#[test]
fn slopes_are_derivatives_and_equal_inputs_stay_equal() {
    for activation in Activation::ALL {
        for (weight, bias) in [(0.5, 0.0), (1.7, 0.2), (4.0, 0.05)] {
            let field = field(activation, weight, bias);
            for q in [0.05, 0.9, 12.0] {
                let what = format!("{field:?} at {q}");
                let h = 1e-4 * q;
                let numeric = (field.variance(q + h) - field.variance(q - h)) / (2.0 * h);
                // What rounding leaves of a difference.
                let rounding = 1e-14 * field.variance(q) / h;
                assert!((field.variance_slope(q) - numeric).abs() <= 1e-6 * numeric.abs() + rounding, "{what}");
                close(field.correlation(q, 1.0), 1.0, 1e-12, &what);
                close(field.correlation_slope(q, 1.0), field.chi(q) * q / field.variance(q), 1e-11, &what);
                // Of fourth order, since waves bend fast.
                let apart = |d: f64| field.correlation(q, 0.3 + d) - field.correlation(q, 0.3 - d);
                let numeric = (8.0 * apart(1e-3) - apart(2e-3)) / 0.012;
                close(field.correlation_slope(q, 0.3), numeric, 2e-6, &what);
            }
        }
    }
}

#[test]
fn the_variance_goes_to_a_fixed_point_to_zero_or_beyond_all_bounds() {
    use Activation::*;
    let leaky = LeakyRelu { slope: 0.2 };
    let cases = [
        (field(Relu, 2.0, 0.0), 0.7, Limit::At(0.7)),
        (field(leaky, 2.0 / 1.04, 0.0), 3.0, Limit::At(3.0)),
        (field(Relu, 2.01, 0.0), 0.7, Limit::Infinite),
        (field(Relu, 2.0, 0.1), 0.7, Limit::Infinite),
        (field(Relu, 1.99, 0.0), 0.7, Limit::Zero),
        (field(Tanh, 1.0, 0.0), 1.0, Limit::Zero),
        (field(Softsign, 1.0, 0.0), 1.0, Limit::Zero),
        (field(Elu { alpha: 1.0 }, 1.0, 0.0), 1.0, Limit::Zero),
        (field(Gelu, 2.0, 0.0), 2.0, Limit::Zero),
        // Gelu's fixed point at this gain repels: what starts beside it leaves.
        (field(Gelu, 2.351_716, 0.0), 0.9, Limit::Zero),
        (field(Gelu, 2.351_716, 0.0), 1.1, Limit::Infinite),
        (field(Identity, 0.0, 0.3), 1.0, Limit::At(0.3)),
        (field(Identity, 0.0, 0.0), 1.0, Limit::Zero),
        (field(Tanh, 0.5, 0.0), 0.0, Limit::Zero),
    ];
    for (field, start, limit) in cases {
        match (field.limit(start), limit) {
            (Limit::At(found), Limit::At(known)) => close(found, known, 1e-12, &format!("{field:?}")),
            (found, known) => assert_eq!(found, known, "{field:?} from {start}"),
        }
    }
    for activation in Activation::ALL {
        for (weight, bias) in [(0.3, 0.0), (1.2, 0.05), (2.0, 0.0), (2.0, 0.3), (40.0, 1e-6)] {
            for start in [1e-3, 1.0, 50.0] {
                let field = field(activation, weight, bias);
                if let Limit::At(q) = field.limit(start) {
                    close(field.variance(q), q, 1e-12, &format!("{field:?} from {start}"));
                }
            }
        }
    }
}

#[test]
fn published_rates_come_out_to_their_digits() {
    use Activation::*;
    let rows = [
        (Tanh, 25.0 / 9.0, 0.0, "1.17848", "1.209831"),
        (Tanh, 2.0, 0.0, "0.617965", "1.105529"),
        (Tanh, 1.0, 0.05, "0.193593", "0.759032"),
        (Tanh, 1.5, 0.05, "0.418037", "0.938636"),
        (Tanh, 2.5, 0.05, "1.06396", "1.133516"),
        (Tanh, 1.69, 0.09, "0.607047", "0.939807"),
        (Tanh, 6.25, 0.09, "4.07912", "1.585225"),
        (Tanh, 16.0, 0.09, "12.6041", "2.367261"),
        (Sigmoid, 1.0 / 3.0, 0.0, "0.0850338", "0.020008"),
        (Sigmoid, 1.0, 0.0, "0.264687", "0.055721"),
        (Sigmoid, 2.0, 0.0, "0.555290", "0.100977"),
        (Sigmoid, 16.0, 0.0, "5.8554", "0.398879"),
        (HardTanh, 1.0, 0.05, "0.340203", "0.913558"),
        (Erf, 2.0, 0.05, "0.965955", "1.154653"),
        (Selu, 1.0, 0.0, "1.000000", "1.071575"),
        (Softplus, 1.0, 0.0, "0.856305", "0.288722"),
    ];
    for (activation, weight, bias, q, chi) in rows {
        let field = field(activation, weight, bias);
        let fixed = field.limit(1.0).value().unwrap();
        printed(fixed, q, activation.word());
        printed(field.chi(fixed), chi, activation.word());
    }
    for (activation, weight, chi) in
        [(Gelu, 2.351_716, "1.07203"), (Silu, 2.810_761, "1.06663"), (Mish, 2.210_716, "1.05912")]
    {
        printed(field(activation, weight, 0.0).variance(1.0), "1.00000", activation.word());
        printed(field(activation, weight, 0.0).chi(1.0), chi, activation.word());
    }
    // Torch's default at fan-in 64, where the bias has the weights' variance.
    let torch = field(Tanh, 1.0 / 3.0, 1.0 / 192.0);
    printed(torch.chi(torch.limit(1.0).value().unwrap()), "0.32830", "tanh");
    for (weight, scale) in [(1.0, "3.627"), (2.5, "7.979")] {
        let field = field(Tanh, weight, 0.05);
        printed(gradient_depth(field, field.limit(1.0).value().unwrap()), scale, "xi");
    }
    // In the ordered phase pairs converge at the rate of the gradient (Schoenholz et al. 2017).
    let ordered = field(Tanh, 1.0, 0.05);
    let q = ordered.limit(1.0).value().unwrap();
    close(ordered.correlation_depth(q).unwrap(), gradient_depth(ordered, q), 1e-11, "xi_c");
    printed(field(Selu, 1.0, 0.0).variance_slope(1.0), "0.78265", "selu");
    // Critical tanh fades as a power of depth: the product of the chis times the depth tends to 0.706.
    for (depth, constant) in [(10, "0.7137"), (100_000, "0.7061")] {
        let product: f64 = transient(field(Tanh, 1.0, 0.0), 1.0, depth).iter().map(|(_, chi)| chi).product();
        printed(product * depth as f64, constant, "critical tanh");
    }
    let (erf, q) = critical(Erf, 0.05).unwrap();
    printed(erf.weight_variance, "1.375839", "erf");
    printed(q, "0.517177", "erf");
    printed(critical(Erf, 0.0).unwrap().0.weight_variance, "0.785398", "erf");
    printed(critical(Relu, 0.0).unwrap().0.weight_variance, "2.000000", "relu");
    assert_eq!(critical(Relu, 0.1), None);
}

#[test]
fn residual_blocks_grow_as_their_product_says() {
    let through = |activation, weight, scale: f64, depth| {
        let block = ResidualBlock { layer: field(activation, weight, 0.0), scale };
        (0..depth).fold((1.0, 1.0), |(q, g), _| (block.variance(q), g * block.gradient(q)))
    };
    let (q, g) = through(Activation::Relu, 2.0, 1.0, 20);
    close(q, 1_048_576.0, 1e-12, "relu");
    close(g, 1_048_576.0, 1e-12, "relu");
    printed(through(Activation::Relu, 2.0, 0.5, 20).1, "86.74", "relu, half");
    printed(through(Activation::Relu, 2.0, 20f64.sqrt().recip(), 20).1, "2.6533", "relu, 1/sqrt L");
    printed(through(Activation::Relu, 2.0, 50f64.sqrt().recip(), 50).1, "2.6916", "relu, 1/sqrt L");
    for (depth, q, g) in [(10, "6.777", "14.06"), (50, "39.59", "1361"), (100, "84.45", "38010")] {
        let (variance, gradient) = through(Activation::Tanh, 1.0, 1.0, depth);
        printed(variance, q, "tanh");
        // Five digits print as 3.801e4.
        if depth < 100 { printed(gradient, g, "tanh") } else { printed(gradient / 10.0, "3801", "tanh") }
    }
    let architecture = |depth| Architecture {
        norm: Some(Norm::new(NormKind::BATCH, Placement::Before)),
        residual: Form::PreActivation(Skip::Scaled(1.0)),
        dropout: 0.0,
        ..net(Activation::Relu, depth)
    };
    for (blocks, growth) in [(10, "17.34"), (20, "42.93"), (50, "153.4")] {
        // sigma_w^2 = 2 and features of mean square 1/2 start the stream at variance 1.
        let prediction = predict(&architecture(blocks + 1), Init::HeNormal, &[0.5], 64).unwrap();
        printed(prediction.stream[0].exp(), growth, "batch norm in a residual branch");
    }
}

#[test]
fn batch_normalization_grows_as_its_closed_forms_say() {
    for (batch, relu) in
        [(4, "3.08406"), (8, "1.78819"), (16, "1.58995"), (32, "1.52195"), (64, "1.49306"), (128, "1.47968")]
    {
        let b = f64::from(batch);
        let what = format!("batch {batch}");
        close(growth(Activation::Identity, batch as usize).unwrap(), (b - 2.0) / (b - 3.0), 1e-12, &what);
        // Yang et al. 2019 by the arc-cosine kernels at c = -1 / (B - 1).
        let c: f64 = -1.0 / (b - 1.0);
        let (j1, j0) = (((1.0 - c * c).sqrt() + (PI - c.acos()) * c) / PI, (PI - c.acos()) / PI);
        let exact = ((b - 1.0 + j0) / (1.0 - j1) - 1.0) / (b - 3.0);
        let computed = growth(Activation::Relu, batch as usize).unwrap();
        close(computed, exact, 1e-11, &what);
        printed(computed, relu, &what);
    }
    let large = [
        (Activation::Identity, "1.000000"),
        (Activation::Relu, "1.466942"),
        (Activation::LeakyRelu { slope: 0.2 }, "1.24360"),
        (Activation::Tanh, "1.177807"),
        (Activation::Sigmoid, "1.033592"),
        (Activation::Erf, "1.225700"),
        (Activation::Selu, "1.071575"),
        (Activation::Elu { alpha: 1.0 }, "1.079013"),
        (Activation::Gelu, "1.318845"),
        (Activation::Silu, "1.212081"),
    ];
    for (activation, growth) in large {
        printed(growth_of_large_batches(activation), growth, activation.word());
    }
    for activation in Activation::ALL {
        let limit = growth_of_large_batches(activation);
        let mut last = f64::INFINITY;
        for batch in [4, 8, 10_000] {
            let growth = growth(activation, batch).unwrap();
            assert!(growth < last && growth > limit && limit > 1.0 - 1e-12, "{activation:?}, {batch}: {growth} {last}");
            last = growth;
        }
        close(last, limit, 1e-3, activation.word());
        for batch in 0..4 {
            assert_eq!(growth(activation, batch), Err(NoPrediction::SmallBatch));
        }
    }
}

/// Decades a layer where the signal has faded: (1 - t)^2 + t^2 of the square is left, t = sigmoid(b_T).
#[test]
fn highways_of_small_signals_fade_by_what_the_gate_takes() {
    for (transform_bias, fades) in
        [(0.0, "0.1505"), (-1.0, "0.1085"), (-2.0, "0.0512"), (-3.0, "0.0206"), (-4.0, "0.0078")]
    {
        let residual = Form::Highway { transform_bias };
        let small =
            predict(&Architecture { residual, ..net(Activation::Tanh, 30) }, Init::LecunNormal, &[1e-8], 1).unwrap();
        printed(small.attenuation().unwrap(), fades, "tanh highway");
    }
    // Measured in 48 PyTorch nets of width 50: .0528 and .0226 a layer at depth 10.
    for (transform_bias, fades) in [(-2.0, "0.0528"), (-3.0, "0.0226"), (-4.0, "0.0090")] {
        let residual = Form::Highway { transform_bias };
        let prediction =
            predict(&Architecture { residual, ..net(Activation::Tanh, 10) }, Init::LecunNormal, &[1.0], 1).unwrap();
        printed(prediction.attenuation().unwrap(), fades, "tanh highway");
    }
}

/// A layer multiplies the squared gradient by E phi'^2 / E phi^2 at variance 1, whatever the weights are drawn with: without
/// the square of the mean in the denominator, which makes all the difference to a batch norm where phi has a mean.
#[test]
fn norms_of_a_sample_keep_the_ratio_of_slope_and_value() {
    let rows = [
        (Activation::Identity, "1.00000"),
        (Activation::Relu, "1.00000"),
        (Activation::LeakyRelu { slope: 0.01 }, "1.00000"),
        (Activation::Tanh, "1.17781"),
        (Activation::Sigmoid, "0.15283"),
        (Activation::Selu, "1.071575"),
        (Activation::Gelu, "1.07203"),
        (Activation::Silu, "1.06663"),
        (Activation::Mish, "1.05912"),
        (Activation::HardTanh, "1.32289"),
        (Activation::Erf, "1.22570"),
    ];
    for kind in [NormKind::Layer, NormKind::Rms] {
        for (activation, ratio) in rows {
            for (init, inputs) in [(Init::LecunNormal, [1.0]), (Init::Gaussian { sigma_w: 3.0, sigma_b: 0.0 }, [0.2])] {
                let norm = Norm { eps: 1e-12, ..Norm::new(kind, Placement::Before) };
                let architecture = Architecture { norm: Some(norm), ..net(activation, 20) };
                let prediction = predict(&architecture, init, &inputs, 1).unwrap();
                printed((prediction.stream[3] - prediction.stream[4]).exp(), ratio, activation.word());
            }
        }
        // With skips the growth of the stream alone is left: v_L / v_1, which is L blocks of variance 1, or 2 in all.
        for (scale, depth, growth) in [(1.0, 32, 32.0), (32f64.sqrt().recip(), 33, 2.0)] {
            let norm = Norm { eps: 1e-12, ..Norm::new(kind, Placement::Before) };
            let residual = Form::PreActivation(Skip::Scaled(scale));
            let architecture = Architecture { norm: Some(norm), residual, ..net(Activation::Relu, depth) };
            let prediction = predict(&architecture, Init::HeNormal, &[0.5], 1).unwrap();
            close(prediction.stream[0].exp(), growth, 1e-9, "relu with skips");
        }
    }
}

/// Where eps is far above the variance, a norm divides by its root alone: an interior layer multiplies the squared gradient by
/// sigma_w^2 phi'(0)^2 / eps, as without a norm but for the division.
#[test]
fn a_large_eps_leaves_a_division() {
    let init = Init::Gaussian { sigma_w: 0.003, sigma_b: 0.0 };
    for (activation, slope) in [(Activation::Identity, 1.0), (Activation::Tanh, 1.0), (Activation::Sigmoid, 0.25)] {
        for batch in [4, 16, 64] {
            let growth = batch_growth(activation, batch, 1.0, init).unwrap();
            close(growth, 9e-6 * slope * slope, 1e-3, activation.word());
        }
    }
}

/// With eps of the size of the variance, against batches that are drawn: z = sqrt(a) P g, u = z / s, and the trace of what
/// the norm's Jacobian (P - u u^T / B) / s makes of D P D.
#[test]
fn eps_acts_as_in_drawn_batches() {
    const B: usize = 8;
    const DRAWS: usize = 10_000;
    let mut stream = gradsweep::seed::Seeds { experiment: 0, run: 1 }.stream("batches", &[]);
    for activation in [Activation::Relu, Activation::Tanh, Activation::Sigmoid] {
        let eps = 0.1;
        let (mut a, mut growth) = (1.0f64, 0.0);
        for _ in 0..30 {
            let (mut spread, mut passed) = (0.0, 0.0);
            for _ in 0..DRAWS {
                let centred = |v: &[f64; B]| v.map(|x| x - v.iter().sum::<f64>() / B as f64);
                let z = centred(&std::array::from_fn(|_| a.sqrt() * stream.normal()));
                let s = (z.iter().map(|x| x * x).sum::<f64>() / B as f64 + eps).sqrt();
                let u = z.map(|z| z / s);
                spread += centred(&u.map(|u| activation.value(u))).iter().map(|x| x * x).sum::<f64>() / (B - 1) as f64;
                // P D M: the rows of M D P, for a basis of the batch.
                for i in 0..B {
                    let mut basis = [0.0; B];
                    basis[i] = 1.0;
                    let m = centred(&basis);
                    let along = u[i] / B as f64;
                    let row: [f64; B] = std::array::from_fn(|j| (m[j] - along * u[j]) * activation.slope(u[j]) / s);
                    passed += centred(&row).iter().map(|x| x * x).sum::<f64>() / (B - 1) as f64;
                }
            }
            (a, growth) = (spread / (DRAWS) as f64, passed / (DRAWS) as f64);
        }
        let computed = batch_growth(activation, B, eps, Init::LecunNormal).unwrap();
        close(computed, growth, 0.04, activation.word());
    }
}

/// The squared error's moments are sums: what samples share is the mean of outputs and targets, and an output's own square
/// lies along the stream.
#[test]
fn moments_of_the_output_gradient_take_their_closed_forms() {
    for (count, rows) in [(1, 24), (3, 12), (10, 64)] {
        let outputs = Outputs { loss: Loss::Mse, ..at_the_end(count, Activation::Identity, rows) };
        let (c, b) = (count as f64, rows as f64);
        let means = (0..count).map(|k| (0..rows).filter(|i| i % count == k).count() as f64 / b);
        let common: f64 = means.map(|mean| mean * mean).sum();
        for own in [0.0, 0.01, 0.1] {
            close(outputs.shared(own, 0.0), (common + c * own / b) / (c * own + 1.0), 0.05, "shared");
        }
        let targets = vec![0.0; count * rows];
        let nothing_to_fit = Outputs { targets, ..outputs };
        let [ones, both, stream] = nothing_to_fit.overlap(0.7, 0.4, 0.5);
        close(stream, (c + 2.0) * 0.5, 0.03, "along the stream");
        close(both, (c + 2.0) * 0.4, 0.03, "along both");
        close(ones, (c + 2.0) * 0.4 * 0.4 / 0.5 + 1.0 - 0.4 * 0.4 / 0.5, 0.03, "along (1, ..., 1)");
    }
    // With targets of mean 0 only outputs that are alike in all samples are shared: the median of a squared normal is 0.4549.
    let targets = (0..24).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let balanced = Outputs { loss: Loss::Mse, targets, ..at_the_end(1, Activation::Identity, 24) };
    for common in [0.1, 1.0, 10.0] {
        close(balanced.shared(0.0, common), 0.4549 * common / (0.4549 * common + 1.0), 0.05, "the median net's");
    }
    // Of small outputs the softmax does not depend on them.
    let small = at_the_end(10, Activation::Identity, 10).overlap(1e-6, 0.4, 0.5);
    for (computed, independent) in small.into_iter().zip([1.0, 0.4, 0.5]) {
        close(computed, independent, 0.04, "independent");
    }
}

fn net(activation: Activation, depth: usize) -> Architecture {
    Architecture {
        features: 32,
        outputs: 10,
        widths: vec![64; depth],
        activation,
        output_activation: Activation::Identity,
        bias: true,
        norm: None,
        residual: Form::None,
        dropout: 0.0,
    }
}

#[test]
fn every_network_is_predicted_or_refused_in_words() {
    let norms = NormKind::ALL.into_iter().flat_map(|kind| Placement::ALL.map(|place| Some(Norm::new(kind, place))));
    let forms = [
        Form::None,
        Form::PreActivation(Skip::Scaled(0.5)),
        Form::PostActivation(Skip::Scaled(0.5)),
        Form::Highway { transform_bias: -1.0 },
    ];
    for activation in Activation::ALL {
        for residual in forms {
            for norm in norms.clone().chain([None]) {
                for depth in [1, 2, 30] {
                    let architecture = Architecture { norm, residual, ..net(activation, depth) };
                    match predict(&architecture, Init::LecunNormal, &[0.5, 2.0], 16) {
                        Err(reason) => {
                            let about = ["batch normalization", "normalization in post", "normalization in highway"];
                            let said = reason.to_string();
                            assert!(norm.is_some() && about.iter().any(|about| said.contains(about)), "{said}");
                        }
                        Ok(prediction) => {
                            assert_eq!((prediction.stream.len(), prediction.delta.len()), (depth, depth));
                            let delta = (depth > 1).then(|| prediction.delta[depth - 1] - prediction.delta[0]);
                            let all = [prediction.attenuation(), delta];
                            assert!(all.iter().all(|a| a.is_some() == (depth > 1)), "{architecture:?}");
                            // A caveat says what it is about.
                            let about = match (norm.filter(|norm| norm.kind.is_over_batch()), residual) {
                                (Some(_), Form::None) => Some("Batch normalization: "),
                                (Some(_), _) => Some("Batch normalization in residual blocks: "),
                                (None, Form::PostActivation(_)) => Some("Post-activation residual blocks: "),
                                (None, _) => None,
                            };
                            let caveat = prediction.caveat;
                            assert_eq!(caveat.is_some(), about.is_some(), "{architecture:?}");
                            assert!(caveat.is_none_or(|caveat| caveat.starts_with(about.unwrap())), "{caveat:?}");
                            assert!(all.iter().flatten().all(|a| a.is_finite()), "{architecture:?}: {all:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn attenuation_is_that_of_the_finite_product() {
    // Glorot & Bengio's standard init: sigma_w^2 = 1/3, so that a linear layer loses half of log10(3) decades.
    let linear = predict(&net(Activation::Identity, 6), Init::UniformFanIn, &[1.0], 1).unwrap();
    close(linear.attenuation().unwrap(), 3f64.log10() / 2.0, 1e-12, "linear");
    // Stream and delta count the transient from either end: chi(q_2) ... chi(q_L) and chi(q_1) ... chi(q_(L-1)).
    let tanh = predict(&net(Activation::Tanh, 5), Init::Gaussian { sigma_w: 1.0, sigma_b: 0.3 }, &[1.0], 1).unwrap();
    let chis = transient(field(Activation::Tanh, 1.0, 0.09), 1.09, 5);
    let log = |chis: &[(f64, f64)]| chis.iter().map(|(_, chi)| chi.ln()).sum::<f64>();
    close(tanh.stream[0], log(&chis[1..]), 1e-12, "stream");
    close(tanh.delta[0] - tanh.delta[4], log(&chis[..4]), 1e-12, "delta");
    // No depth underflows, and a branch or a net that hands nothing on is said to be infinitely faint.
    let deep = predict(&net(Activation::Sigmoid, 5000), Init::LecunNormal, &[1.0], 1).unwrap();
    close(deep.attenuation().unwrap(), -0.5 * 0.055_721f64.log10(), 1e-4, "sigmoid");
    let relu = |init, depth| predict(&net(Activation::Relu, depth), init, &[1.0], 1).unwrap().attenuation().unwrap();
    close(relu(Init::UniformFanIn, 2000), 0.5 * 6f64.log10(), 1e-12, "relu dies out");
    close(relu(Init::Gaussian { sigma_w: 1e6, sigma_b: 0.0 }, 2000), -0.5 * 5e11f64.log10(), 1e-12, "relu explodes");
    let skips = |residual| Architecture { residual, ..net(Activation::Relu, 2000) };
    let grown = predict(&skips(Form::PreActivation(Skip::Scaled(1.0))), Init::HeNormal, &[1.0], 1).unwrap();
    close(grown.attenuation().unwrap(), -0.5 * 2f64.log10(), 1e-12, "residual relu explodes");
    let lost = predict(&skips(Form::PostActivation(Skip::Scaled(1.0))), Init::HeNormal, &[1.0], 1);
    assert!(lost.unwrap_err().to_string().contains("grows beyond"));
    for bad in [&[][..], &[-1.0], &[1.0, f64::NAN], &[f64::INFINITY]] {
        assert!(
            predict(&net(Activation::Relu, 4), Init::HeNormal, bad, 1)
                .unwrap_err()
                .to_string()
                .contains("mean squares")
        );
    }
    let mute = predict(&net(Activation::Tanh, 4), Init::Gaussian { sigma_w: 0.0, sigma_b: 0.0 }, &[1.0], 1).unwrap();
    assert_eq!(mute.attenuation(), Some(f64::INFINITY));
    let learned = Architecture { residual: Form::PreActivation(Skip::Learned), ..net(Activation::Tanh, 4) };
    let learned = predict(&learned, Init::LecunNormal, &[1.0], 1).unwrap();
    assert_eq!((learned.attenuation(), learned.delta[0]), (Some(0.0), f64::NEG_INFINITY));
    // Wider than its features, an orthogonal first layer spreads the same length over more units.
    let orthogonal = predict(&net(Activation::Tanh, 3), Init::Orthogonal, &[1.0], 1).unwrap();
    let half = predict(&net(Activation::Tanh, 3), Init::LecunNormal, &[0.5], 1).unwrap();
    assert_eq!(orthogonal, half);
}
