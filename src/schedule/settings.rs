//! The settings of the schedules.

use crate::setting::{DefaultValue, Domain, Setting, on_updates};

/// Numbers of steps.
const STEPS: Domain = Domain::Int { min: 1, max: 1_000_000_000 };

/// A fraction of lr, 0 included.
const SHARE: Domain = Domain::Float { min: 0.0, max: 1.0 };

/// The settings of the schedule family. `T` is the number of steps after the warm-up.
pub const SETTINGS: &[Setting] = &on_updates([
    Setting::new(
        "schedule",
        Domain::Word(&[
            "constant",
            "step",
            "multi_step",
            "exponential",
            "inverse_time",
            "polynomial",
            "linear",
            "cosine",
            "one_cycle",
        ]),
        DefaultValue::Text("constant"),
        "how the learning rate changes with the step t (counted after the warm-up, of T); `plan --schedule` draws it",
    )
    .head("kind"),
    Setting::new("schedule.every", STEPS, DefaultValue::Int(100), "steps between two drops: lr factor^floor(t/every)")
        .of(&["step"]),
    Setting::new(
        "schedule.milestones",
        Domain::Steps,
        DefaultValue::Required,
        "steps t of the drops, all reached before the run ends: lr factor^(number of milestones <= t)",
    )
    .of(&["multi_step"]),
    Setting::float("schedule.factor", Domain::Positive { max: 1.0 }, 0.1, "what each drop multiplies by")
        .of(&["step", "multi_step"]),
    Setting::float(
        "schedule.final",
        Domain::Positive { max: 1.0 },
        0.01,
        "fraction of lr left at the last step: lr final^(t/T)",
    )
    .of(&["exponential"]),
    Setting::float("schedule.rate", Domain::Float { min: 0.0, max: f64::MAX }, 0.01, "lr / (1 + rate t)")
        .of(&["inverse_time"]),
    Setting::float("schedule.final", SHARE, 0.0, "fraction of lr left at the last step").of(&[
        "polynomial",
        "linear",
        "cosine",
    ]),
    Setting::float("schedule.final", SHARE, 4e-6, "fraction of lr at the last update").of(&["one_cycle"]),
    Setting::float("schedule.power", Domain::Positive { max: 100.0 }, 1.0, "lr (final + (1 - final) (1 - t/T)^power)")
        .of(&["polynomial"]),
    Setting::new(
        "schedule.period",
        STEPS,
        DefaultValue::Unset,
        "steps to the first restart, at most T; if unset: T, which is none. No cycle begins at the last step",
    )
    .of(&["cosine"]),
    Setting::new(
        "schedule.growth",
        Domain::Int { min: 1, max: 1000 },
        DefaultValue::Int(1),
        "how many times as long as the one before each period is",
    )
    .of(&["cosine"]),
    Setting::float(
        "schedule.rise",
        Domain::Fraction,
        0.3,
        "fraction of the steps over which lr rises to its top; momentum is left alone",
    )
    .of(&["one_cycle"]),
    Setting::float("schedule.first", SHARE, 0.04, "fraction of lr at the first update").of(&["one_cycle"]),
    Setting::new(
        "schedule.warmup",
        Domain::Int { min: 0, max: 1_000_000_000 },
        DefaultValue::Int(0),
        "steps over which lr first rises linearly from lr/warmup to lr, at most as many as the run has",
    ),
]);
