//! A training step allocates what candle's graph and the matrix products allocate, and nothing that grows with the net; reading a
//! CSV file takes its text and its numbers.

use gradsweep::data::{self, Places};
use gradsweep::experiment::{Experiment, Overrides};
use gradsweep::figure::kinds::FACTS;
use gradsweep::model::dense::{Architecture, Network, Residual};
use gradsweep::model::init::Init;
use gradsweep::model::recurrent;
use gradsweep::model::{Batch, Gradients, Model};
use gradsweep::ops::Mode;
use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::Skip;
use gradsweep::ops::gemm::{Matrix, multiply};
use gradsweep::ops::loss::{Loss, Target};
use gradsweep::ops::norm::{Norm, NormKind, Placement};
use gradsweep::ops::recurrent::{Cell, ReadOut, Stack};
use gradsweep::ops::{Tensor, tensor};
use gradsweep::optim::{Optimizer, Regularization, Stepper};
use gradsweep::seed::Seeds;
use std::alloc::{GlobalAlloc, Layout, System};

struct Counting;

thread_local! {
    /// Of this thread alone, so that neither another test nor the harness counts.
    static COUNT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    /// Bytes that are held, and the most that were.
    static HELD: std::cell::Cell<[isize; 2]> = const { std::cell::Cell::new([0; 2]) };
}

