//! The target column of a CSV file while it is read, in little memory: numbers, or words each kept once.

use super::csv_table::Reading;
use std::collections::HashMap;

/// The target column: its numbers, or where some cell is none the number of each cell's word.
#[derive(Default)]
pub(super) struct TargetCells {
    numbers: Vec<f64>,
    words: HashMap<Box<str>, u32>,
    of_rows: Vec<u32>,
    pub odd: Option<Odd>,
}

/// The first target cell that is not a number.
pub(super) struct Odd {
    pub file: Box<str>,
    pub line: u64,
    pub cell: Box<str>,
}

impl TargetCells {
    pub fn len(&self) -> usize {
        self.numbers.len() + self.of_rows.len()
    }

    /// How many there are, numbers too, where some cell is not a number.
    pub fn different_words(&self) -> usize {
        self.words.len()
    }

    /// These.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.keys().map(|word| &**word)
    }

    /// Makes room for so many more, of a column of which some cells may be words.
    pub fn reserve(&mut self, rows: usize, has_words: bool) {
        match has_words {
            true => self.of_rows.reserve_exact(rows),
            false => self.numbers.reserve_exact(rows),
        }
    }

    /// Takes in a cell, at this line of this file, of a column of which some cells may be words.
    pub fn push(&mut self, (file, line): (&str, u64), cell: &str, number: Option<f64>, has_words: bool) {
        match number {
            // Adding zero turns -0 into 0.
            Some(number) if !has_words => return self.numbers.push(number + 0.0),
            Some(_) => {}
            None => {
                self.odd.get_or_insert_with(|| Odd { file: file.into(), line, cell: cell.into() });
            }
        }
        let next = self.words.len() as u32;
        let word = match self.words.get(cell) {
            Some(word) => *word,
            None => *self.words.entry(cell.into()).or_insert(next),
        };
        self.of_rows.push(word);
    }

    /// The numbers, where all cells are some.
    pub fn into_numbers(self, how: &Reading) -> Vec<f64> {
        if self.of_rows.is_empty() {
            return self.numbers;
        }
        // The rows with words were left out.
        let mut values = vec![0.0; self.words.len()];
        self.words.iter().for_each(|(word, place)| values[*place as usize] = how.number(word).unwrap_or(0.0) + 0.0);
        self.of_rows.iter().map(|word| values[*word as usize]).collect()
    }

    /// The rank of each row's word among the words in alphabetical order, and these.
    pub fn into_classes(self) -> (Vec<u32>, Vec<String>) {
        let mut words: Vec<(&str, u32)> = self.words.iter().map(|(word, place)| (&**word, *place)).collect();
        words.sort_unstable();
        let mut ranks = vec![0; words.len()];
        (0..).zip(&words).for_each(|(rank, (_, place))| ranks[*place as usize] = rank);
        // A name stands on one line.
        let names = words.iter().map(|(word, _)| word.replace(['\n', '\r'], " ")).collect();
        let mut labels = self.of_rows;
        labels.iter_mut().for_each(|word| *word = ranks[*word as usize]);
        (labels, names)
    }
}

/// The rank of each number among the different ones, and these.
pub(super) fn ranks(values: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let mut kinds = values.to_vec();
    kinds.sort_unstable_by(f64::total_cmp);
    kinds.dedup();
    let rank = |v: &f64| kinds.partition_point(|k| k.total_cmp(v).is_lt()) as u32;
    (values.iter().map(rank).collect(), kinds)
}
