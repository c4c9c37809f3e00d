//! Learning-rate schedules: pure functions of the step.

use crate::setting::{Default, Domain, Setting, Settings};

/// The settings of the schedule family. `T` is the number of steps after the warm-up.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "schedule",
        Domain::Word(&["constant", "step", "exponential", "inverse_time", "linear", "cosine"]),
        Default::Text("constant"),
        "how the learning rate changes with the step t (counted after the warm-up)",
    )
    .head("kind"),
    Setting::new(
        "schedule.every",
        Domain::Int { min: 1, max: 1_000_000_000 },
        Default::Int(100),
        "steps between two drops: lr factor^floor(t/every)",
    )
    .of(&["step"]),
    Setting::new("schedule.factor", Domain::Positive { max: 1.0 }, Default::Float(0.1), "what each drop multiplies by")
        .of(&["step"]),
    Setting::new(
        "schedule.final",
        Domain::Positive { max: 1.0 },
        Default::Float(0.01),
        "fraction of lr left at the last step: lr final^(t/T)",
    )
    .of(&["exponential"]),
    Setting::new("schedule.rate", Domain::Float { min: 0.0, max: f64::MAX }, Default::Float(0.01), "lr / (1 + rate t)")
        .of(&["inverse_time"]),
    Setting::new(
        "schedule.final",
        Domain::Float { min: 0.0, max: 1.0 },
        Default::Float(0.0),
        "fraction of lr left at the last step",
    )
    .of(&["linear", "cosine"]),
    Setting::new(
        "schedule.warmup",
        Domain::Int { min: 0, max: 1_000_000_000 },
        Default::Int(0),
        "steps over which lr first rises linearly from lr/warmup to lr",
    ),
];

/// The shape of a schedule after its warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Constant,
    /// factor^floor(t / every).
    Step {
        every: usize,
        factor: f64,
    },
    /// last^(t / T).
    Exponential {
        last: f64,
    },
    /// 1 / (1 + rate t) (Robbins & Monro 1951 for rate t >> 1).
    InverseTime {
        rate: f64,
    },
    /// From 1 down to `last`.
    Linear {
        last: f64,
    },
    /// last + (1 - last) (1 + cos(pi t / T)) / 2 (Loshchilov & Hutter 2017, equation 5, without restarts).
    Cosine {
        last: f64,
    },
}

/// A learning rate as a function of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    pub lr: f64,
    pub shape: Shape,
    pub warmup: usize,
    /// Updates of the whole run.
    pub steps: usize,
}

impl Schedule {
    /// From resolved settings, for a run of `steps` updates.
    ///
    /// # Errors
    /// When a setting is missing or unknown.
    pub fn from_settings(settings: &Settings, steps: usize) -> Result<Self, String> {
        let number = |key: &str| settings.float(key).ok_or_else(|| format!("`{key}` is not set"));
        let last = || number("schedule.final");
        let shape = match settings.text("schedule").ok_or("`schedule` is not set")? {
            "constant" => Shape::Constant,
            "step" => Shape::Step { every: number("schedule.every")? as usize, factor: number("schedule.factor")? },
            "exponential" => Shape::Exponential { last: last()? },
            "inverse_time" => Shape::InverseTime { rate: number("schedule.rate")? },
            "linear" => Shape::Linear { last: last()? },
            "cosine" => Shape::Cosine { last: last()? },
            other => return Err(format!("there is no schedule \"{other}\"")),
        };
        let warmup = settings.int("schedule.warmup").unwrap_or(0) as usize;
        Ok(Schedule { lr: number("optimizer.lr")?, shape, warmup, steps })
    }

    /// The learning rate of the update from `step` to `step + 1`. A warm-up of n steps gives lr/n, 2 lr/n, ..., lr.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.lr * (step + 1) as f64 / self.warmup as f64;
        }
        let t = (step - self.warmup) as f64;
        let part = t / self.steps.saturating_sub(self.warmup).max(1) as f64;
        self.lr
            * match self.shape {
                Shape::Constant => 1.0,
                Shape::Step { every, factor } => factor.powf((t / every as f64).floor()),
                Shape::Exponential { last } => last.powf(part),
                Shape::InverseTime { rate } => 1.0 / (1.0 + rate * t),
                Shape::Linear { last } => 1.0 + (last - 1.0) * part,
                Shape::Cosine { last } => last + (1.0 - last) * 0.5 * (1.0 + (std::f64::consts::PI * part).cos()),
            }
    }
}
