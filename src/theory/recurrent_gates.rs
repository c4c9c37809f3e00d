//! The gradient of an LSTM or a GRU on its way back in time, before the first update, at infinite width.
//!
//! Gates tie a unit's steps together: with the same weights at every step a unit whose forget gate stands open now stood open
//! before. So it does not do to multiply one factor a step. In a wide net what a gate gets from h_(t-1) is a Gaussian process over
//! time, whose covariance is the mean over the units of h_(t-1) h_(t'-1); what dL/dh_t gets from the gates behind it is one over
//! backward time, likewise. Both are drawn here for a population of units, step after step, each with the covariance that the
//! steps before gave (dynamical mean-field theory, with tied weights). With 4000 units the attenuation is good to 0.001 decades a
//! step. W_h = 0 apart, no factor from the gates' biases alone gives it: E f^2 is off by up to a third.

use crate::seed::{Seeds, Stream};

/// Units of the population.
const UNITS: usize = 4000;

/// The time taken grows with the square of the steps.
pub const MOST_STEPS: usize = 300;

/// An ensemble of nets of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Gated<'a> {
    /// sigma_w^2 of each gate's recurrent matrix.
    pub weight_variance: f64,
    /// sigma_b^2 of each gate.
    pub bias_variance: f64,
    /// The mean bias of the forget gate, or of the update gate.
    pub gate_bias: f64,
    /// The variance that the input brings to each gate at each time step, drawn anew at each.
    pub inputs: &'a [f64],
}

/// A Gaussian process of every unit, drawn step by step from a covariance that becomes known step by step.
struct Process {
    /// The Cholesky factor of the covariance so far, row after row.
    factor: Vec<Vec<f64>>,
    /// Independent normal numbers of each step.
    normals: Vec<Vec<f64>>,
}

impl Process {
    fn new() -> Self {
        Process { factor: Vec::new(), normals: Vec::new() }
    }

    /// The next step, given its covariance with the steps so far and its own variance, the last entry.
    fn next(&mut self, covariance: &[f64], draws: &mut Stream) -> Vec<f64> {
        let row = cholesky_row(&self.factor, covariance);
        self.normals.push((0..UNITS).map(|_| draws.normal()).collect());
        let mut out = vec![0.0; UNITS];
        for (weight, normals) in row.iter().zip(&self.normals).filter(|(weight, _)| **weight != 0.0) {
            out.iter_mut().zip(normals).for_each(|(x, z)| *x += weight * z);
        }
        self.factor.push(row);
        out
    }
}

/// The next row of a Cholesky factor.
fn cholesky_row(factor: &[Vec<f64>], covariance: &[f64]) -> Vec<f64> {
    let mut row: Vec<f64> = Vec::with_capacity(covariance.len());
    for (above, own) in factor.iter().zip(covariance) {
        let explained: f64 = above.iter().zip(&row).map(|(a, b)| a * b).sum();
        let pivot = above[row.len()];
        row.push(if pivot > 1e-150 { (own - explained) / pivot } else { 0.0 });
    }
    let left = covariance[row.len()] - row.iter().map(|x| x * x).sum::<f64>();
    row.push(left.max(0.0).sqrt());
    row
}

fn mean_product(a: &[f64], b: &[f64]) -> f64 {
    crate::ops::reduce::dot(a, b) / a.len() as f64
}

fn mean_square(a: &[f64]) -> f64 {
    mean_product(a, a)
}

fn sigmoid(x: f64) -> f64 {
    0.5 + 0.5 * (0.5 * x).tanh()
}

/// Over that of the last step, in logarithms.
fn relative(squares: &[f64]) -> Vec<f64> {
    let last = squares.last().copied().unwrap_or(1.0);
    squares.iter().map(|square| (square / last).ln()).collect()
}

