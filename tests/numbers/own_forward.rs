//! A network of one's own that is a forward pass alone: it learns as the same net of this crate does, a graph that is cut is
//! found, and what is wrong is told with its name and its layer.

use gradsweep::candle_core::{D, Module, Result, Tensor};
use gradsweep::candle_nn::{self, LayerNorm};
use gradsweep::data::{Dataset, Places, Sizes, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::own::Own;
use gradsweep::model::{Family, Layout, OwnModel, Pass, Role, cut, family};
use gradsweep::ops::activation::Activation;
use gradsweep::ops::loss::Loss;
use gradsweep::run::{RunSpec, check_gradient, score, train, train_model};
use gradsweep::seed::Seeds;
use gradsweep::setting::{Setting, SettingError, Settings, Value};
use gradsweep::table::{Cell, Table};
use std::ops::ControlFlow;

type Checked<T> = std::result::Result<T, SettingError>;

fn planned(base: &str) -> (RunSpec, Dataset) {
    let text = format!("name = \"t\"\n[base]\ndata = {{ kind = \"teacher\", features = 5, n = 60 }}\n{base}\n");
    let plan = Experiment::parse(&text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    (plan.runs(std::slice::from_ref(&data.digest)).remove(0).spec, data)
}

/// The plain net of tanh layers, with the names that the parameters of this crate's have.
struct Plain {
    depth: usize,
    width: usize,
    outputs: usize,
}

impl OwnModel for Plain {
    const NAME: &'static str = "plain";
    const VERSION: u32 = 1;
    const HELP: &'static str = "tanh layers";
    const SHARED: &'static [&'static str] = &["depth", "width", "init"];

    fn new(settings: &Settings, sizes: &Sizes) -> Checked<Self> {
        let (depth, width) = (settings.needed_int("depth")?, settings.needed_int("width")?);
        Ok(Plain { depth, width, outputs: sizes.outputs })
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let mut h = x.clone();
        for l in 1..=self.depth {
            h = pass.linear(&format!("layer{l}"), &h, self.width)?.tanh()?;
            h = pass.layer(l, &h)?;
        }
        pass.linear("output", &h, self.outputs)
    }
}

/// Numbers that both tables have; those that only the net of this crate measures are left out.
fn compare(ours: &Table, theirs: &Table, within: f64) -> usize {
    assert_eq!(ours.rows.len(), theirs.rows.len());
    let mut compared = 0;
    for (a, b) in ours.rows.iter().flatten().zip(theirs.rows.iter().flatten()) {
        match (a, b) {
            (Cell::Empty, _) => {}
            (Cell::Float(a), Cell::Float(b)) => {
                assert!((a - b).abs() <= within * b.abs().max(1e-6), "{a} for {b}");
                compared += 1;
            }
            (a, b) => assert_eq!(a, b),
        }
    }
    compared
}

#[test]
fn it_trains_and_is_measured_as_the_same_net_of_this_crate() {
    let base = "depth = 4\nwidth = 6\nsteps = 30\nbatch = 8\nactivation = \"tanh\"\noptimizer = { kind = \"adam\", lr = 0.02 }\nl2 = 1e-3";
    for (init, dtype, within) in [("he_uniform", "f64", 1e-9), ("lecun_normal", "f32", 2e-3)] {
        let (spec, data) = planned(&format!("{base}\ninit = \"{init}\"\ndtype = \"{dtype}\""));
        let on_step = &mut |_| ControlFlow::Continue(());
        let (theirs, ours) = (
            train(&spec, &data, on_step).unwrap(),
            train_model(&Own::<Plain>::default(), &spec, &data, on_step).unwrap(),
        );
        assert_eq!(ours.status, theirs.status);
        assert!(compare(&ours.history, &theirs.history, within) > 20);
        assert!(compare(&ours.layers, &theirs.layers, within) > 30);
    }
}

#[test]
fn parameters_stand_layer_by_layer_and_start_as_they_are_asked_for() {
    struct Mixed;
    impl OwnModel for Mixed {
        const NAME: &'static str = "mixed";
        const VERSION: u32 = 1;
        const HELP: &'static str = "one of each kind of parameter";
        fn new(_: &Settings, _: &Sizes) -> Checked<Self> {
            Ok(Mixed)
        }
        fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
            let shared = pass.weight("shared", (5, 5))?;
            let scale = pass.filled("scale", 5, 0.5)?;
            let h = x.matmul(&shared)?.broadcast_mul(&scale)?.matmul(&pass.normal("narrow", (5, 5), 1e-3)?)?;
            let h = pass.layer(1, &h)?;
            let h = h.matmul(&pass.weight("shared", (5, 5))?)?;
            let h = pass.layer(2, &h)?;
            pass.linear("output", &h, 1)
        }
    }
    let (family, sizes) = (Own::<Mixed>::default(), Sizes { input: vec![5], outputs: 1 });
    let layout = family.layout(&Settings::default(), &sizes).unwrap();
    let names: Vec<&str> = layout.parameters().iter().map(|own| &own.name[..]).collect();
    assert_eq!(names, ["shared", "narrow", "scale", "output.weight", "output.bias"]);
    let packed = family.initial(&Settings::default(), &sizes, &Seeds { experiment: 0, run: 1 }).unwrap();
    let own = |name: &str| &packed[layout.find(name).unwrap().range.clone()];
    assert!(own("scale").iter().all(|x| *x == 0.5) && own("output.bias") == [0.0]);
    let rms = |name| (own(name).iter().map(|x| x * x).sum::<f64>() / own(name).len() as f64).sqrt();
    // 25 draws of standard deviation 5^-1/2 and 1e-3.
    assert!((0.25..0.75).contains(&rms("shared")) && (5e-4..2e-3).contains(&rms("narrow")));
    // A parameter has a stream of its own, by its name: that of any other net with the name and shape.
    let alone = Layout::new([("shared".to_string(), Role::Weight, vec![5, 5])]);
    let drawn = gradsweep::model::init::initial(
        gradsweep::model::init::Init::LecunNormal,
        &alone,
        &Seeds { experiment: 0, run: 1 },
    );
    assert_eq!(own("shared"), drawn);
    // Both layers use it: the weight of the second is the first one's.
    let mut model = family.build_f64(&Settings::default(), &sizes, &packed).unwrap();
    let (spec, data) = planned("steps = 1");
    let batch = score::batch(&data.train, &data.shape, &[0, 1, 2], Loss::Mse).unwrap();
    let mut gradients = gradsweep::model::Gradients::default();
    model.loss_and_gradients(batch, gradsweep::ops::Mode::Probe, &mut gradients).unwrap();
    let mut sites = Vec::new();
    model.visit(&mut |site, _| sites.push((site.layer, site.units, site.weight.clone(), site.shared))).unwrap();
    assert_eq!(sites, [(1, 5, 0..50, true), (2, 5, 0..25, true)]);
    drop(spec);
}

