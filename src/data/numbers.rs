//! The inputs of a part of the data: numbers as they were made, or cells of a file in as few bytes as hold them exactly.

use crate::ops::recurrent::PADDING;
use crate::ops::{Element, convert};
use std::sync::Arc;

/// Numbers row by row.
#[derive(Clone, Debug)]
pub enum Numbers {
    Plain(Vec<f64>),
    /// Of a file: a digit and its comma are two bytes, a number is eight.
    Packed(Packed),
}

/// Decimals that a packed number has at most.
pub(super) const MOST_DECIMALS: usize = 9;
const POWERS: [f64; MOST_DECIMALS + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Integers of four bytes are below this; those from here on are places in a list.
const LIMIT: i32 = 1 << 30;
/// Integers of two bytes are at most this. The largest of a type stands for padding, the least for a missing cell.
const SHORT: i32 = i16::MAX as i32 - 1;

/// The integer that, divided by so many tens, is this number to the last bit.
fn integer(x: f64, decimals: usize) -> Option<i32> {
    let scaled = x * POWERS[decimals];
    if scaled.abs() >= f64::from(LIMIT) {
        return None;
    }
    let whole = (scaled + 0.5f64.copysign(scaled)) as i32;
    let is_exact = whole.abs() < LIMIT && (f64::from(whole) / POWERS[decimals]).to_bits() == x.to_bits();
    is_exact.then_some(whole)
}

/// What is known of the numbers of a column before they are packed.
#[derive(Clone, Debug, Default)]
pub(super) struct Range {
    /// How many have so many decimals.
    of_decimals: [u32; MOST_DECIMALS + 1],
    /// The largest magnitude of these.
    largest: f64,
    /// How many are written with more digits than four bytes hold.
    long: u32,
}

impl Range {
    pub fn take_in(&mut self, x: f64) {
        let fits = |decimals: &usize| x.abs() * POWERS[*decimals] < f64::from(LIMIT);
        // What the most decimals do not hold, fewer do not either.
        let most = (0..=MOST_DECIMALS).take_while(fits).last().filter(|most| integer(x, *most).is_some());
        match most.and_then(|most| (0..=most).find(|decimals| integer(x, *decimals).is_some())) {
            Some(decimals) => {
                self.of_decimals[decimals] += 1;
                self.largest = self.largest.max(x.abs());
            }
            None => self.long += 1,
        }
    }

    /// How a column of such numbers is kept.
    pub fn column(&self) -> Column {
        let reach = |decimals: &usize| self.largest * POWERS[*decimals];
        let needed = (0..=MOST_DECIMALS).rev().find(|decimals| self.of_decimals[*decimals] > 0).unwrap_or(0);
        let decimals = (0..=needed).rev().find(|own| reach(own) < f64::from(LIMIT)).unwrap_or(0);
        let all = self.long + self.of_decimals.iter().sum::<u32>();
        let listed = self.long + self.of_decimals[decimals + 1..].iter().sum::<u32>();
        let kind = match listed {
            0 if reach(&decimals) <= f64::from(SHORT) => Kind::Short,
            _ if listed > all / 2 => Kind::Full,
            _ => Kind::Long,
        };
        Column { kind, decimals: if kind == Kind::Full { 0 } else { decimals } }
    }
}

/// How the cells of a column are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// As integers of two bytes.
    Short,
    /// As integers of four bytes, and few that are none in a list.
    Long,
    /// As they are.
    Full,
    /// As the place of a word among so many, each of which is an input that is 1 where the cell holds it, else 0.
    Word(usize),
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Kind::Short | Kind::Word(_) => 2,
            Kind::Long => 4,
            Kind::Full => 8,
        }
    }
}

/// A column that becomes inputs: one, or one for each word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    kind: Kind,
    decimals: usize,
}

impl Column {
    /// Of so many different words.
    pub fn of_words(words: usize) -> Self {
        Column { kind: Kind::Word(words), decimals: 0 }
    }

    pub fn inputs(self) -> usize {
        if let Kind::Word(words) = self.kind { words } else { 1 }
    }
}

