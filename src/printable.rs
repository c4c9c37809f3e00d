//! Text from files as a terminal or a page may show it: what would move a cursor, change colors, turn lines around or stand there
//! unseen is written out.

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

/// Control characters, ends of lines that do not look like one, and what turns the direction of a text or has no width.
pub fn is_obeyed(c: char) -> bool {
    let is_unseen = matches!(
        c,
        '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    );
    c.is_control() && !matches!(c, '\n' | '\t') || is_unseen
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
        let unseen =
            "a\u{200e}b\u{200f}\u{61c}\u{2028}\u{2029}\u{200b}\u{200c}\u{200d}\u{feff}\u{2060}\u{e0041}\u{e007f}";
        assert_eq!(printable(unseen).matches(r"\u{").count(), 12);
    }
}
