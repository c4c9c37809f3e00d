//! A transformer as its settings have it, its parameters and where it is measured.

use crate::data::Sizes;
use crate::data::sequence::EVERY;
use crate::model::boundary::{Attention, Site};
use crate::model::dense::branch_scale;
use crate::model::layout::{self, Layout};
use crate::ops::activation::Activation;
use crate::ops::block::{Role, Skip};
use crate::ops::norm::NormKind;
use crate::setting::{SettingError, Settings};
use std::ops::Range;

/// What the settings say of the network, and the sizes that the data brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Tokens of a row of the data.
    pub steps: usize,
    /// Numbers of each.
    pub features: usize,
    pub outputs: usize,
    /// Blocks.
    pub depth: usize,
    /// Numbers of a token within the net.
    pub width: usize,
    pub heads: usize,
    /// Hidden units of a feed-forward sub-layer.
    pub hidden: usize,
    pub activation: Activation,
    pub output_activation: Activation,
    pub bias: bool,
    pub norm: Option<Norm>,
    pub branch: Branch,
    pub positions: Positions,
    pub is_causal: bool,
    pub read_out: ReadOut,
}

/// The normalization of each token over its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Layer or RMS.
    pub kind: NormKind,
    /// On what a sub-layer reads, and once before the output layer; else on the sum of what it read and its output.
    pub is_pre: bool,
    pub eps: f64,
    /// A learned gain follows, and of layer norm a learned shift.
    pub affine: bool,
}

/// How the output f of a sub-layer is added to what it read, x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Branch {
    /// x + s f.
    Scaled(f64),
    /// x + a f with a learned number a for each block, 0 before the first update: ReZero (Bachlechner et al. 2021).
    Learned,
    /// (2 depth)^(1/4) x + f, and the initial weights of values, projection and feed-forward times (8 depth)^(-1/4):
    /// DeepNorm (Wang et al. 2022, an encoder alone).
    DeepNorm,
}

/// How a token knows its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Positions {
    None,
    /// A learned vector for each place is added.
    Learned,
    /// sin(t / 10000^(2i/width)) and cos of the same are added, side by side (Vaswani et al. 2017, section 3.5).
    Sinusoidal,
}

/// What the output layer reads of the last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOut {
    /// The mean over all tokens.
    Mean,
    /// The last token of the data.
    Last,
    /// A token of its own, the same for every row, which comes after those of the data.
    ClassToken,
    /// Every token by itself: an answer at each.
    Every,
}

impl Architecture {
    /// From resolved settings, for data of these sizes.
    ///
    /// # Errors
    /// When a setting is missing or does not fit the others, and for data without tokens.
    pub fn from_settings(settings: &Settings, sizes: &Sizes) -> Result<Self, SettingError> {
        let &[steps, features] = &sizes.input[..] else {
            let message = format!(
                "a transformer reads tokens, but rows of {} numbers that are read at once have none: write data.as = \"rows\" where they are \
                 images, or \"pixels\" to make a token of each number",
                sizes.features()
            );
            return Err(SettingError::new("network", message));
        };
        let (depth, width) = (settings.needed_int("depth")?, settings.needed_int("width")?);
        let heads = settings.needed_int("network.heads")?;
        if heads == 0 || width % heads != 0 {
            let fitting = (1..=heads.min(width)).rev().find(|n| width % n == 0).unwrap_or(1);
            let message = format!(
                "{heads} heads do not divide a width of {width}: write network.heads = {fitting}, or another divisor of the width"
            );
            return Err(SettingError::new("network.heads", message));
        }
        let activation = Activation::from_settings(settings, "activation")?;
        if activation.learned_slope().is_some() {
            let message = "a transformer learns no slopes: write activation = \"leaky_relu\", whose slope is fixed";
            return Err(SettingError::new("activation", message));
        }
        let norm = Norm::from_settings(settings)?;
        Ok(Architecture {
            steps,
            features,
            outputs: sizes.outputs,
            depth,
            width,
            heads,
            hidden: settings.needed_int("network.feed_forward")? * width,
            activation,
            output_activation: Activation::from_settings(settings, "output_activation")?,
            bias: settings.flag("bias"),
            norm,
            branch: Branch::from_settings(settings, depth, norm)?,
            positions: match settings.needed_text("network.positions")? {
                "none" => Positions::None,
                "learned" => Positions::Learned,
                "sinusoidal" => Positions::Sinusoidal,
                other => return Err(SettingError::unknown("network.positions", "kind of positions", other)),
            },
            is_causal: settings.flag("network.causal"),
            read_out: match settings.needed_text("network.read_out")? {
                "mean" => ReadOut::Mean,
                "last" => ReadOut::Last,
                "class_token" => ReadOut::ClassToken,
                EVERY => ReadOut::Every,
                other => return Err(SettingError::unknown("network.read_out", "read-out", other)),
            },
        })
    }

    /// Tokens within the net.
    pub fn tokens(&self) -> usize {
        self.steps + usize::from(self.read_out == ReadOut::ClassToken)
    }

    /// What DeepNorm multiplies the skip connection by; 1 of all others.
    pub fn skip_scale(&self) -> f64 {
        if self.branch == Branch::DeepNorm { (2.0 * self.depth as f64).powf(0.25) } else { 1.0 }
    }

    /// The gain that DeepNorm starts the weights of this name with; 1 of all others.
    pub fn gain(&self, parameter: &str) -> f64 {
        let is_scaled = parameter.starts_with("layer") && !parameter.contains("query") && !parameter.contains("key");
        if self.branch == Branch::DeepNorm && is_scaled { (8.0 * self.depth as f64).powf(-0.25) } else { 1.0 }
    }

