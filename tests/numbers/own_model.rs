//! What one more model asks for: a family and its forward pass, and no line elsewhere. Here h = sin(x A), y = h B, trained
//! by the ordinary loop and measured by the ordinary probe, against a pass written out by hand.

use gradsweep::data::{Dataset, Places, Sizes, load};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::candle_model::Forward;
use gradsweep::model::dense::Dense;
use gradsweep::model::init::{Init, initial};
use gradsweep::model::{
    Batch, Built, CandleModel, Family, Gradients, Layout, Model, Part, Pass, PassCost, Site, differences,
};
use gradsweep::ops::block::Role;
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::{Element, Mode, Result, Tensor, tensor};
use gradsweep::record::{RunRecord, Status};
use gradsweep::run::{RunSpec, score, train, train_model};
use gradsweep::seed::Seeds;
use gradsweep::setting::{SettingError, Settings};
use gradsweep::table::{Cell, Table};
use std::ops::ControlFlow;
use std::sync::Arc;

const UNITS: usize = 5;

/// Two matrices and a sine.
struct Sine;

impl Sine {
    fn build<T: Element>(&self, sizes: &Sizes, packed: &[f64]) -> Built<T> {
        let layout = self.layout(&Settings::default(), sizes)?;
        let weight = layout.parameters()[0].range.clone();
        let sites = vec![Site::new(1, UNITS, weight)];
        let forward = |pass: &mut Pass, x: &Tensor| -> Result<Tensor> {
            let x = pass.tap(0, Part::Input, x)?;
            let u = pass.tap(0, Part::Affine, &x.matmul(&pass.parameter("a")?)?)?;
            let z = pass.tap(0, Part::Argument, &u)?;
            let h = pass.tap(0, Part::Activation, &z.sin()?)?;
            pass.tap(0, Part::Stream, &h)?.matmul(&pass.parameter("b")?)
        };
        Ok(Box::new(CandleModel::new(layout, sites, packed, Arc::new(forward))?))
    }
}

