//! The cell as a candle-nn user would write it: stock layers, losses and optimizers, one run a thread on two threads.
//!
//! `RAYON_NUM_THREADS=1 candle_nn_peer '{"depth": 20, ...}'` trains a cell of `scripts/peers/cells.json`, filled in by
//! `scripts/peers/common.py`, and prints one line of JSON. gradsweep gives the data alone.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{BatchNorm, Linear, Module, ModuleT, Optimizer, VarBuilder, VarMap};
use gradsweep::data::{self, Dataset, Places, Split, Targets};
use gradsweep::seed::Seeds;
use gradsweep::setting::{Settings, Value};
use serde_json::{Value as Json, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const THREADS: usize = 2;
/// Dropping a graph of 50 layers recurses beyond the usual 2 MiB.
const STACK: usize = 16 << 20;

/// What `cells.json` says of a cell.
struct Cell {
    depth: usize,
    width: usize,
    batch: usize,
    steps: usize,
    seeds: usize,
    batch_norm: bool,
    adam: bool,
    lr: f64,
}

impl Cell {
    fn parse(text: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(text).ok()?;
        let size = |key: &str| json[key].as_u64().map(|n| n as usize);
        if json["activation"] != "tanh" || json["loss"] != "cross_entropy" {
            return None;
        }
        Some(Cell {
            depth: size("depth")?,
            width: size("width")?,
            batch: size("batch")?,
            steps: size("steps")?,
            seeds: size("seeds")?,
            batch_norm: json["batch_norm"].as_bool()?,
            adam: json["optimizer"]["kind"] == "adam",
            lr: json["optimizer"]["lr"].as_f64()?,
        })
    }
}

/// Affine maps, norms where the cell has them, tanh; a linear output layer.
struct Net {
    layers: Vec<(Linear, Option<BatchNorm>)>,
    output: Linear,
}

impl Net {
    fn new(cell: &Cell, features: usize, outputs: usize, vars: VarBuilder) -> Result<Self> {
        let linear = |inputs: usize, outputs: usize, vars: VarBuilder| {
            let spread = candle_nn::Init::Randn { mean: 0.0, stdev: (inputs as f64).sqrt().recip() };
            let weight = vars.get_with_hints((outputs, inputs), "weight", spread)?;
            let bias = vars.get_with_hints(outputs, "bias", candle_nn::Init::Const(0.0))?;
            Result::Ok(Linear::new(weight, Some(bias)))
        };
        let mut layers = Vec::new();
        for i in 0..cell.depth {
            let inputs = if i == 0 { features } else { cell.width };
            let norm = |vars| candle_nn::batch_norm(cell.width, 1e-5, vars);
            let norm = cell.batch_norm.then(|| norm(vars.pp(format!("norm{i}")))).transpose()?;
            layers.push((linear(inputs, cell.width, vars.pp(format!("layer{i}")))?, norm));
        }
        Ok(Net { layers, output: linear(cell.width, outputs, vars.pp("output"))? })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut h = x.clone();
        for (layer, norm) in &self.layers {
            h = layer.forward(&h)?;
            if let Some(norm) = norm {
                h = norm.forward_t(&h, train)?;
            }
            h = h.tanh()?;
        }
        self.output.forward(&h)
    }
}

/// The two optimizers have one trait, which is not object safe.
enum Update {
    Sgd(candle_nn::SGD),
    Adam(candle_nn::AdamW),
}

impl Update {
    fn new(cell: &Cell, vars: &VarMap) -> Result<Self> {
        if cell.adam {
            let params = candle_nn::ParamsAdamW { lr: cell.lr, weight_decay: 0.0, ..Default::default() };
            return Ok(Update::Adam(candle_nn::AdamW::new(vars.all_vars(), params)?));
        }
        Ok(Update::Sgd(candle_nn::SGD::new(vars.all_vars(), cell.lr)?))
    }

    fn backward_step(&mut self, loss: &Tensor) -> Result<()> {
        match self {
            Update::Sgd(sgd) => sgd.backward_step(loss),
            Update::Adam(adam) => adam.backward_step(loss),
        }
    }
}

/// A split as tensors: inputs and classes.
fn tensors(split: &Split, features: usize) -> Result<(Tensor, Tensor)> {
    let Targets::Classes { labels, .. } = &split.targets else { candle_core::bail!("digits have classes") };
    let x = Tensor::from_vec(split.x.to_vec(), (split.rows, features), &Device::Cpu)?.to_dtype(DType::F32)?;
    Ok((x, Tensor::from_slice(labels, split.rows, &Device::Cpu)?))
}

/// Trains one seed; the training and the test loss at the end.
fn train(cell: &Cell, data: &Dataset, seed: u64) -> Result<[f32; 2]> {
    let vars = VarMap::new();
    let builder = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let net = Net::new(cell, data.features(), data.train.targets.outputs(), builder)?;
    let mut update = Update::new(cell, &vars)?;
    let (x, y) = tensors(&data.train, data.features())?;
    let seeds = Seeds { experiment: 0, run: seed };
    let mut order: Vec<u32> = Vec::new();
    let mut at = 0;
    for step in 0..cell.steps {
        if at + cell.batch > order.len() {
            let permutation = seeds.stream("batch order", &[data.train.rows, step]).permutation(data.train.rows);
            order = permutation.into_iter().map(|row| row as u32).collect();
            at = 0;
        }
        let rows = Tensor::from_slice(&order[at..at + cell.batch], cell.batch, &Device::Cpu)?;
        at += cell.batch;
        let logits = net.forward(&x.index_select(&rows, 0)?, true)?;
        update.backward_step(&candle_nn::loss::cross_entropy(&logits, &y.index_select(&rows, 0)?)?)?;
    }
    let score = |split: &Split| -> Result<f32> {
        let (x, y) = tensors(split, data.features())?;
        let logits = net.forward(&x, false)?.detach();
        candle_nn::loss::cross_entropy(&logits, &y)?.to_scalar()
    };
    let test = data.test.as_ref().map_or(Ok(f32::NAN), score)?;
    Ok([score(&data.train)?, test])
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    let n = values.len();
    if n == 0 { f32::NAN } else { (values[(n - 1) / 2] + values[n / 2]) / 2.0 }
}

fn main() {
    let cell = std::env::args().nth(1).and_then(|text| Cell::parse(&text));
    let cell = cell.expect("give a tanh, cross_entropy cell of scripts/peers/cells.json as JSON");
    assert_eq!(candle_core::utils::get_num_threads(), 1, "start with RAYON_NUM_THREADS=1");
    let text = |word: &str| Value::Text(word.into());
    let settings = Settings::new(vec![
        ("data", text("digits")),
        ("data.scaling", text("global")),
        ("data.test", Value::Float(0.2)),
    ]);
    let data = data::load(&settings, &Places::default()).expect("digits are embedded");

    let began = Instant::now();
    let (next, losses) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let worker = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= cell.seeds {
                        return;
                    }
                    let loss = train(&cell, &data, seed as u64 + 1).expect("candle trains the cell");
                    losses.lock().expect("no thread panicked").push(loss);
                }
            };
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker).expect("a thread starts");
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let losses = losses.into_inner().expect("no thread panicked");
    let of = |split: usize| median(losses.iter().map(|l| l[split]).collect());
    let report = json!({ "seconds": seconds, "compile_seconds": 0.0, "runs": losses.len(),
        "train_loss": of(0), "test_loss": of(1) });
    println!("{report}");
}
