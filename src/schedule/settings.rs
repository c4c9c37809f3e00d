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
            "inverse_sqrt",
            "polynomial",
            "linear",
            "cosine",
            "one_cycle",
            "plateau",
        ],
        "constant",
    )
    .head("kind")
    .help(
        "how the learning rate changes with the step t (counted after the warm-up, of T); `plan --schedule` draws it",
    ),
    Setting::int("schedule.every", 1..=1_000_000_000, 100)
        .of(&["step"])
        .help("steps between two drops, epochs where the run is given in `epochs`: lr factor^floor(t/every)"),
    Setting::required("schedule.milestones", Domain::Steps)
        .of(&["multi_step"])
        .help("steps t of the drops (epochs where the run is given in `epochs`), all reached before the run ends: lr factor^(number of milestones <= t)"),
    Setting::float("schedule.factor", Domain::Positive { max: 1.0 }, 0.1)
        .of(&["step", "multi_step", "plateau"])
        .help("what each drop multiplies by"),
    Setting::float("schedule.final", Domain::Positive { max: 1.0 }, 0.01)
        .of(&["exponential"])
        .help("fraction of lr left at the last step: lr final^(t/T)"),
    Setting::float("schedule.rate", NOT_NEGATIVE, 0.01).of(&["inverse_time"]).help("lr / (1 + rate t)"),
    Setting::unset("schedule.rate", NOT_NEGATIVE)
        .of(&["inverse_sqrt"])
        .help("lr / sqrt(1 + rate t); if unset: 1/warmup, which is that of Vaswani et al. 2017, or without a warm-up 1"),
    Setting::int("schedule.patience", 0..=1_000_000, 10)
        .of(&["plateau"])
        .help("epochs (of a test function steps) in a row without a better validation loss, or training loss where there is none, that are borne before lr drops by `factor`"),
    Setting::float("schedule.threshold", Domain::Fraction, 1e-4)
        .of(&["plateau"])
        .help("a loss is better if it is below the best by more than this part of it"),
    Setting::float("schedule.final", SHARE, 0.0).of(&["plateau"]).help("fraction of lr below which it never falls"),
    Setting::float("schedule.final", SHARE, 0.0)
        .of(&["polynomial", "linear", "cosine"])
        .help("fraction of lr left at the last step"),
    Setting::float("schedule.final", SHARE, 4e-6).of(&["one_cycle"]).help("fraction of lr at the last update"),
    Setting::float("schedule.power", Domain::Positive { max: 100.0 }, 1.0)
        .of(&["polynomial"])
        .help("lr (final + (1 - final) (1 - t/T)^power)"),
    Setting::unset("schedule.period", Domain::Int { min: 1, max: 1_000_000_000 })
        .of(&["cosine"])
        .help("steps to the first restart (epochs where the run is given in `epochs`), at most T; if unset: T, which is none. No cycle begins at the last step"),
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