/// What stands in a branch beside a path that is whole, so that every parameter has a gradient.
#[derive(Clone, Copy)]
enum Branch {
    Softmax,
    SoftmaxLastDim,
    LayerNorm,
    CandlesLayerNorm,
    CandlesRmsNorm,
    Detached,
    Relu,
    Random,
}

const BRANCHES: [Branch; 8] = [
    Branch::Softmax,
    Branch::SoftmaxLastDim,
    Branch::LayerNorm,
    Branch::CandlesLayerNorm,
    Branch::CandlesRmsNorm,
    Branch::Detached,
    Branch::Relu,
    Branch::Random,
];

struct Beside<const BRANCH: usize>;

impl<const BRANCH: usize> OwnModel for Beside<BRANCH> {
    const NAME: &'static str = "beside";
    const VERSION: u32 = 1;
    const HELP: &'static str = "a branch beside the way";

    fn new(_: &Settings, _: &Sizes) -> Checked<Self> {
        Ok(Beside)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let h = pass.linear("layer1", x, 8)?.tanh()?;
        let h = pass.layer(1, &h)?;
        let v = pass.linear("layer2", &h, 8)?;
        let ones = || Tensor::ones(8, v.dtype(), v.device());
        let branch = match BRANCHES[BRANCH] {
            Branch::Softmax => candle_nn::ops::softmax(&v, D::Minus1)?,
            Branch::SoftmaxLastDim => candle_nn::ops::softmax_last_dim(&v)?,
            Branch::LayerNorm => pass.layer_norm("layer2.norm", &v)?,
            Branch::CandlesLayerNorm => LayerNorm::new(ones()?, ones()?, 1e-5).forward(&v)?,
            Branch::CandlesRmsNorm => candle_nn::ops::rms_norm(&v, &ones()?, 1e-5)?,
            Branch::Detached => v.detach().tanh()?,
            Branch::Relu => v.relu()?,
            Branch::Random => v.rand_like(0.0, 1.0)?,
        };
        let h = pass.layer(2, &(v + branch)?)?;
        pass.linear("output", &h, 1)
    }
}

