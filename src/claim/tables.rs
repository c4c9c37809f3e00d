//! Judged claims as plain data: the rows of `claims.csv`, and the claims shown with each figure.

use super::{judging::JudgedClaim, verdict::Verdict};
use crate::columns::CLAIMS;
use crate::plan_file::{claim::ClaimSpec, figure::FigureSpec};
use crate::results::figure_claims::FigureClaim;
use crate::table::{self, Cell, Table};

/// The table `claims.csv`: a row for each claim, or for each part of a claim that is repeated; `edited_later` says whether there
/// were runs before some claim was written or changed.
pub fn table(claims: &[JudgedClaim], edited_later: bool) -> Table {
    let mut table = Table::new(CLAIMS);
    for claim in claims {
        let j = claim.judged;
        table.push(vec![
            claim.number.into(),
            claim.says.as_str().into(),
            claim.part().as_str().into(),
            claim.metric.as_str().into(),
            claim.expected.as_str().into(),
            j.verdict.word().into(),
            j.median.into(),
            j.low.into(),
            j.high.into(),
            j.coverage.into(),
            claim.confidence.into(),
            j.n.into(),
            j.diverged.into(),
            j.undefined.into(),
            j.unknown.into(),
            Cell::Bool(edited_later),
        ]);
    }
    table
}

/// For each figure the claims shown with it: a claim belongs to the first of the figures that are nearest to what it is about,
/// where `nearness` is smaller the nearer a figure is, and `None` for a figure that cannot show the claim.
pub fn by_figure(
    figures: &[FigureSpec],
    specs: &[ClaimSpec],
    claims: &[JudgedClaim],
    nearness: impl Fn(&FigureSpec, &ClaimSpec) -> Option<u8>,
) -> Vec<Vec<FigureClaim>> {
    let mut by_figure = vec![Vec::new(); figures.len()];
    for parts in claims.chunk_by(|a, b| a.number == b.number) {
        let Some(spec) = specs.get(parts[0].number - 1) else { continue };
        let near = |(place, figure): (usize, &FigureSpec)| Some((nearness(figure, spec)?, place));
        if let Some((_, figure)) = figures.iter().enumerate().filter_map(near).min() {
            by_figure[figure].extend(summarized(parts));
        }
    }
    by_figure
}

/// All parts of one claim together, the worst of them giving the verdict.
fn summarized(parts: &[JudgedClaim]) -> Option<FigureClaim> {
    let worst = parts.iter().map(|part| part.judged.verdict).min()?;
    let count = |(verdict, word): (Verdict, &str)| {
        let n = parts.iter().filter(|part| part.judged.verdict == verdict).count();
        (n > 0).then(|| format!("{n} {word}"))
    };
    let counts = [(Verdict::Holds, "hold"), (Verdict::Fails, "fail"), (Verdict::Inconclusive, "inconclusive")];
    let part = |part: &JudgedClaim| {
        let name = if part.part.is_empty() { String::new() } else { format!("{}: ", part.part()) };
        (part.judged.verdict.word().into(), format!("{name}{}: {}", part.what, measured(part)))
    };
    let change = |along: &String| format!("smallest change from one {along} to the next: ");
    Some(FigureClaim {
        number: parts[0].number,
        word: worst.word().into(),
        says: parts[0].says.clone(),
        count: counts.into_iter().filter_map(count).collect::<Vec<_>>().join(", "),
        measured: match parts {
            [one] => one.along.as_ref().map_or(String::new(), change) + &measured(one),
            _ => String::new(),
        },
        parts: parts.iter().map(part).collect(),
    })
}

/// `median 98.1 %, interval 97.8 % to 98.3 %, 5 seeds`.
fn measured(claim: &JudgedClaim) -> String {
    let (j, amount) = (claim.judged, |x: f64| claim.amount.shown(x));
    let [low, high] = [j.low, j.high].map(|x| claim.end(x, amount));
    let range = match (j.low.is_infinite(), j.high.is_infinite()) {
        _ if low == high => String::new(),
        (true, false) => format!(", interval {high} or less"),
        (false, true) if !claim.is_of_target() => format!(", interval {low} or more"),
        _ => format!(", interval {low} to {high}"),
    };
    format!("median {}{range}, {}", claim.median(amount), table::count(j.n, "seed").replace(' ', "\u{a0}"))
}