    /// The parameters: `embedding`, `class_token`, `positions`, of each block `layer1.attention.query`, `.key`, `.value`,
    /// `.projection`, `layer1.feed_forward.first`, `.second`, then `output`; of affine maps `.weight` `[inputs, outputs]` and
    /// `.bias`. The keys have no bias: it would add the same to all scores of a query, which the softmax takes no notice of.
    pub fn layout(&self) -> Layout {
        let d = self.width;
        let mut tensors = Vec::new();
        self.affine(&mut tensors, "embedding", self.features, d);
        if self.read_out == ReadOut::ClassToken {
            tensors.push((CLASS_TOKEN.into(), Role::Bias, vec![d]));
        }
        if self.positions == Positions::Learned {
            tensors.push((POSITIONS.into(), Role::Bias, vec![self.tokens(), d]));
        }
        for layer in 0..self.depth {
            let named = |what: &str| format!("{}.{what}", layout::layer(layer));
            self.norms(&mut tensors, &named("attention"));
            self.affine(&mut tensors, &named("attention.query"), d, d);
            tensors.push((named("attention.key.weight"), Role::Weight, vec![d, d]));
            self.affine(&mut tensors, &named("attention.value"), d, d);
            self.affine(&mut tensors, &named("attention.projection"), d, d);
            self.norms(&mut tensors, &named("feed_forward"));
            self.affine(&mut tensors, &named("feed_forward.first"), d, self.hidden);
            self.affine(&mut tensors, &named("feed_forward.second"), self.hidden, d);
            if self.branch == Branch::Learned {
                tensors.push((named("scale"), Role::Scale, vec![1]));
            }
        }
        if self.norm.is_some_and(|norm| norm.is_pre) {
            self.norms(&mut tensors, "output");
        }
        self.affine(&mut tensors, "output", d, self.outputs);
        Layout::new(tensors)
    }

    fn affine(&self, tensors: &mut Vec<(String, Role, Vec<usize>)>, name: &str, inputs: usize, outputs: usize) {
        tensors.push((format!("{name}.weight"), Role::Weight, vec![inputs, outputs]));
        if self.bias {
            tensors.push((format!("{name}.bias"), Role::Bias, vec![outputs]));
        }
    }

    fn norms(&self, tensors: &mut Vec<(String, Role, Vec<usize>)>, name: &str) {
        let Some(norm) = self.norm.filter(|norm| norm.affine) else { return };
        tensors.push((format!("{name}.norm.gain"), Role::NormGain, vec![self.width]));
        if norm.kind.is_centred() {
            tensors.push((format!("{name}.norm.shift"), Role::NormShift, vec![self.width]));
        }
    }

    /// Where it is measured: the output of each block, all tokens of a row side by side. The weight of a site is the second of
    /// its feed-forward sub-layer.
    pub fn sites(&self) -> Vec<Site> {
        let layout = self.layout();
        let site = |layer: usize| {
            let place = |what: &str| -> Range<usize> {
                layout
                    .find(&format!("{}.{what}.weight", layout::layer(layer - 1)))
                    .map_or(0..0, |parameter| parameter.range.clone())
            };
            let [weight, query, key] = ["feed_forward.second", "attention.query", "attention.key"].map(place);
            Site {
                shared: true,
                activation: Some(self.activation),
                attention: Some(Attention { tokens: self.tokens(), query, key }),
                ..Site::new(layer, self.tokens() * self.width, weight)
            }
        };
        (1..=self.depth).map(site).collect()
    }
}

/// The names of the parameters that are no part of an affine map or a norm.
pub const CLASS_TOKEN: &str = "class_token";
pub const POSITIONS: &str = "positions";

impl Norm {
    /// What the settings say; `None` for no normalization.
    ///
    /// # Errors
    /// Normalization over the batch, and places that are not those of a sub-layer.
    fn from_settings(settings: &Settings) -> Result<Option<Self>, SettingError> {
        let kind = match settings.needed_text("norm")? {
            "none" => return Ok(None),
            "layer" => NormKind::Layer,
            "rms" => NormKind::Rms,
            other => {
                let message =
                    format!("a transformer normalizes each token, not by `{other}`: write norm = \"layer\" or \"rms\"");
                return Err(SettingError::new("norm", message));
            }
        };
        let is_pre = match settings.needed_text("norm.place")? {
            "pre" => true,
            "post" => false,
            other => {
                let message = format!(
                    "a transformer has no norm \"{other}\" an activation: write norm.place = \"pre\" (on the input of a sub-layer) or \"post\" (on the sum of its input and output)"
                );
                return Err(SettingError::new("norm.place", message));
            }
        };
        let (eps, affine) = (settings.needed_float("norm.eps")?, settings.flag("norm.affine"));
        Ok(Some(Norm { kind, is_pre, eps, affine }))
    }
}

impl Branch {
    /// # Errors
    /// DeepNorm without post-norm.
    fn from_settings(settings: &Settings, depth: usize, norm: Option<Norm>) -> Result<Self, SettingError> {
        let key = "network.branch_scale";
        if settings.text(key) == Some("deepnorm") {
            if norm.is_none_or(|norm| norm.is_pre) {
                let message = "DeepNorm normalizes the sum of a sub-layer's input and output: write norm.place = \"post\" \
                    as well";
                return Err(SettingError::new(key, message));
            }
            return Ok(Branch::DeepNorm);
        }
        match branch_scale(settings, key, depth)? {
            Some(Skip::Learned) => Ok(Branch::Learned),
            Some(Skip::Scaled(s)) => Ok(Branch::Scaled(s)),
            _ => Err(SettingError::unset(key)),
        }
    }
}
