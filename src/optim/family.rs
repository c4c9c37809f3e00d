//! The family of update rules: their names, constants and state.

use crate::setting::{SettingError, Settings, members, word, words};

/// An update rule with its constants. One more is a variant, a row in its list, a file with its rule, and an
/// arm of [`Stepper::step`](super::Stepper::step). Equation, defaults and source of each stand in the module that its variant names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// [`sgd`](super::sgd) on the whole training set.
    Gd,
    /// [`sgd`](super::sgd), on batches.
    Sgd,
    /// The heavy ball, [`momentum`](super::momentum).
    Momentum { momentum: f64 },
    /// [`momentum`](super::momentum).
    Nesterov { momentum: f64 },
    /// [`adagrad`](super::adagrad).
    Adagrad { eps: f64 },
    /// [`adadelta`](super::adadelta).
    Adadelta { rho: f64, eps: f64 },
    /// [`rmsprop`](super::rmsprop): plain, centred, with momentum, or both.
    RmsProp { rho: f64, eps: f64, momentum: f64, centered: bool },
    /// [`adam`](super::adam).
    Adam { beta1: f64, beta2: f64, eps: f64 },
    /// [`amsgrad`](super::amsgrad).
    AmsGrad { beta1: f64, beta2: f64, eps: f64 },
    /// [`adam`](super::adam); its decay is the decoupled `weight_decay`, 0.01 if unset (Loshchilov & Hutter, "Decoupled weight decay
    /// regularization", ICLR 2019, algorithm 2). As PyTorch: the decay is multiplied by lr.
    AdamW { beta1: f64, beta2: f64, eps: f64 },
    /// [`adamax`](super::adamax).
    Adamax { beta1: f64, beta2: f64, eps: f64 },
    /// [`nadam`](super::nadam).
    NAdam { beta1: f64, beta2: f64, eps: f64, momentum_decay: f64 },
    /// [`radam`](super::radam).
    RAdam { beta1: f64, beta2: f64, eps: f64 },
    /// [`lion`](super::lion).
    Lion { beta1: f64, beta2: f64 },
    /// [`rprop`](super::rprop).
    Rprop { shrink: f64, grow: f64, min_step: f64, max_step: f64 },
}

impl Optimizer {
    /// Every rule, with its default constants, by the word in an experiment file.
    const NAMED: [(&'static str, Optimizer); 15] = [
        ("gd", Optimizer::Gd),
        ("sgd", Optimizer::Sgd),
        ("momentum", Optimizer::Momentum { momentum: 0.9 }),
        ("nesterov", Optimizer::Nesterov { momentum: 0.9 }),
        ("adagrad", Optimizer::Adagrad { eps: 1e-10 }),
        ("adadelta", Optimizer::Adadelta { rho: 0.9, eps: 1e-6 }),
        ("rmsprop", Optimizer::RmsProp { rho: 0.99, eps: 1e-8, momentum: 0.0, centered: false }),
        ("adam", Optimizer::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 }),
        ("amsgrad", Optimizer::AmsGrad { beta1: 0.9, beta2: 0.999, eps: 1e-8 }),
        ("adamw", Optimizer::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 }),
        ("adamax", Optimizer::Adamax { beta1: 0.9, beta2: 0.999, eps: 1e-8 }),
        ("nadam", Optimizer::NAdam { beta1: 0.9, beta2: 0.999, eps: 1e-8, momentum_decay: 0.004 }),
        ("radam", Optimizer::RAdam { beta1: 0.9, beta2: 0.999, eps: 1e-8 }),
        ("lion", Optimizer::Lion { beta1: 0.9, beta2: 0.99 }),
        ("rprop", Optimizer::Rprop { shrink: 0.5, grow: 1.2, min_step: 1e-6, max_step: 50.0 }),
    ];

    /// Every rule, with its default constants.
    pub const ALL: [Optimizer; 15] = members(&Self::NAMED);

    /// The words of all rules, in the order of [`Optimizer::ALL`].
    pub(super) const WORDS: [&'static str; 15] = words(&Self::NAMED);

    /// The word in an experiment file.
    pub fn word(self) -> &'static str {
        word(&Self::NAMED, &self)
    }

    /// The rule the settings name.
    ///
    /// # Errors
    /// When a setting is missing or unknown.
    pub fn from_settings(settings: &Settings) -> Result<Self, SettingError> {
        let wanted = settings.needed_text("optimizer.kind")?;
        let found = Self::ALL.into_iter().find(|o| o.word() == wanted);
        let mut rule = found.ok_or_else(|| SettingError::unknown("optimizer.kind", "optimizer", wanted))?;
        if let Optimizer::RmsProp { centered, .. } = &mut rule {
            *centered = settings.flag("optimizer.centered");
        }
        for (name, constant) in rule.constants() {
            if let Some(value) = settings.float(&format!("optimizer.{name}")) {
                *constant = value;
            }
        }
        Ok(rule)
    }

    /// The numbers of the rule, by the names of their settings.
    fn constants(&mut self) -> Vec<(&'static str, &mut f64)> {
        match self {
            Optimizer::Gd | Optimizer::Sgd => vec![],
            Optimizer::Momentum { momentum } | Optimizer::Nesterov { momentum } => vec![("momentum", momentum)],
            Optimizer::Adagrad { eps } => vec![("eps", eps)],
            Optimizer::Adadelta { rho, eps } => vec![("rho", rho), ("eps", eps)],
            Optimizer::RmsProp { rho, eps, momentum, .. } => {
                vec![("rho", rho), ("eps", eps), ("momentum", momentum)]
            }
            Optimizer::Adam { beta1, beta2, eps }
            | Optimizer::AmsGrad { beta1, beta2, eps }
            | Optimizer::AdamW { beta1, beta2, eps }
            | Optimizer::Adamax { beta1, beta2, eps }
            | Optimizer::RAdam { beta1, beta2, eps } => vec![("beta1", beta1), ("beta2", beta2), ("eps", eps)],
            Optimizer::NAdam { beta1, beta2, eps, momentum_decay } => {
                vec![("beta1", beta1), ("beta2", beta2), ("eps", eps), ("momentum_decay", momentum_decay)]
            }
            Optimizer::Lion { beta1, beta2 } => vec![("beta1", beta1), ("beta2", beta2)],
            Optimizer::Rprop { shrink, grow, min_step, max_step } => {
                vec![("shrink", shrink), ("grow", grow), ("min_step", min_step), ("max_step", max_step)]
            }
        }
    }
}
