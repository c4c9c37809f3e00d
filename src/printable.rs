//! Text from files as a terminal may show it: what would move its cursor, change its colors or turn its lines around is written
//! out.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with `\u{1b}` in place of an escape, and likewise for all that is not printed but obeyed; ends of lines and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) {
            // Writing to a String cannot fail.
            _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and those that turn the direction of a text.
pub fn is_obeyed(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that a name may have, as it stands in legends and tables.
const LONGEST: usize = 100;

/// Whether a text can be a label or the name of a column: short, on one line, nothing in it that is obeyed.
pub fn is_name(text: &str) -> bool {
    text.chars().nth(LONGEST).is_none() && !text.contains(['\n', '\t']) && !text.contains(is_obeyed)
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_terminal_obeys_nothing_of_it() {
        assert_eq!(printable("plain, é, two\nlines\tand a tab"), "plain, é, two\nlines\tand a tab");
        let obeyed = "\x1b]0;title\x07 \x1b[2J \u{9b}31m \r \x08 \u{202e}txt";
        let shown = printable(obeyed);
        assert_eq!(shown, r"\u{1b}]0;title\u{7} \u{1b}[2J \u{9b}31m \u{d} \u{8} \u{202e}txt");
        assert_eq!(printable(&shown), shown);
    }
}
