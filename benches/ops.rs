//! What each activation costs, forward and backward, in f32 and f64: `cargo bench --bench ops`.
//!
//! A block with the activation is timed against the same block without one, in turns; the difference over the number of
//! elements is the price of the activation's passes, reading and writing included.

use gradsweep::ops::activation::Activation;
use gradsweep::ops::block::{Block, Nonlinearity, Skip};
use gradsweep::ops::chain::Chain;
use gradsweep::ops::dropout::Draws;
use gradsweep::ops::fused::{Arena, FusedChain};
use gradsweep::ops::{Element, Mode, Result, Tensor, tensor};
use gradsweep::stats::spread;
use std::sync::{Arc, Mutex};
use std::time::Instant;

const ROWS: usize = 64;
const UNITS: usize = 256;
/// Few, so that the product is a small part of the block.
const INPUTS: usize = 4;
const TURNS: usize = 200;

/// Forward and backward seconds of a block over one batch.
fn time<T: Element>(block: Block, x: &Tensor, parameters: &Tensor) -> Result<[f64; 2]> {
    let chain = Arc::new(Chain::new(vec![block]));
    let arena = Arc::new(Mutex::new(Arena::<T>::new(&chain)));
    let op = || FusedChain { chain: chain.clone(), mode: Mode::Train, draws: Draws::default(), arena: arena.clone() };
    x.apply_op2(parameters, op())?.backward()?;
    let began = Instant::now();
    let out = x.apply_op2(parameters, op())?;
    let forward = began.elapsed().as_secs_f64();
    let began = Instant::now();
    out.backward()?;
    Ok([forward, began.elapsed().as_secs_f64()])
}

/// Nanoseconds an element, forward and backward.
fn price<T: Element>(activation: Activation) -> Result<[f64; 2]> {
    let bare = Block { inputs: INPUTS, outputs: UNITS, before: None, bias: true, after: None, skip: Skip::None };
    let block = Block { after: Some(Nonlinearity { activation, norm: None, dropout: 0.0 }), ..bare };
    // Arguments of a trained net: both signs, most within [-3, 3].
    let number = |i: usize| T::of(((i * 7919 % 2001) as f64 - 1000.0) / 700.0);
    let x = tensor((0..ROWS * INPUTS).map(number).collect::<Vec<T>>(), (ROWS, INPUTS))?;
    let variable = |block: &Block| {
        let numbers: Vec<T> = (0..block.parameter_count()).map(number).collect();
        candle_core::Var::from_tensor(&tensor(numbers, block.parameter_count())?)
    };
    let (parameters, bare_parameters) = (variable(&block)?, variable(&bare)?);
    let mut turns: [Vec<f64>; 4] = Default::default();
    for _ in 0..TURNS {
        let pair = [time::<T>(block, &x, &parameters)?, time::<T>(bare, &x, &bare_parameters)?];
        turns.iter_mut().zip(pair.into_iter().flatten()).for_each(|(all, seconds)| all.push(seconds));
    }
    let [forward, backward, bare_forward, bare_backward] = turns.map(|t| spread(&t).map_or(f64::NAN, |s| s.median));
    let each = 1e9 / (ROWS * UNITS) as f64;
    Ok([(forward - bare_forward) * each, (backward - bare_backward) * each])
}

fn main() {
    println!(
        "{:12} {:>12} {:>12} {:>12} {:>12}",
        "ns/element", "f32 forward", "f32 backward", "f64 forward", "f64 backward"
    );
    for activation in Activation::ALL {
        let [single, double] = [price::<f32>(activation), price::<f64>(activation)];
        let [a, b] = single.expect("the block runs in f32");
        let [c, d] = double.expect("the block runs in f64");
        println!("{:12} {a:12.2} {b:12.2} {c:12.2} {d:12.2}", activation.word());
    }
}
