//! From the journal to everything a reader opens: the tables, the comparison of arms, the judged claims, the figures and the
//! report. The results are read once and each part is made once; tables and figures that are up to date are left as they are.

mod layout;
pub mod predicted;
mod stamp;
mod summary;
pub mod tables;
pub mod verify;

use crate::answer::Answer;
use crate::claim::{self, JudgedClaim, Verdict, judge_all};
use crate::compare::{self, Comparison};
use crate::experiment::plan::Plan;
use crate::figure::kinds::{self, ALL};
use crate::figure::{Drawn, FigureError, Style, draw_all, draw_one};
use crate::files::{FileError, remove, write, write_table};
use crate::plan_file::claim::ClaimSpec;
use crate::report::{self, Content, ReportError};
use crate::results::{Results, ResultsError, claims, figure_claims::FigureClaim};
use crate::sweep::plan_text::{plan_hash, plan_json};
use crate::sweep::{journal::Journal, unfinished::Counts, work::Work};
use crate::table::{Records, Table};
use stamp::Stamp;
use std::path::Path;
use thiserror::Error;

/// Why the results of a folder could not be shown.
#[derive(Debug, Error)]
pub enum ConcludeError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error("the CSV files are written, but not all figures: {0}")]
    Figures(FigureError),
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// What draws the figures of some results, each with the claims that belong to it: [`draw_pages`].
pub type Draw<'a> = dyn Fn(&Results, &[Vec<FigureClaim>]) -> Result<Vec<Drawn>, FigureError> + 'a;

/// Draws every figure of the plan as a page.
///
/// # Errors
/// As [`draw_all`].
pub fn draw_pages(results: &Results, claims: &[Vec<FigureClaim>]) -> Result<Vec<Drawn>, FigureError> {
    draw_all(results, ALL, Style::Page, claims)
}

/// What the results of a folder show.
pub struct Conclusion {
    pub results: Results,
    pub summary: Records,
    /// What the results answer, for everything that says it.
    pub answer: Answer,
    pub comparison: Option<Comparison>,
    /// Every claim of the experiment, judged; none before there are runs.
    pub claims: Vec<JudgedClaim>,
    /// The figures drawn this time.
    pub drawn: Vec<Drawn>,
    arms: Table,
    pairs: Table,
    figure_claims: Vec<Vec<FigureClaim>>,
}

/// Whether the tables and figures of a folder show another plan than this one: they are then made anew before any run, so
/// that a sweep that is stopped never leaves a mixture.
pub fn shows_another_plan(dir: &Path, plan: &Plan, work: &Work) -> bool {
    let json = plan_json(plan, work);
    Stamp::read(dir).shows_another_plan(&plan_hash(&json, work), &json, &plan.claims)
}

/// Makes everything that a reader opens from a folder's journal, as far as it is not up to date.
///
/// # Errors
/// A file that cannot be read or written; what `draw` reports.
pub fn conclude(
    dir: &Path,
    plan: &Plan,
    work: &Work,
    journal: &Journal,
    draw: &Draw,
) -> Result<Conclusion, ConcludeError> {
    claims::keep(dir, &plan.claims)?;
    let json = plan_json(plan, work);
    let inputs = Stamp::inputs(&json, work, journal);
    let mut stamp = Stamp::read(dir);
    if !stamp.csvs_hold(dir, &inputs) {
        tables::write(dir, plan, work, journal)?;
        stamp = Stamp::of_csvs(dir, inputs, plan_hash(&json, work))?;
        stamp.write(dir)?;
    }
    let mut conclusion = Conclusion::of(Results::read(dir)?, &plan.claims)?;
    let (counts, has_figures) = (Counts::of(work, journal), dir.join("figures").is_dir());
    let inputs = stamp.figure_inputs(&json, &plan.claims);
    // Figures that are there may show runs that the plan has no more.
    let anything_to_draw = counts.done > counts.failed || has_figures;
    if anything_to_draw && (stamp.figures != inputs || !has_figures) {
        conclusion.draw(draw).map_err(ConcludeError::Figures)?;
        stamp.figures = inputs;
        stamp.write(dir)?;
    }
    conclusion.report()?;
    Ok(conclusion)
}

impl Conclusion {
    /// Compares the arms of some results, judges their claims, and writes the tables of both.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn of(results: Results, specs: &[ClaimSpec]) -> Result<Self, ConcludeError> {
        let dir = &results.dir;
        let summary = results.summary()?;
        let comparison = Comparison::of(&results)?;
        let [arms, settings, pairs, ranks] = match &comparison {
            Some(own) => [
                compare::arms_table(own),
                compare::settings_table(own),
                compare::pairs_table(own),
                compare::joint_table(own),
            ],
            None => Default::default(),
        };
        let is_joint = comparison.as_ref().is_some_and(|own| !own.joint.is_empty());
        let tables = [
            ("comparison.csv", &arms, comparison.is_some()),
            ("comparison_settings.csv", &settings, comparison.is_some()),
            ("comparison_pairs.csv", &pairs, comparison.is_some()),
            ("comparison_ranks.csv", &ranks, is_joint),
        ];
        for (file, table, is_there) in tables {
            let path = dir.join(file);
            if is_there { write_table(&path, table)? } else { remove(&path)? }
        }
        let answer = Answer::of(&results, comparison.as_ref())?;
        write(&dir.join("answer.txt"), answer.text().as_bytes())?;
        let claims = if results.runs.is_empty() { Vec::new() } else { judge_all(&results, specs)? };
        if !specs.is_empty() && !results.runs.is_empty() {
            write_table(&dir.join("claims.csv"), &claim::table(&claims))?;
        }
        let figure_claims = claim::by_figure(&results.plan.figures, specs, &claims, |figure, claim| {
            kinds::nearness(ALL, figure, claim)
        });
        Ok(Conclusion { results, summary, answer, comparison, claims, drawn: Vec::new(), arms, pairs, figure_claims })
    }

    /// Draws the figures, each with the claims that belong to it.
    ///
    /// # Errors
    /// What `draw` reports.
    pub fn draw(&mut self, draw: &Draw) -> Result<(), FigureError> {
        self.drawn = draw(&self.results, &self.figure_claims)?;
        Ok(())
    }

    /// Draws the figure of this name alone; `None` where the plan has none of the name.
    ///
    /// # Errors
    /// As [`draw_all`].
    pub fn draw_one(&self, name: &str, style: Style) -> Result<Option<Drawn>, FigureError> {
        let claims: &[_] = if style == Style::Page { &self.figure_claims } else { &[] };
        draw_one(&self.results, name, (ALL, style), claims)
    }

    /// Writes the report, once the figures that it shows are there.
    ///
    /// # Errors
    /// A page that cannot be made or written.
    pub fn report(&self) -> Result<(), ReportError> {
        let [arms, pairs, claims] = [&self.arms, &self.pairs, &claim::table(&self.claims)].map(Records::from);
        report::write(&Content {
            answer: self.answer.headline(),
            results: &self.results,
            summary: &self.summary,
            arms: &arms,
            pairs: &pairs,
            claims: &claims,
            figure_claims: &self.figure_claims,
        })
    }

    /// Whether a claim fails.
    pub fn claim_fails(&self) -> bool {
        self.claims.iter().any(|claim| claim.judged.verdict == Verdict::Fails)
    }
}
