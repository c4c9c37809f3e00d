//! `report.html`: a results folder as one page that needs nothing but a browser.
//!
//! Made from the folder's files alone, like the figures: plan.json, the CSV files, the SVG figures, provenance.json.

mod answer;
mod figures;
mod folder;
mod sheet;
mod sheets;

use crate::results::verdicts::Nearness;
use crate::results::{Results, ResultsError};
use crate::sweep::files::write as write_file;
use figures::Shown;
use folder::Folder;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use sheet::Sheet;
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = "report.html";
const PAGE: &str = include_str!("report/page.html");
const STYLE: &str = include_str!("report/style.css");
const SCRIPT: &str = include_str!("report/script.js");

/// Writes `report.html` into a results folder.
///
/// # Errors
/// A file of the folder that cannot be read, or the page that cannot be written.
pub fn write(dir: &Path, nearness: Nearness) -> Result<(), ResultsError> {
    let results = Results::read(dir)?;
    let page = render(&results, &Folder::read(dir), nearness)?;
    write_file(&dir.join(FILE), page.as_bytes()).map_err(|e| ResultsError::new(e.to_string()))
}

/// What the page shows.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    version: &'static str,
    name: &'a str,
    question: &'a str,
    answer: String,
    runs: usize,
    planned: usize,
    /// What became of those that did not end well; empty if all did.
    ended: String,
    cells: usize,
    seeds: usize,
    /// What networks were trained on; empty for test functions.
    data: String,
    headline: Vec<Shown>,
    figures: Vec<Shown>,
    sheets: Vec<Sheet>,
    sentences: Vec<String>,
    settings: Vec<(String, String)>,
    sittings: Vec<BTreeMap<&'static str, String>>,
    experiment: String,
}

fn render(results: &Results, folder: &Folder, nearness: Nearness) -> Result<String, ResultsError> {
    let plan = &results.plan;
    let claims = folder.table("claims.csv")?;
    let mut figures = figures::figures(results, folder, nearness)?;
    let sheets = [sheets::claims(&claims), sheets::cells(results, folder)?, sheets::arms(results, folder)?];
    let data = match plan.cells.iter().all(|cell| cell.function.is_some()) {
        true => String::new(),
        false => format!(
            "{}, {} training rows; layers are measured on {} of them",
            plan.data.name, plan.data.train_rows, plan.probe
        ),
    };
    let page = Page {
        style: STYLE,
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        name: &plan.name,
        question: &plan.question,
        answer: answer::answer(results, folder)?,
        runs: results.runs.len(),
        planned: plan.cells.len() * plan.seeds.len(),
        ended: answer::ended(results),
        cells: plan.cells.len(),
        seeds: plan.seeds.len(),
        data,
        headline: figures.drain(..figures.len().min(1)).collect(),
        figures,
        sheets: sheets.into_iter().flatten().collect(),
        sentences: sheets::sentences(folder)?,
        settings: folder.settings(plan),
        sittings: folder.sittings(),
        experiment: folder.text("experiment.toml"),
    };
    let cannot = |e: minijinja::Error| ResultsError::new(format!("the report cannot be made: {e:#}"));
    let mut environment = Environment::new();
    environment.add_template("page.html", PAGE).map_err(cannot)?;
    let template = environment.get_template("page.html").map_err(cannot)?;
    template.render(Serde(page)).map_err(cannot)
}
