//! Schedules at their corners; their values against PyTorch are in `pytorch.rs`.

use crate::support::{settings, text};
use gradsweep::schedule::{SETTINGS, Schedule, Shape};
use gradsweep::setting::{Domain, Value};

/// One of every kind of the family's table.
fn family(steps: usize, warmup: usize) -> Vec<Schedule> {
    let Domain::Word(words) = SETTINGS[0].domain else { panic!("the schedule is a word") };
    let made = words.iter().map(|word| {
        let mut pairs = vec![("schedule", text(word)), ("schedule.warmup", Value::Int(warmup as i64))];
        if *word == "multi_step" {
            pairs.push(("schedule.milestones", Value::List(vec![2.0, 5.0])));
        }
        Schedule::from_settings(&settings(&pairs), steps).unwrap()
    });
    made.collect()
}

fn cosine(last: f64, period: Option<usize>, growth: usize, steps: usize) -> Schedule {
    Schedule { lr: 1.0, shape: Shape::Cosine { last, period, growth }, warmup: 0, steps, unit: 1 }
}

#[test]
fn every_schedule_stays_within_zero_and_lr_at_any_length() {
    for (steps, warmup) in [(1, 0), (1, 1), (2, 0), (2, 1), (3, 3), (10, 0), (10, 4), (400, 100)] {
        for schedule in family(steps, warmup) {
            for t in 0..=steps {
                let lr = schedule.at(t);
                assert!((0.0..=schedule.lr * (1.0 + 1e-15)).contains(&lr), "{schedule:?} at {t}: {lr}");
            }
        }
    }
}

#[test]
fn a_warmup_rises_to_lr_and_then_the_schedule_begins() {
    for schedule in family(20, 4) {
        let whole = Schedule { warmup: 0, steps: 16, ..schedule.clone() };
        for (t, share) in [0.25, 0.5, 0.75, 1.0].into_iter().enumerate() {
            assert_eq!(schedule.at(t), schedule.lr * share, "{schedule:?}");
        }
        for t in 4..=20 {
            assert_eq!(schedule.at(t), whole.at(t - 4), "{schedule:?} at {t}");
        }
    }
}

#[test]
fn restarts_begin_where_a_period_ends_but_not_at_the_end_of_the_run() {
    let thrice = cosine(0.1, Some(4), 1, 12);
    for (t, wanted) in [(0, 1.0), (2, 0.55), (4, 1.0), (6, 0.55), (8, 1.0), (10, 0.55), (12, 0.1)] {
        assert!((thrice.at(t) - wanted).abs() < 1e-15, "step {t}: {}", thrice.at(t));
    }
    // Periods of 2, 6 and 18 steps.
    let growing = cosine(0.0, Some(2), 3, 26);
    for (t, wanted) in [(0, 1.0), (1, 0.5), (2, 1.0), (5, 0.5), (8, 1.0), (17, 0.5), (26, 0.0)] {
        assert!((growing.at(t) - wanted).abs() < 1e-15, "step {t}: {}", growing.at(t));
    }
    // One period as long as the run is none.
    let (whole, none) = (cosine(0.2, Some(9), 1, 9), cosine(0.2, None, 1, 9));
    assert!((0..=9).all(|t| whole.at(t) == none.at(t)));
}

#[test]
fn one_cycle_has_its_top_and_its_end_where_it_says() {
    let shape = Shape::OneCycle { first: 0.04, last: 4e-6, rise: 0.3 };
    let schedule = Schedule { lr: 2.0, shape, warmup: 0, steps: 100, unit: 1 };
    let shares = [(0, 0.04), (29, 1.0), (99, 4e-6), (100, 4e-6)];
    assert!(shares.into_iter().all(|(t, share)| (schedule.at(t) / 2.0 - share).abs() < 1e-15));
    assert!((1..100).all(|t| (schedule.at(t) > schedule.at(t - 1)) == (t <= 29)));
}

#[test]
fn what_a_run_is_too_short_for_is_told() {
    for schedule in family(20, 20) {
        let long = Schedule { warmup: 21, ..schedule.clone() };
        assert_eq!(long.unreached().unwrap().0, "schedule.warmup");
        let never_drops = match schedule.shape {
            Shape::MultiStep { .. } => Some("schedule.milestones"),
            Shape::Step { .. } => Some("schedule.every"),
            _ => None,
        };
        assert_eq!(schedule.unreached().map(|u| u.0), never_drops, "{schedule:?}");
    }
    for (steps, key) in [(5, Some("schedule.milestones")), (6, None)] {
        let drops = Shape::MultiStep { milestones: vec![2, 5], factor: 0.1 };
        let schedule = Schedule { lr: 1.0, shape: drops, warmup: 0, steps, unit: 1 };
        assert_eq!(schedule.unreached().map(|u| u.0), key);
    }
    assert_eq!(cosine(0.0, Some(10), 1, 9).unreached().unwrap().0, "schedule.period");
    assert_eq!(cosine(0.0, Some(10), 1, 10).unreached(), None);
}

#[test]
fn past_its_end_a_schedule_is_still_a_share_of_lr() {
    for schedule in family(20, 4) {
        for t in [21, 24, 1000, 1_000_000] {
            let lr = schedule.at(t);
            assert!((0.0..=schedule.lr).contains(&lr), "{schedule:?} at {t}: {lr}");
        }
    }
}
