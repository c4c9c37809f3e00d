//! What became of the claims, as the figures that show what they are about tell it.

use super::{Results, ResultsError, unreadable};
use crate::plan_file::claim::ClaimSpec;
use crate::plan_file::figure::FigureSpec;
use crate::sweep::claims;
use crate::table::significant;
use serde::{Deserialize, Serialize};

/// A claim with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Its place in the file, from 1.
    pub number: usize,
    /// The worst of its parts: `holds`, `fails` or `inconclusive`.
    pub word: String,
    pub says: String,
    /// How many parts hold, fail and are open.
    pub count: String,
    /// One a part: its own verdict and numbers.
    pub parts: Vec<(String, String)>,
}

impl Verdict {
    /// As a line of a caption.
    pub fn line(&self) -> String {
        let (count, number) = match &self.parts[..] {
            [(_, numbers)] => (String::new(), format!(" ({numbers})")),
            _ => (format!(" ({})", self.count), String::new()),
        };
        format!("Claim {} {}{count}: {}{number}.", self.number, self.word, self.says.trim_end_matches('.'))
    }
}

/// A row of `claims.csv`.
#[derive(Deserialize)]
struct Row {
    claim: usize,
    says: String,
    part: String,
    metric: String,
    verdict: String,
    median: f64,
    low: f64,
    high: f64,
    n: usize,
}

/// How near a figure is to what a claim is about; `None` if it shows something else.
pub type Nearness<'a> = &'a dyn Fn(&FigureSpec, &ClaimSpec) -> Option<u8>;

impl Results {
    /// The verdicts for each figure of the plan: a claim belongs to the first of those that are nearest to what it is about, as
    /// `nearness` has it (the smallest is nearest).
    ///
    /// # Errors
    /// Files of claims that cannot be read.
    pub fn verdicts(&self, nearness: Nearness) -> Result<Vec<Vec<Verdict>>, ResultsError> {
        let mut by_figure = vec![Vec::new(); self.plan.figures.len()];
        let path = self.dir.join("claims.csv");
        if !path.is_file() {
            return Ok(by_figure);
        }
        let claims = claims::read(&self.dir).map_err(|e| ResultsError::new(e.to_string()))?;
        let mut reader = csv::Reader::from_path(&path).map_err(|e| unreadable(&path, &e))?;
        let rows: Vec<Row> = reader.deserialize().collect::<Result<_, _>>().map_err(|e| unreadable(&path, &e))?;
        for (number, claim) in (1..).zip(&claims) {
            let near = |(place, figure): (usize, &FigureSpec)| Some((nearness(figure, claim)?, place));
            let figure = self.plan.figures.iter().enumerate().filter_map(near).min().map(|(_, place)| place);
            let own: Vec<&Row> = rows.iter().filter(|row| row.claim == number).collect();
            if let (Some(figure), Some(verdict)) = (figure, verdict(number, &own)) {
                by_figure[figure].push(verdict);
            }
        }
        Ok(by_figure)
    }
}

fn verdict(number: usize, rows: &[&Row]) -> Option<Verdict> {
    let count = |word: &str| rows.iter().filter(|row| row.verdict == word).count();
    let word = ["fails", "inconclusive", "holds"].into_iter().find(|word| count(word) > 0)?;
    let counts = [("holds", "hold"), ("fails", "fail"), ("inconclusive", "inconclusive")];
    let told = counts.iter().filter(|(word, _)| count(word) > 0).map(|(word, said)| format!("{} {said}", count(word)));
    let part = |row: &&Row| {
        let name = if row.part.is_empty() { String::new() } else { format!("{}: ", row.part) };
        let [median, low, high] = [row.median, row.low, row.high].map(|x| significant(x, 4));
        (row.verdict.clone(), format!("{name}{} {median} [{low}, {high}], N = {}", row.metric, row.n))
    };
    Some(Verdict {
        number,
        word: word.into(),
        says: rows.first()?.says.clone(),
        count: told.collect::<Vec<_>>().join(", "),
        parts: rows.iter().map(part).collect(),
    })
}