/// Cells line by line, and what is made of each to become an input.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Columns of one kind side by side, with their number.
    runs: Vec<(Kind, usize)>,
    /// Bytes of a line.
    stride: usize,
    bytes: Vec<u8>,
    listed: Arc<Vec<f64>>,
    /// Whether some column has decimals, and whether some cell is missing or padding: most files have neither.
    has_decimals: bool,
    has_gaps: bool,
    /// Of each input: what its integer is divided by, what a missing cell becomes, and how it is scaled.
    powers: Vec<f64>,
    fills: Vec<f64>,
    shifts: Vec<f64>,
    divisors: Vec<f64>,
    /// Which of the inputs stands in each place; empty where they stand in order.
    order: Vec<usize>,
}

impl Packed {
    /// Without lines, and with room for so many.
    pub(super) fn new(columns: &[Column], lines: usize) -> Self {
        let mut runs: Vec<(Kind, usize)> = Vec::new();
        for Column { kind, .. } in columns {
            match runs.last_mut() {
                Some((last, count)) if last == kind && !matches!(kind, Kind::Word(_)) => *count += 1,
                _ => runs.push((*kind, 1)),
            }
        }
        let powers: Vec<f64> =
            columns.iter().flat_map(|own| std::iter::repeat_n(POWERS[own.decimals], own.inputs())).collect();
        let stride = columns.iter().map(|own| own.kind.bytes()).sum();
        let (width, bytes) = (powers.len(), Vec::with_capacity(stride * lines));
        let (fills, shifts, divisors) = (vec![f64::NAN; width], vec![0.0; width], vec![1.0; width]);
        let (has_decimals, has_gaps) = (powers.iter().any(|power| *power != 1.0), false);
        let (listed, order) = (Arc::default(), Vec::new());
        Packed { runs, stride, bytes, listed, has_decimals, has_gaps, powers, fills, shifts, divisors, order }
    }

    /// Inputs of a line.
    fn width(&self) -> usize {
        self.powers.len()
    }

    /// Appends the next cell of a line, the place of its word where it has one; `None` where it is missing.
    pub(super) fn push(&mut self, column: Column, cell: Option<f64>) {
        self.has_gaps |= cell.is_none();
        match (column.kind, cell) {
            (Kind::Full, x) => self.bytes.extend(x.unwrap_or(f64::NAN).to_ne_bytes()),
            (Kind::Long, None) => self.bytes.extend(i32::MIN.to_ne_bytes()),
            (Kind::Long, Some(x)) => {
                let listed = || {
                    let listed = Arc::make_mut(&mut self.listed);
                    listed.push(x);
                    LIMIT + (listed.len() - 1) as i32
                };
                let integer = integer(x, column.decimals).unwrap_or_else(listed);
                self.bytes.extend(integer.to_ne_bytes());
            }
            (_, None) => self.bytes.extend(i16::MIN.to_ne_bytes()),
            (Kind::Short, Some(x)) => {
                self.bytes.extend((integer(x, column.decimals).unwrap_or(0) as i16).to_ne_bytes())
            }
            (Kind::Word(_), Some(place)) => self.bytes.extend((place as i16).to_ne_bytes()),
        }
    }

    /// Lines are gathered in groups of so many, and each group is padded at its beginning to as many.
    fn pad(&mut self, lengths: impl Iterator<Item = usize> + Clone, longest: usize) {
        let mut line = Vec::with_capacity(self.stride);
        self.has_gaps = true;
        for (kind, count) in &self.runs {
            let cell: &[u8] = match kind {
                Kind::Short | Kind::Word(_) => &i16::MAX.to_ne_bytes(),
                Kind::Long => &i32::MAX.to_ne_bytes(),
                Kind::Full => &PADDING.to_ne_bytes(),
            };
            line.extend(cell.repeat(*count));
        }
        let (mut padded, mut at) = (Vec::with_capacity(lengths.clone().count() * longest * self.stride), 0);
        for length in lengths {
            (length..longest).for_each(|_| padded.extend_from_slice(&line));
            padded.extend_from_slice(&self.bytes[at..][..length * self.stride]);
            at += length * self.stride;
        }
        self.bytes = padded;
    }

