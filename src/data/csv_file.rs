//! Any CSV file: numeric features and one target column, of classes or of real numbers.

use super::dataset::Targets;
use super::error::DataError;
use super::file;
use super::raw::{Places, Raw};
use crate::setting::Settings;
use std::cmp::Ordering;

/// More different values than this are not taken for classes unless the settings say so.
const MOST_CLASSES: usize = 100;

/// A row costs some 200 bytes while it is read, so a small file must not unpack to more of them than memory holds.
const MOST_ROWS: usize = 10_000_000;

/// A cell costs some tens of bytes while its line is read, however short it is.
const MOST_CELLS: usize = 1 << 26;

/// The file the settings name.
pub(super) fn raw(settings: &Settings, places: &Places) -> Result<Raw, DataError> {
    let Some(path) = settings.text("data.path").map(|p| places.base.join(p)) else {
        return Err(DataError::settings("data", "csv data needs a file", "write data.path"));
    };
    let name = path.display().to_string();
    let bytes = file::read(&path, file::CSV_LIMIT)?;
    let target = settings.text("data.target").unwrap_or("last");
    parse(&name, &bytes, target, settings.text("data.task").unwrap_or("auto"))
}

/// Reads a table: comma-separated, a header line if its first line holds a word where later lines hold numbers.
fn parse(name: &str, bytes: &[u8], target: &str, task: &str) -> Result<Raw, DataError> {
    let error = |what: String, cure: &str| DataError::file(name, what, cure);
    // Counted before anything is read, since one line can hold all of them.
    let separators = bytes.iter().filter(|b| matches!(b, b',' | b'\n')).count();
    if separators > MOST_CELLS {
        let what = format!("the file has {separators} cells; the program holds at most {MOST_CELLS}");
        return Err(error(what, "use a part of the file"));
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(bytes);
    let mut lines: Vec<(u64, csv::StringRecord)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| {
            let line = e.position().map_or(lines.len() as u64 + 1, |p| p.line());
            let what = match e.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("this line has {len} cells, the first has {expected_len}")
                }
                csv::ErrorKind::Utf8 { .. } => "this line is not UTF-8 text".into(),
                other => format!("{other:?}"),
            };
            error(what, "make every line of the table alike, and delete a first line that is not part of it").line(line)
        })?;
        let line = record.position().map_or(0, |p| p.line());
        if lines.len() == MOST_ROWS {
            let what = format!("the file has more than {MOST_ROWS} rows");
            return Err(error(what, "use a part of the file").line(line));
        }
        lines.push((line, record));
    }
    let numeric = |record: &csv::StringRecord| record.iter().filter(|c| c.parse::<f64>().is_ok()).count();
    let has_header =
        lines.first().is_some_and(|(_, r)| numeric(r) == 0) && lines.get(1).is_none_or(|(_, r)| numeric(r) > 0);
    let header = has_header.then(|| lines.remove(0).1);
    let Some(columns) = lines.first().map(|(_, r)| r.len()) else {
        return Err(error("the file has no rows".into(), "give a table of numbers, one row a sample"));
    };
    if columns < 2 {
        return Err(error("the file has one column".into(), "give features and a target, separated by commas"));
    }
    let called = |h: &csv::StringRecord| h.iter().filter(|c| *c == target).count();
    if let Some(n) = header.as_ref().map(called).filter(|n| *n > 1) {
        let what = format!("{n} columns are called \"{target}\"");
        return Err(error(what, "give each its own name, or write data.target as a number from 1").line(1));
    }
    let column = match target {
        "last" => columns - 1,
        _ => {
            let by_name = header.as_ref().and_then(|h| h.iter().position(|c| c == target));
            let by_number = target.parse::<usize>().ok().filter(|n| (1..=columns).contains(n)).map(|n| n - 1);
            by_name.or(by_number).ok_or_else(|| {
                let names =
                    header.as_ref().map_or(format!("1 to {columns}"), |h| h.iter().collect::<Vec<_>>().join(", "));
                error(
                    format!("there is no column \"{target}\""),
                    &format!("data.target is one of {names}, or \"last\""),
                )
            })?
        }
    };
    let mut x = Vec::with_capacity(lines.len() * (columns - 1));
    for (row, (line, record)) in lines.iter().enumerate() {
        for (i, cell) in record.iter().enumerate().filter(|(i, _)| *i != column) {
            match cell.parse::<f64>() {
                Ok(v) if v.is_finite() => x.push(v),
                _ => {
                    let what = format!("cell {} is \"{cell}\", not a finite number", i + 1);
                    let cure = match row {
                        0 => {
                            "features are numbers: delete this line if it is not a row, else remove or encode the column"
                        }
                        _ => "features are numbers: remove or encode this column",
                    };
                    return Err(error(what, cure).line(*line));
                }
            }
        }
    }
    refuse_doubtful(name, &lines, column, task)?;
    let targets = targets(name, &lines, column, task)?;
    Ok(Raw { name: "csv".into(), file: name.into(), features: columns - 1, x, targets, test: None })
}

