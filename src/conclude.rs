//! From the journal to everything a reader opens: the tables, the comparison of arms, the judged claims, the figures and the
//! report. The results are read once and each part is made once; tables and figures that are up to date are left as they are.

mod edited;
mod layout;
pub mod predicted;
mod stamp;
pub mod summary;
pub mod tables;
pub mod verify;

use crate::answer::Answer;
use crate::claim::{self, JudgedClaim, Verdict, judge_all};
use crate::compare::{self, Comparison};
use crate::experiment::plan::Plan;
use crate::figure::kinds::{self, ALL};
use crate::figure::{Drawn, FigureError, Style, draw_all, draw_into, draw_one};
use crate::files::{FileError, remove, write, write_table};
use crate::plan_file::claim::ClaimSpec;
use crate::report::{self, Content, ReportError};
use crate::results::{Results, ResultsError, claims, figure_claims::FigureClaim};
use crate::sweep::plan_text::{plan_hash, plan_json};
use crate::sweep::{journal::Journal, work::Work};
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
    #[error("not all figures could be made: {0}")]
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
    /// What to say where some claims are younger than some runs.
    pub edited_later: Option<&'static str>,
    /// The figures drawn this time; where they are up to date those that have nothing to show.
    pub drawn: Vec<Drawn>,
    specs: Vec<ClaimSpec>,
    arms: Table,
    settings: Table,
    pairs: Table,
    ranks: Table,
    figure_claims: Vec<Vec<FigureClaim>>,
}

/// Whether the tables and figures of a folder show another plan than this one: they are then made anew before any run, so
/// that a sweep that is stopped never leaves a mixture.
pub fn shows_another_plan(dir: &Path, plan: &Plan, work: &Work) -> bool {
    Stamp::read(dir).shows_another_plan(&plan_hash(&plan_json(plan, work), work), &plan.claims)
}

/// Makes everything that a reader opens from a folder's journal, as far as it is not up to date; without `draw` neither figures
/// nor report. The caller holds the lock of the folder.
///
/// # Errors
/// A file that cannot be read or written; what `draw` reports.
pub fn conclude(
    dir: &Path,
    plan: &Plan,
    work: &Work,
    journal: &Journal,
    draw: Option<&Draw>,
) -> Result<Conclusion, ConcludeError> {
    claims::keep(dir, &plan.claims)?;
    let json = plan_json(plan, work);
    let inputs = Stamp::inputs(&json, work, journal);
    let mut stamp = Stamp::read(dir);
    if !stamp.tables_hold(dir, &inputs) {
        tables::write(dir, plan, work, journal)?;
        stamp.made_tables(dir, inputs, plan_hash(&json, work))?;
    }
    let mut conclusion = Conclusion::of(Results::read(dir)?, &plan.claims)?;
    conclusion.write(draw)?;
    Ok(conclusion)
}

