//! Any CSV file: features, of numbers or of words, and one target column, of classes or of real numbers.
//!
//! A file is read twice: first to see what each column holds, then for its numbers, so that no more than the text and the
//! numbers are in memory.

use super::csv_sequences::{Grouping, Place, Sequences};
use super::csv_table::{Reading, Table, is_missing};
use super::csv_target::{TargetCells, ranks};
use super::dataset::{Split, Targets};
use super::error::DataError;
use super::file;
use super::raw::{Places, Raw};
use crate::setting::Settings;
use crate::table::count;
use std::collections::BTreeSet;

/// More different values than this are not taken for classes unless the settings say so.
const MOST_CLASSES: usize = 100;

/// More different words than this are no categories.
const MOST_WORDS: usize = 1000;

/// Fewer rows than this may be numbered by chance.
const FEWEST_NUMBERED: usize = 10;

/// The file the settings name, and the one with the test rows if they name one.
pub(super) fn raw(settings: &Settings, places: &Places) -> Result<Raw, DataError> {
    let path = |key: &str| settings.text(key).map(|p| places.base.join(p));
    let Some(train) = path("data.path") else {
        return Err(DataError::settings("data", "csv data needs a file", "write data.path"));
    };
    let load = |path: std::path::PathBuf| {
        let bytes = file::read(&path, file::CSV_LIMIT)?;
        Ok((path.display().to_string(), bytes))
    };
    let test = path("data.test_path").map(load).transpose()?;
    parse(load(train)?, test, &Reading::new(settings))
}

/// Numbers that sequences padded to one length may hold: 2 GiB of them.
const MOST_PADDED: usize = 1 << 28;

fn parse(train: (String, Vec<u8>), test: Option<(String, Vec<u8>)>, how: &Reading) -> Result<Raw, DataError> {
    let train = Table::new(train, how)?;
    let test = test.map(|test| Table::new(test, how)).transpose()?;
    let mut columns = Columns::new(&train, how)?;
    let numbering = columns.numbering(&train);
    if let Some(test) = &test {
        test.match_with(&train)?;
        columns.see(test, how)?;
    }
    let tables = || [Some(&train), test.as_ref()].into_iter().flatten();
    if how.one_hot {
        tables().try_for_each(|table| columns.see_mixed(table))?;
    }
    let features = columns.features(&train, how)?;
    let mut parts = Vec::new();
    let mut sequences: Vec<Sequences> = Vec::new();
    let mixed = features.iter().filter_map(|feature| columns.mixed(feature, &train));
    let mut notes: Vec<String> = numbering.into_iter().chain(mixed).collect();
    let mut cells = TargetCells::default();
    for table in tables() {
        let before = cells.len();
        let (x, holed, places) = columns.fill(table, &features, how, &mut cells)?;
        let fate = if how.missing == "drop" { "left out" } else { "filled with the means of the training rows" };
        if holed > 0 {
            let rows = count(holed, "row");
            notes.push(format!("{}: {rows} with missing values, {fate} (data.missing)", table.name));
        }
        if columns.grouping.is_some() {
            let own = Sequences::of(table, places, how.is_padded)?;
            if let Some(first) = sequences.first().filter(|first| !how.is_padded && first.steps != own.steps) {
                let what =
                    format!("its sequences have {} rows; those of {} have {}", own.steps, train.name, first.steps);
                return Err(table.error(
                    what,
                    "give two files whose sequences are equally long, or write data.padding = \"front\"",
                ));
            }
            sequences.push(own);
        }
        parts.push((x, before..cells.len()));
    }
    let (targets, classes) = columns.targets(&train.name, cells, how)?;
    notes.extend(train.doubtful_header(&targets, &classes, how));
    let names: Vec<String> = features.iter().flat_map(|feature| feature.names(&train)).collect();
    let steps = sequences.iter().map(|sequences| sequences.steps).max();
    let shortest = sequences.iter().map(Sequences::shortest).min();
    let is_padded = shortest < steps;
    if is_padded {
        let (shortest, longest) = (shortest.unwrap_or(0), steps.unwrap_or(0));
        notes.push(format!("sequences of {shortest} to {longest} time steps, padded at the front (data.padding)"));
    }
    let width = names.len() * steps.unwrap_or(1);
    let whole = parts.len() == 1;
    let starts: Vec<usize> = parts.iter().map(|(_, rows)| rows.start).collect();
    let change = tables()
        .zip(sequences.iter().zip(&starts))
        .find_map(|(table, (own, start))| own.change(&table.name, &targets, *start));
    let numbers = sequences.iter().map(Sequences::count).sum::<usize>() * width;
    if is_padded && numbers > MOST_PADDED {
        let what = format!("padded to {} time steps, its sequences hold {numbers} numbers", steps.unwrap_or(0));
        return Err(DataError::file(
            &train.name,
            what,
            format!("cut the longest ones; at most {MOST_PADDED} are read"),
        ));
    }
    if let (true, Some(change)) = (is_padded, &change) {
        let what = format!("sequences differ in length, and the target changes {change}");
        return Err(DataError::file(&train.name, what, "targets of each time step need sequences of one length"));
    }
    let parts = parts.into_iter().enumerate().map(|(part, (x, rows))| {
        let rows: Vec<usize> = rows.collect();
        match (sequences.get(part), steps) {
            (Some(own), Some(steps)) => Split {
                rows: own.count(),
                x: own.arranged(&x, names.len(), steps),
                targets: own.targets(&targets, starts[part], change.is_none()),
            },
            // One table needs no copy.
            _ if whole => Split { rows: rows.len(), x, targets: targets.clone() },
            _ => Split { rows: rows.len(), x, targets: targets.pick(&rows, 1) },
        }
    });
    let mut parts: Vec<Split> = parts.collect();
    let test = if whole { None } else { parts.pop() };
    let first = parts.swap_remove(0);
    let raw = Raw::new("csv", width, first.x, first.targets);
    Ok(Raw { file: train.name, names, classes, test, notes, steps, change, ..raw })
}

