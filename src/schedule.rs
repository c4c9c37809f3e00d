//! Learning-rate schedules: pure functions of the step, but for the one that watches the loss.

mod plateau;
mod settings;

pub use plateau::Plateau;
pub use settings::SETTINGS;

use crate::setting::{SettingError, Settings, Value};
use std::f64::consts::PI;

/// The shape of a schedule after its warm-up: the share of lr at step t = 0, 1, ... of T.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Constant,
    /// factor^floor(t / every) (torch.optim.lr_scheduler.StepLR).
    Step {
        every: usize,
        factor: f64,
    },
    /// factor^(number of milestones <= t) (torch MultiStepLR; the drops of He et al., "Deep residual learning for image
    /// recognition", CVPR 2016).
    MultiStep {
        /// Ascending.
        milestones: Vec<usize>,
        factor: f64,
    },
    /// last^(t / T) (torch ExponentialLR with gamma = last^(1/T)).
    Exponential {
        last: f64,
    },
    /// 1 / (1 + rate t) (Robbins & Monro 1951 for rate t >> 1).
    InverseTime {
        rate: f64,
    },
    /// 1 / sqrt(1 + rate t): with rate = 1 that of Kingma & Ba, "Adam", ICLR 2015, section 4; after a warm-up of w steps and with
    /// rate = 1/w that of Vaswani et al., "Attention is all you need", NIPS 2017, equation 3.
    InverseSqrt {
        rate: f64,
    },
    /// last + (1 - last) (1 - t / T)^power (torch PolynomialLR, there with last = 0; Chen et al., "DeepLab",
    /// arXiv:1606.00915 (2016), equation 2, with power 0.9).
    Polynomial {
        last: f64,
        power: f64,
    },
    /// From 1 down to `last` (torch LinearLR).
    Linear {
        last: f64,
    },
    /// last + (1 - last) (1 + cos(pi t / T)) / 2 (Loshchilov & Hutter, "SGDR", ICLR 2017, equation 5); with a period
    /// again from 1 after `period`, then `period growth`, `period growth^2`, ... steps (torch CosineAnnealingWarmRestarts).
    Cosine {
        last: f64,
        period: Option<usize>,
        growth: usize,
    },
    /// Up from `first` to 1 over the share `rise` of the steps and down to `last`, both as half a cosine (Smith & Topin,
    /// "Super-convergence", arXiv:1708.07120 (2017), in the form of torch OneCycleLR): the top is at t = rise T - 1, the
    /// end at the last update, t = T - 1. Momentum stays as it is.
    OneCycle {
        first: f64,
        last: f64,
        rise: f64,
    },
    /// 1, times what a [`Plateau`] has come to by the losses of the epochs before.
    Plateau(Plateau),
}

impl Shape {
    /// The share of lr at step `t` of `steps`; t = steps belongs to no update, and what ends there stays there.
    fn share(&self, t: usize, steps: usize) -> f64 {
        let part = (t as f64 / steps.max(1) as f64).min(1.0);
        match *self {
            Shape::Constant | Shape::Plateau(_) => 1.0,
            Shape::Step { every, factor } => factor.powf((t / every) as f64),
            Shape::MultiStep { ref milestones, factor } => {
                factor.powf(milestones.iter().filter(|m| **m <= t).count() as f64)
            }
            Shape::Exponential { last } => last.powf(part),
            Shape::InverseTime { rate } => 1.0 / (1.0 + rate * t as f64),
            Shape::InverseSqrt { rate } => 1.0 / (1.0 + rate * t as f64).sqrt(),
            Shape::Polynomial { last, power } => last + (1.0 - last) * (1.0 - part).powf(power),
            Shape::Linear { last } => 1.0 + (last - 1.0) * part,
            Shape::Cosine { last, period: None, .. } => cosine(1.0, last, part),
            // The run ends low: no cycle begins where it stops.
            Shape::Cosine { last, period: Some(period), growth } => {
                let last_step = t > 0 && t == steps;
                let (start, length) = cycle(t - usize::from(last_step), period, growth);
                cosine(1.0, last, (t - start) as f64 / length as f64)
            }
            Shape::OneCycle { first, last, rise } => {
                let (t, top, end) = (t as f64, rise * steps as f64 - 1.0, steps as f64 - 1.0);
                if t < top {
                    cosine(first, 1.0, t / top)
                } else {
                    cosine(1.0, last, ((t - top) / (end - top)).min(1.0))
                }
            }
        }
    }
}

/// From `start` to `end` as `part` goes from 0 to 1, along half a cosine.
fn cosine(start: f64, end: f64, part: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + (PI * part).cos())
}

/// Where the cycle that step `t` is in began, and its length.
fn cycle(t: usize, period: usize, growth: usize) -> (usize, usize) {
    if growth == 1 {
        return (t / period * period, period);
    }
    let (mut start, mut length) = (0, period);
    while t - start >= length {
        start += length;
        length = length.saturating_mul(growth);
    }
    (start, length)
}