impl Gated<'_> {
    /// What each gate gets at the next step: from the units' outputs so far, the input and the bias.
    fn fields(&self, processes: &mut [Process], outputs: &[Vec<f64>], draws: &mut Stream) -> Vec<Vec<f64>> {
        let step = outputs.len();
        let before = |t: usize| t.checked_sub(1).map(|t| &outputs[t]);
        let covariance: Vec<f64> = (0..=step)
            .map(|other| {
                let product = before(step).zip(before(other)).map_or(0.0, |(a, b)| mean_product(a, b));
                self.weight_variance * product + self.bias_variance
            })
            .collect();
        processes.iter_mut().map(|process| process.next(&covariance, draws)).collect()
    }

    fn noisy(&self, field: &mut [f64], step: usize, bias: f64, draws: &mut Stream) {
        let deviation = self.inputs[step].sqrt();
        field.iter_mut().for_each(|x| *x += deviation * draws.normal() + bias);
    }

    /// What dL/dh of the step before gets through the gates, given the gradients of their arguments at all steps so far.
    fn back(&self, process: &mut Process, gates: &[Vec<Vec<f64>>], draws: &mut Stream) -> Vec<f64> {
        let now = &gates[gates.len() - 1];
        let of = |other: &Vec<Vec<f64>>| now.iter().zip(other).map(|(a, b)| mean_product(a, b)).sum::<f64>();
        let covariance: Vec<f64> = gates.iter().map(|other| self.weight_variance * of(other)).collect();
        process.next(&covariance, draws)
    }

    /// Of dL/dc of an LSTM: ln of its mean square at each time step over that of the last.
    pub fn lstm(&self) -> Vec<f64> {
        let (steps, mut draws) = (self.inputs.len(), draws("lstm"));
        let mut processes: [Process; 4] = std::array::from_fn(|_| Process::new());
        let (mut outputs, mut cells, mut gates) = (Vec::new(), vec![vec![0.0; UNITS]], Vec::new());
        for step in 0..steps {
            let mut z = self.fields(&mut processes, &outputs, &mut draws);
            for (gate, field) in z.iter_mut().enumerate() {
                self.noisy(field, step, if gate == 1 { self.gate_bias } else { 0.0 }, &mut draws);
                let phi: fn(f64) -> f64 = if gate == 2 { f64::tanh } else { sigmoid };
                field.iter_mut().for_each(|x| *x = phi(*x));
            }
            let cell: Vec<f64> = (0..UNITS).map(|j| z[1][j] * cells[step][j] + z[0][j] * z[2][j]).collect();
            outputs.push((0..UNITS).map(|j| z[3][j] * cell[j].tanh()).collect());
            cells.push(cell);
            gates.push(z);
        }
        let (mut process, mut deltas, mut squares) = (Process::new(), Vec::new(), vec![0.0; steps]);
        let mut stream: Vec<f64> = (0..UNITS).map(|_| draws.normal()).collect();
        let mut carried = vec![0.0; UNITS];
        for step in (0..steps).rev() {
            let (z, cell, before) = (&gates[step], &cells[step + 1], &cells[step]);
            let own = |j: usize| carried[j] + stream[j] * z[3][j] * (1.0 - cell[j].tanh().powi(2));
            let dc: Vec<f64> = (0..UNITS).map(own).collect();
            squares[step] = mean_square(&dc);
            let slope = |gate: usize, j: usize| z[gate][j] * (1.0 - z[gate][j]);
            let delta = |of: &dyn Fn(usize) -> f64| (0..UNITS).map(of).collect::<Vec<f64>>();
            deltas.push(vec![
                delta(&|j| dc[j] * z[2][j] * slope(0, j)),
                delta(&|j| dc[j] * before[j] * slope(1, j)),
                delta(&|j| dc[j] * z[0][j] * (1.0 - z[2][j] * z[2][j])),
                delta(&|j| stream[j] * cell[j].tanh() * slope(3, j)),
            ]);
            carried = (0..UNITS).map(|j| z[1][j] * dc[j]).collect();
            stream = self.back(&mut process, &deltas, &mut draws);
        }
        relative(&squares)
    }

    /// Of dL/dh of a GRU.
    pub fn gru(&self) -> Vec<f64> {
        let (steps, mut draws) = (self.inputs.len(), draws("gru"));
        let mut processes: [Process; 3] = std::array::from_fn(|_| Process::new());
        let (mut outputs, mut gates): (Vec<Vec<f64>>, Vec<[Vec<f64>; 4]>) = (Vec::new(), Vec::new());
        let zeros = vec![0.0; UNITS];
        for step in 0..steps {
            let [mut r, mut z, past]: [Vec<f64>; 3] =
                self.fields(&mut processes, &outputs, &mut draws).try_into().unwrap_or_default();
            self.noisy(&mut r, step, 0.0, &mut draws);
            self.noisy(&mut z, step, self.gate_bias, &mut draws);
            r.iter_mut().chain(&mut z).for_each(|x| *x = sigmoid(*x));
            let mut n = vec![0.0; UNITS];
            self.noisy(&mut n, step, 0.0, &mut draws);
            n.iter_mut().enumerate().for_each(|(j, x)| *x = (*x + r[j] * past[j]).tanh());
            let before = outputs.last().unwrap_or(&zeros);
            outputs.push((0..UNITS).map(|j| (1.0 - z[j]) * n[j] + z[j] * before[j]).collect());
            gates.push([r, z, n, past]);
        }
        let (mut process, mut deltas, mut squares) = (Process::new(), Vec::new(), vec![0.0; steps]);
        let mut stream: Vec<f64> = (0..UNITS).map(|_| draws.normal()).collect();
        for step in (0..steps).rev() {
            let [r, z, n, past] = &gates[step];
            let before = step.checked_sub(1).map_or(&zeros, |before| &outputs[before]);
            squares[step] = mean_square(&stream);
            let dn = |j: usize| stream[j] * (1.0 - z[j]) * (1.0 - n[j] * n[j]);
            let delta = |of: &dyn Fn(usize) -> f64| (0..UNITS).map(of).collect::<Vec<f64>>();
            deltas.push(vec![
                delta(&|j| dn(j) * past[j] * r[j] * (1.0 - r[j])),
                delta(&|j| stream[j] * (before[j] - n[j]) * z[j] * (1.0 - z[j])),
                delta(&|j| dn(j) * r[j]),
            ]);
            let field = self.back(&mut process, &deltas, &mut draws);
            stream = (0..UNITS).map(|j| z[j] * stream[j] + field[j]).collect();
        }
        relative(&squares)
    }
}

/// The same for every net, so that a prediction is one number.
fn draws(cell: &str) -> Stream {
    Seeds { experiment: 0, run: 0 }.stream("population theory", &[cell.len()])
}
