//! Verdicts as text for a person.

use super::judging::JudgedClaim;
use super::verdict::Verdict;
use crate::stats::seeds_for;
use crate::table::{WIDTH, count, rounded};
use std::fmt::Write;

/// Columns of the verdict before it.
const INDENT: usize = 13;

/// Every part of every claim with its numbers, and a last line that counts.
pub fn full(claims: &[JudgedClaim]) -> String {
    let mut text = String::new();
    claims.iter().for_each(|claim| with_numbers(&mut text, claim));
    text + &verdicts(claims)
}

fn with_numbers(text: &mut String, claim: &JudgedClaim) {
    let part = if claim.part.is_empty() { String::new() } else { format!(" ({})", claim.part()) };
    paragraph(text, claim.judged.verdict.word(), &format!("{}{part}", claim.says));
    paragraph(text, "", &effect(claim));
}

/// A line for each claim that holds everywhere; of the others every part that does not, with its numbers.
pub fn summary(claims: &[JudgedClaim]) -> String {
    let mut text = String::new();
    for parts in claims.chunk_by(|a, b| a.number == b.number) {
        let (good, bad): (Vec<&JudgedClaim>, Vec<&JudgedClaim>) =
            parts.iter().partition(|part| part.judged.verdict == Verdict::Holds);
        let says = &parts[0].says;
        let cases = match (good.len(), parts.len()) {
            (1, 1) => String::new(),
            (good, all) if good == all => format!(" ({all} cases)"),
            (good, all) => format!(" ({good} of {all} cases)"),
        };
        if !good.is_empty() {
            paragraph(&mut text, Verdict::Holds.word(), &format!("{says}{cases}"));
        }
        bad.into_iter().for_each(|claim| with_numbers(&mut text, claim));
    }
    text + &verdicts(claims)
}

/// `26 claims: 24 hold, 0 fail, 2 inconclusive`, or of cases where claims are repeated.
fn verdicts(claims: &[JudgedClaim]) -> String {
    let number = |verdict| claims.iter().filter(|claim| claim.judged.verdict == verdict).count();
    let (holds, fails, open) = (number(Verdict::Holds), number(Verdict::Fails), number(Verdict::Inconclusive));
    let of_file = claims.chunk_by(|a, b| a.number == b.number).count();
    let cases = if of_file == claims.len() { String::new() } else { format!(" in {} cases", claims.len()) };
    let (hold, fail) = (if holds == 1 { "holds" } else { "hold" }, if fails == 1 { "fails" } else { "fail" });
    format!("{}{cases}: {holds} {hold}, {fails} {fail}, {open} inconclusive\n", count(of_file, "claim"))
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

fn effect(claim: &JudgedClaim) -> String {
    let j = claim.judged;
    let median = claim.median(|x| rounded(x, 4));
    let [low, high] = [j.low, j.high].map(|x| claim.end(x, |x| rounded(x, 4)));
    let (JudgedClaim { what, expected, .. }, percent, seeds) = (claim, 100.0 * j.coverage, count(j.n, "seed"));
    // Nets of one layer lose nothing between layers.
    let is_known = j.undefined + j.unknown < j.n;
    let mut text = match is_known {
        true => {
            format!("{what}: median {median}, expected {expected}; {percent:.1} % interval [{low}, {high}], {seeds}")
        }
        false => format!("{what}: no run has such a number; expected {expected}, {seeds}"),
    };
    if j.diverged > 0 {
        let _ = write!(text, ", {} diverged", j.diverged);
    }
    if j.undefined > 0 {
        let _ = write!(text, ", {} undefined", j.undefined);
    }
    if j.unknown > 0 {
        let _ = write!(text, ", {} missing or failed", j.unknown);
    }
    if j.verdict == Verdict::Inconclusive && is_known {
        if j.coverage < claim.confidence {
            let _ = write!(
                text,
                "; an interval of {:.0} % takes at least {} seeds",
                100.0 * claim.confidence,
                seeds_for(claim.confidence)
            );
        } else {
            text.push_str("; the interval lies on both sides of that");
        }
    }
    text
}
