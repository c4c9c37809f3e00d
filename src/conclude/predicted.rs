//! The attenuation that theory predicts of every cell at init, next to what was measured, as a table for a person.

use crate::columns;
use crate::experiment::plan::Plan;
use crate::fading::{Fading, NO_LAYERS, ONE_LAYER, Summary};
use crate::results::{Results, ResultsError};
use crate::sweep::predictions::{CellPrediction, predictions};
use crate::sweep::work::Work;
use crate::table::{aligned, signed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// What is compared is decades of `stream_norm` lost a layer before the first update, or of `state_rms` a time step.
const HEADING: &str = "Attenuation before the first update: decades (powers of ten) that the norm of the gradient loses per layer toward\n\
    the input, in recurrent nets per time step toward the first. Predicted: mean-field theory, at infinite width unless\n\
    a note says otherwise. Measured: the median over the seeds; N is their number.\n\n";

/// The table of the cells that the `chosen` runs belong to, with the results in `dir`, if there are some.
///
/// # Errors
/// Results that cannot be read.
pub fn predicted_and_measured(dir: &Path, plan: &Plan, work: &Work, chosen: &[usize]) -> Result<String, ResultsError> {
    let runs = chosen.iter().map(|i| &work.jobs[*i].run);
    let cell_of: BTreeMap<&str, usize> = runs.map(|run| (run.run_id.as_str(), run.cell)).collect();
    let chosen: BTreeSet<usize> = cell_of.values().copied().collect();
    let predictions = predictions(plan, work, |cell| chosen.contains(&cell));
    let measured = measured(dir, &cell_of)?;

    let axes: Vec<usize> = (0..plan.axes.len()).filter(|a| plan.axes[*a].labels.len() > 1).collect();
    let mut header: Vec<String> = axes.iter().map(|a| plan.axes[*a].name.clone()).collect();
    header.extend(["predicted", "measured", "difference", "N", ""].map(String::from));
    let (mut rows, last) = (vec![header], axes.len() + 4);
    let mut notes: Vec<String> = Vec::new();
    for &cell in &chosen {
        let mut row: Vec<String> = axes.iter().map(|a| plan.cells[cell].labels[*a].1.clone()).collect();
        let (predicted, note) = predicted(predictions[cell].as_ref());
        row.extend(numbers(predicted, measured.get(&cell)));
        row.push(note.map_or(String::new(), |note| {
            let known = notes.iter().position(|n| *n == note).unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            });
            format!("[{}]", known + 1)
        }));
        rows.push(row);
    }
    let mut text = format!("{HEADING}{}", aligned(&rows, |column| column < axes.len() || column == last));
    for (i, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "{}[{}] {note}", if i == 0 { "\n" } else { "" }, i + 1);
    }
    Ok(text)
}

/// The measured values of each cell that has some; none at all where there are no results yet.
fn measured(dir: &Path, cells: &BTreeMap<&str, usize>) -> Result<BTreeMap<usize, Vec<Fading>>, ResultsError> {
    let mut measured: BTreeMap<usize, Vec<Fading>> = BTreeMap::new();
    if dir.join("runs.csv").exists() {
        for run in &Results::read(dir)?.runs {
            let value =
                run.fading(&columns::ATTENUATION_TIME_INIT).or_else(|| run.fading(&columns::ATTENUATION_NORM_INIT));
            if let (Some(cell), Some(value)) = (cells.get(run.id.as_str()), value) {
                measured.entry(*cell).or_default().push(value);
            }
        }
    }
    Ok(measured)
}

/// The attenuation, and what limits the prediction or why there is none.
fn predicted(prediction: Option<&CellPrediction>) -> (Option<f64>, Option<String>) {
    match prediction {
        None => (None, Some(NO_LAYERS.into())),
        Some(Err(why)) => (None, Some(why.to_string())),
        Some(Ok(p)) if p.state.len() > 1 => (p.attenuation_over_time(), p.caveat.map(String::from)),
        Some(Ok(p)) if p.stream.len() == 1 => (None, Some(ONE_LAYER.into())),
        Some(Ok(p)) => (p.attenuation_of_norm(), p.caveat.map(String::from)),
    }
}

/// Predicted, measured, their difference and N.
fn numbers(predicted: Option<f64>, values: Option<&Vec<Fading>>) -> [String; 4] {
    let median = values.and_then(|v| Summary::of(v)).map(|s| s.median);
    let shown = |x: f64| signed(x, 4);
    let difference = predicted.zip(median).and_then(|(p, m)| match m {
        Fading::Exactly(m) => Some(m - p),
        _ => None,
    });
    let show = |x: Option<f64>| x.map_or("-".into(), shown);
    let measured = median.map_or("-".into(), |median| median.shown(shown));
    [show(predicted), measured, show(difference), values.map_or(0, Vec::len).to_string()]
}