fn count() {
    // None while a thread ends, which no test waits for.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

fn hold(new: usize, old: usize) {
    let _ = HELD.try_with(|held| {
        let [now, most] = held.get();
        let now = now + new as isize - old as isize;
        held.set([now, most.max(now)]);
    });
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        hold(layout.size(), 0);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        hold(layout.size(), 0);
        // SAFETY: the caller keeps `alloc_zeroed`'s contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        hold(size, layout.size());
        // SAFETY: the caller keeps `realloc`'s contract.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        hold(0, layout.size());
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FEATURES: usize = 20;
const OUTPUTS: usize = 10;
/// Tensors of the input, the outputs, the loss and their gradients, candle's graph and its maps.
const GRAPH: usize = 40;

fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

/// What a step of this net allocates beyond its matrix products.
fn beyond_products(architecture: &Architecture, batch: usize, loss: Loss, rule: Optimizer) -> usize {
    let mut network =
        Network::<f32>::new(architecture.clone(), Init::HeNormal, &Seeds { experiment: 0, run: 1 }).unwrap();
    let regularization =
        Regularization { l2: 1e-3, weight_decay: 1e-3, clip_norm: Some(1.0), ..Regularization::default() };
    let mut optimizer = Stepper::new(rule, regularization, network.layout());
    let mut gradients = Gradients::default();
    let mut step = |x: Tensor, target: Target<f32>| {
        network.loss_and_gradients(Batch { x, target, loss }, Mode::Train, &mut gradients).unwrap();
        network.updated(batch);
        network.rewrite(&mut |packed| optimizer.step(packed, &gradients, 0.01)).unwrap();
    };
    let x = || tensor((0..batch * FEATURES).map(|i| (i % 7) as f32 - 3.0).collect(), (batch, FEATURES)).unwrap();
    let y = || match loss {
        loss if loss.takes_classes() => Target::Classes((0..batch as u32).map(|i| i % OUTPUTS as u32).collect()),
        _ => Target::Values(vec![0.5; batch * OUTPUTS]),
    };
    // The first steps fill the arena.
    (0..4).for_each(|_| step(x(), y()));
    let (batch_x, batch_y) = (x(), y());
    let step = allocations(|| step(batch_x, batch_y));

    let blocks = architecture.blocks();
    let longest = blocks.iter().map(|b| b.inputs.max(b.outputs)).max().unwrap_or_default();
    let (stream, weight) = (vec![0.1f32; batch * longest], vec![0.1f32; longest * longest]);
    let (mut stream_out, mut weight_out) = (stream.clone(), weight.clone());
    let products = allocations(|| {
        for (i, b) in blocks.iter().enumerate() {
            let x = Matrix::new(&stream[..batch * b.inputs], batch, b.inputs);
            let d = Matrix::new(&stream[..batch * b.outputs], batch, b.outputs);
            let w = Matrix::new(&weight[..b.inputs * b.outputs], b.inputs, b.outputs);
            multiply(x, w, &mut stream_out[..batch * b.outputs]);
            multiply(x.t(), d, &mut weight_out[..b.inputs * b.outputs]);
            if i > 0 {
                multiply(d, w.t(), &mut stream_out[..batch * b.inputs]);
            }
            if let Skip::Gated { .. } = b.skip {
                multiply(x, w, &mut stream_out[..batch * b.outputs]);
                multiply(x.t(), d, &mut weight_out[..b.inputs * b.outputs]);
                multiply(d, w.t(), &mut stream_out[..batch * b.inputs]);
            }
        }
    });
    step - products
}

#[test]
fn a_step_allocates_nothing_that_grows() {
    let norms = NormKind::ALL.into_iter().flat_map(|kind| Placement::ALL.map(|place| Some(Norm::new(kind, place))));
    let mut most = 0;
    for activation in Activation::ALL {
        for norm in norms.clone().chain([None]) {
            for residual in [
                Residual::None,
                Residual::PreActivation(Skip::Learned),
                Residual::PostActivation(Skip::Scaled(0.5)),
                Residual::Highway { transform_bias: -1.0 },
            ] {
                let net = |depth, width| Architecture {
                    features: FEATURES,
                    outputs: OUTPUTS,
                    widths: vec![width; depth],
                    activation,
                    output_activation: Activation::Identity,
                    bias: true,
                    norm,
                    residual,
                    dropout: 0.0,
                };
                let of = |net, batch| beyond_products(&net, batch, Loss::CrossEntropy, Optimizer::Sgd);
                let small = of(net(2, 8), 8);
                for (other, batch) in [(net(30, 8), 8), (net(2, 200), 8), (net(2, 8), 200)] {
                    assert_eq!(of(other.clone(), batch), small, "batch {batch} of {other:?}");
                }
                most = most.max(small);
            }
        }
    }
    for rule in Optimizer::ALL {
        for loss in Loss::ALL {
            let plain = Architecture {
                features: FEATURES,
                outputs: OUTPUTS,
                widths: vec![16; 3],
                activation: Activation::Tanh,
                output_activation: Activation::Identity,
                bias: true,
                norm: None,
                residual: Residual::None,
                dropout: 0.0,
            };
            let deep = Architecture { widths: vec![plain.widths[0]; 20], ..plain.clone() };
            let count = beyond_products(&plain, 16, loss, rule);
            assert_eq!(beyond_products(&deep, 16, loss, rule), count, "{rule:?} {loss:?}");
            most = most.max(count);
        }
    }
    println!("at most {most} allocations a step beyond the matrix products");
    assert!(most <= GRAPH, "{most} allocations a step");
}

/// What a step of this recurrent net allocates beyond its matrix products.
fn beyond_products_over_time(stack: &Stack, batch: usize) -> usize {
    let packed = vec![0.1; stack.parameter_count()];
    let mut network = recurrent::Network::<f32>::with_parameters(stack.clone(), &packed).unwrap();
    let mut gradients = Gradients::default();
    let mut step = |x: Tensor, target: Target<f32>| {
        network.loss_and_gradients(Batch { x, target, loss: Loss::Mse }, Mode::Train, &mut gradients).unwrap();
    };
    let shape = (batch, stack.steps, stack.features);
    let x =
        || tensor((0..batch * stack.steps * stack.features).map(|i| (i % 7) as f32 - 3.0).collect(), shape).unwrap();
    let y = || Target::Values(vec![0.5; batch * stack.outputs]);
    (0..4).for_each(|_| step(x(), y()));
    let (batch_x, batch_y) = (x(), y());
    let step = allocations(|| step(batch_x, batch_y));

    let (n, wide, inputs, all) = (stack.width, stack.columns(), stack.features, batch * stack.steps);
    let read = batch * stack.answers();
    let numbers = vec![0.1f32; all * wide.max(inputs).max(stack.outputs) + wide * wide];
    let mut out = numbers.clone();
    let mut product = |m: usize, k: usize, l: usize, [a, b]: [bool; 2]| {
        let of = |rows: usize, columns: usize, transposed: bool| match transposed {
            true => Matrix::new(&numbers[..rows * columns], columns, rows).t(),
            false => Matrix::new(&numbers[..rows * columns], rows, columns),
        };
        multiply(of(m, k, a), of(k, l, b), &mut out[..m * l]);
    };
    let products = allocations(|| {
        product(all, inputs, wide, [false, false]);
        (1..stack.steps).for_each(|_| product(batch, n, wide, [false, false]));
        product(read, n, stack.outputs, [false, false]);
        product(n, read, stack.outputs, [true, false]);
        product(read, stack.outputs, n, [false, true]);
        (1..stack.steps).for_each(|_| product(batch, wide, n, [false, true]));
        product(inputs, all, wide, [true, false]);
        product(n, all - batch, wide, [true, false]);
    });
    step - products
}

#[test]
fn a_step_through_time_allocates_nothing_that_grows() {
    for cell in [Cell::Rnn(Activation::Tanh), Cell::Rnn(Activation::Gelu), Cell::Lstm, Cell::Gru] {
        for read_out in [ReadOut::Last, ReadOut::Mean, ReadOut::Every] {
            let net = |steps, width| Stack {
                cell,
                steps,
                features: 3,
                depth: 1,
                width,
                outputs: 4,
                bias: true,
                output_activation: Activation::Identity,
                read_out,
                norm: None,
                residual: false,
                dropout: 0.0,
                truncation: None,
            };
            let small = beyond_products_over_time(&net(4, 8), 8);
            assert!(small < GRAPH, "{small} allocations of {cell:?}");
            for (other, batch) in [(net(50, 8), 8), (net(4, 100), 8), (net(4, 8), 100)] {
                assert_eq!(beyond_products_over_time(&other, batch), small, "batch {batch} of {other:?}");
            }
        }
    }
}

/// The text is held beside its numbers, in as few bytes as hold them, with no copy of either: less than three times the file together,
/// however short its cells are.
#[test]
fn reading_a_csv_file_takes_its_text_and_its_numbers() {
    const ROWS: usize = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let long = |at: usize| format!("{:.7}", (at as f64).sin());
    let digit = |at: usize| (at * 7 % 10).to_string();
    let sparse = |at: usize| if at.is_multiple_of(20) { (at as f64).sin().to_string() } else { "0".into() };
    let decimal = |at: usize| format!("{}.{}", at % 7, at * 7 % 10);
    let word = |at: usize| ["a", "b", "c", "d", "e", "f", "g"][at % 7].to_string();
    let kinds = [&long as &dyn Fn(usize) -> String, &digit, &sparse, &decimal, &word];
    for cell in kinds {
        let row = |i: usize| {
            let cells = (0..FEATURES).map(|j| cell(i * FEATURES + i / 3 + j));
            format!("{},{}\n", cells.collect::<Vec<_>>().join(","), ["a", "b", "c"][i % 3])
        };
        let rows: Vec<String> = (0..ROWS).map(row).collect();
        let steps: String = rows.iter().zip(0..).map(|(row, i)| format!("{},{row}", i / 4)).collect();
        let (test, text) = (rows[..ROWS / 10].concat(), rows.concat());
        for (name, text) in [("table.csv", &text), ("test.csv", &test), ("steps.csv", &steps)] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        for (name, more, file) in [
            ("table", "", text.len()),
            ("table", ", validation = 0.1, test = 0.2, scaling = \"none\"", text.len()),
            ("table", ", test_path = \"test.csv\"", text.len() + test.len()),
            ("steps", ", sequence = \"1\"", steps.len()),
        ] {
            let experiment =
                format!("[base]\ndata = {{ kind = \"csv\", path = \"{name}.csv\", categories = \"one_hot\"{more} }}\n");
            let plan = Experiment::parse(&experiment, "x.toml", FACTS).unwrap().plan(&Overrides::default()).unwrap();
            let places = Places { base: dir.path().into(), ..Places::default() };
            let [before, _] = HELD.get();
            HELD.set([before, before]);
            let data = data::load(&plan.cells[0].settings, &places).unwrap();
            let (most, file) = ((HELD.get()[1] - before) as f64, file as f64);
            println!("{:.2} times the file {name}.csv{more}", most / file);
            assert!(most <= 3.0 * file, "{most} bytes for {file}{more}");
            assert!(data.train.x.len() > ROWS * FEATURES / 2);
        }
    }
}
