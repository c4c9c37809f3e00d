//! The parameters of a recurrent net before the first update: each gate's part of a matrix drawn by itself, as a matrix from its
//! inputs to the units. Drawn as one, an orthogonal matrix for four gates would give each a gain of 1/2.

use super::architecture::{RECURRENT, layout, stack};
use crate::data::Sizes;
use crate::model::init::{self, Init, initial};
use crate::model::layout::{Layout, Parameter};
use crate::ops::activation::Activation;
use crate::ops::block::Role;
use crate::ops::recurrent::{Cell, Stack};
use crate::seed::Seeds;
use crate::setting::{SettingError, Settings};

/// How the matrix from one time step to the next starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recurrence {
    /// N(0, gain^2 / width).
    Gaussian { gain: f64 },
    /// gain Q, Q uniform over orthogonal matrices.
    Orthogonal { gain: f64 },
    /// gain times the identity (Le et al. 2015).
    Identity { gain: f64 },
}

/// All that decides the initial parameters.
pub struct Start {
    pub stack: Stack,
    /// Of all other weights, and of biases.
    pub others: init::Start,
    pub recurrence: Recurrence,
    /// Of each gate, beside what is drawn.
    pub gate_biases: Vec<f64>,
}

impl Start {
    /// From resolved settings, for data of these sizes.
    ///
    /// # Errors
    /// When a setting is missing or does not fit the data.
    pub fn from_settings(settings: &Settings, sizes: &Sizes) -> Result<Self, SettingError> {
        let stack = stack(settings, sizes)?;
        let gain = settings.needed_float("init.recurrent_gain")?;
        let recurrence = match settings.needed_text("init.recurrent")? {
            "gaussian" => Recurrence::Gaussian { gain },
            "orthogonal" => Recurrence::Orthogonal { gain },
            "identity" => Recurrence::Identity { gain },
            other => return Err(SettingError::unknown("init.recurrent", "recurrent init", other)),
        };
        let gate_biases = match stack.cell {
            Cell::Rnn(_) => vec![0.0],
            Cell::Lstm => vec![0.0, settings.needed_float("network.forget_bias")?, 0.0, 0.0],
            Cell::Gru => vec![0.0, settings.needed_float("network.update_bias")?, 0.0],
        };
        let activation = if let Cell::Rnn(activation) = stack.cell { activation } else { Activation::Tanh };
        Ok(Start { others: init::Start::from_settings(settings, activation)?, stack, recurrence, gate_biases })
    }

    /// The packed parameters.
    pub fn packed(&self, seeds: &Seeds) -> Vec<f64> {
        let layout = layout(&self.stack);
        let mut packed = vec![0.0; layout.count()];
        for parameter in layout.parameters() {
            let own = &mut packed[parameter.range.clone()];
            match parameter.name.starts_with("output") {
                true => own.copy_from_slice(&initial(self.others, &alone(parameter), seeds)),
                false => self.gates(parameter, own, seeds),
            }
        }
        packed
    }

    /// A layer's matrix or bias, gate by gate.
    fn gates(&self, parameter: &Parameter, own: &mut [f64], seeds: &Seeds) {
        let (width, columns) = (self.stack.width, self.stack.columns());
        let recurrence = Some(self.recurrence).filter(|_| parameter.name.ends_with(RECURRENT));
        for (gate, name) in self.stack.cell.gates().iter().enumerate() {
            let name = format!("{}.{name}", parameter.name);
            let inputs = own.len() / columns;
            let draw = |start: init::Start| initial(start, &of_gate(&name, parameter.role, inputs, width), seeds);
            let drawn = match (parameter.role, recurrence) {
                (Role::NormGain, _) => vec![1.0; width],
                (Role::Bias, _) => draw(self.others).into_iter().map(|bias| bias + self.gate_biases[gate]).collect(),
                (_, None) => draw(self.others),
                (_, Some(Recurrence::Gaussian { gain })) => draw(Init::Gaussian { sigma_w: gain, sigma_b: 0.0 }.into()),
                (_, Some(Recurrence::Orthogonal { gain })) => draw(Init::Orthogonal.times(gain)),
                (_, Some(Recurrence::Identity { gain })) => {
                    (0..width * width).map(|k| if k / width == k % width { gain } else { 0.0 }).collect()
                }
            };
            for (row, numbers) in own.chunks_exact_mut(columns).zip(drawn.chunks_exact(width)) {
                row[gate * width..][..width].copy_from_slice(numbers);
            }
        }
    }
}

/// A layout of this parameter alone.
fn alone(parameter: &Parameter) -> Layout {
    Layout::new([(parameter.name.clone(), parameter.role, parameter.shape.clone())])
}

/// A layout of one gate's part.
fn of_gate(name: &str, role: Role, inputs: usize, width: usize) -> Layout {
    let shape = if role == Role::Weight { vec![inputs, width] } else { vec![width] };
    Layout::new([(name.to_string(), role, shape)])
}
