//! `report.html`: a results folder as one page that needs nothing but a browser.

mod sessions;
mod sheet;
mod sheets;

use crate::files::{self, FileError};
use crate::printable::printable;
use crate::record;
use crate::results::{Results, figure_claims::FigureClaim};
use crate::table::Records;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, escape_formatter};
use serde::Serialize;
use sessions::{Session, sessions};
use sheet::Sheet;
use thiserror::Error;

/// What it is called.
pub const FILE: &str = "report.html";
const PAGE: &str = include_str!("report/page.html");
const STYLE: &str = include_str!("report/style.css");
const SCRIPT: &str = include_str!("report/script.js");

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    #[error("the report cannot be made: {0:#}")]
    Page(#[from] minijinja::Error),
    #[error(transparent)]
    File(#[from] FileError),
}

/// What the report shows: the results of a folder and what was concluded from them.
pub struct Content<'a> {
    pub results: &'a Results,
    /// The answer to the experiment's question, in a sentence or two.
    pub answer: String,
    /// What to say where some claims are younger than some runs.
    pub edited_later: Option<&'a str>,
    /// As `summary.csv`, `comparison.csv`, `comparison_pairs.csv` and `claims.csv` have them.
    pub summary: &'a Records,
    pub arms: &'a Records,
    pub ranks: &'a Records,
    pub pairs: &'a Records,
    pub claims: &'a Records,
    /// How often each arm of a pair is better, over the problems of a joint answer.
    pub wins: &'a Records,
    /// What a reader of the comparison has to know of it.
    pub warnings: Vec<String>,
    /// Name and SVG of the figures that were just drawn, in the order of the plan (an empty drawing where there is nothing to
    /// show): what lies in the folder may be anybody's.
    pub figures: Vec<(&'a str, &'a str)>,
    /// The claims that belong to each figure of the plan.
    pub figure_claims: &'a [Vec<FigureClaim>],
}

/// Writes `report.html` into the results folder, from its contents and what `experiment.toml` and `provenance.json` say.
///
/// # Errors
/// A page that cannot be made or written.
pub fn write(content: &Content) -> Result<(), ReportError> {
    Ok(files::write(&content.results.dir.join(FILE), render(content)?.as_bytes())?)
}

/// A figure in the page.
#[derive(Serialize)]
struct PageFigure<'a> {
    name: &'a str,
    svg: &'a str,
    /// Claims of several parts; one of a single part is written out in the drawing.
    verdicts: Vec<&'a FigureClaim>,
}

/// What the page shows.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    version: &'static str,
    name: &'a str,
    question: &'a str,
    answer: &'a str,
    runs: usize,
    planned: usize,
    /// What became of those that did not end well; empty if all did.
    ended: String,
    cells: usize,
    seeds: usize,
    /// What networks were trained on; empty for test functions.
    data: String,
    headline: Vec<PageFigure<'a>>,
    figures: Vec<PageFigure<'a>>,
    sheets: Vec<Sheet>,
    sentences: Vec<String>,
    warnings: &'a [String],
    /// The files of runs of another program, and their digests.
    imported: Vec<String>,
    settings: Vec<(String, String)>,
    sessions: Vec<Session>,
    experiment: String,
}

fn render(content: &Content) -> Result<String, minijinja::Error> {
    let Content { results, summary, arms, pairs, claims, .. } = content;
    let plan = &results.plan;
    let mut figures = figures(content);
    let sheets = [
        sheets::claims(claims, content.edited_later),
        sheets::arms(results, arms),
        sheets::ranks(results, content.ranks),
        sheets::wins(results, content.wins),
        sheets::cells(results, summary),
    ];
    let imported: Vec<String> = plan.imported.iter().map(|file| format!("{} ({})", file.name, file.digest)).collect();
    let data = match plan.cells.iter().all(|cell| cell.function.is_some()) {
        true => String::new(),
        false if plan.is_imported() => {
            format!("{}; trained by another program and imported from {}", plan.data.name, imported.join(", "))
        }
        false => format!("{}; layers are measured on {} training rows", plan.data_described(), plan.probe),
    };
    let page = Page {
        style: STYLE,
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        name: &plan.name,
        question: &plan.question,
        answer: &content.answer,
        runs: results.runs.len(),
        planned: plan.cells.len() * plan.seeds.len(),
        ended: ended(results),
        cells: plan.cells.len(),
        seeds: plan.seeds.len(),
        data,
        headline: figures.drain(..figures.len().min(1)).collect(),
        figures,
        sheets: sheets.into_iter().flatten().collect(),
        sentences: sheets::sentences(pairs),
        warnings: &content.warnings,
        imported,
        settings: plan.settings.iter().map(|(key, value)| (key.clone(), value.to_string())).collect(),
        sessions: sessions(&results.dir),
        // The carriage returns of another system would be written out.
        experiment: text(results, "experiment.toml").replace("\r\n", "\n"),
    };
    let mut environment = Environment::new();
    environment.set_formatter(|out, state, value| match value.as_str() {
        // Drawings and the page's own parts, which are marked as safe, are made by the program.
        Some(text) if !value.is_safe() => escape_formatter(out, state, &Value::from(&*printable(text))),
        _ => escape_formatter(out, state, value),
    });
    environment.add_template("page.html", PAGE)?;
    environment.get_template("page.html")?.render(Serde(page))
}

/// A text file of the folder; empty where there is none.
fn text(results: &Results, file: &str) -> String {
    files::read_text(&results.dir.join(file)).unwrap_or_default()
}

/// The figures that were drawn, each with the verdicts on what it shows.
fn figures<'a>(content: &Content<'a>) -> Vec<PageFigure<'a>> {
    let figure = |((name, svg), claims): (&(&'a str, &'a str), &'a Vec<FigureClaim>)| {
        let verdicts = claims.iter().filter(|claim| claim.parts.len() > 1).collect();
        (!svg.is_empty()).then_some(PageFigure { name, svg, verdicts })
    };
    content.figures.iter().zip(content.figure_claims).filter_map(figure).collect()
}

fn ended(results: &Results) -> String {
    record::ended(|status| results.runs.iter().filter(|run| run.status == status).count())
}
