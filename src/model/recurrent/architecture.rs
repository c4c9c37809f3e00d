//! A recurrent net as its settings have it, its parameters and where it is measured.

use crate::data::Sizes;
use crate::model::boundary::Site;
use crate::model::layout::Layout;
use crate::ops::activation::Activation;
use crate::ops::block::Role;
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
            "a recurrent net reads one time step after the other, and rows of {} numbers at once have none: write data.as = \
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
        "every" => ReadOut::Every,
        other => return Err(SettingError::unknown("network.read_out", "read-out", other)),
    };
    Ok(Stack {
        cell,
        steps,
        features,
        depth: settings.needed_int("depth")?,
        width: settings.needed_int("width")?,
        outputs: sizes.outputs,
        bias: settings.flag("bias"),
        output_activation: Activation::from_settings(settings, "output_activation")?,
        read_out,
        truncation: settings.int("network.bptt").map(|steps| steps as usize),
    })
}

/// The parameters, layer after layer: `layer1.input.weight` `[inputs, gates * width]`, `layer1.recurrent.weight`
/// `[width, gates * width]`, `layer1.bias`, ..., `output.weight`, `output.bias`.
pub fn layout(stack: &Stack) -> Layout {
    let columns = stack.columns();
    let layers = (0..stack.depth).flat_map(|l| {
        let named = move |what: &str| format!("layer{}.{what}", l + 1);
        let matrix = move |what: &str, inputs: usize| (named(what), Role::Weight, vec![inputs, columns]);
        let bias = stack.bias.then(|| (named("bias"), Role::Bias, vec![columns]));
        [matrix("input.weight", stack.inputs(l)), matrix(RECURRENT, stack.width)].into_iter().chain(bias)
    });
    let bias = stack.bias.then(|| ("output.bias".to_string(), Role::Bias, vec![stack.outputs]));
    let output = ("output.weight".to_string(), Role::Weight, vec![stack.width, stack.outputs]);
    Layout::new(layers.chain([output]).chain(bias))
}

/// Where it is measured: every layer at every time step, the first layer's first.
pub fn sites(stack: &Stack) -> Vec<Site> {
    let activation = if let Cell::Rnn(activation) = stack.cell { Some(activation) } else { None };
    let site = |layer: usize, time: usize| Site {
        layer: layer + 1,
        time: Some(time),
        units: stack.width,
        weight: stack.layer(layer).recurrent,
        shared: true,
        activation,
        gates: stack.cell.sigmoids(),
        attention: None,
    };
    (0..stack.depth).flat_map(|layer| (1..=stack.steps).map(move |time| site(layer, time))).collect()
}
