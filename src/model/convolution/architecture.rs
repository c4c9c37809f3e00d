//! A convolutional net as its settings have it, its parameters and where it is measured.

use crate::data::Sizes;
use crate::model::boundary::Site;
use crate::model::dense::Residual;
use crate::model::layout::{self, Layout};
use crate::ops::activation::Activation;
use crate::ops::block::{Nonlinearity, Role, Skip};
use crate::ops::convolution::{Convolution, Padding};
use crate::ops::norm::Norm;
use crate::setting::{SettingError, Settings};
use crate::table::count;

/// What the settings say of the network, and the sizes the data brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// The convolutions, from the image on.
    pub layers: Vec<Convolution>,
    /// Numbers in an image.
    pub features: usize,
    pub outputs: usize,
    pub bias: bool,
    /// Activation, norm and dropout of the hidden layers.
    pub pair: Nonlinearity,
    pub residual: Residual,
    pub output_activation: Activation,
}

impl Architecture {
    /// From resolved settings, for data of these sizes.
    ///
    /// # Errors
    /// When a setting is missing or not what its table says, for data that is no images, and for kernels that do not fit an image.
    pub fn from_settings(settings: &Settings, sizes: &Sizes) -> Result<Self, SettingError> {
        let depth = settings.needed_int("depth")?;
        Ok(Architecture {
            layers: layers(settings, sizes, depth)?,
            features: sizes.features(),
            outputs: sizes.outputs,
            bias: settings.flag("bias"),
            pair: Nonlinearity {
                activation: Activation::from_settings(settings, "activation")?,
                norm: Norm::from_settings(settings)?,
                dropout: settings.needed_float("dropout")?,
            },
            residual: Residual::from_settings(settings, depth)?,
            output_activation: Activation::from_settings(settings, "output_activation")?,
        })
    }

    /// Numbers that the output layer reads.
    pub fn read_out(&self) -> usize {
        self.layers.last().map_or(self.features, units)
    }

    /// Whether a layer, from 0 on, has a skip connection: all but the first.
    pub fn skip(&self, layer: usize) -> Skip {
        match self.residual {
            _ if layer == 0 => Skip::None,
            Residual::None => Skip::None,
            Residual::PreActivation(skip) | Residual::PostActivation(skip) => skip,
            Residual::Highway { transform_bias: bias } => Skip::Gated { bias },
        }
    }

    /// The parameters, layer after layer: `layer1.weight` `[kernel, kernel, inputs, outputs]`, `layer1.bias`, `layer1.norm.gain`,
    /// ..., `output.weight` `[positions * channels, outputs]`, `output.bias`.
    pub fn layout(&self) -> Layout {
        let Nonlinearity { activation, norm, .. } = self.pair;
        let affine = norm.filter(|norm| norm.affine);
        let layer = |(index, layer): (usize, &Convolution)| {
            let Convolution { inputs, outputs, kernel, .. } = *layer;
            let skip = self.skip(index);
            let (weight, channels) = (vec![kernel, kernel, inputs, outputs], vec![outputs]);
            let gate = matches!(skip, Skip::Gated { .. });
            let own = [
                ("weight", Role::Weight, true, &weight),
                ("bias", Role::Bias, self.bias, &channels),
                ("norm.gain", Role::NormGain, affine.is_some(), &channels),
                ("norm.shift", Role::NormShift, affine.is_some_and(|norm| norm.kind.is_centred()), &channels),
                ("scale", Role::Scale, skip == Skip::Learned, &vec![1]),
                ("slope", Role::Slope, activation.learned_slope().is_some(), &vec![1]),
                ("gate.weight", Role::GateWeight, gate, &weight),
                ("gate.bias", Role::GateBias, gate, &channels),
            ];
            let there = own.into_iter().filter(|(_, _, is_there, _)| *is_there);
            there
                .map(|(what, role, _, shape)| (format!("{}.{what}", layout::layer(index)), role, shape.clone()))
                .collect()
        };
        let layers = self.layers.iter().enumerate().flat_map::<Vec<_>, _>(layer);
        let output = ("output.weight".to_string(), Role::Weight, vec![self.read_out(), self.outputs]);
        let bias = self.bias.then(|| ("output.bias".to_string(), Role::Bias, vec![self.outputs]));
        let gate = if let Residual::Highway { transform_bias } = self.residual { transform_bias } else { 0.0 };
        let slope = activation.learned_slope().unwrap_or_default();
        Layout::new(layers.chain([output]).chain(bias)).starting(Role::Slope, slope).starting(Role::GateBias, gate)
    }