/// What the cells of a column are.
#[derive(Default)]
struct Seen {
    rows: usize,
    missing: usize,
    /// Whether some cell is a number.
    number: bool,
    /// The different cells that are neither numbers nor missing, up to one more than [`MOST_WORDS`]; the numbers too of a column
    /// that has both and becomes categories.
    words: BTreeSet<String>,
    /// The first of them, with its line.
    word: Option<(u64, String)>,
    fraction: bool,
    /// Whether some cell is neither a number nor missing, as a target of numbers must not be.
    odd: bool,
    /// The first number, while every row has the next whole number.
    numbered: Option<f64>,
}

impl Seen {
    fn take_in(&mut self, cell: &str) {
        if self.words.len() <= MOST_WORDS && !self.words.contains(cell) {
            self.words.insert(cell.into());
        }
    }
}

/// All columns of a table, and which are left out.
struct Columns {
    seen: Vec<Seen>,
    target: usize,
    dropped: Vec<bool>,
    /// Where rows are time steps of sequences.
    grouping: Option<Grouping>,
}

/// A column that becomes inputs.
struct Feature {
    column: usize,
    /// Its words, each of which becomes an input that is 1 where the cell holds it, else 0; none for a number.
    words: Vec<String>,
}

impl Feature {
    /// What each of its inputs is called.
    fn names(&self, table: &Table) -> Vec<String> {
        let name = table.called(self.column);
        match self.words.is_empty() {
            true => vec![name],
            false => self.words.iter().map(|word| format!("{name} = {word}")).collect(),
        }
    }
}

impl Columns {
    fn new(table: &Table, how: &Reading) -> Result<Self, DataError> {
        let seen = (0..table.columns).map(|_| Seen::default()).collect();
        let dropped = vec![false; table.columns];
        let mut columns = Columns { seen, target: 0, dropped, grouping: Grouping::new(table, how)? };
        columns.see(table, how)?;
        for name in how.drop {
            columns.dropped[table.find(name, "data.drop")?] = true;
        }
        for column in columns.grouping.iter().flat_map(Grouping::columns) {
            columns.dropped[column] = true;
        }
        // A separator at the end of every line makes a last column of nothing.
        let last = table.columns - 1;
        let nothing = columns.seen[last].missing == columns.seen[last].rows;
        if nothing && table.header.as_ref().is_none_or(|header| header[last].is_empty()) {
            columns.dropped[last] = true;
        }
        columns.target = match how.target {
            "last" => (0..table.columns).rev().find(|c| !columns.dropped[*c]).unwrap_or(last),
            name => table.find(name, "data.target")?,
        };
        columns.dropped[columns.target] = true;
        if columns.dropped.iter().all(|dropped| *dropped) {
            return Err(table.error("no feature is left", "data.drop and data.target leave out all columns; keep one"));
        }
        Ok(columns)
    }

    fn see(&mut self, table: &Table, how: &Reading) -> Result<(), DataError> {
        table.rows(|line, record| {
            for (seen, cell) in self.seen.iter_mut().zip(record) {
                let number = how.number(cell);
                seen.odd |= number.is_none() && !is_missing(cell);
                seen.number |= number.is_some();
                seen.fraction |= number.is_some_and(|x| x.fract() != 0.0);
                seen.numbered = match (seen.rows, number) {
                    (0, Some(first)) if first.fract() == 0.0 => Some(first),
                    (n, Some(x)) => seen.numbered.filter(|first| x - first == n as f64),
                    _ => None,
                };
                seen.rows += 1;
                if number.is_none() && is_missing(cell) {
                    seen.missing += 1;
                } else if number.is_none() {
                    seen.word.get_or_insert_with(|| (line, cell.into()));
                    seen.take_in(cell);
                }
            }
            Ok(())
        })
    }

