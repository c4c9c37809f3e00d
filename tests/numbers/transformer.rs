//! The transformer against loops by hand, central differences, symmetries, and the closed forms and measured tables at init.

use crate::support::{settings, text};
use gradsweep::data::{Places, Sizes, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::transformer::{Architecture, Transformer};
use gradsweep::model::{Batch, Family, Gradients, Layout, Model, differences};
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::{Mode, Tensor, tensor};
use gradsweep::probe::{LayerMeasure, Probe};
use gradsweep::run::score;
use gradsweep::seed::Seeds;
use gradsweep::setting::{Domain, Settings, Value};

const SEEDS: Seeds = Seeds { experiment: 0, run: 3 };
const ROWS: usize = 3;
const STEPS: usize = 4;
const FEATURES: usize = 3;
const OUTPUTS: usize = 2;

fn sizes() -> Sizes {
    Sizes { input: vec![STEPS, FEATURES], outputs: OUTPUTS }
}

/// A small net with these settings in place of the usual ones.
fn small(own: &[(&'static str, Value)]) -> Settings {
    let mut pairs = vec![
        ("network", text("transformer")),
        ("depth", Value::Int(2)),
        ("width", Value::Int(4)),
        ("network.heads", Value::Int(2)),
        ("network.feed_forward", Value::Int(2)),
        ("activation", text("tanh")),
        ("norm", text("layer")),
        ("norm.place", text("pre")),
    ];
    for (key, value) in own {
        pairs.retain(|(known, _)| known != key);
        pairs.push((key, value.clone()));
    }
    if pairs.contains(&("norm", text("none"))) {
        pairs.retain(|(key, _)| *key != "norm.place");
    }
    settings(&pairs)
}

/// Nets of so many blocks in which each word of each setting of transformers occurs.
fn nets(depth: i64) -> Vec<Settings> {
    let depth = ("depth", Value::Int(depth));
    let plain = [depth.clone(), ("norm.affine", Value::Bool(false)), ("bias", Value::Bool(false))];
    let mut nets = vec![small(std::slice::from_ref(&depth)), small(&plain)];
    for row in Transformer::Fused.settings() {
        let values: Vec<Value> = match row.domain {
            Domain::Word(words) => words.iter().map(|word| text(word)).collect(),
            Domain::FloatOrWord { words, .. } => {
                words.iter().map(|word| text(word)).chain([Value::Float(0.7)]).collect()
            }
            Domain::Bool => vec![Value::Bool(true)],
            _ => vec![],
        };
        for value in values {
            for (norm, place) in [("none", "pre"), ("layer", "pre"), ("layer", "post"), ("rms", "pre"), ("rms", "post")]
            {
                let own = [depth.clone(), (row.key, value.clone()), ("norm", text(norm)), ("norm.place", text(place))];
                let net = small(&own);
                nets.extend(Architecture::from_settings(&net, &sizes()).is_ok().then_some(net));
            }
        }
    }
    nets
}

/// Every parameter drawn, gains, shifts and scales too, so that none is at a place where it does nothing.
fn drawn(layout: &Layout) -> Vec<f64> {
    let mut stream = SEEDS.stream("parameters", &[]);
    (0..layout.count()).map(|_| 0.4 * stream.normal()).collect()
}

fn inputs(rows: usize) -> Vec<f64> {
    let mut stream = SEEDS.stream("x", &[]);
    (0..rows * STEPS * FEATURES).map(|_| stream.normal()).collect()
}

fn batch() -> Batch<f64> {
    let x = tensor(inputs(ROWS), (ROWS, STEPS, FEATURES)).unwrap();
    Batch { x, target: Target::Classes(vec![0, 1, 1]), loss: Loss::CrossEntropy }
}

fn model(settings: &Settings) -> Box<dyn Model<f64>> {
    let packed = drawn(&Transformer::Fused.layout(settings, &sizes()).unwrap());
    Transformer::Fused.build_f64(settings, &sizes(), &packed).unwrap()
}

fn outputs(model: &dyn Model<f64>, x: &[f64]) -> Vec<f64> {
    let x = tensor(x.to_vec(), (x.len() / (STEPS * FEATURES), STEPS, FEATURES)).unwrap();
    model.outputs(&x, Mode::Evaluate).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

type Tokens = Vec<Vec<f64>>;

/// A net by loops over numbers, from the settings' words alone.
struct ByHand<'a> {
    settings: &'a Settings,
    layout: Layout,
    packed: Vec<f64>,
}

impl ByHand<'_> {
    fn own(&self, name: &str) -> Option<&[f64]> {
        self.layout.find(name).map(|parameter| &self.packed[parameter.range.clone()])
    }

    fn affine(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let weight = self.own(&format!("{name}.weight")).unwrap();
        let columns = weight.len() / x.len();
        let bias = self.own(&format!("{name}.bias"));
        let unit =
            |j: usize| (0..x.len()).map(|i| x[i] * weight[i * columns + j]).sum::<f64>() + bias.map_or(0.0, |b| b[j]);
        (0..columns).map(unit).collect()
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let n = x.len() as f64;
        let mean = if self.settings.text("norm") == Some("layer") { x.iter().sum::<f64>() / n } else { 0.0 };
        let size = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n + 1e-5).sqrt();
        let part =
            |what: &str, j: usize, usual: f64| self.own(&format!("{name}.norm.{what}")).map_or(usual, |own| own[j]);
        x.iter().enumerate().map(|(j, x)| (x - mean) / size * part("gain", j, 1.0) + part("shift", j, 0.0)).collect()
    }

    fn is_normed(&self, place: &str) -> bool {
        self.settings.text("norm.place") == Some(place)
    }

    fn sub_layer(&self, layer: usize, name: &str, h: &Tokens, f: impl Fn(&Tokens) -> Tokens) -> Tokens {
        let depth = self.settings.int("depth").unwrap() as f64;
        let (skip, scale) = match self.settings.get("network.branch_scale").unwrap() {
            Value::Text(word) => match word.as_str() {
                "deepnorm" => ((2.0 * depth).powf(0.25), 1.0),
                "1/sqrt(depth)" => (1.0, 1.0 / depth.sqrt()),
                _ => (1.0, self.own(&format!("layer{layer}.scale")).unwrap()[0]),
            },
            Value::Float(scale) => (1.0, *scale),
            other => panic!("{other}"),
        };
        let read = h.iter().map(|t| if self.is_normed("pre") { self.norm(name, t) } else { t.clone() }).collect();
        let joined = |(h, f): (&Vec<f64>, &Vec<f64>)| {
            let sum: Vec<f64> = h.iter().zip(f).map(|(h, f)| skip * h + scale * f).collect();
            if self.is_normed("post") { self.norm(name, &sum) } else { sum }
        };
        h.iter().zip(&f(&read)).map(joined).collect()
    }

    fn attention(&self, name: &str, x: &Tokens) -> Tokens {
        let heads = self.settings.int("network.heads").unwrap() as usize;
        let size = x[0].len() / heads;
        let of = |what: &str| x.iter().map(|t| self.affine(&format!("{name}.{what}"), t)).collect::<Tokens>();
        let (query, value) = (of("query"), of("value"));
        let key = of("key");
        let is_seen = |from: usize, to: usize| !self.settings.flag("network.causal") || to <= from;
        let mixed = |from: usize| {
            let mut mixed = vec![0.0; x[0].len()];
            for head in 0..heads {
                let part = head * size..(head + 1) * size;
                let score =
                    |to: usize| part.clone().map(|j| query[from][j] * key[to][j]).sum::<f64>() / (size as f64).sqrt();
                let weights: Vec<f64> =
                    (0..x.len()).map(|to| if is_seen(from, to) { score(to).exp() } else { 0.0 }).collect();
                let total: f64 = weights.iter().sum();
                for j in part.clone() {
                    mixed[j] = (0..x.len()).map(|to| weights[to] / total * value[to][j]).sum();
                }
            }
            self.affine(&format!("{name}.projection"), &mixed)
        };
        (0..x.len()).map(mixed).collect()
    }

    fn outputs(&self, row: &[f64]) -> Vec<f64> {
        let mut h: Tokens = row.chunks_exact(FEATURES).map(|t| self.affine("embedding", t)).collect();
        h.extend(self.own("class_token").map(<[f64]>::to_vec));
        let width = h[0].len();
        for (t, token) in h.iter_mut().enumerate() {
            for (i, x) in token.iter_mut().enumerate() {
                let angle = t as f64 / 10_000f64.powf((i - i % 2) as f64 / width as f64);
                *x += match self.settings.text("network.positions").unwrap() {
                    "learned" => self.own("positions").unwrap()[t * width + i],
                    "sinusoidal" => [angle.sin(), angle.cos()][i % 2],
                    _ => 0.0,
                };
            }
        }
        for layer in 1..=self.settings.int("depth").unwrap() as usize {
            let name = format!("layer{layer}.attention");
            h = self.sub_layer(layer, &name, &h, |x| self.attention(&name, x));
            let name = format!("layer{layer}.feed_forward");
            let fed = |t: &Vec<f64>| {
                let a: Vec<f64> = self.affine(&format!("{name}.first"), t).iter().map(|z| z.tanh()).collect();
                self.affine(&format!("{name}.second"), &a)
            };
            h = self.sub_layer(layer, &name, &h, |x| x.iter().map(fed).collect());
        }
        if self.is_normed("pre") {
            h = h.iter().map(|t| self.norm("output", t)).collect();
        }
        let read = match self.settings.text("network.read_out").unwrap() {
            "every" => return h.iter().flat_map(|t| self.affine("output", t)).collect(),
            "mean" => (0..width).map(|j| h.iter().map(|t| t[j]).sum::<f64>() / h.len() as f64).collect(),
            _ => h[h.len() - 1].clone(),
        };
        self.affine("output", &read)
    }
}

/// max|a - b| / max|b|.
fn error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0f64, |m, (x, y)| if (x - y).is_nan() { f64::NAN } else { m.max((x - y).abs()) }) / size
}