/// What the check says, or candle before it.
fn fault_of(family: &dyn Family, spec: &RunSpec, data: &Dataset) -> Option<String> {
    let packed = family.initial(&spec.settings, &data.sizes(), &spec.seeds).unwrap();
    let mut model = family.build_f64(&spec.settings, &data.sizes(), &packed).unwrap();
    let batch = score::batch(&data.train, &data.shape, &[0, 1, 2, 3], Loss::Mse).unwrap();
    cut::fault(&mut *model, &batch, &spec.seeds).unwrap_or_else(|error| Some(error.to_string()))
}

#[test]
fn a_graph_that_is_cut_in_one_branch_is_found_with_the_parameter_before_it() {
    let (spec, data) = planned("steps = 1");
    let found: [Option<String>; 8] = [
        fault_of(&Own::<Beside<0>>::default(), &spec, &data),
        fault_of(&Own::<Beside<1>>::default(), &spec, &data),
        fault_of(&Own::<Beside<2>>::default(), &spec, &data),
        fault_of(&Own::<Beside<3>>::default(), &spec, &data),
        fault_of(&Own::<Beside<4>>::default(), &spec, &data),
        fault_of(&Own::<Beside<5>>::default(), &spec, &data),
        fault_of(&Own::<Beside<6>>::default(), &spec, &data),
        fault_of(&Own::<Beside<7>>::default(), &spec, &data),
    ];
    for (branch, found) in BRANCHES.into_iter().zip(found) {
        match branch {
            Branch::Softmax | Branch::LayerNorm | Branch::Relu => assert_eq!(found, None),
            Branch::Random => {
                assert!(found.as_ref().is_some_and(|what| what.contains("different losses")), "{found:?}")
            }
            // These have no backward either, and are not there in f64.
            Branch::CandlesLayerNorm | Branch::CandlesRmsNorm => {
                assert!(
                    found.as_ref().is_some_and(|what| what.contains("behind layer 1: unsupported dtype")),
                    "{found:?}"
                );
            }
            Branch::SoftmaxLastDim | Branch::Detached => {
                assert!(found.as_ref().is_some_and(|what| what.contains("the gradient of `layer2.")), "{found:?}");
            }
        }
    }
}

#[test]
fn nets_of_this_crate_give_no_false_alarm() {
    for activation in Activation::ALL {
        for form in ["", "residual = true\nbatch_norm = true", "residual = \"highway\"\nnorm = \"layer\""] {
            let word = activation.word();
            let (spec, data) = planned(&format!("steps = 1\ndepth = 12\nwidth = 16\nactivation = \"{word}\"\n{form}"));
            assert_eq!(fault_of(family(&spec.settings), &spec, &data), None, "{word} {form}");
        }
    }
    for word in ["rnn", "lstm", "gru"] {
        let (spec, data) = planned(&format!("steps = 1\nnetwork = \"{word}\"\ndepth = 2\nwidth = 8"));
        assert_eq!(fault_of(family(&spec.settings), &spec, &data), None, "{word}");
    }
}