    /// Takes in the numbers of columns that hold words as well: there they are categories like the words.
    fn see_mixed(&mut self, table: &Table) -> Result<(), DataError> {
        let mut mixed: Vec<(usize, &mut Seen)> =
            self.seen.iter_mut().enumerate().filter(|(_, seen)| seen.number && seen.word.is_some()).collect();
        if mixed.is_empty() {
            return Ok(());
        }
        table.rows(|_, record| {
            mixed.iter_mut().filter(|(c, _)| !is_missing(&record[*c])).for_each(|(c, seen)| seen.take_in(&record[*c]));
            Ok(())
        })
    }

    /// Says of a feature of numbers and words that its numbers are categories too.
    fn mixed(&self, feature: &Feature, table: &Table) -> Option<String> {
        let seen = &self.seen[feature.column];
        let (_, word) = seen.word.as_ref().filter(|_| seen.number)?;
        let (file, name, inputs) = (&table.name, table.called(feature.column), feature.words.len());
        Some(format!(
            "{file}: column {name} holds numbers and words, as \"{word}\": each of its {inputs} different cells is an input"
        ))
    }

    /// The columns that become inputs.
    fn features(&self, table: &Table, how: &Reading) -> Result<Vec<Feature>, DataError> {
        let kept = (0..self.seen.len()).filter(|column| !self.dropped[*column]);
        let feature = |column: usize| {
            let seen = &self.seen[column];
            let name = table.called(column);
            let Some((line, word)) = &seen.word else { return Ok(Feature { column, words: Vec::new() }) };
            let written_otherwise = seen.words.iter().all(|word| how.is_number_otherwise(word));
            if how.one_hot && seen.words.len() <= MOST_WORDS && !written_otherwise {
                return Ok(Feature { column, words: seen.words.iter().cloned().collect() });
            }
            let what = format!("column {name} holds \"{word}\", not a finite number");
            let cure = if how.has_other_decimal(word) {
                "if numbers are written with a decimal comma, write data.decimal = \"comma\"".into()
            } else if how.is_number_otherwise(word) {
                "write numbers without what separates the thousands".into()
            } else if *line == 1 {
                "delete this line if it is not a row, or write data.header = \"yes\" if it names the columns".into()
            } else if seen.words.len() > MOST_WORDS {
                format!(
                    "leave the column out with data.drop = [\"{name}\"]: it has more than {MOST_WORDS} different words"
                )
            } else {
                format!(
                    "words become inputs of 0 and 1 with data.categories = \"one_hot\"; data.drop = [\"{name}\"] leaves the column out"
                )
            };
            Err(table.error(what, cure).line(*line))
        };
        kept.map(feature).collect()
    }

    /// The inputs of a table's rows, with NaN for what is missing and is to become the mean, how many rows lack
    /// something, and of sequences the place of each row; the target cells are appended.
    fn fill(
        &self,
        table: &Table,
        features: &[Feature],
        how: &Reading,
        targets: &mut TargetCells,
    ) -> Result<(Vec<f64>, usize, Vec<Place>), DataError> {
        let width: usize = features.iter().map(|feature| feature.words.len().max(1)).sum();
        let (mut x, mut holed) = (Vec::with_capacity(self.seen[self.target].rows * width), 0);
        let (mut places, of_sequences) = (Vec::new(), self.grouping.is_some());
        table.rows(|line, record| {
            let missing = features.iter().find(|f| how.number(&record[f.column]).is_none() && is_missing(&record[f.column]));
            let target = &record[self.target];
            let no_target = is_missing(target);
            holed += usize::from(missing.is_some() || no_target);
            if how.missing == "drop" && (missing.is_some() || no_target) && !of_sequences {
                return Ok(());
            }
            if no_target {
                let what = if target.is_empty() { "the target is empty".into() } else { format!("the target is \"{target}\"") };
                let cure = match of_sequences {
                    true => "fill it in, or remove all rows of its sequence",
                    false => "fill it in, remove the line, or leave out such rows with data.missing = \"drop\"",
                };
                return Err(table.error(what, cure).line(line));
            }
            if let Some(feature) = missing.filter(|_| how.missing != "mean") {
                let (name, cell) = (table.called(feature.column), &record[feature.column]);
                let what = format!("column {name} holds \"{cell}\", not a finite number");
                let cure = match of_sequences {
                    true => {
                        "take the mean of the training rows with data.missing = \"mean\", or remove all rows of its sequence, of \
                         which no time step can be left out by itself"
                    }
                    false => {
                        "leave out rows with missing values with data.missing = \"drop\", or take the mean of the training \
                         rows with data.missing = \"mean\""
                    }
                };
                return Err(table.error(what, cure).line(line));
            }
            for feature in features {
                let cell = &record[feature.column];
                match feature.words.is_empty() {
                    true => x.push(how.number(cell).unwrap_or(f64::NAN)),
                    false if is_missing(cell) => x.extend(feature.words.iter().map(|_| f64::NAN)),
                    false => x.extend(feature.words.iter().map(|word| f64::from(u8::from(word == cell)))),
                }
            }
            if let Some(grouping) = &self.grouping {
                places.push(grouping.place(table, line, record, how)?);
            }
            targets.push(line, target, how.number(target), self.seen[self.target].odd);
            Ok(())
        })?;
        if x.is_empty() {
            return Err(
                table.error("every row has a missing value", "write data.missing = \"mean\", or drop the column")
            );
        }
        Ok((x, holed, places))
    }

