//! The settings of the schedules.

use crate::setting::{Domain, NOT_NEGATIVE, SHARE, Setting, on_updates};

/// The settings of the schedule family. `T` is the number of steps after the warm-up.
pub const SETTINGS: &[Setting] = &on_updates([
    Setting::word(
        "schedule",
        &[
            "constant",
            "step",
            "multi_step",
            "exponential",
            "inverse_time",
            "polynomial",
            "linear",
            "cosine",
            "one_cycle",
        ],
        "constant",
    )
    .head("kind")
    .help(
        "how the learning rate changes with the step t (counted after the warm-up, of T); `plan --schedule` draws it",
    ),
    Setting::int("schedule.every", 1..=1_000_000_000, 100)
        .of(&["step"])
        .help("steps between two drops: lr factor^floor(t/every)"),
    Setting::required("schedule.milestones", Domain::Steps)
        .of(&["multi_step"])
        .help("steps t of the drops, all reached before the run ends: lr factor^(number of milestones <= t)"),
    Setting::float("schedule.factor", Domain::Positive { max: 1.0 }, 0.1)
        .of(&["step", "multi_step"])
        .help("what each drop multiplies by"),
    Setting::float("schedule.final", Domain::Positive { max: 1.0 }, 0.01)
        .of(&["exponential"])
        .help("fraction of lr left at the last step: lr final^(t/T)"),
    Setting::float("schedule.rate", NOT_NEGATIVE, 0.01).of(&["inverse_time"]).help("lr / (1 + rate t)"),
    Setting::float("schedule.final", SHARE, 0.0)
        .of(&["polynomial", "linear", "cosine"])
        .help("fraction of lr left at the last step"),
    Setting::float("schedule.final", SHARE, 4e-6).of(&["one_cycle"]).help("fraction of lr at the last update"),
    Setting::float("schedule.power", Domain::Positive { max: 100.0 }, 1.0)
        .of(&["polynomial"])
        .help("lr (final + (1 - final) (1 - t/T)^power)"),
    Setting::unset("schedule.period", Domain::Int { min: 1, max: 1_000_000_000 })
        .of(&["cosine"])
        .help("steps to the first restart, at most T; if unset: T, which is none. No cycle begins at the last step"),
    Setting::int("schedule.growth", 1..=1000, 1)
        .of(&["cosine"])
        .help("how many times as long as the one before each period is"),
    Setting::float("schedule.rise", Domain::Fraction, 0.3)
        .of(&["one_cycle"])
        .help("fraction of the steps over which lr rises to its top; momentum is left alone"),
    Setting::float("schedule.first", SHARE, 0.04).of(&["one_cycle"]).help("fraction of lr at the first update"),
    Setting::int("schedule.warmup", 0..=1_000_000_000, 0)
        .help("steps over which lr first rises linearly from lr/warmup to lr, at most as many as the run has"),
]);
