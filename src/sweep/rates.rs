//! Every distinct schedule of a plan as a table of step and learning rate, with bars: `plan --schedule`.

use crate::experiment::settings;
use crate::schedule::{Schedule, Shape};
use crate::setting::Settings;
use crate::sweep::{SweepError, work::Work};
use crate::table::{count, number};
use std::fmt::Write;

/// Rows of a table, besides the last.
const ROWS: usize = 20;

/// Steps looked at between two rows.
const LOOKS: usize = 1000;

/// Characters of a bar at the full learning rate.
const BAR: f64 = 50.0;

/// Runs whose learning rates are in the same ratio to each other at every step.
struct Curve {
    /// With learning rate 1, so that a row is a share of it.
    shape: Schedule,
    /// As in the experiment file.
    name: String,
    rates: Vec<f64>,
    runs: usize,
}

/// The curves of the chosen runs, in the order in which they first occur.
///
/// # Errors
/// When a setting is missing: a defect of the plan.
pub fn curves(work: &Work, chosen: &[usize]) -> Result<String, SweepError> {
    let mut curves: Vec<Curve> = Vec::new();
    for job in chosen.iter().map(|i| &work.jobs[*i]) {
        let settings = &job.run.spec.settings;
        let schedule = Schedule::from_settings(settings, job.steps)?;
        let (lr, shape) = (schedule.lr, Schedule { lr: 1.0, ..schedule });
        let known = curves.iter().position(|curve| curve.shape == shape);
        let at = known.unwrap_or_else(|| {
            curves.push(Curve { shape, name: name(settings), rates: Vec::new(), runs: 0 });
            curves.len() - 1
        });
        let curve = &mut curves[at];
        curve.runs += 1;
        if !curve.rates.contains(&lr) {
            curve.rates.push(lr);
        }
    }
    Ok(curves.iter().map(drawn).collect::<Vec<_>>().join("\n"))
}

/// The schedule's kind and its options.
fn name(own: &Settings) -> String {
    let options = own.iter().filter(|(key, _)| settings::is_option_of(key, "schedule"));
    let options = options.map(|(key, value)| format!(", {} {value}", settings::option_name(key)));
    own.text("schedule").unwrap_or_default().to_string() + &options.collect::<String>()
}

/// A heading and a row for the first step, the last update and some between, each with the range until the next row, so
/// that restarts between two rows show.
fn drawn(curve: &Curve) -> String {
    let rates: Vec<String> = curve.rates.iter().map(|lr| number(*lr)).collect();
    let last = curve.shape.steps.saturating_sub(1);
    let watches = matches!(curve.shape.shape, Shape::Plateau(_));
    let flat = (curve.shape.shape == Shape::Constant || watches) && curve.shape.warmup == 0;
    let mut text = format!("{}: lr {}, {}\n", curve.name, rates.join(", "), count(curve.runs, "run"));
    if watches {
        text += "  this schedule depends on the losses of the run: history.csv has the rates in `lr`; here it is shown \
                without a drop\n";
    }
    if flat {
        return text;
    }
    let _ = writeln!(text, "{:>10}  {:>11}  least # and greatest - until the next row", "step", "share of lr");
    let mut steps: Vec<usize> = (0..=ROWS).map(|i| (i as f64 / ROWS as f64 * last as f64).round() as usize).collect();
    steps.dedup();
    for (i, step) in steps.iter().enumerate() {
        let next = steps.get(i + 1).copied().unwrap_or(step + 1);
        let stretch = (*step..next).step_by(((next - step) / LOOKS).max(1)).map(|t| curve.shape.at(t));
        let (least, greatest) = stretch.fold((f64::INFINITY, 0.0), |(a, b), x| (x.min(a), x.max(b)));
        let marks = |share: f64| (share * BAR).round() as usize;
        let bar = "#".repeat(marks(least)) + &"-".repeat(marks(greatest) - marks(least));
        let _ = writeln!(text, "{}", format!("{step:>10}  {:>11.6}  {bar}", curve.shape.at(*step)).trim_end());
    }
    text
}