/// What can go wrong in a forward pass.
struct Slip<const KIND: usize>;

impl<const KIND: usize> OwnModel for Slip<KIND> {
    const NAME: &'static str = "slip";
    const VERSION: u32 = 1;
    const HELP: &'static str = "a slip of the pen";
    const HAS_TIME: bool = KIND == 7;

    fn new(_: &Settings, _: &Sizes) -> Checked<Self> {
        Ok(Slip)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let h = pass.linear("layer1", x, 8)?;
        let h = pass.layer(if KIND == 5 { 2 } else { 1 }, &h)?;
        let h = match KIND {
            0 => h.matmul(&pass.weight("second", (7, 8))?)?,
            1 => h.matmul(&pass.weight("layer1.weight", (8, 8))?)?,
            2 => pass.layer(1, &h)?,
            3 => pass.layer(2, &h.t()?)?.t()?,
            4 => panic!("no such thing"),
            6 => pass.layer(2, &h.tanh()?)?,
            8 => h.broadcast_mul(&Tensor::new(&[0.5f64], x.device())?)?,
            9 => pass.weight("large", (1 << 20, 1 << 20))?,
            _ => h,
        };
        pass.linear("output", &h, if KIND == 10 { 3 } else { 1 })
    }
}

#[test]
fn what_is_wrong_in_a_forward_pass_is_told_with_the_network_and_the_layer() {
    fn said<const KIND: usize>() -> String {
        let sizes = Sizes { input: vec![5], outputs: 1 };
        let wrong = Own::<Slip<KIND>>::default().layout(&Settings::default(), &sizes).unwrap_err();
        assert_eq!(wrong.key, "network");
        assert!(wrong.message.contains(": write "), "{}", wrong.message);
        wrong.message
    }
    for (message, words) in [
        (said::<0>(), ["`slip` fails behind layer 1", "shape mismatch in matmul"]),
        (said::<1>(), ["behind layer 1", "`layer1.weight` is asked for twice in different ways"]),
        (said::<2>(), ["behind layer 1", "layer 1 is named twice"]),
        (said::<3>(), ["layer 2 has shape [8, 3]", "its first dimension has to be that of the 3 samples"]),
        (said::<4>(), ["`slip` panics behind layer 1", "no such thing"]),
        (said::<5>(), ["`slip`", "number them from 1 on"]),
        (said::<6>(), ["`slip`", "layer 2 has no weights"]),
        (said::<7>(), ["HAS_TIME = true", "names layer 1"]),
        (said::<8>(), ["behind layer 1", "dtype mismatch"]),
        (said::<9>(), ["`large`", "more than 1000000000 parameters"]),
        (said::<10>(), ["gives [3, 3] for 3 rows", "not [3, 1]"]),
    ] {
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
}

/// A recurrent net of tanh units.
struct Elman;

impl OwnModel for Elman {
    const NAME: &'static str = "elman";
    const VERSION: u32 = 1;
    const HELP: &'static str = "tanh units that read one step after the other";
    const SETTINGS: &'static [Setting] = &[Setting::flag("network.x", true)];
    const HAS_TIME: bool = true;

    fn new(_: &Settings, _: &Sizes) -> Checked<Self> {
        Ok(Elman)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let (rows, steps, features) = x.dims3()?;
        let mut h = Tensor::zeros((rows, 6), x.dtype(), x.device())?;
        for t in 1..=steps {
            let x = x.narrow(1, t - 1, 1)?.squeeze(1)?.matmul(&pass.weight("layer1.input.weight", (features, 6))?)?;
            let u = (x + h.matmul(&pass.weight("layer1.recurrent.weight", (6, 6))?)?)?;
            h = u.broadcast_add(&pass.bias("layer1.bias", 6)?)?.tanh()?;
            h = pass.layer_at(1, t, &h)?;
        }
        pass.linear("output", &h, 1)
    }
}

#[test]
fn a_net_with_time_steps_is_measured_at_each_as_the_one_of_this_crate() {
    let base = "network = \"rnn\"\nactivation = \"tanh\"\nwidth = 6\nsteps = 10\nbatch = 8\ndtype = \"f64\"\noptimizer.lr = 0.05";
    let (spec, data) = planned(base);
    let on_step = &mut |_| ControlFlow::Continue(());
    // With the weights of this crate's net, whose gates are drawn by themselves.
    let own = Own::<Elman>::default();
    let packed = family(&spec.settings).initial(&spec.settings, &data.sizes(), &spec.seeds).unwrap();
    let mut batch = score::batch(&data.train, &data.shape, &[0, 1, 2], Loss::Mse).unwrap();
    batch.loss = Loss::Mse;
    let probe = |family: &dyn Family| {
        let model = || family.build_f64(&spec.settings, &data.sizes(), &packed).unwrap();
        gradsweep::probe::Probe::new(model(), batch.clone()).measure(&*model()).unwrap()
    };
    let (ours, theirs) = (probe(&own), probe(family(&spec.settings)));
    assert_eq!(ours.len(), 5);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((ours.layer, ours.time, ours.units), (theirs.layer, theirs.time, theirs.units));
        assert!((ours.stream_rms / theirs.stream_rms - 1.0).abs() < 1e-12, "{ours:?} {theirs:?}");
    }
    let record = train_model(&own, &spec, &data, on_step).unwrap();
    assert_eq!(record.status.word(), "finished");
}