    /// The inputs of a line.
    fn read(&self, bytes: &[u8], out: &mut [f64]) {
        let (mut bytes, mut at) = (bytes, 0);
        for (kind, count) in &self.runs {
            let (cells, after) = bytes.split_at(kind.bytes() * count);
            let inputs = if let Kind::Word(words) = kind { *words } else { *count };
            self.cells(*kind, cells, &self.powers[at..][..inputs], &mut out[at..][..inputs]);
            (bytes, at) = (after, at + inputs);
        }
        // A loop each, which the compiler makes wide.
        if self.has_gaps {
            out.iter_mut().zip(&self.fills).filter(|(x, _)| x.is_nan()).for_each(|(x, fill)| *x = *fill);
        }
        let scales = self.shifts.iter().zip(&self.divisors);
        out.iter_mut().zip(scales).for_each(|(x, (shift, divisor))| *x = (*x - shift) / divisor);
        if !self.order.is_empty() {
            let line = out.to_vec();
            out.iter_mut().zip(&self.order).for_each(|(x, from)| *x = line[*from]);
        }
    }

    /// What stands in cells side by side: NaN where one is missing, and padding.
    fn cells(&self, kind: Kind, cells: &[u8], powers: &[f64], out: &mut [f64]) {
        let short = |cell: &[u8; 2]| match i16::from_ne_bytes(*cell) {
            i16::MIN => f64::NAN,
            i16::MAX => PADDING,
            whole => f64::from(whole),
        };
        let long = |cell: &[u8; 4], power: f64| match i32::from_ne_bytes(*cell) {
            i32::MIN => f64::NAN,
            i32::MAX => PADDING,
            place @ LIMIT.. => self.listed[(place - LIMIT) as usize],
            whole => f64::from(whole) / power,
        };
        match kind {
            Kind::Short => {
                let own = out.iter_mut().zip(cells.as_chunks().0);
                match self.has_gaps {
                    true => own.for_each(|(x, cell)| *x = short(cell)),
                    false => own.for_each(|(x, cell)| *x = f64::from(i16::from_ne_bytes(*cell))),
                }
                if self.has_decimals {
                    out.iter_mut().zip(powers).for_each(|(x, power)| *x /= power);
                }
            }
            Kind::Long => {
                let own = out.iter_mut().zip(cells.as_chunks().0).zip(powers);
                own.for_each(|((x, cell), power)| *x = long(cell, *power));
            }
            Kind::Full => cells.as_chunks().0.iter().zip(out).for_each(|(cell, x)| *x = f64::from_ne_bytes(*cell)),
            Kind::Word(_) => {
                let place = short(&[cells[0], cells[1]]);
                out.iter_mut().zip(0..).for_each(|(x, own)| {
                    *x = if place.is_finite() { f64::from(u8::from(place == f64::from(own))) } else { place };
                });
            }
        }
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(numbers: Vec<f64>) -> Self {
        Numbers::Plain(numbers)
    }
}

/// However they are kept.
impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        self.to_vec() == other.to_vec()
    }
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Numbers::Plain(x) => x.len(),
            Numbers::Packed(own) => own.bytes.len() / own.stride.max(1) * own.width(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that they take.
    pub fn bytes(&self) -> usize {
        match self {
            Numbers::Plain(x) => size_of_val(&x[..]),
            Numbers::Packed(own) => own.bytes.len() + size_of_val(&own.listed[..]),
        }
    }

    /// Those from this place on, rounded to the type of `out`: whole lines.
    pub fn read<T: Element>(&self, at: usize, out: &mut [T]) {
        match self {
            Numbers::Plain(x) => convert(&x[at..][..out.len()], out),
            Numbers::Packed(own) => {
                let mut line = vec![0.0; own.width()];
                let bytes = own.bytes[at / own.width() * own.stride..].chunks_exact(own.stride);
                for (bytes, out) in bytes.zip(out.chunks_exact_mut(own.width())) {
                    own.read(bytes, &mut line);
                    convert(&line, out);
                }
            }
        }
    }

    /// All of them.
    pub fn to_vec(&self) -> Vec<f64> {
        let mut all = vec![0.0; self.len()];
        self.read(0, &mut all);
        all
    }

    /// Shows all of them, in lines of so many or as the file has them.
    pub(super) fn each(&self, width: usize, mut see: impl FnMut(&[f64])) {
        match self {
            Numbers::Plain(x) => x.chunks(width.max(1)).for_each(see),
            Numbers::Packed(own) => own.each(&mut see),
        }
    }

    /// Lines of so many numbers; cells of a file stand in lines already.
    pub(super) fn lines(&self, width: usize) -> Lines<'_> {
        match self {
            Numbers::Plain(x) => Lines::Plain(x, width.max(1)),
            Numbers::Packed(own) => Lines::Packed(own),
        }
    }

    /// Whether some lines are padding.
    pub fn is_padded(&self) -> bool {
        match self {
            Numbers::Plain(x) => x.contains(&PADDING),
            Numbers::Packed(own) => {
                let mut is_padded = false;
                own.each(&mut |line: &[f64]| is_padded |= line[0] == PADDING);
                is_padded
            }
        }
    }

    /// Pads groups of lines of such lengths at their beginning to the longest.
    pub(super) fn pad(&mut self, lengths: impl Iterator<Item = usize> + Clone, longest: usize) {
        // Only the sequences of a file differ in length.
        if let Numbers::Packed(own) = self {
            own.pad(lengths, longest);
        }
    }

    /// Puts these in the place of missing cells, which only files have: one for each input of a line.
    pub(super) fn fill(&mut self, means: &[f64]) {
        if let Numbers::Packed(own) = self {
            own.fills = means.to_vec();
        }
    }

    /// Subtracts a shift from each input of a line and divides by a divisor, once.
    pub(super) fn scale(&mut self, shifts: &[f64], divisors: &[f64]) {
        match self {
            Numbers::Plain(x) => scale(x, shifts, divisors),
            Numbers::Packed(own) => (own.shifts, own.divisors) = (shifts.to_vec(), divisors.to_vec()),
        }
    }

    /// Brings the numbers of every row into this order.
    pub(super) fn permute(&mut self, order: &[usize]) {
        match self {
            Numbers::Plain(x) => {
                let row = |row: &[f64]| order.iter().map(|at| row[*at]).collect::<Vec<f64>>();
                *x = x.chunks_exact(order.len()).flat_map(row).collect();
            }
            Numbers::Packed(own) => own.order = order.to_vec(),
        }
    }

    /// Brings rows of so many numbers into this order, in place: a large table is never there twice.
    pub(super) fn reorder(&mut self, row: usize, order: &[usize]) {
        match self {
            Numbers::Plain(x) => reorder(x, row, order),
            Numbers::Packed(own) => {
                let size = row / own.width().max(1) * own.stride;
                reorder(&mut own.bytes, size, order);
            }
        }
    }

    /// Takes off those from this place on, which is the end of a line.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        match self {
            Numbers::Plain(x) => Numbers::Plain(x.split_off(at)),
            Numbers::Packed(own) => {
                let bytes = own.bytes.split_off(at / own.width().max(1) * own.stride);
                own.bytes.shrink_to_fit();
                let kept = std::mem::take(&mut own.bytes);
                let part = Packed { bytes, ..own.clone() };
                own.bytes = kept;
                Numbers::Packed(part)
            }
        }
    }
}