#[test]
fn outputs_are_those_of_loops_by_hand() {
    let nets = nets(2);
    assert!(nets.len() > 40, "{}", nets.len());
    for settings in nets {
        let layout = Transformer::Fused.layout(&settings, &sizes()).unwrap();
        let by_hand = ByHand { settings: &settings, packed: drawn(&layout), layout };
        let x = inputs(ROWS);
        let wanted: Vec<f64> = x.chunks_exact(STEPS * FEATURES).flat_map(|row| by_hand.outputs(row)).collect();
        let apart = error(&outputs(&*model(&settings), &x), &wanted);
        assert!(apart < 1e-12, "{apart:e} in {settings:?}");
    }
}

#[test]
fn gradients_are_those_of_central_differences() {
    for settings in nets(1) {
        let apart = differences::deviation(&mut *model(&settings), &batch()).unwrap();
        assert!(apart < 1e-7, "{apart:e} in {settings:?}");
    }
}

#[test]
fn without_positions_the_order_of_tokens_does_not_count_and_with_a_mask_the_future_does_not() {
    let x = inputs(1);
    let turned: Vec<f64> = x.chunks_exact(FEATURES).rev().flatten().copied().collect();
    let apart = |own: &[(&'static str, Value)], other: &[f64]| {
        let model = model(&small(own));
        error(&outputs(&*model, other), &outputs(&*model, &x))
    };
    assert!(apart(&[("network.positions", text("none"))], &turned) < 1e-13);
    assert!(apart(&[("network.positions", text("sinusoidal"))], &turned) > 1e-3);
    // The first token of a net that sees no later ones knows nothing of them.
    let of_first = |x: &[f64], is_causal: bool| {
        let mut model = model(&small(&[("network.causal", Value::Bool(is_causal))]));
        let x = tensor(x.to_vec(), (1, STEPS, FEATURES)).unwrap();
        let batch = Batch { x, target: Target::Classes(vec![0]), loss: Loss::CrossEntropy };
        model.loss_and_gradients(batch, Mode::Probe, &mut Gradients::default()).unwrap();
        let mut last = Vec::new();
        model.visit(&mut |_, tap| last = tap.h[..4].to_vec()).unwrap();
        last
    };
    let changed: Vec<f64> = x.iter().enumerate().map(|(i, x)| if i < FEATURES { *x } else { -x }).collect();
    assert_eq!(of_first(&x, true), of_first(&changed, true));
    assert_ne!(of_first(&x, false), of_first(&changed, false));
}

#[test]
fn a_class_token_alone_gets_the_gradient_of_the_last_block() {
    let settings = small(&[("network.read_out", text("class_token"))]);
    let mut model = model(&settings);
    model.loss_and_gradients(batch(), Mode::Probe, &mut Gradients::default()).unwrap();
    let mut streams = Vec::new();
    model.visit(&mut |_, tap| streams.push(tap.stream.to_vec())).unwrap();
    let others_get_some = |stream: &[f64]| stream.chunks_exact(4).enumerate().any(|(t, g)| t % 5 != 4 && g != [0.0; 4]);
    assert!(others_get_some(&streams[0]) && !others_get_some(&streams[1]));
}

/// Nets as the program draws them, each measured on this batch.
fn at_init(pairs: &[(&str, Value)], sizes: &Sizes, batch: &Batch<f64>, nets: u64) -> Vec<Vec<LayerMeasure>> {
    let mut all = vec![("network", text("transformer")), ("activation", text("relu")), ("init", text("glorot_normal"))];
    all.extend([("network.heads", Value::Int(2))]);
    all.extend(pairs.iter().cloned());
    let settings = settings(&all);
    let net = |run: u64| {
        let packed = Transformer::Fused.initial(&settings, sizes, &Seeds { experiment: 0, run }).unwrap();
        let build = || Transformer::Fused.build_f64(&settings, sizes, &packed).unwrap();
        Probe::new(build(), batch.clone()).measure(&*build()).unwrap()
    };
    (1..=nets).map(net).collect()
}

/// Mean over nets, and its standard error.
fn mean(nets: &[Vec<LayerMeasure>], of: impl Fn(&[LayerMeasure]) -> f64) -> (f64, f64) {
    let values: Vec<f64> = nets.iter().map(|net| of(net)).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt())
}

