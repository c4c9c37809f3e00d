//! `theory FILE`: what theory says of every cell at init, next to what was measured.

use crate::cli::{PlanOptions, check, say};
use crate::finish::theory::{Told, predictions};
use crate::results::Results;
use crate::stats::spread;
use crate::sweep::Halt;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// What is compared: decades of `stream_rms` lost a layer before the first update.
const METRIC: &str = "attenuation_init";

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    plan: PlanOptions,
}

/// Prints the table; trains and writes nothing.
///
/// # Errors
/// What reading the experiment, its data and its results folder reports.
pub fn run(options: &Options) -> Result<ExitCode, Halt> {
    let plan = options.plan.read()?;
    let work = options.plan.load(&plan)?;
    check(&plan, &work)?;
    let runs = options.plan.chosen(&plan, &work)?.into_iter().map(|i| &work.jobs[i].run);
    let cell_of: BTreeMap<&str, usize> = runs.map(|run| (run.run_id.as_str(), run.cell)).collect();
    let chosen: BTreeSet<usize> = cell_of.values().copied().collect();
    let told = predictions(&plan, &work, |cell| chosen.contains(&cell));
    let measured = measured(&options.plan.folder(&plan), &cell_of)?;

    let axes: Vec<usize> = (0..plan.axes.len()).filter(|a| plan.axes[*a].labels.len() > 1).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut header: Vec<String> = axes.iter().map(|a| plan.axes[*a].name.clone()).collect();
    header.extend(["predicted", "measured", "difference", "N", ""].map(String::from));
    rows.push(header);
    let mut notes: Vec<String> = Vec::new();
    for &cell in &chosen {
        let mut row: Vec<String> = axes.iter().map(|a| plan.cells[cell].labels[*a].1.clone()).collect();
        let (predicted, note) = predicted(told[cell].as_ref());
        row.extend(numbers(predicted, measured.get(&cell)));
        row.push(note.map_or(String::new(), |note| {
            let known = notes.iter().position(|n| *n == note);
            let place = known.unwrap_or(notes.len());
            if known.is_none() {
                notes.push(note);
            }
            format!("[{}]", place + 1)
        }));
        rows.push(row);
    }
    let question = "Attenuation before the first update: decades of gradient lost per layer toward the input.\n\
        Predicted at infinite width; measured: the median of N seeds.\n\n";
    let mut text = format!("{question}{}", aligned(&rows, axes.len()));
    for (i, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "{}[{}] {note}", if i == 0 { "\n" } else { "" }, i + 1);
    }
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The measured values of each cell that has some; none at all where there are no results yet.
fn measured(dir: &Path, cells: &BTreeMap<&str, usize>) -> Result<BTreeMap<usize, Vec<f64>>, Halt> {
    let mut measured: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    if !dir.join("runs.csv").exists() {
        return Ok(measured);
    }
    let results = Results::read(dir).map_err(|e| Halt::Input(e.to_string()))?;
    for run in &results.runs {
        if let (Some(cell), Some(value)) = (cells.get(run.id.as_str()), run.averaged(METRIC)) {
            measured.entry(*cell).or_default().push(value);
        }
    }
    Ok(measured)
}

/// The attenuation, and what there is to say of it or why there is none.
fn predicted(told: Option<&Told>) -> (Option<f64>, Option<String>) {
    match told {
        None => (None, Some("a test function has no layers".into())),
        Some(Err(why)) => (None, Some(why.to_string())),
        Some(Ok(p)) if p.stream.len() == 1 => (None, Some("between one layer and itself nothing is lost".into())),
        Some(Ok(p)) => (p.attenuation(), p.caveat.map(String::from)),
    }
}

/// Predicted, measured, their difference and N.
fn numbers(predicted: Option<f64>, values: Option<&Vec<f64>>) -> [String; 4] {
    let median = values.and_then(|v| spread(v)).map(|s| s.median);
    let difference = predicted.zip(median).map(|(p, m)| m - p);
    [show(predicted), show(median), show(difference), values.map_or(0, Vec::len).to_string()]
}

/// Four decimals with a sign, which nothing that rounds to zero has.
fn show(x: Option<f64>) -> String {
    let text = x.map_or("-".into(), |x| format!("{x:+.4}"));
    if text.trim_start_matches(['+', '-']) == "0.0000" { "0.0000".into() } else { text }
}

/// Columns of equal width, two blanks apart: labels to the left, the numbers after `labels` of them to the right.
fn aligned(rows: &[Vec<String>], labels: usize) -> String {
    let length = |text: &String| text.chars().count();
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(|c| rows.iter().map(|row| length(&row[c])).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match c {
                _ if c < labels || c + 1 == columns => write!(line, "{cell:<width$}  "),
                _ => write!(line, "{cell:>width$}  "),
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
