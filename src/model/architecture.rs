//! The shape of a network as data: settings in, a list of blocks out.

use crate::ops::activation::Activation;
use crate::ops::block::{Block, Nonlinearity, Norm, Place, Role, Skip};
use crate::setting::{Settings, Value};

/// What the settings say of the network, and the sizes the data brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    pub features: usize,
    pub outputs: usize,
    /// Hidden layers.
    pub depth: usize,
    pub width: usize,
    pub activation: Activation,
    pub output_activation: Activation,
    pub bias: bool,
    pub norm: Option<Norm>,
    pub residual: Residual,
}

/// The form of the skip connections; the branch scale is [`Skip::Scaled`] or [`Skip::Learned`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Residual {
    None,
    /// `h + s (phi(norm(h)) W + b)` (He et al. 2016b), closed by a last norm and activation.
    PreActivation(Skip),
    /// `h + s phi(norm(h W + b))`: not zero-mean, grows with depth at scale 1.
    PostActivation(Skip),
}

impl Architecture {
    /// From resolved settings, for data with this many features and outputs.
    ///
    /// # Errors
    /// When a setting is missing or not what its table says.
    pub fn from_settings(settings: &Settings, features: usize, outputs: usize) -> Result<Self, String> {
        let size = |key: &str| {
            let n = settings.int(key).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
            n.ok_or_else(|| format!("`{key}` has to be an integer above 0"))
        };
        let depth = size("depth")?;
        let number = |key: &str| settings.float(key).ok_or_else(|| format!("`{key}` is not set"));
        let place = match settings.text("batch_norm") {
            Some("before") => Some(Place::Before),
            Some("after") => Some(Place::After),
            _ => None,
        };
        let norm = match place {
            None => None,
            Some(place) => Some(Norm {
                place,
                eps: number("batch_norm.eps")?,
                momentum: number("batch_norm.momentum")?,
                affine: settings.flag("batch_norm.affine"),
            }),
        };
        let skip = match settings.get("residual.scale") {
            Some(Value::Text(word)) if word == "learned_zero" => Skip::Learned,
            Some(Value::Text(word)) if word == "1/sqrt(depth)" => Skip::Scaled((depth as f64).sqrt().recip()),
            Some(Value::Float(s)) => Skip::Scaled(*s),
            Some(other) => return Err(format!("`residual.scale` cannot be {other}")),
            None => Skip::None,
        };
        let residual = match settings.text("residual") {
            Some("pre_activation") => Residual::PreActivation(skip),
            Some("post_activation") => Residual::PostActivation(skip),
            _ => Residual::None,
        };
        Ok(Architecture {
            features,
            outputs,
            depth,
            width: size("width")?,
            activation: Activation::from_settings(settings, "activation")?,
            output_activation: Activation::from_settings(settings, "output_activation")?,
            bias: settings.flag("bias"),
            norm,
            residual,
        })
    }

    /// The blocks: hidden layers 1..depth, then the output layer.
    ///
    /// In the pre-activation form the norm and activation of layer l stand before the affine map of block l + 1,
    /// and layer 1 is an affine stem.
    pub fn blocks(&self) -> Vec<Block> {
        let pair = Nonlinearity { activation: self.activation, norm: self.norm };
        let hidden = |l: usize| {
            let inputs = if l == 1 { self.features } else { self.width };
            let plain =
                Block { inputs, outputs: self.width, before: None, bias: self.bias, after: None, skip: Skip::None };
            match self.residual {
                Residual::None => Block { after: Some(pair), ..plain },
                Residual::PreActivation(_) if l == 1 => plain,
                Residual::PreActivation(skip) => Block { before: Some(pair), skip, ..plain },
                Residual::PostActivation(_) if l == 1 => Block { after: Some(pair), ..plain },
                Residual::PostActivation(skip) => Block { after: Some(pair), skip, ..plain },
            }
        };
        let output = Block {
            inputs: self.width,
            outputs: self.outputs,
            before: matches!(self.residual, Residual::PreActivation(_)).then_some(pair),
            bias: self.bias,
            after: (self.output_activation != Activation::Identity)
                .then_some(Nonlinearity { activation: self.output_activation, norm: None }),
            skip: Skip::None,
        };
        (1..=self.depth).map(hidden).chain([output]).collect()
    }

    /// The name of a parameter, as files and tests know it: `layer3.weight`, `layer3.norm.gain`, `output.bias`.
    pub fn parameter_name(&self, block: usize, role: Role) -> String {
        let layer = |b: usize| if b == self.depth { "output".into() } else { format!("layer{}", b + 1) };
        // A norm belongs to the layer whose stream it normalizes, also where the next block computes it.
        let shifted = usize::from(matches!(self.residual, Residual::PreActivation(_)));
        match role {
            Role::Weight => format!("{}.weight", layer(block)),
            Role::Bias => format!("{}.bias", layer(block)),
            Role::Scale => format!("{}.scale", layer(block)),
            Role::NormGain => format!("{}.norm.gain", layer(block - shifted)),
            Role::NormShift => format!("{}.norm.shift", layer(block - shifted)),
        }
    }

    /// Where the activation of hidden layer `l` (1..depth) is computed: (block, whether before its affine map).
    pub fn activation_site(&self, layer: usize) -> (usize, bool) {
        match self.residual {
            Residual::PreActivation(_) => (layer, true),
            _ => (layer - 1, false),
        }
    }
}
