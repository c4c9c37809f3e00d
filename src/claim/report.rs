//! Verdicts for a person, and as `claims.csv`.

use super::check::Checked;
use super::{Verdict, seeds_for};
use crate::columns::CLAIMS;
use crate::results::ResultsError;
use crate::sweep::files::write as write_file;
use crate::table::{Cell, CsvWriter};
use std::fmt::Write;
use std::path::Path;

/// Writes `claims.csv`.
///
/// # Errors
/// When it cannot be written.
pub fn write(checked: &[Checked], dir: &Path) -> Result<(), ResultsError> {
    let path = dir.join("claims.csv");
    let cannot = |e: &dyn std::fmt::Display| ResultsError::new(format!("cannot write {}: {e}", path.display()));
    let mut writer = CsvWriter::new(Vec::new(), CLAIMS).map_err(|e| cannot(&e))?;
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

/// Columns that text may fill.
const WIDTH: usize = 80;
/// Columns of the verdict before it.
const INDENT: usize = 13;

/// Every part of every claim with its numbers, and a last line that counts.
pub fn text(checked: &[Checked]) -> String {
    let mut text = String::new();
    for claim in checked {
        let part = if claim.part.is_empty() { String::new() } else { format!(" ({})", part(claim)) };
        paragraph(&mut text, claim.judged.verdict.word(), &format!("{}{part}", claim.says));
        paragraph(&mut text, "", &effect(claim));
    }
    text + &count(checked)
}

/// A line for each claim that holds everywhere; of the others every part that does not, with its numbers.
pub fn summary(checked: &[Checked]) -> String {
    let mut text = String::new();
    for parts in checked.chunk_by(|a, b| a.number == b.number) {
        let (good, bad): (Vec<&Checked>, Vec<&Checked>) =
            parts.iter().partition(|part| part.judged.verdict == Verdict::Holds);
        let says = &parts[0].says;
        match (good.len(), parts.len()) {
            (0, _) => {}
            (1, 1) => paragraph(&mut text, Verdict::Holds.word(), says),
            (good, all) if good == all => paragraph(&mut text, Verdict::Holds.word(), &format!("{says} ({all} cases)")),
            (good, all) => paragraph(&mut text, Verdict::Holds.word(), &format!("{says} ({good} of {all} cases)")),
        }
        for claim in bad {
            let part = if claim.part.is_empty() { String::new() } else { format!(" ({})", part(claim)) };
            paragraph(&mut text, claim.judged.verdict.word(), &format!("{says}{part}"));
            paragraph(&mut text, "", &effect(claim));
        }
    }
    text + &count(checked)
}

/// `26 claims: 24 hold, 0 fail, 2 inconclusive`, or of cases where claims are repeated.
fn count(checked: &[Checked]) -> String {
    let number = |verdict| checked.iter().filter(|claim| claim.judged.verdict == verdict).count();
    let (holds, fails, open) = (number(Verdict::Holds), number(Verdict::Fails), number(Verdict::Inconclusive));
    let ending = |n: usize| if n == 1 { "" } else { "s" };
    let claims = checked.chunk_by(|a, b| a.number == b.number).count();
    let cases = if claims == checked.len() { String::new() } else { format!(" in {} cases", checked.len()) };
    let (hold, fail) = (if holds == 1 { "holds" } else { "hold" }, if fails == 1 { "fails" } else { "fail" });
    format!("{claims} claim{}{cases}: {holds} {hold}, {fails} {fail}, {open} inconclusive\n", ending(claims))
}

/// A word and, beside it, text in as many lines as it takes.
fn paragraph(text: &mut String, word: &str, says: &str) {
    let mut line = format!("{word:<INDENT$}");
    for word in says.split_whitespace() {
        if line.trim_end().chars().count() > INDENT && line.chars().count() + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(INDENT);
        }
        line.push_str(word);
        line.push(' ');
    }
    let _ = writeln!(text, "{}", line.trim_end());
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
