//! The shape of a dense net as data: settings in, a list of blocks out.

use crate::data::Sizes;
use crate::model::boundary::Site;
use crate::model::layout::{self, Layout};
use crate::ops::activation::Activation;
use crate::ops::block::{Block, Nonlinearity, Role, Skip};
use crate::ops::norm::Norm;
use crate::setting::{SettingError, Settings, Value};

/// The skip connections of stacked recurrent layers.
pub(crate) const IDENTITY: &str = "identity";

/// What the settings say of the network, and the sizes the data brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    pub features: usize,
    pub outputs: usize,
    /// Units of each hidden layer, from the input on.
    pub widths: Vec<usize>,
    pub activation: Activation,
    pub output_activation: Activation,
    pub bias: bool,
    pub norm: Option<Norm>,
    pub residual: Residual,
    /// Probability that a number that a hidden layer's activation hands on is left out of a training pass.
    pub dropout: f64,
}

/// The form of the skip connections; the branch scale is [`Skip::Scaled`] or [`Skip::Learned`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Residual {
    None,
    /// `h + s (phi(norm(h)) W + b)` (He et al. 2016b), closed by a last norm and activation.
    PreActivation(Skip),
    /// `h + s phi(norm(h W + b))`: not zero-mean, grows with depth at scale 1.
    PostActivation(Skip),
    /// `T phi(norm(h W + b)) + (1 - T) h`, T = sigmoid(h W_T + b_T) (Srivastava et al. 2015); b_T starts at this.
    Highway {
        transform_bias: f64,
    },
}

impl Residual {
    /// Of a net of this depth.
    ///
    /// # Errors
    /// When a setting is missing or not what its table says.
    pub fn from_settings(settings: &Settings, depth: usize) -> Result<Self, SettingError> {
        let skip = branch_scale(settings, "residual.scale", depth)?.unwrap_or(Skip::None);
        Ok(match settings.text("residual") {
            Some("pre_activation") => Residual::PreActivation(skip),
            Some("post_activation") => Residual::PostActivation(skip),
            Some(IDENTITY) => {
                let message = "`identity` is between stacked recurrent layers: write residual = \"pre_activation\"";
                return Err(SettingError::new("residual", message));
            }
            Some("highway") => Residual::Highway { transform_bias: settings.needed_float("residual.transform_bias")? },
            _ => Residual::None,
        })
    }
}

/// How a branch is added to the stream in a net of this depth; `None` where the setting is not written.
///
/// # Errors
/// What is no scale.
pub(crate) fn branch_scale(settings: &Settings, key: &'static str, depth: usize) -> Result<Option<Skip>, SettingError> {
    Ok(Some(match settings.get(key) {
        Some(Value::Text(word)) if word == "learned_zero" => Skip::Learned,
        Some(Value::Text(word)) if word == "1/sqrt(depth)" => Skip::Scaled((depth.max(1) as f64).sqrt().recip()),
        Some(Value::Float(s)) => Skip::Scaled(*s),
        Some(other) => return Err(SettingError::new(key, format!("`{key}` cannot be {other}"))),
        None => return Ok(None),
    }))
}

impl Architecture {
    /// From resolved settings, for data of these sizes.
    ///
    /// # Errors
    /// When a setting is missing or not what its table says.
    pub fn from_settings(settings: &Settings, sizes: &Sizes) -> Result<Self, SettingError> {
        let widths = widths(settings)?;
        let residual = Residual::from_settings(settings, widths.len())?;
        Ok(Architecture {
            features: sizes.features(),
            outputs: sizes.outputs,
            widths,
            activation: Activation::from_settings(settings, "activation")?,
            output_activation: Activation::from_settings(settings, "output_activation")?,
            bias: settings.flag("bias"),
            norm: Norm::from_settings(settings)?,
            residual,
            dropout: settings.needed_float("dropout")?,
        })
    }

    /// Hidden layers.
    pub fn depth(&self) -> usize {
        self.widths.len()
    }

    /// Numbers that layer l hands on; layer 0 is the input.
    fn size(&self, l: usize) -> usize {
        l.checked_sub(1).map_or(self.features, |below| self.widths[below])
    }

