//! The two traits by which everything else knows a model: a [`Family`] says what a model would be, from settings and the
//! data's sizes alone, and builds it; a [`Model`] computes losses and gradients, and shows what a probe measures.

use super::layout::Layout;
use crate::data::Sizes;
use crate::ops::activation::Activation;
use crate::ops::dropout::Draws;
use crate::ops::loss::{Loss, Target};
use crate::ops::{self, Element, Mode, Tensor, reduce};
use crate::seed::Seeds;
use crate::setting::{DefaultValue, Setting, SettingError, Settings};
use crate::theory::{Inputs, NoPrediction, Prediction};
use std::ops::Range;
use thiserror::Error;

/// A kind of model.
pub trait Family: Sync {
    /// The words of `network` that name it, one a kind.
    fn words(&self) -> &'static [&'static str];

    /// What they stand for, as `network` explains them.
    fn help(&self) -> &str;

    /// Raised when the family's arithmetic changes, so that a run is known by it; a family without one changes with the program's
    /// numerics version alone.
    fn version(&self) -> Option<u32> {
        None
    }

    /// The settings that no other family reads.
    fn settings(&self) -> &[Setting] {
        &[]
    }

    /// Whether its kind of this word reads a setting that families share: a row of the tables of the dense net, of the init or
    /// of the activation.
    fn reads(&self, word: &str, key: &str) -> bool;

    /// What a setting holds on such data when the file does not say, where that is not the default of the table.
    fn usual(&self, _key: &str, _data: &str) -> Option<DefaultValue> {
        None
    }

    /// Whether it reads one time step after the other, and is measured at each.
    fn has_time(&self) -> bool {
        false
    }

    /// Whether it gives an answer for each time step of a row instead of one for the row.
    fn answers_at_every_step(&self, _: &Settings) -> bool {
        false
    }

    /// The parameters, in the order in which they are packed.
    ///
    /// # Errors
    /// When a setting is missing, or does not fit the others or the data.
    fn layout(&self, settings: &Settings, sizes: &Sizes) -> Result<Layout, SettingError>;

    /// The packed parameters before the first update, each drawn from a stream of its own.
    ///
    /// # Errors
    /// As [`Family::layout`].
    fn initial(&self, settings: &Settings, sizes: &Sizes, seeds: &Seeds) -> Result<Vec<f64>, SettingError>;

    /// What one pass over so many rows costs.
    fn cost(&self, settings: &Settings, sizes: &Sizes, rows: usize) -> PassCost;

    /// The setting that makes the samples of a batch depend on each other, so that a batch needs two of them.
    fn couples_samples(&self, _: &Settings) -> Option<&'static str> {
        None
    }

    /// Whether a pass in training mode computes what one in evaluation mode does: no batch statistics and no dropout take
    /// part, so that the loss of a batch that is the whole training part is the training loss.
    fn trains_as_it_evaluates(&self, _: &Settings) -> bool {
        false
    }

    /// The same net with an output for each unit of its last hidden layer: once its output weight is the identity, its outputs are
    /// what the output layer of this one reads, and its Jacobian can be measured. `None` where it has none.
    fn headless(&self, _: &Settings, _: &Sizes) -> Option<(Settings, Sizes)> {
        None
    }

    /// What theory says of the gradient before the first update.
    ///
    /// # Errors
    /// Why it says nothing.
    fn predict(&self, _: &Settings, _: &Inputs) -> Result<Prediction, NoPrediction> {
        Err(NoPrediction::Family)
    }

    /// The model with these packed parameters, in single precision.
    ///
    /// # Errors
    /// As [`Family::layout`], and what candle reports.
    fn build_f32(&self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f32>;

    /// The same in double precision.
    ///
    /// # Errors
    /// As [`Family::build_f32`].
    fn build_f64(&self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f64>;
}

/// The two methods of a [`Family`] whose own `build` makes its models at any precision.
macro_rules! at_both_precisions {
    () => {
        fn build_f32(&self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f32> {
            self.build(settings, sizes, packed)
        }

        fn build_f64(&self, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f64> {
            self.build(settings, sizes, packed)
        }
    };
}
pub(super) use at_both_precisions;

/// A model with its parameters, at one precision.
pub trait Model<T: Element> {
    /// The parameters, in the order in which they are packed.
    fn layout(&self) -> &Layout;

    /// Shows the packed parameters.
    ///
    /// # Errors
    /// What candle reports.
    fn read(&self, see: &mut dyn FnMut(&[T])) -> ops::Result<()>;

    /// Lets `change` rewrite the packed parameters in place.
    ///
    /// # Errors
    /// What candle reports.
    fn rewrite(&mut self, change: &mut dyn FnMut(&mut [T])) -> ops::Result<()>;

    /// The mean loss over a batch, and its gradient. [`Mode::Probe`] and [`Mode::Trace`] also keep what [`Model::visit`] shows.
    ///
    /// # Errors
    /// When the shapes do not fit, or what candle reports.
    fn loss_and_gradients(&mut self, batch: Batch<T>, mode: Mode, into: &mut Gradients<T>) -> ops::Result<f64>;

    /// The outputs for inputs `[rows, ...]`, as `[rows, outputs]`, or `[rows * steps, outputs]` of a family that
    /// [answers at every step](Family::answers_at_every_step). In a training mode the batch statistics of these inputs
    /// may take the place of the last batch's.
    ///
    /// # Errors
    /// When the shapes do not fit, or what candle reports.
    fn outputs(&self, x: &Tensor, mode: Mode) -> ops::Result<Tensor>;

    /// The first output for each of these inputs `[rows, ...]`, and its gradient with respect to the numbers of the row: without
    /// dropout, and with the statistics of the last pass where norms are over the batch, so that rows do not depend on each other.
    ///
    /// # Errors
    /// A model that has no such gradients, shapes that do not fit, or what candle reports.
    fn input_gradients(&mut self, _x: &Tensor) -> ops::Result<[Vec<T>; 2]> {
        Err(ops::Error::Msg("this network does not compute the gradient with respect to its input".into()))
    }

    /// Shows what the last pass that keeps left at each site, from the input on.
    ///
    /// # Errors
    /// What candle reports.
    fn visit(&self, see: &mut dyn FnMut(&Site, Tap<'_, T>)) -> ops::Result<()>;

    /// Names the run and the step whose streams dropout draws from, until the next call.
    fn draw_from(&mut self, _draws: Draws) {}

    /// Lets running statistics take in those of the last batch, of `rows`: a part of the update.
    fn updated(&mut self, _rows: usize) {}

    /// The running statistics, by name.
    fn running(&self) -> Vec<(String, Vec<T>)> {
        Vec::new()
    }

    /// What is not finite beside parameters, gradients and losses, where such an infinity would show nowhere else.
    fn fault(&self) -> Option<&'static str> {
        None
    }
}

/// Overwrites the parameters of a model with those of another of the same layout, at any precision.
///
/// # Errors
/// What candle reports.
pub fn copy_parameters<T: Element, U: Element>(from: &dyn Model<T>, to: &mut dyn Model<U>) -> ops::Result<()> {
    let mut copied = Ok(());
    to.rewrite(&mut |own| copied = from.read(&mut |theirs| ops::convert(theirs, own)))?;
    copied
}

/// What [`Model::fault`] says of the statistics of batch normalization.
pub(super) const STATISTICS: &str = "batch-norm statistics";

/// Where something is measured: one hidden layer, at one time step where there are several.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// From 1 on.
    pub layer: usize,
    pub time: Option<usize>,
    /// Numbers that the layer hands on for one sample.
    pub units: usize,
    /// Where its weight `[inputs, outputs]` stands in the packed parameters.
    pub weight: Range<usize>,
    /// Whether other sites, or several tokens of this one, use the same weight.
    pub shared: bool,
    /// Its nonlinearity; `None` where that is none of ours.
    pub activation: Option<Activation>,
    /// Of each gate of a recurrent cell, in the order of [`Tap::gates`]: whether it is a sigmoid.
    pub gates: &'static [bool],
    /// Of a block with attention.
    pub attention: Option<Attention>,
    /// Of a recurrent layer: where its input matrix stands in the packed parameters.
    pub input: Option<Range<usize>>,
}

impl Site {
    /// Of a layer that is read at once, with a weight of its own and a nonlinearity that is none of ours.
    pub fn new(layer: usize, units: usize, weight: Range<usize>) -> Self {
        Site {
            layer,
            time: None,
            units,
            weight,
            shared: false,
            activation: None,
            gates: &[],
            attention: None,
            input: None,
        }
    }
}

/// What is known of attention beside what other layers have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Tokens of a row, side by side in the layer's units.
    pub tokens: usize,
    /// Where the weights of the queries and of the keys stand in the packed parameters.
    pub query: Range<usize>,
    pub key: Range<usize>,
}

/// What is seen at a site, `[rows, units]` each, L the mean loss over the rows; at a site with a time step that of the last
/// step alone. Empty where the model has no such thing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tap<'a, T> {
    /// h, which the layer hands on: after norm, activation and skip connection.
    pub h: &'a [T],
    /// dL/dh.
    pub stream: &'a [T],
    /// z, the argument of the activation.
    pub z: &'a [T],
    /// dL/dz.
    pub delta: &'a [T],
    /// phi(z).
    pub activation: &'a [T],
    /// x of the affine map u = x W + b, `[rows, inputs]`.
    pub input: &'a [T],
    /// dL/du.
    pub affine_delta: &'a [T],
    /// By what dropout multiplied what the activation hands on.
    pub mask: &'a [T],
    /// c, the state of a cell beside h.
    pub cell: &'a [T],
    /// dL/dc.
    pub cell_stream: &'a [T],
    /// The gates of a recurrent cell, `[rows, gates * units]`.
    pub gates: &'a [T],
    /// The stream between attention and the feed-forward net.
    pub attended: &'a [T],
    /// The gradient of the loss with respect to it.
    pub attended_stream: &'a [T],
    /// What each token's attention gives to each token, `[rows, heads * tokens * tokens]`.
    pub attention: &'a [T],
}

/// Rows to learn from: their inputs `[rows, ...]`, their targets, and the loss that compares.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    pub x: Tensor,
    pub target: Target<T>,
    pub loss: Loss,
}