impl Conclusion {
    /// Compares the arms of some results and judges their claims; writes nothing.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn of(results: Results, specs: &[ClaimSpec]) -> Result<Self, ConcludeError> {
        let summary = results.summary()?;
        let metrics = results.plan.compare.iter().flat_map(|compare| compare.report.iter().chain(&compare.also));
        let results = results.with_metrics(metrics.map(String::as_str))?.into_owned();
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
        let answer = Answer::of(&results, comparison.as_ref())?;
        let claims = if results.runs.is_empty() { Vec::new() } else { judge_all(&results, specs)? };
        let figure_claims = claim::by_figure(&results.plan.figures, specs, &claims, |figure, claim| {
            kinds::nearness(ALL, figure, claim)
        });
        let edited_later = edited::edited_later(&results.dir, specs).filter(|_| !claims.is_empty());
        Ok(Conclusion {
            results,
            summary,
            answer,
            comparison,
            claims,
            edited_later,
            drawn: Vec::new(),
            specs: specs.to_vec(),
            arms,
            settings,
            pairs,
            ranks,
            figure_claims,
        })
    }

    /// Writes all that is made of the tables, as far as it is not up to date; without `draw` neither figures nor report, which a
    /// later call makes. The caller holds the lock of the folder.
    ///
    /// # Errors
    /// A file that cannot be written; what `draw` reports.
    pub fn write(&mut self, draw: Option<&Draw>) -> Result<(), ConcludeError> {
        let (dir, plan) = (&self.results.dir, &self.results.plan_hash);
        match draw {
            _ if Stamp::read(dir).pages_hold(dir, plan, &self.specs) => {
                self.drawn = Stamp::read(dir).left_out();
                Ok(())
            }
            Some(draw) => self.write_anew(draw),
            None => {
                let (_, tables) = self.write_tables()?;
                // Figures and report of earlier runs would stand beside the tables of these.
                let old = Stamp::read(dir).pages();
                let old = old.iter().filter(|page| !tables.contains(&&***page));
                Ok(old.map(|page| dir.join(page)).try_for_each(|page| remove(&page))?)
            }
        }
    }

    /// Writes comparison, verdicts and answer. Returns the table of verdicts, and the names of the files.
    fn write_tables(&self) -> Result<(Table, Vec<&'static str>), FileError> {
        let dir = &self.results.dir;
        let claims = claim::table(&self.claims, self.edited_later.is_some());
        let has_runs = !self.results.runs.is_empty();
        let is_compared = self.comparison.is_some();
        let is_joint = self.comparison.as_ref().is_some_and(|own| !own.joint.is_empty());
        let tables = [
            ("comparison.csv", &self.arms, is_compared),
            ("comparison_settings.csv", &self.settings, is_compared),
            ("comparison_pairs.csv", &self.pairs, is_compared),
            ("comparison_ranks.csv", &self.ranks, is_joint),
            ("claims.csv", &claims, has_runs && !self.specs.is_empty()),
        ];
        for (file, table, is_made) in tables {
            let path = dir.join(file);
            if is_made { write_table(&path, table)? } else { remove(&path)? }
        }
        write(&dir.join("answer.txt"), self.answer.text().as_bytes())?;
        let names = tables.map(|(file, ..)| file).into_iter().chain(["answer.txt"]).collect();
        Ok((claims, names))
    }

    /// Writes all that is made of the tables: comparison, verdicts, answer, figures and report.
    ///
    /// # Errors
    /// As [`Conclusion::write`].
    pub fn write_anew(&mut self, draw: &Draw) -> Result<(), ConcludeError> {
        let (claims, files) = self.write_tables()?;
        let dir = &self.results.dir;
        // Figures that are there may show runs that the plan has no more.
        if self.results.runs.iter().any(|run| !run.failed()) || dir.join("figures").is_dir() {
            self.drawn = draw(&self.results, &self.figure_claims).map_err(ConcludeError::Figures)?;
        }
        self.report(&claims)?;
        let names = files.into_iter().chain([report::FILE]).map(String::from);
        let figures = self.drawn.iter().flat_map(|figure| &figure.files).filter_map(|path| path.strip_prefix(dir).ok());
        let figures = figures.map(|path| path.to_string_lossy().into_owned());
        let (mut stamp, pages) = (Stamp::read(dir), (names.chain(figures), &*self.drawn));
        Ok(stamp.made_pages(dir, &self.results.plan_hash, &self.specs, pages)?)
    }

    /// Draws the figure of this name alone, into the folder `below` another one; `None` where the plan has none of the name.
    ///
    /// # Errors
    /// As [`draw_all`].
    pub fn draw_one(&self, name: &str, style: Style, place: (&Path, &Path)) -> Result<Option<Drawn>, FigureError> {
        draw_one(&self.results, name, (ALL, style), self.claims_of_figures(style), place)
    }

    /// Draws all figures into the folder `below` another one.
    ///
    /// # Errors
    /// As [`draw_all`].
    pub fn draw_into(&self, style: Style, place: (&Path, &Path)) -> Result<Vec<Drawn>, FigureError> {
        draw_into(&self.results, ALL, style, self.claims_of_figures(style), place)
    }

    /// The claims that stand under each figure; slides and columns have no room for them.
    fn claims_of_figures(&self, style: Style) -> &[Vec<FigureClaim>] {
        if style == Style::Page { &self.figure_claims } else { &[] }
    }

    fn report(&self, claims: &Table) -> Result<(), ReportError> {
        let wins = self.comparison.as_ref().map_or_else(Table::default, compare::wins_table);
        let [arms, ranks, wins, pairs, claims] =
            [&self.arms, &self.ranks, &wins, &self.pairs, claims].map(Records::from);
        report::write(&Content {
            answer: self.answer.headline(),
            edited_later: self.edited_later,
            results: &self.results,
            summary: &self.summary,
            arms: &arms,
            ranks: &ranks,
            wins: &wins,
            warnings: self.comparison.as_ref().map_or_else(Vec::new, compare::all_warnings),
            pairs: &pairs,
            claims: &claims,
            figures: self.drawn.iter().map(|figure| (&*figure.name, &*figure.svg)).collect(),
            figure_claims: &self.figure_claims,
        })
    }

    /// Whether a claim fails.
    pub fn claim_fails(&self) -> bool {
        self.claims.iter().any(|claim| claim.judged.verdict == Verdict::Fails)
    }
}
