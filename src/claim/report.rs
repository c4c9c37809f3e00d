//! Verdicts for a person, and as `claims.csv`.

use super::check::Checked;
use super::{Verdict, seeds_for};
use crate::results::ResultsError;
use crate::sweep::files::write as write_file;
use crate::table::{Cell, CsvWriter};
use std::fmt::Write;
use std::path::Path;

const COLUMNS: [&str; 14] = [
    "claim",
    "says",
    "part",
    "metric",
    "expected",
    "verdict",
    "median",
    "low",
    "high",
    "coverage",
    "confidence",
    "n",
    "diverged",
    "unknown",
];

/// Writes `claims.csv`.
///
/// # Errors
/// When it cannot be written.
pub fn write(checked: &[Checked], dir: &Path) -> Result<(), ResultsError> {
    let path = dir.join("claims.csv");
    let cannot = |e: &dyn std::fmt::Display| ResultsError::new(format!("cannot write {}: {e}", path.display()));
    let mut writer = CsvWriter::new(Vec::new(), &COLUMNS).map_err(|e| cannot(&e))?;
    for claim in checked {
        let j = claim.judged;
        let row: [Cell; 14] = [
            claim.number.into(),
            claim.says.as_str().into(),
            part(claim).as_str().into(),
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
            j.unknown.into(),
        ];
        writer.row(&row).map_err(|e| cannot(&e))?;
    }
    let bytes = writer.finish().map_err(|e| cannot(&e))?;
    write_file(&path, &bytes).map_err(|e| ResultsError::new(e.to_string()))
}

/// `depth=8 activation=relu`.
fn part(claim: &Checked) -> String {
    claim.part.iter().map(|(axis, label)| format!("{axis}={label}")).collect::<Vec<_>>().join(" ")
}

/// Two lines a claim, and a last one that counts.
pub fn text(checked: &[Checked]) -> String {
    let mut text = String::new();
    for claim in checked {
        let part = if claim.part.is_empty() { String::new() } else { format!(" ({})", part(claim)) };
        let _ = writeln!(text, "{:<12} {}{part}", claim.judged.verdict.word(), claim.says);
        let _ = writeln!(text, "{:<12} {}", "", effect(claim));
    }
    let count = |verdict| checked.iter().filter(|claim| claim.judged.verdict == verdict).count();
    let verb = |n: usize| if n == 1 { "" } else { "s" };
    let (holds, fails, open) = (count(Verdict::Holds), count(Verdict::Fails), count(Verdict::Inconclusive));
    let _ = writeln!(
        text,
        "{} claim{}: {holds} hold{}, {fails} fail{}, {open} inconclusive",
        checked.len(),
        verb(checked.len()),
        if holds == 1 { "s" } else { "" },
        if fails == 1 { "s" } else { "" },
    );
    text
}

fn effect(claim: &Checked) -> String {
    let j = claim.judged;
    let mut text = format!(
        "{} {}, expected {}; interval [{}, {}] at {:.1} %, N {}",
        claim.metric,
        short(j.median),
        claim.expected,
        short(j.low),
        short(j.high),
        100.0 * j.coverage,
        j.n
    );
    if j.diverged > 0 {
        let _ = write!(text, ", {} diverged", j.diverged);
    }
    if j.unknown > 0 {
        let _ = write!(text, ", {} missing or failed", j.unknown);
    }
    if j.verdict == Verdict::Inconclusive {
        if j.coverage < claim.confidence {
            let _ =
                write!(text, "; {:.0} % take at least {} seeds", 100.0 * claim.confidence, seeds_for(claim.confidence));
        } else {
            text.push_str("; the interval reaches to both sides");
        }
    }
    text
}

/// Four significant digits.
fn short(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() || size == 0.0 {
        return format!("{x}");
    }
    let digits = (3 - size.log10().floor() as i32).clamp(0, 12) as usize;
    if (1e-4..1e5).contains(&size) { format!("{x:.digits$}") } else { format!("{x:.3e}") }
}
