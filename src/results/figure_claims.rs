//! A claim with its verdict, as the figure that it is shown with has it.

use serde::Serialize;

/// A claim and its verdict, in words and numbers for a caption.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureClaim {
    /// Its place in the file, from 1.
    pub number: usize,
    /// The worst of its parts: `holds`, `fails` or `inconclusive`.
    pub word: String,
    pub says: String,
    /// How many parts hold, fail and are inconclusive.
    pub count: String,
    /// Median, interval and seeds of a claim of one part; empty where it has several.
    pub measured: String,
    /// One a part: its own verdict and numbers.
    pub parts: Vec<(String, String)>,
}

impl FigureClaim {
    /// As a line of a caption, after a tick, a cross or a question mark.
    pub fn line(&self) -> String {
        let numbers = if self.measured.is_empty() { &self.count } else { &self.measured };
        let sign = match &*self.word {
            "holds" => '✓',
            "fails" => '✗',
            _ => '?',
        };
        format!("{sign} {} ({numbers}).", self.says.trim_end_matches('.'))
    }
}