/// A learning rate as a function of the step.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub lr: f64,
    pub shape: Shape,
    pub warmup: usize,
    /// Updates of the whole run.
    pub steps: usize,
    /// Updates of what drops and restarts are counted in: of an epoch where the run is given in epochs, else 1.
    pub unit: usize,
}

impl Schedule {
    /// From resolved settings, for a run of `steps` updates.
    ///
    /// # Errors
    /// When a setting is missing or unknown.
    pub fn from_settings(settings: &Settings, steps: usize) -> Result<Self, SettingError> {
        let number = |key: &str| settings.needed_float(key);
        let whole = |key: &str| settings.needed_int(key);
        let last = || number("schedule.final");
        let warmup = settings.int("schedule.warmup").unwrap_or(0) as usize;
        // Drops and restarts are counted as the run is: a run of so many epochs has them after epochs.
        let unit = settings.int("epochs").map_or(1, |epochs| steps / epochs.max(1) as usize).max(1);
        let shape = match settings.needed_text("schedule")? {
            "constant" => Shape::Constant,
            "step" => {
                Shape::Step { every: whole("schedule.every")?.saturating_mul(unit), factor: number("schedule.factor")? }
            }
            "multi_step" => {
                let Some(Value::List(milestones)) = settings.get("schedule.milestones") else {
                    return Err(SettingError::unset("schedule.milestones"));
                };
                let milestones = milestones.iter().map(|m| (*m as usize).saturating_mul(unit)).collect();
                Shape::MultiStep { milestones, factor: number("schedule.factor")? }
            }
            "exponential" => Shape::Exponential { last: last()? },
            "inverse_time" => Shape::InverseTime { rate: number("schedule.rate")? },
            "inverse_sqrt" => {
                Shape::InverseSqrt { rate: settings.float("schedule.rate").unwrap_or(1.0 / warmup.max(1) as f64) }
            }
            "plateau" => Shape::Plateau(Plateau::new(
                number("schedule.factor")?,
                whole("schedule.patience")?,
                number("schedule.threshold")?,
                last()?,
            )),
            "polynomial" => Shape::Polynomial { last: last()?, power: number("schedule.power")? },
            "linear" => Shape::Linear { last: last()? },
            "cosine" => {
                let period = settings.int("schedule.period").map(|i| (i as usize).saturating_mul(unit));
                Shape::Cosine { last: last()?, period, growth: whole("schedule.growth")? }
            }
            "one_cycle" => {
                Shape::OneCycle { first: number("schedule.first")?, last: last()?, rise: number("schedule.rise")? }
            }
            other => return Err(SettingError::unknown("schedule", "schedule", other)),
        };
        Ok(Schedule { lr: number("optimizer.lr")?, shape, warmup, steps, unit })
    }

    /// The learning rate of the update from `step` to `step + 1`. A warm-up of n steps gives lr/n, 2 lr/n, ..., lr.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.lr * (step + 1) as f64 / self.warmup as f64;
        }
        self.lr * self.shape.share(step - self.warmup, self.steps.saturating_sub(self.warmup))
    }

    /// A setting that this run is too short for, what is wrong, and what to write instead.
    pub fn unreached(&self) -> Option<(&'static str, String, String)> {
        let (steps, after) = (self.steps, self.steps.saturating_sub(self.warmup));
        let words = if self.unit == 1 { "steps" } else { "epochs" };
        let too_long = |key: &'static str, what: String, most: usize| {
            let help = match most / self.unit {
                0 => format!("increase `{words}`"),
                most => format!("write at most {most} as `{key}`, or increase `{words}`"),
            };
            Some((key, format!("{what}: the run has {} {words} after its warm-up", after / self.unit), help))
        };
        match &self.shape {
            _ if self.warmup > steps => {
                let message = format!("a warm-up of {} steps is longer than the run of {steps}", self.warmup);
                Some(("schedule.warmup", message, format!("write at most {steps}, or increase `steps`")))
            }
            Shape::MultiStep { milestones, .. } => match milestones.last() {
                Some(last) if *last >= after => {
                    let what = format!("the milestone {} is never reached", last / self.unit);
                    too_long("schedule.milestones", what, after.saturating_sub(1))
                }
                _ => None,
            },
            Shape::Step { every, .. } if *every >= after => {
                let what = format!("a drop every {} {words} never happens", every / self.unit);
                too_long("schedule.every", what, after.saturating_sub(1))
            }
            Shape::Cosine { period: Some(period), .. } if *period > after => {
                let what = format!("a period of {} {words} is longer than the run", period / self.unit);
                too_long("schedule.period", what, after)
            }
            _ => None,
        }
    }
}