    /// Where the hidden layers are measured. Positions share their layer's weight.
    pub fn sites(&self) -> Vec<Site> {
        let layout = self.layout();
        let weight = |index: usize| {
            layout.find(&format!("{}.weight", layout::layer(index))).map_or(0..0, |own| own.range.clone())
        };
        let site = |(index, layer): (usize, &Convolution)| Site {
            shared: true,
            activation: Some(self.pair.activation),
            ..Site::new(index + 1, units(layer), weight(index))
        };
        self.layers.iter().enumerate().map(site).collect()
    }
}

/// Numbers that a layer hands on.
fn units(layer: &Convolution) -> usize {
    layer.positions()[1] * layer.outputs
}

/// The convolutions. The layers are divided evenly into stages; the first of each later stage computes every second row and column.
fn layers(settings: &Settings, sizes: &Sizes, depth: usize) -> Result<Vec<Convolution>, SettingError> {
    let wrong = |key: &str, message: String| Err(SettingError::new(key, message));
    let &[channels, mut height, mut width] = &sizes.input[..] else {
        let shape = sizes.input.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
        let message = format!(
            "a convolutional net reads images, but these rows are {shape} numbers: write data = \"digits\", \"mnist\", \
             \"fashion_mnist\" or \"idx\" with data.as = \"images\", or network = \"mlp\""
        );
        return wrong("network", message);
    };
    let kernel = settings.needed_int("network.kernel")?;
    if kernel % 2 == 0 {
        let message = format!(
            "a kernel of {kernel} x {kernel} has no centre: write network.kernel = {} or {}",
            kernel - 1,
            kernel + 1
        );
        return wrong("network.kernel", message);
    }
    let stages = settings.needed_int("network.stages")?;
    if stages > depth.max(1) {
        let message = format!(
            "{} cannot be divided into {stages} stages: write network.stages = {} or less",
            count(depth, "layer"),
            depth.max(1)
        );
        return wrong("network.stages", message);
    }
    let padding = match settings.needed_text("network.padding")? {
        "zero" => Padding::Zero,
        "circular" => Padding::Circular,
        other => return Err(SettingError::unknown("network.padding", "padding", other)),
    };
    let outputs = settings.needed_int("network.channels")?;
    let (mut all, mut inputs) = (Vec::with_capacity(depth), channels);
    for layer in 0..depth {
        let stage = layer * stages / depth;
        if kernel > height.min(width) {
            let images = format!("layer {} reads images of {height} x {width}", layer + 1);
            let (key, cure) = match stage {
                0 => {
                    ("network.kernel", format!("network.kernel = {} or less", height.min(width).saturating_sub(1) | 1))
                }
                _ => ("network.stages", format!("network.stages = {} or less, or a smaller network.kernel", stage)),
            };
            return wrong(key, format!("{images}, smaller than its kernel of {kernel} x {kernel}: write {cure}"));
        }
        let is_first = layer > 0 && stage > (layer - 1) * stages / depth;
        let stride = if is_first { 2 } else { 1 };
        let own = Convolution { height, width, inputs, outputs, kernel, stride, padding };
        ([height, width], inputs) = (own.output(), outputs);
        all.push(own);
    }
    Ok(all)
}