impl Family for Sine {
    fn words(&self) -> &'static [&'static str] {
        &["sine"]
    }

    fn help(&self) -> &'static str {
        "`sine`: one hidden layer of sines"
    }

    fn reads(&self, _: &str, _: &str) -> bool {
        false
    }

    fn layout(&self, _: &Settings, sizes: &Sizes) -> std::result::Result<Layout, SettingError> {
        let matrix = |name: &str, inputs, outputs| (name.to_string(), Role::Weight, vec![inputs, outputs]);
        Ok(Layout::new([matrix("a", sizes.features(), UNITS), matrix("b", UNITS, sizes.outputs)]))
    }

    fn initial(
        &self,
        settings: &Settings,
        sizes: &Sizes,
        seeds: &Seeds,
    ) -> std::result::Result<Vec<f64>, SettingError> {
        Ok(initial(Init::LecunNormal, &self.layout(settings, sizes)?, seeds))
    }

    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost {
        let weights = self.layout(settings, sizes).map_or(0, |layout| layout.count()) as f64;
        let forward = 2.0 * rows as f64 * weights;
        PassCost { weights, forward, backward: 2.0 * forward, bytes: 8.0 * weights, measured: 16.0 * weights }
    }

    fn build_f32(&self, _: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f32> {
        self.build(sizes, packed)
    }

    fn build_f64(&self, _: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f64> {
        self.build(sizes, packed)
    }
}

fn planned(base: &str) -> (RunSpec, Dataset) {
    let text = format!("name = \"t\"\n[base]\ndata = {{ kind = \"teacher\", features = 3, n = 60 }}\n{base}\n");
    let plan = Experiment::parse(&text, "t.toml", FACTS).and_then(|e| e.plan(&Overrides::default())).unwrap();
    let data = load(&plan.datasets().settings[0], &Places::default()).unwrap();
    (plan.runs(std::slice::from_ref(&data.digest)).remove(0).spec, data)
}

fn cell(table: &Table, row: usize, name: &str) -> Cell {
    table.rows[row][table.column(name).unwrap()].clone()
}

fn number(table: &Table, row: usize, name: &str) -> f64 {
    match cell(table, row, name) {
        Cell::Float(x) => x,
        Cell::Int(i) => i as f64,
        other => panic!("{name} is {other:?}"),
    }
}

fn learn(base: &str) -> (RunSpec, Dataset, RunRecord) {
    let (spec, data) = planned(base);
    let record = train_model(&Sine, &spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
    (spec, data, record)
}

#[test]
fn it_trains_at_both_precisions() {
    for dtype in ["f32", "f64"] {
        let (.., record) = learn(&format!(
            "steps = 200\nbatch = 16\ndtype = \"{dtype}\"\noptimizer = {{ kind = \"adam\", lr = 0.02 }}"
        ));
        assert_eq!(record.status, Status::Finished);
        let last = record.history.rows.len() - 1;
        let (first, trained) = (number(&record.history, 0, "train_loss"), number(&record.history, last, "train_loss"));
        assert!(trained < 0.3 * first, "{dtype}: from {first} to {trained}");
    }
}

#[test]
fn its_rows_of_layers_are_those_of_a_pass_by_hand() {
    let (spec, data, record) = learn("steps = 1\nbatch = \"full\"\ndtype = \"f64\"\noptimizer.lr = 0.1");
    let packed = Sine.initial(&spec.settings, &data.sizes(), &spec.seeds).unwrap();
    let (a, b) = packed.split_at(3 * UNITS);
    let rows = spec.cadence.probe_rows(spec.seeds.experiment, data.train.rows);
    let batch = score::batch::<f64>(&data.train, &data.shape, &rows, Loss::Mse).unwrap();
    let x: Vec<Vec<f64>> = batch.x.to_vec2().unwrap();
    let Target::Values(y) = &batch.target else { panic!("the teacher gives numbers") };
    // Per sample: dL/dh_j = 2 (o - y) b_j, dL/dz = dL/dh cos z, dA = x dL/dz.
    let (mut h_all, mut stream, mut delta, mut sample, mut da) = (vec![], vec![], vec![], vec![], [0.0; 3 * UNITS]);
    for (x, y) in x.iter().zip(y) {
        let z: Vec<f64> = (0..UNITS).map(|j| (0..3).map(|i| x[i] * a[i * UNITS + j]).sum()).collect();
        let h: Vec<f64> = z.iter().map(|z: &f64| z.sin()).collect();
        let off = 2.0 * (h.iter().zip(b).map(|(h, b)| h * b).sum::<f64>() - y);
        for j in 0..UNITS {
            let (dh, dz) = (off * b[j], off * b[j] * z[j].cos());
            stream.push(dh);
            delta.push(dz);
            for i in 0..3 {
                sample.push(x[i] * dz);
                da[i * UNITS + j] += x[i] * dz / rows.len() as f64;
            }
        }
        h_all.extend(h);
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let rms = |v: &[f64]| mean(&v.iter().map(|x| x * x).collect::<Vec<_>>()).sqrt();
    let m = mean(&h_all);
    let spread = rms(&h_all.iter().map(|h| h - m).collect::<Vec<_>>());
    for (column, wanted) in [
        ("step", 0.0),
        ("layer", 1.0),
        ("stream_rms", rms(&stream)),
        ("delta_rms", rms(&delta)),
        ("weight_grad_rms", rms(&da)),
        ("weight_grad_sample_rms", rms(&sample)),
        ("coherence", (rms(&da) / rms(&sample)).powi(2)),
        ("correlation", 1.0),
        ("activation_mean", m),
        ("activation_std", spread),
        ("output_rms", rms(&h_all)),
        ("weight_rms", rms(a)),
        ("zeros", 0.0),
        ("subnormals", 0.0),
    ] {
        let found = number(&record.layers, 0, column);
        assert!((found - wanted).abs() < 1e-12 * wanted.abs().max(1e-3), "{column}: {found} by hand {wanted}");
    }
    // A sine is none of our activations, so what asks for its slope is left open.
    for column in ["saturated", "inactive", "dead"] {
        assert_eq!(cell(&record.layers, 0, column), Cell::Empty, "{column}");
    }
    // The whole training part is the batch, so one step of gradient descent is known too.
    assert!(number(&record.layers, 0, "update_ratio") > 0.0 && record.layers.rows.len() == 2);
}

#[test]
fn its_gradient_is_that_of_central_differences() {
    let (spec, data) = planned("steps = 1");
    let packed = Sine.initial(&spec.settings, &data.sizes(), &spec.seeds).unwrap();
    let batch = score::batch(&data.train, &data.shape, &[0, 1, 2, 3, 4], Loss::Mse).unwrap();
    let mut model = Sine.build_f64(&spec.settings, &data.sizes(), &packed).unwrap();
    let apart = differences::deviation(&mut *model, &batch).unwrap();
    assert!(apart < 1e-7, "{apart:e}");
}

#[test]
fn a_forward_pass_that_cuts_the_graph_is_refused() {
    let layout = || Layout::new([("a".to_string(), Role::Weight, vec![2, 2])]);
    let site = Site::new(1, 2, 0..4);
    let message = |forward: Arc<Forward>| {
        let mut model = CandleModel::<f64>::new(layout(), vec![site.clone()], &[1.0; 4], forward).unwrap();
        let x = tensor(vec![1.0, 2.0], (1, 2)).unwrap();
        let target = Target::Values(vec![0.0, 0.0]);
        let batch = Batch { x, target, loss: Loss::Mse };
        let mut gradients = Gradients::default();
        let result = model.loss_and_gradients(batch, Mode::Probe, &mut gradients);
        result.unwrap_err().to_string()
    };
    let detached = message(Arc::new(|pass, x| x.matmul(&pass.parameter("a")?.detach())));
    assert!(detached.contains("no gradient reaches a"), "{detached}");
    let untapped = message(Arc::new(|pass, x| x.matmul(&pass.parameter("a")?)));
    assert!(untapped.contains("site 0 has no Stream"), "{untapped}");
    let beside = message(Arc::new(|pass, x| {
        let h = x.matmul(&pass.parameter("a")?)?;
        pass.tap(0, Part::Stream, &h)?;
        Ok(h)
    }));
    assert!(beside.contains("of layer 1: continue with the tensor that measuring it returns"), "{beside}");
    let unknown = message(Arc::new(|pass, x| x.matmul(&pass.parameter("c")?)));
    assert!(unknown.contains("no parameter c"), "{unknown}");
}

#[test]
fn a_graph_of_many_nodes_does_not_overflow_the_callers_stack() {
    let layout = Layout::new([("a".to_string(), Role::Weight, vec![1, 1])]);
    let deep = |pass: &mut Pass, x: &Tensor| -> Result<Tensor> {
        let mut h = x.matmul(&pass.parameter("a")?)?;
        for _ in 0..40_000 {
            h = (h + 1e-6)?;
        }
        Ok(h)
    };
    let mut model = CandleModel::<f64>::new(layout, Vec::new(), &[0.5], Arc::new(deep)).unwrap();
    let x = tensor(vec![2.0], (1, 1)).unwrap();
    let target = Target::Values(vec![0.0]);
    let batch = Batch { x, target, loss: Loss::Mse };
    let mut gradients = Gradients::default();
    model.loss_and_gradients(batch, Mode::Train, &mut gradients).unwrap();
    // d (a x + 0.04)^2 / da = 2 (a x + 0.04) x.
    assert!((gradients.packed[0] - 4.16).abs() < 1e-9, "{}", gradients.packed[0]);
}

/// The dense net by candle's own ops trains and is measured as the fused one is.
#[test]
fn the_composed_net_leaves_the_tables_of_the_fused_one() {
    for base in [
        "depth = 3\nwidth = 6\nsteps = 12\nbatch = 8\nactivation = \"tanh\"",
        "depth = 3\nwidth = 6\nsteps = 12\nbatch = 8\nactivation = \"relu\"\nbatch_norm = true\nresidual = true",
        "depth = 2\nwidth = 6\nsteps = 12\nbatch = 8\nbatch_norm = \"after\"\nresidual = \"post_activation\"",
    ] {
        let (spec, data) = planned(&format!("{base}\ndtype = \"f64\"\noptimizer.lr = 0.05"));
        let fused = train(&spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
        let composed = train_model(&Dense::Composed, &spec, &data, &mut |_| ControlFlow::Continue(())).unwrap();
        let tables = [(&fused.history, &composed.history), (&fused.layers, &composed.layers)];
        for (ours, theirs) in tables.into_iter().flat_map(|(a, b)| a.rows.iter().flatten().zip(b.rows.iter().flatten()))
        {
            let close = match (ours, theirs) {
                (Cell::Float(a), Cell::Float(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1e-9),
                (a, b) => a == b,
            };
            assert!(close, "{ours:?} {theirs:?}: {base}");
        }
        assert_eq!(fused.layers.rows.len(), composed.layers.rows.len());
    }
}