    /// Classes with what they are called, or real numbers. Numbers are told apart by value and words by spelling: `1` and `1.0` are
    /// one class.
    fn targets(&self, name: &str, cells: TargetCells, how: &Reading) -> Result<(Targets, Vec<String>), DataError> {
        let seen = &self.seen[self.target];
        if let Some((line, cell)) = &cells.odd
            && (how.task == "values" || how.task == "auto" && seen.fraction)
        {
            let what = format!("the target is \"{cell}\", not a finite number as in other lines");
            return Err(DataError::file(name, what, "correct it, or write data.task = \"classes\"").line(*line));
        }
        let values = |y| Ok((Targets::Values { y, width: 1 }, Vec::new()));
        let (labels, classes) = match cells.odd {
            None if how.task == "values" => return values(cells.into_numbers(how)),
            None => {
                let y = cells.into_numbers(how);
                let (labels, kinds) = ranks(&y);
                if how.task == "auto" && (seen.fraction || kinds.len() > MOST_CLASSES) {
                    return values(y);
                }
                (labels, kinds.iter().map(f64::to_string).collect())
            }
            Some(_) => cells.into_classes(),
        };
        let count = classes.len();
        if how.task == "auto" && count > MOST_CLASSES {
            let what = format!("the target has {count} different words");
            let cure = "check data.target, or write data.task = \"classes\" if they are classes";
            return Err(DataError::file(name, what, cure));
        }
        Ok((Targets::Classes { labels, count }, classes))
    }

    /// Says of a feature that it numbers the rows: where a table is sorted, it gives the target away.
    fn numbering(&self, table: &Table) -> Option<String> {
        let numbers = |column: &usize| !self.dropped[*column] && self.seen[*column].numbered.is_some();
        let column = (0..self.seen.len()).find(numbers).filter(|c| self.seen[*c].rows >= FEWEST_NUMBERED)?;
        let name = table.called(column);
        Some(format!(
            "{}: column {name} numbers the rows; if it is not a feature, leave it out with data.drop = [\"{name}\"]",
            table.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::csv_table::MOST_CELLS;
    use super::*;
    use proptest::prelude::*;

    fn read_as(bytes: &[u8], target: &str, task: &str) -> Result<Raw, DataError> {
        let settings = Settings::default();
        let how = Reading { target, task, ..Reading::new(&settings) };
        super::parse(("t.csv".into(), bytes.to_vec()), None, &how)
    }

    fn read(text: &str) -> Result<Raw, DataError> {
        read_as(text.as_bytes(), "last", "auto")
    }

    #[test]
    fn header_classes_and_values_are_recognised() {
        let raw = read("a,b,kind\n1,2,x\n3,4,y\n5,6,x\n").unwrap();
        assert_eq!((raw.features, raw.x.len()), (2, 6));
        assert_eq!(raw.targets, Targets::Classes { labels: vec![0, 1, 0], count: 2 });
        let raw = read("1,0.5\n2,1.5\n").unwrap();
        assert_eq!(raw.targets, Targets::Values { y: vec![0.5, 1.5], width: 1 });
        let raw = read_as(b"y,a\n0.5,1\n1.5,2\n", "y", "auto").unwrap();
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
        assert!(read_as(b"a,b\n1,2\n", "c", "auto").err().unwrap().to_string().contains("a, b"));
    }

    #[test]
    fn too_many_cells_are_refused_before_they_are_read() {
        let message = read_as(&vec![b','; MOST_CELLS + 1], "last", "auto").err().unwrap().to_string();
        assert!(message.contains("67108865 cells") && message.contains("help:"), "{message}");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[0-9,.\\n\"ab-]{0,120}") {
            let _ = read_as(&bytes, "last", "auto");
            let _ = read_as(text.as_bytes(), "2", "classes");
        }
    }
}