    /// The blocks: hidden layers 1..depth, then the output layer.
    ///
    /// In the pre-activation form the norm and activation of layer l stand before the affine map of block l + 1,
    /// and layer 1 is an affine stem.
    pub fn blocks(&self) -> Vec<Block> {
        let pair = Nonlinearity { activation: self.activation, norm: self.norm, dropout: self.dropout };
        let hidden = |l: usize| {
            let (inputs, outputs) = (self.size(l - 1), self.size(l));
            let plain = Block { inputs, outputs, before: None, bias: self.bias, after: None, skip: Skip::None };
            match self.residual {
                Residual::PreActivation(_) if l == 1 => plain,
                Residual::PreActivation(skip) => Block { before: Some(pair), skip, ..plain },
                Residual::PostActivation(skip) if l > 1 => Block { after: Some(pair), skip, ..plain },
                Residual::Highway { transform_bias: bias } if l > 1 => {
                    Block { after: Some(pair), skip: Skip::Gated { bias }, ..plain }
                }
                _ => Block { after: Some(pair), ..plain },
            }
        };
        let output = Block {
            inputs: self.size(self.depth()),
            outputs: self.outputs,
            before: (self.depth() > 0 && matches!(self.residual, Residual::PreActivation(_))).then_some(pair),
            bias: self.bias,
            after: (self.output_activation != Activation::Identity).then_some(Nonlinearity {
                activation: self.output_activation,
                norm: None,
                dropout: 0.0,
            }),
            skip: Skip::None,
        };
        (1..=self.depth()).map(hidden).chain([output]).collect()
    }

    /// The parameters, block after block.
    pub fn layout(&self) -> Layout {
        let tensors = self.blocks().into_iter().enumerate().flat_map(|(index, block)| {
            block.segments().map(move |segment| {
                let shape = match segment.role {
                    role if role.is_weight() => vec![block.inputs, block.outputs],
                    _ => vec![segment.range.len()],
                };
                (self.parameter_name(index, segment.role), segment.role, shape)
            })
        });
        let gate = if let Residual::Highway { transform_bias } = self.residual { transform_bias } else { 0.0 };
        let slope = self.activation.learned_slope().unwrap_or_default();
        Layout::new(tensors).starting(Role::Slope, slope).starting(Role::GateBias, gate)
    }

    /// The name of a parameter, as files and tests know it: `layer3.weight`, `layer3.norm.gain`, `output.bias`.
    fn parameter_name(&self, block: usize, role: Role) -> String {
        let layer = |b: usize| if b == self.depth() { "output".into() } else { layout::layer(b) };
        // A norm or an activation belongs to the layer whose stream it acts on, also where the next block computes it.
        let shifted = usize::from(matches!(self.residual, Residual::PreActivation(_)));
        match role {
            Role::Weight => format!("{}.weight", layer(block)),
            Role::Bias => format!("{}.bias", layer(block)),
            Role::Scale => format!("{}.scale", layer(block)),
            Role::GateWeight => format!("{}.gate.weight", layer(block)),
            Role::GateBias => format!("{}.gate.bias", layer(block)),
            Role::NormGain => format!("{}.norm.gain", layer(block - shifted)),
            Role::NormShift => format!("{}.norm.shift", layer(block - shifted)),
            Role::Slope => format!("{}.slope", layer(block - shifted)),
        }
    }

    /// Where the hidden layers are measured.
    pub fn sites(&self) -> Vec<Site> {
        let mut end = 0;
        let site = |(index, block): (usize, &Block)| {
            let start = end;
            end += block.parameter_count();
            let weight = start..start + block.inputs * block.outputs;
            Site { activation: Some(self.activation), ..Site::new(index + 1, block.outputs, weight) }
        };
        self.blocks().iter().enumerate().take(self.depth()).map(site).collect()
    }

    /// Where the activation of hidden layer `l` (1..depth) is computed: (block, whether before its affine map).
    pub fn activation_site(&self, layer: usize) -> (usize, bool) {
        match self.residual {
            Residual::PreActivation(_) => (layer, true),
            _ => (layer - 1, false),
        }
    }
}

/// Units of each hidden layer: as listed, or `depth` times `width`.
///
/// # Errors
/// When a setting is missing or not what its table says.
pub fn widths(settings: &Settings) -> Result<Vec<usize>, SettingError> {
    if let Some(Value::List(widths)) = settings.get("widths") {
        return Ok(widths.iter().map(|width| *width as usize).collect());
    }
    let size = |key: &str, least: usize| {
        let n = settings.int(key).and_then(|n| usize::try_from(n).ok()).filter(|n| *n >= least);
        n.ok_or_else(|| SettingError::new(key, format!("`{key}` has to be an integer, at least {least}")))
    };
    Ok(vec![size("width", 1)?; size("depth", 0)?])
}
