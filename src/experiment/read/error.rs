//! The error of an experiment: what is wrong, where it stands in the file, and what to write instead.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The result of everything that reads or plans an experiment.
pub(crate) type Result<T, E = ExperimentError> = std::result::Result<T, E>;

/// A text that settings are read from: the experiment file, or one `--set` of the command line.
#[derive(Debug, PartialEq)]
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    /// The text with its name in messages.
    pub fn new(name: &str, text: &str) -> Arc<Self> {
        Arc::new(Source { name: name.into(), text: text.into() })
    }
}

/// A stretch of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

impl Location {
    /// The bytes `span` of `source`; a span that does not fit is moved inside.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let start = span.start.min(source.text.len());
        Location { source: source.clone(), start, end: span.end.clamp(start, source.text.len()) }
    }

    /// The whole of `source`.
    pub(crate) fn whole(source: &Arc<Source>) -> Self {
        Location::new(source, 0..source.text.len())
    }

    /// What is wrong here, and the cure.
    pub fn error(&self, message: impl Into<String>, help: impl Into<String>) -> ExperimentError {
        ExperimentError { message: message.into(), at: Some(self.clone()), also: None, help: help.into() }
    }

    /// Fails with what is wrong here, and the cure.
    pub(crate) fn fail<T>(&self, message: impl Into<String>, help: impl Into<String>) -> Result<T> {
        Err(self.error(message, help))
    }

    /// The source that it is a stretch of.
    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The stretch, in bytes.
    pub(crate) fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where the stretch begins, in bytes: places of one file sort by it.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// `file:line:column`, both counted from 1, the column in characters.
    pub fn position(&self) -> String {
        let (line, before, _) = self.line();
        format!("{}:{line}:{}", self.source.name, before.chars().count() + 1)
    }

    /// The text that stands there.
    pub(crate) fn text(&self) -> &str {
        self.source.text.get(self.start..self.end).unwrap_or("")
    }

    /// Line number, the line's text before the place, and the rest of the line.
    fn line(&self) -> (usize, &str, &str) {
        let bytes = self.source.text.as_bytes();
        let mut at = self.start;
        while !self.source.text.is_char_boundary(at) {
            at -= 1;
        }
        let from = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let to = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |i| at + i);
        let number = bytes[..from].iter().filter(|b| **b == b'\n').count() + 1;
        (number, &self.source.text[from..at], self.source.text[at..to].trim_end_matches('\r'))
    }

    /// The line with carets under the place. Very long lines are cut around it.
    fn excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BEFORE: usize = 60;
        const AFTER: usize = 60;
        let (number, before, rest) = self.line();
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let skipped = before.chars().count().saturating_sub(BEFORE);
        let lead = if skipped > 0 { "..." } else { "" };
        let head: String = before.chars().skip(skipped).map(plain).collect();
        let tail: String = rest.chars().take(AFTER).map(plain).collect();
        let tail = tail.trim_end();
        let cut = if rest.chars().nth(AFTER).is_some() { "..." } else { "" };
        let wide = self.text().lines().next().map_or(0, |t| t.chars().count());
        let carets = "^".repeat(wide.clamp(1, tail.chars().count().max(1)));
        let gutter = " ".repeat(number.to_string().len());
        let indent = " ".repeat(lead.len() + head.chars().count());
        writeln!(f, "{gutter}--> {}", self.position())?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {lead}{head}{tail}{cut}")?;
        writeln!(f, "{gutter} | {indent}{carets} here")
    }
}

/// One thing wrong. Its `Display` is what the user sees: the message, the line with a caret, the cure.
#[derive(Clone, Debug, PartialEq)]
pub struct ExperimentError {
    pub message: String,
    pub at: Option<Location>,
    /// A second place that has a part in it.
    pub also: Option<Location>,
    /// The cure.
    pub help: String,
}

impl ExperimentError {
    /// Names the second place, unless it is the first.
    pub fn also(mut self, place: &Location) -> Self {
        self.also = Some(place.clone()).filter(|p| Some(p) != self.at.as_ref());
        self
    }
}

impl fmt::Display for ExperimentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message)?;
        if let Some(place) = &self.at {
            place.excerpt(f)?;
        }
        if let Some(place) = &self.also {
            writeln!(f, "also:")?;
            place.excerpt(f)?;
        }
        write!(f, "help: {}", self.help)
    }
}

impl std::error::Error for ExperimentError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_the_place() {
        let source = Source::new("x.toml", "a = 1\nlr = -0.1  # é\n");
        let error = Location::new(&source, 11..15).error("learning rate must be above 0", "write 0.01");
        let expected = "error: learning rate must be above 0\n --> x.toml:2:6\n  |\n2 | lr = -0.1  # é\n  |      ^^^^ here\nhelp: write 0.01";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn any_span_of_any_text_prints() {
        let source = Source::new("x", "é\r\n\tü = \"☃\n");
        for start in 0..20 {
            for end in 0..20 {
                let place = Location::new(&source, start..end);
                assert!(place.error("m", "h").also(&place).to_string().contains("help: h"));
            }
        }
    }
}