/// Lines of numbers, padding left out.
#[derive(Clone, Copy)]
pub(super) enum Lines<'a> {
    Plain(&'a [f64], usize),
    Packed(&'a Packed),
}

impl Packed {
    fn each(&self, see: &mut impl FnMut(&[f64])) {
        let mut line = vec![0.0; self.width()];
        for bytes in self.bytes.chunks_exact(self.stride.max(1)) {
            self.read(bytes, &mut line);
            see(&line);
        }
    }
}

impl Lines<'_> {
    /// Numbers of a line.
    pub fn width(self) -> usize {
        match self {
            Lines::Plain(_, width) => width,
            Lines::Packed(own) => own.width(),
        }
    }

    /// How many there are.
    pub fn count(self) -> usize {
        let mut count = 0;
        self.each(|_| count += 1);
        count
    }

    /// Shows them, in order.
    pub fn each(self, mut see: impl FnMut(&[f64])) {
        let mut see = |line: &[f64]| {
            if line[0] != PADDING {
                see(line);
            }
        };
        match self {
            Lines::Plain(x, width) => x.chunks_exact(width).for_each(see),
            Lines::Packed(own) => own.each(&mut see),
        }
    }
}

/// Subtracts and divides row by row.
pub(super) fn scale(values: &mut [f64], shifts: &[f64], divisors: &[f64]) {
    for row in values.chunks_exact_mut(shifts.len().max(1)) {
        for (x, (shift, divisor)) in row.iter_mut().zip(shifts.iter().zip(divisors)) {
            *x = (*x - shift) / divisor;
        }
    }
}

