//! How much of a training step is matrix products: `cargo bench --bench step`.
//!
//! The floor multiplies the same shapes with the same strides as a step does, forward, dW and dX (layer 1 has no dX),
//! over buffers of the same sizes. Both are timed in turns, and the medians of many turns are compared. The target is the
//! one of `scripts/peers/cells.json`.

mod cells;

use cells::Cell;
use gradsweep::model::dense::{Architecture, Dense};
use gradsweep::model::{BuildError, Family, Gradients, Model};
use gradsweep::ops::Mode;
use gradsweep::ops::block::Block;
use gradsweep::ops::gemm::{Matrix, multiply};
use gradsweep::ops::loss::Loss;
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::run::score;
use gradsweep::stats::spread;
use serde_json::json;
use std::time::Instant;

/// Turns of each, and steps in a turn.
const TURNS: usize = 60;
const STEPS: usize = 10;

/// The matrix products of a step and their buffers.
struct Products {
    batch: usize,
    /// Streams, the input first: `[batch, units]`.
    streams: Vec<Vec<f32>>,
    deltas: Vec<Vec<f32>>,
    weights: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    shapes: Vec<(usize, usize)>,
}

impl Products {
    fn new(blocks: &[Block], batch: usize) -> Self {
        let shapes: Vec<_> = blocks.iter().map(|b| (b.inputs, b.outputs)).collect();
        let filled = |n: usize| (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 400.0).collect::<Vec<f32>>();
        let units: Vec<usize> = shapes.iter().map(|s| s.0).chain([shapes[shapes.len() - 1].1]).collect();
        let per_unit = || units.iter().map(|u| filled(batch * u)).collect();
        let per_weight = || shapes.iter().map(|(i, o)| filled(i * o)).collect();
        Products {
            batch,
            streams: per_unit(),
            deltas: per_unit(),
            weights: per_weight(),
            gradients: per_weight(),
            shapes,
        }
    }

    fn step(&mut self) {
        let batch = self.batch;
        for (l, &(inputs, outputs)) in self.shapes.iter().enumerate() {
            let (before, after) = self.streams.split_at_mut(l + 1);
            let weight = Matrix::new(&self.weights[l], inputs, outputs);
            multiply(Matrix::new(&before[l], batch, inputs), weight, &mut after[0]);
        }
        for (l, &(inputs, outputs)) in self.shapes.iter().enumerate().rev() {
            let (before, after) = self.deltas.split_at_mut(l + 1);
            let (x, delta) = (Matrix::new(&self.streams[l], batch, inputs), Matrix::new(&after[0], batch, outputs));
            multiply(x.t(), delta, &mut self.gradients[l]);
            if l > 0 {
                let weight = Matrix::new(&self.weights[l], inputs, outputs);
                multiply(delta, weight.t(), &mut before[l]);
            }
        }
    }

    fn flops(&self) -> f64 {
        let products = |(l, (i, o)): (usize, &(usize, usize))| (if l == 0 { 2 } else { 3 } * i * o) as f64;
        2.0 * self.batch as f64 * self.shapes.iter().enumerate().map(products).sum::<f64>()
    }
}

/// A training step, the same calls as in `train`.
struct Training<'a> {
    cell: &'a Cell,
    architecture: Architecture,
    model: Box<dyn Model<f32>>,
    optimizer: Stepper<f32>,
    gradients: Gradients<f32>,
    batch: usize,
    lr: f64,
    at: usize,
}

impl<'a> Training<'a> {
    fn new(cell: &'a Cell) -> Result<Self, BuildError> {
        let (settings, sizes) = (&cell.spec.settings, cell.data.sizes());
        let packed = Dense::Fused.initial(settings, &sizes, &cell.spec.seeds)?;
        let model = Dense::Fused.build_f32(settings, &sizes, &packed)?;
        let rule = Optimizer::from_settings(settings)?;
        Ok(Training {
            cell,
            architecture: Architecture::from_settings(settings, &sizes)?,
            optimizer: Stepper::new(rule, Regularization::from_settings(settings), model.layout()),
            model,
            gradients: Gradients::default(),
            batch: cell.spec.batch(cell.data.train.rows),
            lr: settings.needed_float("optimizer.lr")?,
            at: 0,
        })
    }

