//! Learning-rate schedules: pure functions of the step.

use crate::setting::{Default, Domain, Setting};

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
