//! The text of a CSV file: which encoding its bytes have, and what separates its cells.

use super::error::DataError;

/// Lines that are looked at to find the separator.
const LOOKED_AT: usize = 100;

/// The text of a file: UTF-8, with or without a byte order mark, or UTF-16 with one.
///
/// # Errors
/// When it is neither.
pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> Result<String, DataError> {
    if matches!(bytes[..], [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..]) {
        let cure = "save it as UTF-8, for example with iconv -f utf-32 -t utf-8";
        return Err(DataError::file(name, "this is UTF-32 text", cure));
    }
    let unit: Option<fn([u8; 2]) -> u16> = match bytes[..] {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ => None,
    };
    if let Some(unit) = unit {
        let units: Vec<u16> = bytes[2..].as_chunks().0.iter().map(|two| unit(*two)).collect();
        let text = String::from_utf16(&units).ok().filter(|text| !text.contains('\0'));
        return text.ok_or_else(|| DataError::file(name, "this is damaged UTF-16 text", "save the file as UTF-8"));
    }
    // Every second byte of plain text.
    if bytes.iter().filter(|byte| **byte == 0).count() > bytes.len() / 4 {
        let what = "it is full of zero bytes, as UTF-16 text without a byte order mark is, or a file that is no text";
        let order = if bytes[0] == 0 { "be" } else { "le" };
        let cure = format!("save it as UTF-8, for example with iconv -f utf-16{order} -t utf-8");
        return Err(DataError::file(name, what, cure));
    }
    let mut text = String::from_utf8(bytes).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let what = format!("byte 0x{:02x} is not UTF-8 text; the file may be Latin-1", e.as_bytes()[before.len()]);
        let cure = "save it as UTF-8, for example with iconv -f latin1 -t utf-8";
        DataError::file(name, what, cure).line(1 + before.iter().filter(|b| **b == b'\n').count() as u64)
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The text with a separator of one byte, and that separator: as `data.separator` says, or as its first lines show, in which commas
/// may be decimal ones.
pub(crate) fn separated(text: String, separator: &str, has_decimal_commas: bool) -> (String, u8) {
    match if separator == "auto" { found(&text, has_decimal_commas) } else { separator } {
        "semicolon" => (text, b';'),
        "tab" => (text, b'\t'),
        "blanks" => {
            let mut table = String::with_capacity(text.len() + 1);
            for line in text.lines() {
                for (place, cell) in between_blanks(line).enumerate() {
                    table.push_str(if place > 0 { "\t" } else { "" });
                    table.push_str(cell);
                }
                table.push('\n');
            }
            (table, b'\t')
        }
        _ => (text, b','),
    }
}

/// The cells of a line that are separated by blanks, which may stand within quotes too.
fn between_blanks(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let cells = line.split(move |c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    cells.filter(|cell| !cell.is_empty())
}

/// The separator that stands in every line equally often; a semicolon before a comma, which may be a decimal one. Blanks only
/// where there is no other; commas where nothing fits, so that the error is about the line that is not like the others.
fn found(text: &str, has_decimal_commas: bool) -> &'static str {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT).collect();
    let count =
        |line: &&str, separator| line.split('"').step_by(2).flat_map(|t| t.chars()).filter(|c| *c == separator).count();
    let even = |counts: Vec<usize>| counts.first().is_some_and(|n| *n > 0 && counts.iter().all(|m| m == n));
    let candidates = [("tab", '\t'), ("semicolon", ';'), ("comma", ',')];
    let candidates = &candidates[..if has_decimal_commas { 2 } else { 3 }];
    let fits = candidates.iter().find(|(_, c)| even(lines.iter().map(|line| count(line, *c)).collect()));
    let none = lines.iter().all(|line| candidates.iter().all(|(_, c)| count(line, *c) == 0));
    let blanks = || none && even(lines.iter().map(|line| between_blanks(line).count() - 1).collect());
    match fits {
        Some((word, _)) => word,
        None if blanks() => "blanks",
        None => "comma",
    }
}

/// The line on which a quoted cell begins that swallows what follows: no quote closes it, the one that does stands in the middle of
/// a cell on a later line, or a later line of the cell looks like a row.
pub(super) fn swallowing_quote(text: &str, separator: u8) -> Option<u64> {
    let first = text.lines().next().unwrap_or_default();
    let row = first.split('"').step_by(2).flat_map(str::bytes).filter(|byte| *byte == separator).count();
    // A row has as many cells as the first line, and prose a blank after a comma.
    let is_row = |line: &[u8]| {
        let separators = || (0..line.len()).filter(|place| line[*place] == separator);
        row > 0 && separators().count() == row && separators().all(|place| line.get(place + 1) != Some(&b' '))
    };
    let bytes = text.as_bytes();
    let (mut line, mut began, mut opened, mut is_start, mut place) = (1, 0, None, true, 0);
    while let Some(byte) = bytes.get(place) {
        match (opened, byte) {
            (None, b'"') if is_start => opened = Some(line),
            (Some(_), b'"') if bytes.get(place + 1) == Some(&b'"') => place += 1,
            (Some(at), b'"' | b'\n') if at < line && is_row(&bytes[began..place]) => return Some(at),
            (Some(at), b'"') => {
                let next = bytes.get(place + 1);
                let is_end = next.is_none_or(|next| [separator, b'\n', b'\r', b' ', b'\t'].contains(next));
                if at < line && !is_end {
                    return Some(at);
                }
                opened = None;
            }
            _ => {}
        }
        if *byte == b'\n' {
            (line, began) = (line + 1, place + 1);
        }
        is_start = [separator, b'\n', b'\r'].contains(byte);
        place += 1;
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_found_by_what_every_line_has() {
        for (text, separator) in [
            ("a,b\n1,2\n", "comma"),
            ("a;b\n1,5;2,5\n", "semicolon"),
            ("a\tb c\n1\t2\n", "tab"),
            ("  1.5   2\n 3  4  \n", "blanks"),
            ("\"a;b\",c\n\"d\",e\n", "comma"),
            ("\"a b\" c\n1 2\n", "blanks"),
            ("1\n2\n", "comma"),
            ("1,2\n3\n", "comma"),
            ("", "comma"),
        ] {
            assert_eq!(found(text, false), separator, "{text:?}");
        }
        for (text, separator) in [
            ("0,5 3\n1,25 4\n", "blanks"),
            ("x y kind\n0,5 0,25 a\n1 2 b\n", "blanks"),
            ("a;b\n1,5;2,5\n", "semicolon"),
            ("a\tb\n1,5\t2\n", "tab"),
        ] {
            assert_eq!(found(text, true), separator, "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_swallows_rows_is_found_where_it_opens() {
        for (text, line) in [
            ("a,b\n1,2\n", None),
            ("a,b\n\"1\",\"x \"\"y\"\"\"\n", None),
            ("a,b\n1,5\" pipe\n2,7\" pipe\n", None),
            ("a,\"two\nlines\"\n1,2\n", None),
            ("a,b\n1,\"x\n2,y\n", Some(2)),
            ("a,b\n1,x\n2,\"y\n3,\"z\"\n4,w\n", Some(3)),
            ("\"a,b\n", Some(1)),
            ("a,b\n1,\"z\n2,x\n3,y\"\n", Some(2)),
            ("a,b\n1,\"z\n2,x\"\n", Some(2)),
            ("a,b\n1,\"Dear reader,\nhello, all\"\n", None),
            ("a,\"\"\"\n1,2\n", Some(1)),
        ] {
            assert_eq!(swallowing_quote(text, b','), line, "{text:?}");
        }
    }

    #[test]
    fn encodings_are_told_apart() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| "\u{feff}é,1\n".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for bytes in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes), "\u{feff}é,1\n".into(), "é,1\n".into()] {
            assert_eq!(decode("t", bytes).unwrap(), "é,1\n");
        }
        let message = decode("t", b"a,1\n\xe9,2\n".to_vec()).unwrap_err().to_string();
        assert!(message.contains("t:2") && message.contains("Latin-1") && message.contains("iconv"), "{message}");
        let unmarked = |unit: fn(u16) -> [u8; 2]| {
            decode("t", "a,1\n".encode_utf16().flat_map(unit).collect()).unwrap_err().to_string()
        };
        for (message, order) in [(unmarked(u16::to_le_bytes), "le"), (unmarked(u16::to_be_bytes), "be")] {
            assert!(message.contains(&format!("iconv -f utf-16{order}")), "{message}");
        }
        let utf32 = "\u{feff}a,1\n".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        let message = decode("t", utf32).unwrap_err().to_string();
        assert!(message.contains("UTF-32") && message.contains("save it as UTF-8"), "{message}");
    }
}