    fn step(&mut self) -> gradsweep::ops::Result<()> {
        let data = &self.cell.data;
        self.at = if self.at + 2 * self.batch > data.train.rows { 0 } else { self.at + self.batch };
        let rows: Vec<usize> = (self.at..self.at + self.batch).collect();
        let batch = score::batch(&data.train, &data.shape, &rows, Loss::CrossEntropy)?;
        let Training { model, optimizer, gradients, lr, .. } = self;
        model.loss_and_gradients(batch, Mode::Train, gradients)?;
        assert!(gradients.finite, "the cell diverged");
        model.updated(self.batch);
        model.rewrite(&mut |packed| optimizer.step(packed, gradients, *lr))
    }
}

/// Medians of a step and of its products, in seconds, and the products' floating-point operations.
fn time(cell: &Cell) -> (f64, f64, f64) {
    let mut training = Training::new(cell).unwrap_or_else(|e| panic!("{}: {e}", cell.name));
    let mut products = Products::new(&training.architecture.blocks(), training.batch);
    let (mut steps, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let began = Instant::now();
        (0..STEPS).for_each(|_| products.step());
        floors.push(began.elapsed().as_secs_f64() / STEPS as f64);
        let began = Instant::now();
        (0..STEPS).for_each(|_| training.step().expect("a step succeeds"));
        steps.push(began.elapsed().as_secs_f64() / STEPS as f64);
    }
    let median = |seconds: &[f64]| spread(seconds).map_or(f64::NAN, |s| s.median);
    (median(&steps), median(&floors), products.flops())
}

/// Pairs of cells whose second should cost about as much per operation as the first.
fn pairs() -> [[Cell; 2]; 3] {
    let cell = |name: &str, depth: usize, width: usize, batch: usize, activation: &str, init: &str| {
        let (data, optimizer) = ("digits", json!({ "kind": "sgd", "lr": 0.001 }));
        let own = json!({
            "name": name, "depth": depth, "width": width, "batch": batch, "activation": activation, "init": init,
            "data": data, "optimizer": optimizer, "target": { "floor": 0.0 },
        });
        cells::one(&json!({}), &own)
    };
    [
        [
            cell("tanh 5x64, batch 64", 5, 64, 64, "tanh", "lecun_normal"),
            cell("tanh 5x256, batch 512", 5, 256, 512, "tanh", "lecun_normal"),
        ],
        [
            cell("relu 100x64, batch 64", 100, 64, 64, "relu", "he_normal"),
            cell("sigmoid 100x64, fading", 100, 64, 64, "sigmoid", "uniform_fan_in"),
        ],
        [
            cell("tanh 20x64, batch 64", 20, 64, 64, "tanh", "lecun_normal"),
            cell("gelu 20x64, batch 64", 20, 64, 64, "gelu", "he_normal"),
        ],
    ]
}

/// The C library's takes a tenth of a small step, and maps each buffer above 128 KiB anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    println!(
        "{:24} {:>10} {:>14} {:>14} {:>9} {:>8}",
        "cell", "step us", "products us", "GFLOP/s alone", "share", "target"
    );
    for cell in cells::all() {
        let (step, floor, flops) = time(&cell);
        println!(
            "{:24} {:10.1} {:14.1} {:14.1} {:9.2} {:8.2}",
            cell.name,
            step * 1e6,
            floor * 1e6,
            flops / floor / 1e9,
            floor / step,
            cell.floor
        );
    }
    println!("\n{:24} {:>10} {:>14} {:>24}", "cell", "step us", "GFLOP/s", "time per FLOP, ratio");
    for pair in pairs() {
        let [first, second] = pair.map(|cell| (cell.name.clone(), time(&cell)));
        for (name, (step, _, flops)) in [&first, &second] {
            let ratio = (step / flops) / (first.1.0 / first.1.2);
            println!("{name:24} {:10.1} {:14.1} {ratio:24.2}", step * 1e6, flops / step / 1e9);
        }
    }
}