/// Brings rows of so many elements into this order.
fn reorder<T: Copy + Default>(x: &mut [T], size: usize, order: &[usize]) {
    let mut is_done = vec![false; order.len()];
    let mut held = vec![T::default(); size];
    for start in 0..order.len() {
        if is_done[start] {
            continue;
        }
        held.copy_from_slice(&x[start * size..][..size]);
        let mut at = start;
        loop {
            is_done[at] = true;
            let next = order[at];
            if next == start {
                break;
            }
            x.copy_within(next * size..(next + 1) * size, at * size);
            at = next;
        }
        x[at * size..][..size].copy_from_slice(&held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out of a column of these cells.
    fn kept(cells: &[Option<f64>]) -> (Kind, Vec<f64>) {
        let mut range = Range::default();
        cells.iter().flatten().for_each(|x| range.take_in(*x));
        let column = range.column();
        let mut packed = Packed::new(&[column], cells.len());
        cells.iter().for_each(|cell| packed.push(column, *cell));
        (column.kind, Numbers::Packed(packed).to_vec())
    }

    #[test]
    fn cells_take_the_bytes_that_they_need() {
        let repeated = |few: &[f64], x: f64| [few, &[x; 20]].concat().into_iter().map(Some).collect::<Vec<_>>();
        for (cells, kind) in [
            (repeated(&[], 7.0), Kind::Short),
            (repeated(&[255.0, -3.0], 0.0), Kind::Short),
            (repeated(&[0.25], 3.1), Kind::Short),
            (repeated(&[70_000.0], 3.0), Kind::Long),
            (repeated(&[0.123_456_7], 3.0), Kind::Long),
            (repeated(&[std::f64::consts::PI, 1e300, -0.0], 3.0), Kind::Long),
            (repeated(&[1e8, 0.001], 3.0), Kind::Long),
            (repeated(&[3.0], std::f64::consts::PI), Kind::Full),
        ] {
            let (own, x) = kept(&cells);
            assert_eq!(own, kind, "{cells:?}");
            let same = cells.iter().flatten().zip(&x).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{cells:?} {x:?}");
        }
    }

    proptest! {
        /// Whatever cells a column has, each comes out to the last bit.
        #[test]
        fn cells_come_out_as_they_went_in(
            texts in proptest::collection::vec("|-?[0-9]{1,3}|-?[0-9]{0,12}\\.[0-9]{1,12}|-?[0-9]{1,17}e-?[0-9]{1,2}", 1..40),
        ) {
            let cells: Vec<Option<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
            let (kind, x) = kept(&cells);
            for (cell, x) in cells.iter().zip(&x) {
                prop_assert!(cell.map_or(x.is_nan(), |own| own.to_bits() == x.to_bits()), "{cell:?} {x} {kind:?}");
            }
        }
    }
}
