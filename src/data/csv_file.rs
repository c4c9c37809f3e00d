//! Any CSV file: features, of numbers or of words, and one target column, of classes or of real numbers.
//!
//! A file is read twice: first to see what each column holds, then for its numbers, so that no more than the text and the
//! numbers are in memory, and these in as few bytes as hold them.

use super::csv_sequences::{Grouping, Positions, Rows, gather, same_column};
use super::csv_table::{Reading, Table, has_thousands, is_missing};
use super::csv_target::{Odd, TargetCells, ranks};
use super::dataset::{Split, Targets};
use super::error::DataError;
use super::file;
use super::numbers::{Column, Numbers, Packed, Range};
use super::raw::{Places, Raw};
use crate::setting::Settings;
use crate::table::count;
use csv::StringRecord;
use std::collections::{BTreeSet, HashSet};

/// More different values than this are not taken for classes unless the settings say so.
const MOST_CLASSES: usize = 100;

/// More different words than this are no categories.
const MOST_WORDS: usize = 1000;

/// A class of one row is doubtful where each other class has at least this many.
const MANY_OF_CLASS: usize = 5;

/// Fewer rows than this may be numbered by chance.
const FEWEST_NUMBERED: usize = 10;

/// More different whole numbers than this are not taken for classes without a word.
const MANY_CLASSES: usize = 20;

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

fn parse(train: (String, Vec<u8>), test: Option<(String, Vec<u8>)>, how: &Reading) -> Result<Raw, DataError> {
    let files = [Some(train), test].into_iter().flatten();
    let mut tables = files.map(|file| Table::new(file, how)).collect::<Result<Vec<Table>, _>>()?;
    let train = &tables[0];
    let mut columns = Columns::new(train, how)?;
    let mut notes: Vec<String> = columns.numbering(train, how)?.into_iter().collect();
    for test in &tables[1..] {
        test.match_with(train)?;
        columns.see(test, how)?;
    }
    if how.one_hot {
        tables.iter().try_for_each(|table| columns.see_mixed(table))?;
    }
    let features = columns.features(train, how)?;
    notes.extend(features.iter().filter_map(|feature| columns.mixed(feature, train)));
    notes.extend(features.iter().filter_map(|feature| columns.rare(feature, train)));
    let (mut parts, mut cells) = (Vec::new(), TargetCells::default());
    for (table, rows) in tables.iter().zip(&columns.rows) {
        let (part, note) = columns.fill(table, *rows, &features, how, &mut cells)?;
        parts.push(part);
        notes.extend(note);
    }
    let (targets, classes) = columns.targets(&train.name, cells, how)?;
    let doubt = train.doubtful_header(&targets, &classes, how);
    notes.extend(doubt.or_else(|| columns.lone_class(&tables, &targets, &classes, how)));
    notes.extend(columns.many_numbers(train, &classes, how));
    let names: Vec<String> = features.iter().flat_map(|feature| feature.names(train)).collect();
    // From here on only numbers are needed.
    tables.iter_mut().for_each(|table| table.text = String::new());
    let (mut splits, steps, change) = if columns.grouping.is_some() {
        let gathered = gather(&tables, parts, &targets, names.len(), how.is_padded)?;
        notes.extend(gathered.note);
        (gathered.splits, Some(gathered.steps), gathered.change)
    } else {
        let split = |part: Rows| {
            let rows: Vec<usize> = part.targets.collect();
            Split { rows: rows.len(), x: part.x, targets: targets.pick(&rows, 1) }
        };
        (parts.into_iter().map(split).collect(), None, None)
    };
    let test = splits.drain(1..).next();
    let first = splits.remove(0);
    let raw = Raw::new("csv", names.len() * steps.unwrap_or(1), first.x, first.targets);
    Ok(Raw { file: tables.swap_remove(0).name, names, classes, test, notes, steps, change, ..raw })
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
    numbers: Range,
    /// How many cells are neither numbers nor missing, as none of a target of numbers must be.
    odd: usize,
    /// While every row has a whole number.
    whole: Option<WholeNumbers>,
}

/// The whole numbers of a column.
#[derive(Clone, Copy)]
struct WholeNumbers {
    low: f64,
    high: f64,
    last: f64,
    /// Whether each is above the one before.
    rises: bool,
    falls: bool,
}

