//! The figures of the folder, each with the verdicts on what it shows.

use super::folder::{Folder, Rows};
use super::sheet::short;
use crate::results::{Results, ResultsError};
use crate::sweep::claims;
use serde::Serialize;
use std::collections::BTreeMap;

/// A figure in the page.
#[derive(Serialize)]
pub struct Shown {
    pub name: String,
    pub svg: String,
    pub verdicts: Vec<Verdict>,
}

/// A claim as its figure tells it.
#[derive(Serialize)]
pub struct Verdict {
    /// The worst of its parts.
    pub word: String,
    pub says: String,
    /// How many parts hold, fail and are open, where there are several.
    pub count: String,
    /// One a part: its own verdict and numbers.
    pub parts: Vec<(String, String)>,
}

/// The figures that were drawn, in the order of the plan. A verdict stands under the first that shows what it is about.
///
/// # Errors
/// Claims of the folder that cannot be read.
pub fn figures(results: &Results, folder: &Folder, judged: &Rows) -> Result<Vec<Shown>, ResultsError> {
    let claims = claims::read(&results.dir).map_err(|e| ResultsError::new(e.to_string()))?;
    let mut shown: Vec<(usize, Shown)> = Vec::new();
    for (i, name) in results.plan.figure_names().into_iter().enumerate() {
        let svg = folder.text(&format!("figures/{name}.svg"));
        if !svg.is_empty() {
            shown.push((i, Shown { name, svg, verdicts: Vec::new() }));
        }
    }
    for (number, claim) in (1..).zip(&claims) {
        let figure = shown.iter_mut().find(|(i, _)| results.plan.figures[*i].shows(claim));
        if let (Some((_, figure)), Some(verdict)) = (figure, verdict(judged, &format!("{number}"))) {
            figure.verdicts.push(verdict);
        }
    }
    Ok(shown.into_iter().map(|(_, figure)| figure).collect())
}

/// What became of a claim by its number.
fn verdict(judged: &Rows, number: &str) -> Option<Verdict> {
    let get = |row: &BTreeMap<String, String>, column: &str| row.get(column).cloned().unwrap_or_default();
    let rows: Vec<_> = judged.rows.iter().filter(|row| get(row, "claim") == number).collect();
    let worst =
        ["fails", "inconclusive", "holds"].into_iter().find(|w| rows.iter().any(|row| get(row, "verdict") == *w));
    let part = |row: &&BTreeMap<String, String>| {
        let [median, low, high] = ["median", "low", "high"].map(|column| short(&get(row, column)));
        let name =
            Some(get(row, "part")).filter(|part| !part.is_empty()).map_or(String::new(), |part| format!("{part}: "));
        let metric = get(row, "metric");
        (get(row, "verdict"), format!("{name}{metric} {median} [{low}, {high}], N = {}", get(row, "n")))
    };
    let count = |word: &str, said: &str| {
        let n = rows.iter().filter(|row| get(row, "verdict") == word).count();
        (n > 0).then(|| format!("{n} {said}"))
    };
    let counts = [count("holds", "hold"), count("fails", "fail"), count("inconclusive", "inconclusive")];
    let count = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Some(Verdict { word: worst?.into(), says: get(rows[0], "says"), count, parts: rows.iter().map(part).collect() })
}