/// The gradient of the mean loss with respect to every parameter, packed as the parameters are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gradients<T> {
    pub packed: Vec<T>,
    /// Whether all of it is finite.
    pub finite: bool,
}

impl<T: Element> Gradients<T> {
    /// The Euclidean norm over all parameters.
    pub fn norm(&self) -> f64 {
        reduce::length(&self.packed)
    }
}

/// What a pass over a batch costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PassCost {
    /// Numbers in the weight matrices.
    pub weights: f64,
    /// Floating-point operations forward; a multiply and an add count as two.
    pub forward: f64,
    /// Those backward.
    pub backward: f64,
    /// Bytes of parameters, their gradients and what a backward needs of its forward, in single precision.
    pub bytes: f64,
    /// What a pass takes at its peak where it is measured, in double precision, as was counted of nets of each kind: beside what a
    /// backward needs, gradients at every site and what is computed from them.
    pub measured: f64,
}

/// Why a model was not built.
#[derive(Debug, Error)]
pub enum BuildError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("{}", ops::first_line(.0))]
    Candle(#[from] ops::Error),
}

/// That a family can take sequences that are padded where they are, and gives as many answers as the data asks for: `answers`
/// to each row.
///
/// # Errors
/// When sequences of unequal length are for a network that does not read them step after step, or answers at every step; when the data
/// has a target for each time step and the network answers once.
pub fn check_sequences(
    family: &dyn Family,
    settings: &Settings,
    answers: usize,
    is_padded: bool,
) -> Result<(), SettingError> {
    let every = family.answers_at_every_step(settings);
    if is_padded && (every || !family.has_time()) {
        let (key, only, cure) = match every && family.has_time() {
            true => (
                "network.read_out",
                "no answer at every step is possible for them",
                "write network.read_out = \"last\" or \"mean\"",
            ),
            false => ("network", "only recurrent nets can read them", "write network = \"rnn\", \"lstm\" or \"gru\""),
        };
        return Err(SettingError::new(key, format!("the data has sequences of unequal length, and {only}: {cure}")));
    }
    if answers == 1 || every {
        return Ok(());
    }
    let (key, answered) = match settings.text("network.read_out") {
        Some(read_out) => ("network.read_out", format!("`{read_out}` gives one")),
        None => ("network", "this network gives one".into()),
    };
    let message = format!(
        "the data has a target at each of {answers} time steps, and {answered}: write network.read_out = \"every\", with an rnn, \
         lstm, gru or transformer"
    );
    Err(SettingError::new(key, message))
}

/// A model, or why it was not built.
pub type Built<T> = Result<Box<dyn Model<T>>, BuildError>;

/// A precision at which models are built.
pub trait Precision: Element {
    /// The family's model at this precision.
    ///
    /// # Errors
    /// As [`Family::build_f32`].
    fn build(family: &dyn Family, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<Self>;
}

impl Precision for f32 {
    fn build(family: &dyn Family, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f32> {
        family.build_f32(settings, sizes, packed)
    }
}

impl Precision for f64 {
    fn build(family: &dyn Family, settings: &Settings, sizes: &Sizes, packed: &[f64]) -> Built<f64> {
        family.build_f64(settings, sizes, packed)
    }
}