/// Decades of dL/dh from the last block to the first.
fn total(net: &[LayerMeasure]) -> f64 {
    (net[net.len() - 1].stream_rms / net[0].stream_rms).log10()
}

fn form(place: &str, scale: &str) -> Vec<(&'static str, Value)> {
    let scale = if scale.is_empty() { Value::Float(1.0) } else { text(scale) };
    vec![("norm", text("layer")), ("norm.place", text(place)), ("network.branch_scale", scale)]
}

/// With one token attention is the product of two matrices. By Glorot's init the variance of the stream of a pre-norm net begins with
/// 2/3, that of 64 features in 128 units, and grows by 1 of attention and 8/25 of a feed-forward net four times as wide in each block;
/// dL/dh falls as the root of it. With norms on the sums it neither fades nor grows. All this in the limit of wide tokens, which is
/// what the tolerance is for; DeepNorm is there at any width.
#[test]
fn one_token_is_a_closed_form() {
    let (width, rows) = (128, 32);
    let sizes = Sizes { input: vec![1, 64], outputs: 10 };
    let mut stream = SEEDS.stream("x", &[]);
    let x = tensor((0..rows * 64).map(|_| stream.normal()).collect(), (rows, 1, 64)).unwrap();
    let target = Target::Classes((0..rows).map(|_| stream.below(10) as u32).collect());
    let batch = Batch { x, target, loss: Loss::CrossEntropy };
    let mut wrong = Vec::new();
    for depth in [4, 8] {
        let variance = |l: f64| 2.0 / 3.0 + 1.32 * l;
        let grown = -0.5 * (variance(depth as f64) / variance(1.0)).log10();
        for (place, scale, wanted, tolerance) in
            [("pre", "", grown, 0.035), ("post", "", 0.0, 0.035), ("post", "deepnorm", 0.0, 0.003)]
        {
            let size =
                [("depth", Value::Int(depth)), ("width", Value::Int(width)), ("init.positions", Value::Float(0.0))];
            let nets = at_init(&[&size[..], &form(place, scale)].concat(), &sizes, &batch, 6);
            let (found, deviation) = mean(&nets, total);
            println!("depth {depth} {place} {scale}: {found:+.4} +- {deviation:.4} for {wanted:+.4}");
            if (found - wanted).abs() > tolerance + 3.0 * deviation {
                wrong.push(format!("depth {depth} {place} {scale}: {found} for {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The digits as eight tokens, and what an independent program (PyTorch, f64, 16 nets a row) measured of them at init: attenuation a
/// block with its standard deviation over nets, and the mean cosine of tokens after the last block. There the embedded tokens had
/// variance 1, which Glorot's init of 8 features in 32 units gives to inputs of variance 40/16.
#[test]
fn digits_are_as_an_independent_program_measured_them() {
    const NETS: u64 = 6;
    let plan_text = "name = \"x\"\n[base]\nnetwork = \"transformer\"\nsteps = 1\n";
    let plan = Experiment::parse(plan_text, "x.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let rows: Vec<usize> = (0..32).collect();
    let batch = score::batch::<f64>(&data.train, &data.shape, &rows, Loss::CrossEntropy).unwrap();
    let batch = Batch { x: (batch.x * 2.5f64.sqrt()).unwrap(), ..batch };
    let mut wrong = Vec::new();
    for (place, scale, depth, wanted, deviation, cosine) in [
        ("post", "", 4, -0.089, 0.023, 0.721),
        ("post", "", 8, -0.048, 0.014, 0.966),
        ("pre", "", 4, -0.126, 0.016, 0.504),
        ("pre", "", 8, -0.084, 0.006, 0.680),
        ("post", "deepnorm", 4, 0.0023, 0.003, 0.074),
        ("post", "deepnorm", 8, 0.0012, 0.001, 0.074),
    ] {
        let size = [("depth", Value::Int(depth)), ("width", Value::Int(32)), ("init.positions", Value::Float(0.5))];
        let nets = at_init(&[&size[..], &form(place, scale)].concat(), &data.sizes(), &batch, NETS);
        let (found, _) = mean(&nets, |net| total(net) / (depth - 1) as f64);
        let (alike, spread) = mean(&nets, |net| net[net.len() - 1].attention.unwrap().token_cosine.unwrap());
        println!(
            "depth {depth} {place} {scale}: {found:+.4} for {wanted:+.4}; cosine {alike:.3} +- {spread:.3} for {cosine}"
        );
        // Both means have errors, of 6 nets here and of 16 there.
        let error = deviation * (1.0 / NETS as f64 + 1.0 / 16.0).sqrt();
        if (found - wanted).abs() > 3.0 * error + 0.001 || (alike - cosine).abs() > 3.0 * 1.2 * spread + 0.01 {
            wrong.push(format!("depth {depth} {place} {scale}: {found} for {wanted}, cosine {alike} for {cosine}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Branches of scale 0 hand the gradient on bit for bit, and their own weights get none.
#[test]
fn a_rezero_net_starts_as_the_identity() {
    let settings = small(&[("norm", text("none")), ("network.branch_scale", text("learned_zero"))]);
    let packed = Transformer::Fused.initial(&settings, &sizes(), &SEEDS).unwrap();
    let build = || Transformer::Fused.build_f64(&settings, &sizes(), &packed).unwrap();
    let measured = Probe::new(build(), batch()).measure(&*build()).unwrap();
    let first = &measured[0];
    for layer in &measured {
        let attention = layer.attention.unwrap();
        assert_eq!((layer.stream_rms, attention.stream_rms), (first.stream_rms, first.stream_rms));
        assert_eq!((layer.weight_grad_rms, attention.query_grad_rms, attention.key_grad_rms), (0.0, 0.0, 0.0));
        assert!(layer.stream_rms > 0.0 && layer.is_bypassed);
    }
    let mut gradients = Gradients::default();
    build().loss_and_gradients(batch(), Mode::Train, &mut gradients).unwrap();
    let layout = Transformer::Fused.layout(&settings, &sizes()).unwrap();
    assert!(gradients.packed[layout.find("layer1.scale").unwrap().range.start] != 0.0);
}

/// Without queries every token attends to all alike.
#[test]
fn attention_without_queries_is_uniform() {
    for (is_causal, wanted) in
        [(false, (STEPS as f64).ln()), (true, (1..=STEPS).map(|seen| (seen as f64).ln()).sum::<f64>() / STEPS as f64)]
    {
        let settings = small(&[("network.causal", Value::Bool(is_causal)), ("bias", Value::Bool(false))]);
        let layout = Transformer::Fused.layout(&settings, &sizes()).unwrap();
        let mut packed = drawn(&layout);
        for layer in 1..=2 {
            packed[layout.find(&format!("layer{layer}.attention.query.weight")).unwrap().range.clone()].fill(0.0);
        }
        let build = || Transformer::Fused.build_f64(&settings, &sizes(), &packed).unwrap();
        for layer in Probe::new(build(), batch()).measure(&*build()).unwrap() {
            let attention = layer.attention.unwrap();
            assert!((attention.entropy - wanted).abs() < 1e-12, "{}", attention.entropy);
            // With no queries the keys get no gradient, but the queries do.
            assert!(attention.key_grad_rms < 1e-15 && attention.query_grad_rms > 1e-6);
        }
    }
}

#[test]
fn what_does_not_fit_is_told_with_the_cure() {
    let flat = Sizes { input: vec![64], outputs: 10 };
    let message = |own: &[(&'static str, Value)], sizes: &Sizes| {
        let wrong = Transformer::Fused.layout(&small(own), sizes).unwrap_err();
        format!("{}: {}", wrong.key, wrong.message)
    };
    for (own, wanted) in [
        (
            vec![("network.heads", Value::Int(3))],
            "network.heads: 3 heads do not divide a width of 4: write network.heads = 2",
        ),
        (
            vec![("norm", text("batch"))],
            "norm: a transformer normalizes each token, not by `batch`: write norm = \"layer\"",
        ),
        (
            vec![("norm.place", text("before"))],
            "norm.place: a transformer has no norm \"before\" an activation: write norm.place = \"pre\"",
        ),
        (
            vec![("network.branch_scale", text("deepnorm"))],
            "network.branch_scale: DeepNorm normalizes the sum of a sub-layer's input and output: write norm.place = \"post\"",
        ),
        (
            vec![("activation", text("prelu"))],
            "activation: a transformer learns no slopes: write activation = \"leaky_relu\"",
        ),
    ] {
        let message = message(&own, &sizes());
        assert!(message.starts_with(wanted), "{message}");
    }
    let message = message(&[], &flat);
    assert!(
        message.contains("rows of 64 numbers that are read at once have none: write data.as = \"rows\""),
        "{message}"
    );
}

#[test]
fn a_batch_of_tensors_keeps_the_shape_of_its_outputs() {
    let x: Tensor = tensor(inputs(5), (5, STEPS, FEATURES)).unwrap();
    assert_eq!(model(&small(&[])).outputs(&x, Mode::Train).unwrap().dims(), [5, OUTPUTS]);
}

/// Our ops against candle's, in every net.
#[test]
fn nets_of_our_ops_are_nets_of_candles() {
    for settings in nets(2) {
        let of = |family: Transformer| {
            let packed = drawn(&family.layout(&settings, &sizes()).unwrap());
            let mut model = family.build_f64(&settings, &sizes(), &packed).unwrap();
            let mut gradients = Gradients::default();
            let loss = model.loss_and_gradients(batch(), Mode::Train, &mut gradients).unwrap();
            (loss, gradients.packed)
        };
        let (ours, theirs) = (of(Transformer::Fused), of(Transformer::Composed));
        assert!((ours.0 - theirs.0).abs() < 1e-13 * theirs.0.abs());
        let size = theirs.1.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        assert!(ours.1.iter().zip(&theirs.1).all(|(a, b)| (a - b).abs() < 1e-12 * size), "{settings:?}");
    }
}
