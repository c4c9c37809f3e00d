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
        "how the learning rate changes with the step t of T steps (both counted after the warm-up); `gradsweep plan \
            FILE --schedule` prints it",
    ),
    Setting::int("schedule.every", 1..=1_000_000_000, 100)
        .of(&["step"])
        .help("steps between two drops (epochs if the length of the run is given as `epochs`): lr \
            factor^floor(t/every)"),
    Setting::required("schedule.milestones", Domain::Steps)
        .of(&["multi_step"])
        .help("steps t of the drops (epochs if the length of the run is given as `epochs`), all before the end of the run: lr factor^(number of milestones <= t)"),
    Setting::float("schedule.factor", Domain::Positive { max: 1.0 }, 0.1)
        .of(&["step", "multi_step", "plateau"])
        .help("factor on lr at each drop"),
    Setting::float("schedule.final", Domain::Positive { max: 1.0 }, 0.01)
        .of(&["exponential"])
        .help("fraction of lr left at the last step: lr final^(t/T)"),
    Setting::float("schedule.rate", NOT_NEGATIVE, 0.01).of(&["inverse_time"]).help("lr / (1 + rate t)"),
    Setting::unset("schedule.rate", NOT_NEGATIVE)
        .of(&["inverse_sqrt"])
        .help("lr / sqrt(1 + rate t); if unset: 1/warmup, as in Vaswani et al. 2017, or 1 without a warm-up"),
    Setting::int("schedule.patience", 0..=1_000_000, 10)
        .of(&["plateau"])
        .help("lr is multiplied by `factor` after more than this many epochs (steps of a test function) in a row without a better validation loss (training loss if there is no validation part)"),
    Setting::float("schedule.threshold", Domain::Fraction, 1e-4)
        .of(&["plateau"])
        .help("a loss is better if it is below the best one by more than this fraction of it"),
    Setting::float("schedule.final", SHARE, 0.0).of(&["plateau"]).help("lower bound of the learning rate, as a \
        fraction of lr"),
    Setting::float("schedule.final", SHARE, 0.0)
        .of(&["polynomial", "linear", "cosine"])
        .help("fraction of lr left at the last step"),
    Setting::float("schedule.final", SHARE, 4e-6).of(&["one_cycle"]).help("fraction of lr at the last update"),
    Setting::float("schedule.power", Domain::Positive { max: 100.0 }, 1.0)
        .of(&["polynomial"])
        .help("lr (final + (1 - final) (1 - t/T)^power)"),
    Setting::unset("schedule.period", Domain::Int { min: 1, max: 1_000_000_000 })
        .of(&["cosine"])
        .help("steps to the first restart (epochs if the length of the run is given as `epochs`), at most T; if unset, there is no restart. No cycle begins at the last step"),
    Setting::int("schedule.growth", 1..=1000, 1)
        .of(&["cosine"])
        .help("ratio of the lengths of one period and the one before it"),
    Setting::float("schedule.rise", Domain::Fraction, 0.3)
        .of(&["one_cycle"])
        .help("fraction of the steps over which lr rises to its maximum; momentum is not changed"),
    Setting::float("schedule.first", SHARE, 0.04).of(&["one_cycle"]).help("fraction of lr at the first update"),
    Setting::int("schedule.warmup", 0..=1_000_000_000, 0)
        .help("number of steps over which lr first rises linearly from lr/warmup to lr, at most the length of the run"),
]);
