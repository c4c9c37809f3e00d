//! A stack of recurrent layers and an output layer, as data: what it computes, and where its parameters stand in its packed
//! vector.

use crate::ops::activation::Activation;
use crate::ops::norm::Norm;
use std::ops::Range;

/// What a recurrent layer does from one time step to the next. x_t is its input, h_t its output, h_0 = 0; W and b of a gate are
/// columns of one matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// h_t = phi(x_t W + h_(t-1) U + b) (Elman 1990).
    Rnn(Activation),
    /// i, f, o = sigmoid(...), g = tanh(...), c_t = f c_(t-1) + i g, h_t = o tanh(c_t) (Hochreiter & Schmidhuber 1997, with the
    /// forget gate of Gers et al. 2000); no peepholes.
    Lstm,
    /// r, z = sigmoid(...), n = tanh(x_t W + b + r (h_(t-1) U)), h_t = (1 - z) n + z h_(t-1) (Cho et al. 2014, with the reset gate
    /// after the product, as PyTorch and cuDNN have it): z keeps.
    Gru,
}

impl Cell {
    /// The gates, in the order of their columns.
    pub fn gates(self) -> &'static [&'static str] {
        match self {
            Cell::Rnn(_) => &["state"],
            Cell::Lstm => &["input", "forget", "candidate", "output"],
            Cell::Gru => &["reset", "update", "candidate"],
        }
    }

    /// Whether each of them is a sigmoid, that lets something through or does not.
    pub fn sigmoids(self) -> &'static [bool] {
        match self {
            Cell::Rnn(_) => &[],
            Cell::Lstm => &[true, true, false, true],
            Cell::Gru => &[true, true, false],
        }
    }
}

/// What the output layer reads of the top layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOut {
    /// h_T.
    Last,
    /// The mean of all h_t.
    Mean,
    /// Each h_t by itself: an answer at every time step.
    Every,
}

/// Recurrent layers on sequences `[time, features]`, then an output layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    pub cell: Cell,
    /// Time steps of a sequence.
    pub steps: usize,
    pub features: usize,
    /// Recurrent layers, each with so many units.
    pub depth: usize,
    pub width: usize,
    pub outputs: usize,
    pub bias: bool,
    pub output_activation: Activation,
    pub read_out: ReadOut,
    /// Of every nonlinearity's argument, each gate's by itself over its units, at each time step: h = phi(N(x W + h' U) + b). The
    /// bias follows the norm, which would take its mean away.
    pub norm: Option<Norm>,
    /// A layer above the first hands on the sum of its output and what it read.
    pub residual: bool,
    /// Probability that a number which a layer hands on to the layer above is left out of a training pass.
    pub dropout: f64,
    /// Gradients go back at most so many steps: none passes between the stretches of this length, counted from the last step.
    pub truncation: Option<usize>,
}

/// Where the parameters of an affine map with a recurrent part stand; the output layer has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// `[inputs, gates * width]`.
    pub input: Range<usize>,
    /// `[width, gates * width]`.
    pub recurrent: Range<usize>,
    pub bias: Option<Range<usize>>,
}

impl Stack {
    /// Columns of a layer's matrices.
    pub fn columns(&self) -> usize {
        self.cell.gates().len() * self.width
    }

    /// Inputs of a layer, counted from 0.
    pub fn inputs(&self, layer: usize) -> usize {
        if layer == 0 { self.features } else { self.width }
    }

    fn count(&self, layer: usize) -> usize {
        (self.inputs(layer) + self.width + usize::from(self.bias) + usize::from(self.has_gains())) * self.columns()
    }

    /// Whether a learned gain follows each norm.
    pub fn has_gains(&self) -> bool {
        self.norm.is_some_and(|norm| norm.affine)
    }

    /// Whether the fused op computes it: norms, skip connections and dropout are for candle's own ops.
    pub fn is_fused(&self) -> bool {
        self.norm.is_none() && !self.residual && self.dropout == 0.0
    }

    fn start(&self, layer: usize) -> usize {
        (0..layer).map(|l| self.count(l)).sum()
    }

    /// Where a layer's parameters stand.
    pub fn layer(&self, layer: usize) -> Places {
        let (start, columns) = (self.start(layer), self.columns());
        let recurrent = start + self.inputs(layer) * columns;
        let bias = recurrent + self.width * columns;
        Places { input: start..recurrent, recurrent: recurrent..bias, bias: self.bias.then_some(bias..bias + columns) }
    }

    /// Where the output layer's weight and bias stand.
    pub fn output(&self) -> (Range<usize>, Option<Range<usize>>) {
        let start = self.start(self.depth);
        let bias = start + self.width * self.outputs;
        (start..bias, self.bias.then_some(bias..bias + self.outputs))
    }

    /// Parameters in all.
    pub fn parameter_count(&self) -> usize {
        self.start(self.depth) + (self.width + usize::from(self.bias)) * self.outputs
    }

    /// Whether no gradient passes from this time step, counted from 0, to the one before it.
    pub fn cuts(&self, step: usize) -> bool {
        step == 0 || self.truncation.is_some_and(|stretch| (self.steps - step).is_multiple_of(stretch))
    }

    /// Whether no gradient comes to this time step from the one behind it.
    pub fn ends(&self, step: usize) -> bool {
        step + 1 == self.steps || self.cuts(step + 1)
    }

    /// Answers to one sequence.
    pub fn answers(&self) -> usize {
        if self.read_out == ReadOut::Every { self.steps } else { 1 }
    }

    /// The same net, asked only for its last step, through all of which its gradient goes back: what shows how it fades.
    pub fn of_last_step(&self) -> Stack {
        Stack { read_out: ReadOut::Last, truncation: None, ..self.clone() }
    }
}