#[test]
fn settings_of_its_own_are_options_of_network() {
    let own = Own::<Elman>::default();
    let [row] = own.settings() else { panic!("one setting") };
    assert_eq!(
        (row.of, own.version(), own.help()),
        (&["elman"][..], Some(1), "`elman`: tanh units that read one step after the other")
    );
    assert!(!own.reads("elman", "depth") && Own::<Plain>::default().reads("plain", "output.init"));
    let mut settings = Settings::default();
    settings.set("depth", Value::Int(0));
    settings.set("width", Value::Int(4));
    // No hidden layer is a regression.
    let layout = Own::<Plain>::default().layout(&settings, &Sizes { input: vec![5], outputs: 2 }).unwrap();
    assert_eq!(layout.count(), 12);
}

/// Two convolutions, on images of one channel.
struct Convolutions;

impl OwnModel for Convolutions {
    const NAME: &'static str = "convolutions";
    const VERSION: u32 = 1;
    const HELP: &'static str = "two convolutions";

    fn new(_: &Settings, _: &Sizes) -> Checked<Self> {
        Ok(Convolutions)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let mut h = x.reshape(((), 1, 8, 8))?;
        for (l, (inputs, outputs)) in (1..).zip([(1, 4), (4, 4)]) {
            let std = (2.0 / (9.0 * inputs as f64)).sqrt();
            let kernel = pass.normal(&format!("layer{l}.kernel"), (outputs, inputs, 3, 3), std)?;
            h = pass.layer(l, &h.conv2d(&kernel, 1, 1, 1, 1)?.relu()?)?;
        }
        pass.linear("output", &h.flatten_from(1)?, 10)
    }
}

/// Self-attention over the rows of an image.
struct Attention;

impl OwnModel for Attention {
    const NAME: &'static str = "attention";
    const VERSION: u32 = 1;
    const HELP: &'static str = "two heads of attention, one behind the other";

    fn new(_: &Settings, _: &Sizes) -> Checked<Self> {
        Ok(Attention)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let mut h = pass.linear("embedding", &x.reshape(((), 8, 8))?, 16)?;
        for l in 1..=2 {
            let v = pass.layer_norm(&format!("layer{l}.norm"), &h)?;
            let [q, k, v] = ["q", "k", "v"].map(|part| pass.linear(&format!("layer{l}.{part}"), &v, 16));
            let scores = (q?.matmul(&k?.t()?)? / 4.0)?;
            let mixed = candle_nn::ops::softmax(&scores, D::Minus1)?.matmul(&v?)?;
            let mixed = pass.dropped(0.1, &mixed)?;
            h = (h + pass.linear(&format!("layer{l}.out"), &mixed, 16)?)?;
            h = pass.layer(l, &h)?;
        }
        pass.linear("output", &h.mean(1)?, 10)
    }
}

