//! A recurrent net as its settings have it, its parameters and where it is measured.

use crate::data::Sizes;
use crate::data::sequence::EVERY;
use crate::model::boundary::Site;
use crate::model::dense::IDENTITY;
use crate::model::layout::{self, Layout};
use crate::ops::activation::Activation;
use crate::ops::block::Role;
use crate::ops::norm::{Norm, Placement};
use crate::ops::recurrent::{Cell, ReadOut, Stack};
use crate::setting::{SettingError, Settings};

/// How the name of a matrix from one time step to the next ends.
pub const RECURRENT: &str = "recurrent.weight";

/// From resolved settings, for data of these sizes.
///
/// # Errors
/// When a setting is missing or not what its table says, and for data without time steps.
pub fn stack(settings: &Settings, sizes: &Sizes) -> Result<Stack, SettingError> {
    let &[steps, features] = &sizes.input[..] else {
        let message = format!(
            "a recurrent net reads one time step after the other, but rows of {} numbers that are read at once have no time steps: write data.as = \
             \"pixels\" to read them number by number, or \"rows\" where they are images",
            sizes.features()
        );
        return Err(SettingError::new("network", message));
    };
    let word = settings.needed_text("network")?;
    let cell = match word {
        "rnn" => Cell::Rnn(Activation::from_settings(settings, "activation")?),
        "lstm" => Cell::Lstm,
        "gru" => Cell::Gru,
        other => return Err(SettingError::unknown("network", "recurrent net", other)),
    };
    let read_out = match settings.needed_text("network.read_out")? {
        "last" => ReadOut::Last,
        "mean" => ReadOut::Mean,
        EVERY => ReadOut::Every,
        other => return Err(SettingError::unknown("network.read_out", "read-out", other)),
    };
    let depth = settings.needed_int("depth")?;
    if depth == 0 {
        let message = format!("`{word}` needs at least one recurrent layer: write depth = 1 or more");
        return Err(SettingError::new("depth", message));
    }
    let residual = match settings.needed_text("residual")? {
        "none" => false,
        IDENTITY => true,
        other => {
            let message = format!(
                "`{other}` is a form of other networks; stacked recurrent layers add what they read to their output: write \
                 residual = \"identity\""
            );
            return Err(SettingError::new("residual", message));
        }
    };
    let dropout = settings.needed_float("dropout")?;
    for (key, is_asked) in [("residual", residual), ("dropout", dropout > 0.0)] {
        if is_asked && depth < 2 {
            let message =
                format!("`{key}` acts between stacked layers, but there is only one layer: write depth = 2 or more");
            return Err(SettingError::new(key, message));
        }
    }
    Ok(Stack {
        cell,
        steps,
        features,
        depth,
        width: settings.needed_int("width")?,
        outputs: sizes.outputs,
        bias: settings.flag("bias"),
        output_activation: Activation::from_settings(settings, "output_activation")?,
        read_out,
        norm: norm(settings)?,
        residual,
        dropout,
        truncation: settings.int("network.bptt").map(|steps| steps as usize),
    })
}

/// The norm that the settings name; `None` for no normalization.
///
/// # Errors
/// A norm over the batch, or one on the output.
fn norm(settings: &Settings) -> Result<Option<Norm>, SettingError> {
    if settings.text("norm") == Some("batch") {
        let message = "a recurrent net normalizes each time step over its units, not by `batch`: write norm = \"layer\" or \"rms\"";
        return Err(SettingError::new("norm", message));
    }
    let norm = Norm::from_settings(settings)?;
    if norm.is_some_and(|norm| norm.place == Placement::After) {
        let message =
            "a recurrent net normalizes the argument of an activation, not its output: write norm.place = \"before\"";
        return Err(SettingError::new("norm.place", message));
    }
    Ok(norm)
}

/// The parameters, layer after layer: `layer1.input.weight` `[inputs, gates * width]`, `layer1.recurrent.weight`
/// `[width, gates * width]`, `layer1.bias`, with norms `layer1.norm.gain`, ..., `output.weight`, `output.bias`.
pub fn layout(stack: &Stack) -> Layout {
    let columns = stack.columns();
    let layers = (0..stack.depth).flat_map(|l| {
        let named = move |what: &str| format!("{}.{what}", layout::layer(l));
        let matrix = move |what: &str, inputs: usize| (named(what), Role::Weight, vec![inputs, columns]);
        let bias = stack.bias.then(|| (named("bias"), Role::Bias, vec![columns]));
        let gain = stack.has_gains().then(|| (named("norm.gain"), Role::NormGain, vec![columns]));
        [matrix("input.weight", stack.inputs(l)), matrix(RECURRENT, stack.width)].into_iter().chain(bias).chain(gain)
    });
    let bias = stack.bias.then(|| ("output.bias".to_string(), Role::Bias, vec![stack.outputs]));
    let output = ("output.weight".to_string(), Role::Weight, vec![stack.width, stack.outputs]);
    Layout::new(layers.chain([output]).chain(bias))
}

/// Where it is measured: every layer at every time step, the first layer's first.
pub fn sites(stack: &Stack) -> Vec<Site> {
    let activation = if let Cell::Rnn(activation) = stack.cell { Some(activation) } else { None };
    let site = |layer: usize, time: usize| Site {
        time: Some(time),
        shared: true,
        activation,
        gates: stack.cell.sigmoids(),
        input: Some(stack.layer(layer).input),
        ..Site::new(layer + 1, stack.width, stack.layer(layer).recurrent)
    };
    (0..stack.depth).flat_map(|layer| (1..=stack.steps).map(move |time| site(layer, time))).collect()
}