impl WholeNumbers {
    /// With the number of the next row, or of the first.
    fn with(before: Option<Self>, x: f64) -> Self {
        let Some(own) = before else { return WholeNumbers { low: x, high: x, last: x, rises: true, falls: true } };
        WholeNumbers {
            low: own.low.min(x),
            high: own.high.max(x),
            last: x,
            rises: own.rises && x > own.last,
            falls: own.falls && x < own.last,
        }
    }
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
    /// Of each table that was seen.
    rows: Vec<usize>,
    target: usize,
    dropped: Vec<bool>,
    /// Where rows are time steps of sequences.
    grouping: Option<Grouping>,
}

/// A column that becomes inputs.
struct Feature {
    column: usize,
    /// Its words, each of which becomes an input that is 1 where the cell holds it, else 0, in alphabetical order; none for a number.
    words: Vec<String>,
    kept: Column,
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
        let mut columns = Columns { seen, rows: Vec::new(), target: 0, dropped, grouping: Grouping::new(table, how)? };
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
        if let Some(key) =
            columns.grouping.and_then(|grouping| grouping.key(columns.target)).filter(|_| how.target != "last")
        {
            return Err(same_column(table, columns.target, [key, "data.target"]));
        }
        columns.dropped[columns.target] = true;
        if columns.dropped.iter().all(|dropped| *dropped) {
            return Err(table.error("no feature is left", "data.drop and data.target leave out all columns; keep one"));
        }
        Ok(columns)
    }

    fn see(&mut self, table: &Table, how: &Reading) -> Result<(), DataError> {
        let mut rows = 0;
        table.rows(|line, record| {
            rows += 1;
            for (seen, cell) in self.seen.iter_mut().zip(record) {
                let number = how.number(cell);
                seen.number |= number.is_some();
                number.iter().for_each(|x| seen.numbers.take_in(*x));
                seen.fraction |= number.is_some_and(|x| x.fract() != 0.0);
                let is_whole = seen.rows == 0 || seen.whole.is_some();
                let whole = number.filter(|x| is_whole && x.fract() == 0.0);
                seen.whole = whole.map(|x| WholeNumbers::with(seen.whole, x));
                seen.rows += 1;
                if number.is_none() && is_missing(cell) {
                    seen.missing += 1;
                } else if number.is_none() {
                    seen.odd += 1;
                    seen.word.get_or_insert_with(|| (line, cell.into()));
                    seen.take_in(cell);
                }
            }
            Ok(())
        })?;
        self.rows.push(rows);
        Ok(())
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

    /// Says of a feature of words that most of them stand in a single row, from which nothing is learned for others.
    fn rare(&self, feature: &Feature, table: &Table) -> Option<String> {
        let (inputs, rows) = (feature.words.len(), self.seen[feature.column].rows);
        let (file, name) = (&table.name, table.called(feature.column));
        (inputs >= FEWEST_NUMBERED && 2 * inputs > rows).then(|| {
            format!(
                "{file}: column {name} has {inputs} different cells in {rows} rows, and each becomes an input; if it is not a \
                 category, leave it out with data.drop = [\"{name}\"]"
            )
        })
    }

    /// The columns that become inputs.
    fn features(&self, table: &Table, how: &Reading) -> Result<Vec<Feature>, DataError> {
        let kept = (0..self.seen.len()).filter(|column| !self.dropped[*column]);
        let feature = |column: usize| {
            let seen = &self.seen[column];
            let name = table.called(column);
            let Some((line, word)) = &seen.word else {
                return Ok(Feature { column, words: Vec::new(), kept: seen.numbers.column() });
            };
            let written_otherwise = seen.words.iter().all(|word| how.is_number_otherwise(word));
            if how.one_hot && seen.words.len() <= MOST_WORDS && !written_otherwise {
                let words: Vec<String> = seen.words.iter().cloned().collect();
                return Ok(Feature { column, kept: Column::of_words(words.len()), words });
            }
            let what = format!("column {name} holds \"{word}\", not a finite number");
            let cure = if how.has_other_decimal(word) && seen.words.iter().all(|word| has_thousands(word, ',')) {
                "write numbers without the commas between their thousands; only if these are decimal commas, write \
                 data.decimal = \"comma\""
                    .into()
            } else if how.has_other_decimal(word) {
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

    /// A table's rows, in which cells may be missing that are to become the mean, and what was done about missing values; the
    /// target cells are appended.
    fn fill(
        &self,
        table: &Table,
        rows: usize,
        features: &[Feature],
        how: &Reading,
        targets: &mut TargetCells,
    ) -> Result<(Rows, Option<String>), DataError> {
        let columns: Vec<Column> = features.iter().map(|feature| feature.kept).collect();
        let (start, mut x) = (targets.len(), Packed::new(&columns, rows));
        let mut places = Positions::new(self.grouping.map_or(0, |_| rows));
        let has_words = self.seen[self.target].odd > 0;
        targets.reserve(rows, has_words);
        let is_dropped = how.missing == "drop";
        let (mut holed_rows, mut holed_sequences) = (0, HashSet::<Box<str>>::new());
        // Without one of its time steps a sequence would be another one, so it is left out as a whole.
        if let Some(grouping) = self.grouping.filter(|_| is_dropped) {
            table.rows(|_, record| {
                if self.hole(features, record).is_some() {
                    holed_sequences.insert(grouping.name(record).into());
                }
                Ok(())
            })?;
        }
        table.rows(|line, record| {
            let hole = self.hole(features, record);
            holed_rows += usize::from(hole.is_some());
            let is_holed = match self.grouping {
                Some(grouping) => holed_sequences.contains(grouping.name(record)),
                None => hole.is_some(),
            };
            if is_dropped && is_holed {
                return Ok(());
            }
            if let Some(column) = hole.filter(|column| how.missing != "mean" || *column == self.target) {
                return Err(self.missing(table, column, &record[column]).line(line));
            }
            for feature in features {
                let cell = &record[feature.column];
                let place = || feature.words.binary_search_by(|word| word.as_str().cmp(cell)).ok();
                x.push(
                    feature.kept,
                    if feature.words.is_empty() { how.number(cell) } else { place().map(|place| place as f64) },
                );
            }
            if let Some(grouping) = &self.grouping {
                places.push(grouping, table, line, record, how)?;
            }
            let target = &record[self.target];
            targets.push((&table.name, line), target, how.number(target), has_words);
            Ok(())
        })?;
        let x = Numbers::Packed(x);
        if x.is_empty() {
            let what = format!("every {} has a missing value", self.sample());
            return Err(table.error(what, "write data.missing = \"mean\", or drop the column"));
        }
        let (holed, fate) = match is_dropped {
            true if self.grouping.is_some() => (count(holed_sequences.len(), "sequence"), "left out"),
            true => (count(holed_rows, "row"), "left out"),
            false => (count(holed_rows, "row"), "filled with the means of the training rows"),
        };
        let note = format!("{}: {holed} with missing values, {fate} (data.missing)", table.name);
        Ok((Rows { x, targets: start..targets.len(), places }, (holed_rows > 0).then_some(note)))
    }

    /// What a row is part of, or is itself, that is trained on as one.
    fn sample(&self) -> &'static str {
        if self.grouping.is_some() { "sequence" } else { "row" }
    }

    /// The first column in which a row lacks the target or a feature.
    fn hole(&self, features: &[Feature], record: &StringRecord) -> Option<usize> {
        let columns = std::iter::once(self.target).chain(features.iter().map(|feature| feature.column));
        columns.into_iter().find(|column| is_missing(&record[*column]))
    }

    /// That a row lacks the target or a feature.
    fn missing(&self, table: &Table, column: usize, cell: &str) -> DataError {
        let sample = self.sample();
        if column == self.target {
            let what = if cell.is_empty() { "the target is empty".into() } else { format!("the target is \"{cell}\"") };
            return table.error(what, format!("fill it in, or leave out such {sample}s with data.missing = \"drop\""));
        }
        let what = format!("column {} holds \"{cell}\", not a finite number", table.called(column));
        let cure = format!(
            "leave out {sample}s with missing values with data.missing = \"drop\", or take the mean of the training rows with \
             data.missing = \"mean\""
        );
        table.error(what, cure)
    }

    /// Classes with what they are called, or real numbers. Numbers are told apart by value and words by spelling: `1` and `1.0` are
    /// one class.
    fn targets(&self, name: &str, cells: TargetCells, how: &Reading) -> Result<(Targets, Vec<String>), DataError> {
        let seen = &self.seen[self.target];
        let is_mistyped = seen.number && (seen.fraction || seen.odd == 1 || cells.different_words() > MOST_CLASSES);
        if let Some(Odd { file, line, cell }) = &cells.odd
            && (how.task == "values" || how.task == "auto" && is_mistyped)
        {
            let what = format!("the target is \"{cell}\", not a finite number as in other lines");
            let cure = match line {
                1 => "write data.header = \"yes\" if this line names the columns; else correct the cell",
                _ => {
                    "correct it if it is mistyped; if the value is missing, leave the cell empty and write data.missing = \"drop\"; \
                     if the targets are classes, write data.task = \"classes\""
                }
            };
            return Err(DataError::file(&**file, what, cure).line(*line));
        }
        if let Some(Odd { file, line, cell }) = &cells.odd
            && how.task != "classes"
            && cells.words().all(|word| how.number(word).is_some() || how.is_number_otherwise(word))
        {
            let what = format!("the target is \"{cell}\", a number with marks that are not read");
            let cure = "write numbers without what separates the thousands, and with a decimal point or data.decimal = \"comma\"; \
                        if the targets are classes, write data.task = \"classes\"";
            return Err(DataError::file(&**file, what, cure).line(*line));
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

    /// Says of a class of one row that it may be mistyped, where the others have many.
    fn lone_class(&self, tables: &[Table], targets: &Targets, classes: &[String], how: &Reading) -> Option<String> {
        let lone = targets.lone_class()?;
        let rows = targets.counts()?;
        if (0..).zip(rows).any(|(class, rows)| class != lone && rows < MANY_OF_CLASS) {
            return None;
        }
        let (class, is_word) = (&classes[lone as usize], self.seen[self.target].odd > 0);
        let is_it = |cell: &str| match how.number(cell) {
            Some(number) if !is_word => (number + 0.0).to_string() == *class,
            _ => cell == class,
        };
        tables.iter().find_map(|table| {
            let mut found = None;
            let read = table.rows(|line, record| {
                found = found.or(is_it(&record[self.target]).then_some(line));
                Ok(())
            });
            read.ok()?;
            let (file, line) = (&table.name, found?);
            Some(format!(
                "{file}: line {line} is the only row of class \"{class}\"; correct it if it is mistyped, or if the value is missing, leave \
                 the cell empty and write data.missing = \"drop\""
            ))
        })
    }

    /// Says of a target of many whole numbers that they are taken for classes.
    fn many_numbers(&self, table: &Table, classes: &[String], how: &Reading) -> Option<String> {
        let is_guessed = how.task == "auto" && self.seen[self.target].odd == 0 && classes.len() > MANY_CLASSES;
        let (file, n) = (&table.name, classes.len());
        is_guessed.then(|| {
            format!(
                "{file}: the {n} different whole numbers of the target are taken for classes; if they are amounts, write \
                 data.task = \"values\""
            )
        })
    }

    /// Says of a feature that it numbers the rows: where a table was sorted, it gives the target away. The numbers rise or fall from row
    /// to row, or are those of a range in any order.
    fn numbering(&self, table: &Table, how: &Reading) -> Result<Option<String>, DataError> {
        let numbers = |column: usize| {
            let seen = &self.seen[column];
            let Some(own) = seen.whole.filter(|_| !self.dropped[column] && seen.rows >= FEWEST_NUMBERED) else {
                return Ok(false);
            };
            if own.rises || own.falls || own.high - own.low + 1.0 != seen.rows as f64 {
                return Ok(own.rises || own.falls);
            }
            let (mut is_taken, mut differ) = (vec![false; seen.rows], true);
            table.rows(|_, record| {
                // All cells are whole numbers from the least to the greatest.
                let place = how.number(&record[column]).map_or(0.0, |x| x - own.low) as usize;
                differ &= !std::mem::replace(&mut is_taken[place], true);
                Ok(())
            })?;
            Ok(differ)
        };
        for column in 0..self.seen.len() {
            if numbers(column)? {
                let (file, name) = (&table.name, table.called(column));
                return Ok(Some(format!(
                    "{file}: column {name} numbers the rows; if it is not a feature, leave it out with data.drop = [\"{name}\"]"
                )));
            }
        }
        Ok(None)
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
        assert_eq!(raw.x.to_vec(), [1.0, 2.0]);
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