#[test]
fn convolutions_and_attention_are_a_forward_pass_too() {
    let text = "name = \"t\"\n[base]\nsteps = 40\nbatch = 32\noptimizer = { kind = \"adam\", lr = 0.01 }\n";
    let plan = Experiment::parse(text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    let spec = plan.runs(std::slice::from_ref(&data.digest)).remove(0).spec;
    let families: [(&dyn Family, usize); 2] =
        [(&Own::<Convolutions>::default(), 4 * 64), (&Own::<Attention>::default(), 8 * 16)];
    for (family, units) in families {
        check_gradient(family, &spec, &data).unwrap();
        let record = train_model(family, &spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
        let column = |table: &Table, row: usize, name: &str| match table.rows[row][table.column(name).unwrap()] {
            Cell::Float(x) => x,
            Cell::Int(x) => x as f64,
            ref other => panic!("{name} is {other:?}"),
        };
        let last = record.history.rows.len() - 1;
        let [first, trained] = [0, last].map(|row| column(&record.history, row, "train_loss"));
        assert!(trained < 0.9 * first, "{first} {trained}");
        for (row, layer) in [(0, 1.0), (1, 2.0)] {
            let of = |name| column(&record.layers, row, name);
            assert!((of("step"), of("layer")) == (0.0, layer) && of("stream_rms") > 0.0 && of("weight_grad_rms") > 0.0);
        }
        let mut model = family
            .build_f64(
                &spec.settings,
                &data.sizes(),
                &family.initial(&spec.settings, &data.sizes(), &spec.seeds).unwrap(),
            )
            .unwrap();
        let batch = score::batch(&data.train, &data.shape, &[0, 1], Loss::CrossEntropy).unwrap();
        model
            .loss_and_gradients(batch, gradsweep::ops::Mode::Probe, &mut gradsweep::model::Gradients::default())
            .unwrap();
        model.visit(&mut |site, tap| assert_eq!((site.units, tap.stream.len()), (units, 2 * units))).unwrap();
    }
}

#[test]
fn a_cut_graph_is_an_error_before_training_with_what_to_write_instead() {
    let (spec, data) = planned("steps = 1\nbatch = 16");
    for (wrong, words) in [
        (check_gradient(&Own::<Beside<1>>::default(), &spec, &data), "the gradient of `layer2."),
        (check_gradient(&Own::<Beside<3>>::default(), &spec, &data), "unsupported dtype"),
        (check_gradient(&Own::<Beside<7>>::default(), &spec, &data), "different losses"),
    ] {
        let wrong = wrong.unwrap_err();
        assert!(wrong.message.starts_with("`beside` cannot be trained: ") && wrong.message.contains(words), "{wrong}");
        assert!(wrong.key == "network" && wrong.message.contains(": use ops that have a backward"), "{wrong}");
    }
}

/// It panics when it is scored.
struct Scored;

impl OwnModel for Scored {
    const NAME: &'static str = "scored";
    const VERSION: u32 = 1;
    const HELP: &'static str = "a panic";

    fn new(_: &Settings, _: &Sizes) -> Checked<Self> {
        Ok(Scored)
    }

    fn forward(&self, pass: &mut Pass, x: &Tensor) -> Result<Tensor> {
        let h = pass.linear("layer1", x, 3)?;
        let h = pass.layer(1, &h)?;
        assert!(pass.mode() != gradsweep::ops::Mode::Evaluate, "not made for this");
        pass.linear("output", &h, 1)
    }
}

#[test]
fn a_panic_in_training_says_whose_it_is() {
    let (spec, data) = planned("steps = 1\nbatch = 16");
    let train = || train_model(&Own::<Scored>::default(), &spec, &data, &mut |_| ControlFlow::Continue(()));
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(train)).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().unwrap(), "`scored` panics behind layer 1: not made for this");
}
