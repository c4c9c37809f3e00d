//! The shape of a dense net as data: settings in, a list of blocks out.

use crate::data::Sizes;
use crate::model::boundary::Site;
use crate::model::layout::Layout;
use crate::ops::activation::Activation;
use crate::ops::block::{Block, Nonlinearity, Norm, Placement, Role, Skip};
use crate::setting::{SettingError, Settings, Value};

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
    /// From resolved settings, for data of these sizes.
    ///
    /// # Errors
    /// When a setting is missing or not what its table says.
    pub fn from_settings(settings: &Settings, sizes: &Sizes) -> Result<Self, SettingError> {
        let size = |key: &str| {
            let n = settings.int(key).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
            n.ok_or_else(|| SettingError::new(key, format!("`{key}` has to be an integer above 0")))
        };
        let depth = size("depth")?;
        let place = match settings.text("batch_norm") {
            Some("before") => Some(Placement::Before),
            Some("after") => Some(Placement::After),
            _ => None,
        };
        let norm = |place| -> Result<Norm, SettingError> {
            let [eps, momentum] = ["batch_norm.eps", "batch_norm.momentum"].map(|key| settings.needed_float(key));
            Ok(Norm { place, eps: eps?, momentum: momentum?, affine: settings.flag("batch_norm.affine") })
        };
        let skip = match settings.get("residual.scale") {
            Some(Value::Text(word)) if word == "learned_zero" => Skip::Learned,
            Some(Value::Text(word)) if word == "1/sqrt(depth)" => Skip::Scaled((depth as f64).sqrt().recip()),
            Some(Value::Float(s)) => Skip::Scaled(*s),
            Some(other) => {
                let message = format!("`residual.scale` cannot be {other}");
                return Err(SettingError::new("residual.scale", message));
            }
            None => Skip::None,
        };
        let residual = match settings.text("residual") {
            Some("pre_activation") => Residual::PreActivation(skip),
            Some("post_activation") => Residual::PostActivation(skip),
            _ => Residual::None,
        };
        Ok(Architecture {
            features: sizes.features(),
            outputs: sizes.outputs,
            depth,
            width: size("width")?,
            activation: Activation::from_settings(settings, "activation")?,
            output_activation: Activation::from_settings(settings, "output_activation")?,
            bias: settings.flag("bias"),
            norm: place.map(norm).transpose()?,
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
                Residual::PreActivation(_) if l == 1 => plain,
                Residual::PreActivation(skip) => Block { before: Some(pair), skip, ..plain },
                Residual::PostActivation(skip) if l > 1 => Block { after: Some(pair), skip, ..plain },
                _ => Block { after: Some(pair), ..plain },
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

    /// The parameters, block after block.
    pub fn layout(&self) -> Layout {
        Layout::new(self.blocks().iter().enumerate().flat_map(|(index, block)| {
            block.segments().map(move |segment| {
                let shape = match segment.role {
                    Role::Weight => vec![block.inputs, block.outputs],
                    _ => vec![segment.range.len()],
                };
                (self.parameter_name(index, segment.role), segment.role, shape)
            })
        }))
    }

    /// The name of a parameter, as files and tests know it: `layer3.weight`, `layer3.norm.gain`, `output.bias`.
    fn parameter_name(&self, block: usize, role: Role) -> String {
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

    /// Where the hidden layers are measured.
    pub fn sites(&self) -> Vec<Site> {
        let mut end = 0;
        let site = |(index, block): (usize, &Block)| {
            let start = end;
            end += block.parameter_count();
            let weight = start..start + block.inputs * block.outputs;
            let (layer, activation) = (index + 1, Some(self.activation));
            Site { layer, time: None, units: self.width, weight, shared: false, activation, gates: &[] }
        };
        self.blocks().iter().enumerate().take(self.depth).map(site).collect()
    }

    /// Where the activation of hidden layer `l` (1..depth) is computed: (block, whether before its affine map).
    pub fn activation_site(&self, layer: usize) -> (usize, bool) {
        match self.residual {
            Residual::PreActivation(_) => (layer, true),
            _ => (layer - 1, false),
        }
    }
}