/// Refuses what would be taken for a class of its own by mistake: an empty target, and, unless the settings ask for
/// classes, a word among numbers that are not whole.
fn refuse_doubtful(name: &str, lines: &[(u64, csv::StringRecord)], column: usize, task: &str) -> Result<(), DataError> {
    let at = |damaged: &dyn Fn(&str) -> bool| lines.iter().find(|(_, r)| damaged(&r[column]));
    if let Some((line, _)) = at(&|cell| cell.is_empty()) {
        let cure = "fill it in, or remove the line";
        return Err(DataError::file(name, "the target is empty", cure).line(*line));
    }
    let fraction = |cell: &str| cell.parse::<f64>().is_ok_and(|v| v.fract() != 0.0);
    if task == "auto"
        && at(&fraction).is_some()
        && let Some((line, record)) = at(&|cell| cell.parse::<f64>().is_err())
    {
        let what = format!("the target is \"{}\", among targets that are real numbers", &record[column]);
        return Err(DataError::file(name, what, "correct it, or write data.task = \"classes\"").line(*line));
    }
    Ok(())
}

fn targets(name: &str, lines: &[(u64, csv::StringRecord)], column: usize, task: &str) -> Result<Targets, DataError> {
    let cells: Vec<&str> = lines.iter().map(|(_, r)| &r[column]).collect();
    // Numbers are told apart by value and words by spelling: `1` and `1.0` are one class.
    let numbers: Option<Vec<f64>> = cells.iter().map(|c| c.parse::<f64>().ok().map(|v| v + 0.0)).collect();
    let (labels, count) = match &numbers {
        Some(numbers) => ranks(numbers, f64::total_cmp),
        None => ranks(&cells, Ord::cmp),
    };
    let whole = numbers.iter().flatten().all(|v| v.fract() == 0.0);
    let classes = match task {
        "classes" => true,
        "values" => false,
        _ => whole && count <= MOST_CLASSES,
    };
    if classes {
        return Ok(Targets::Classes { labels, count });
    }
    let mut y = Vec::with_capacity(cells.len());
    for (cell, (line, _)) in cells.iter().zip(lines) {
        match cell.parse::<f64>() {
            Ok(v) if v.is_finite() => y.push(v),
            _ => {
                let what = format!("the target is \"{cell}\", not a finite number");
                let cure = "correct it, or write data.task = \"classes\"";
                return Err(DataError::file(name, what, cure).line(*line));
            }
        }
    }
    Ok(Targets::Values { y, width: 1 })
}

/// The rank of each value among the different ones, and how many there are.
fn ranks<T: Copy>(values: &[T], order: impl Fn(&T, &T) -> Ordering) -> (Vec<u32>, usize) {
    let mut kinds = values.to_vec();
    kinds.sort_unstable_by(&order);
    kinds.dedup_by(|a, b| order(a, b).is_eq());
    let rank = |v: &T| kinds.partition_point(|k| order(k, v).is_lt()) as u32;
    (values.iter().map(rank).collect(), kinds.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Raw, DataError> {
        parse("t.csv", text.as_bytes(), "last", "auto")
    }

    #[test]
    fn header_classes_and_values_are_recognised() {
        let raw = read("a,b,kind\n1,2,x\n3,4,y\n5,6,x\n").unwrap();
        assert_eq!((raw.features, raw.x.len()), (2, 6));
        assert_eq!(raw.targets, Targets::Classes { labels: vec![0, 1, 0], count: 2 });
        let raw = read("1,0.5\n2,1.5\n").unwrap();
        assert_eq!(raw.targets, Targets::Values { y: vec![0.5, 1.5], width: 1 });
        let raw = parse("t.csv", b"y,a\n0.5,1\n1.5,2\n", "y", "auto").unwrap();
        assert_eq!(raw.x, [1.0, 2.0]);
    }

    #[test]
    fn numbers_and_words_may_be_mixed_in_the_target() {
        // "2" < "10" as numbers, "10" < "1a" < "2" as words: no order holds all three.
        let words = ["10", "2", "1a"];
        let text: String = (0..300).map(|i| format!("{i},{}\n", words[i * i % 7 % 3])).collect();
        let Targets::Classes { labels, count } = read(&text).unwrap().targets else { panic!() };
        assert_eq!((count, labels[0], labels[1], labels[2]), (3, 0, 2, 2), "10, 2, 2 in the order 10, 1a, 2");
        let Targets::Classes { labels, count } = read("1,1\n2,1.0\n3,0\n4,-0.0\n5,1\n").unwrap().targets else {
            panic!()
        };
        assert_eq!((labels, count), (vec![1, 1, 0, 0, 1], 2));
    }

    #[test]
    fn errors_name_the_line() {
        for (text, part) in [
            ("1,2,0\n1,oops,1\n", "t.csv:2"),
            ("1,2,0\n1,2\n", "t.csv:2"),
            ("1,nan,0\n1,2,1\n", "t.csv:1"),
            ("", "no rows"),
            ("1\n2\n", "one column"),
        ] {
            let message = read(text).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(message.contains(part), "{text:?}: {message}");
        }
        assert!(parse("t.csv", b"a,b\n1,2\n", "c", "auto").err().unwrap().to_string().contains("a, b"));
    }

    #[test]
    fn too_many_cells_are_refused_before_they_are_read() {
        let message = parse("t.csv", &vec![b','; MOST_CELLS + 1], "last", "auto").err().unwrap().to_string();
        assert!(message.contains("67108865 cells") && message.contains("help:"), "{message}");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[0-9,.\\n\"ab-]{0,120}") {
            let _ = parse("x", &bytes, "last", "auto");
            let _ = parse("x", text.as_bytes(), "2", "classes");
        }
    }
}
