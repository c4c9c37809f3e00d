//! How inputs and real-valued targets are brought to scale, by numbers of the training part alone.

use super::dataset::{Split, Targets};
use super::error::DataError;
use super::numbers::{self, Lines};
use crate::setting::{Settings, members, words};
use crate::table::significant;

/// What is subtracted from each column and what it is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// Each column's mean, and one standard deviation over all columns: their differences in size stay.
    Global,
    /// Each column's mean and its own standard deviation, that of the population as scikit-learn's StandardScaler has it.
    PerFeature,
    /// Each column's least value and its range: what is left lies from 0 to 1.
    MinMax,
    /// Nothing, and one number: the largest that a pixel can be (255 of bytes), else the largest magnitude of all columns.
    Unit,
    None,
}

impl Scaling {
    const NAMED: [(&'static str, Scaling); 5] = [
        ("global", Scaling::Global),
        ("per_feature", Scaling::PerFeature),
        ("minmax", Scaling::MinMax),
        ("unit", Scaling::Unit),
        ("none", Scaling::None),
    ];

    pub const ALL: [Scaling; 5] = members(&Self::NAMED);

    /// The words in an experiment file.
    pub const WORDS: [&'static str; 5] = words(&Self::NAMED);

    fn from_settings(settings: &Settings, key: &'static str) -> Result<Self, DataError> {
        let Some(word) = settings.text(key) else { return Ok(Scaling::None) };
        let found = Self::NAMED.into_iter().find(|(own, _)| *own == word);
        found.map(|(_, scaling)| scaling).ok_or_else(|| {
            let cure = format!("write one of {}", Self::WORDS.join(", "));
            DataError::settings(key, format!("there is no scaling \"{word}\""), cure)
        })
    }
}

/// What scaling has to know of the inputs.
pub(super) struct Inputs<'a> {
    pub file: &'a str,
    pub features: usize,
    /// A name for each; none where they are counted.
    pub names: &'a [String],
    /// The largest value that any of them can have, where all are of one kind: pixels of an image.
    pub most: Option<f64>,
}

/// Features whose deviations differ by more than this are told.
const APART: f64 = 10.0;
/// So are targets whose size differs from 1, about that of the outputs of a new network, by more than this.
const FAR: f64 = 100.0;

/// Scales inputs and targets of all parts, the training part first, as the settings say. Returns what a single feature was shifted
/// and divided by, and what a person should know of them.
pub(super) fn scale(
    settings: &Settings,
    about: &Inputs,
    parts: [Option<&mut Split>; 3],
) -> Result<(Option<[f64; 2]>, Vec<String>), DataError> {
    let mut parts: Vec<&mut Split> = parts.into_iter().flatten().collect();
    let scaling = Scaling::from_settings(settings, "data.scaling")?;
    let of_inputs = Map::of(scaling, parts[0].x.lines(about.features), about.most)
        .map_err(|unfit| unfit.error("data.scaling", "inputs", about.file))?;
    parts.iter_mut().for_each(|part| part.x.scale(&of_inputs.shift, &of_inputs.divisor));
    let of_targets = Scaling::from_settings(settings, "data.target_scaling")?;
    if of_targets != Scaling::None {
        let Targets::Values { y, width } = &parts[0].targets else {
            let what = "data.target_scaling is for real-valued targets, but these targets are classes";
            return Err(DataError::settings("data.target_scaling", what, "leave it out"));
        };
        let map = Map::of(of_targets, Lines::Plain(y, (*width).max(1)), None)
            .map_err(|unfit| unfit.error("data.target_scaling", "targets", about.file))?;
        for part in &mut parts {
            if let Targets::Values { y, .. } = &mut part.targets {
                numbers::scale(y, &map.shift, &map.divisor);
            }
        }
    }
    let note = if about.most.is_none() { apart(scaling, about, parts[0].x.lines(about.features)) } else { None };
    let of_one = (about.features == 1).then(|| [of_inputs.shift[0], of_inputs.divisor[0]]);
    Ok((of_one, note.into_iter().chain(far(&parts[0].targets)).collect()))
}

/// Says of targets that are much larger than a new network's outputs, or vary much less, that they are.
fn far(targets: &Targets) -> Option<String> {
    let Targets::Values { y, width } = targets else { return None };
    let lines = Lines::Plain(y, (*width).max(1));
    let (means, zero) = (means(lines), vec![0.0; lines.width()]);
    let largest = |sizes: Vec<f64>| sizes.into_iter().fold(0.0, f64::max);
    let (size, deviation) = (largest(deviations(lines, &zero)), largest(deviations(lines, &means)));
    let is_far = size > FAR || deviation > 0.0 && deviation < 1.0 / FAR;
    let mean = means.iter().fold(0.0, |most: f64, mean| if mean.abs() > most.abs() { *mean } else { most });
    is_far.then(|| {
        format!(
            "the targets have mean {} and standard deviation {}, where a new network's outputs are about 1: data.target_scaling = \"per_feature\" makes them alike",
            significant(mean, 2),
            significant(deviation, 2)
        )
    })
}

/// Says of features that differ in size by more than tenfold that they do: the smaller ones hardly take part.
fn apart(scaling: Scaling, about: &Inputs, x: Lines) -> Option<String> {
    let constant = constant(x);
    let ends = |about_zero: bool| {
        let centre = if about_zero { vec![0.0; about.features] } else { means(x) };
        let sizes = deviations(x, &centre).into_iter().zip(0..).filter(|(_, i)| constant[*i].is_none());
        let mut sizes: Vec<(f64, usize)> = sizes.collect();
        sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some((*sizes.first()?, *sizes.last()?)).filter(|((least, _), (most, _))| *most > APART * least)
    };
    // Features that vary as much may still lie far from zero.
    let ((least, small), (most, large), size) = match (ends(false), ends(true)) {
        (Some((least, most)), _) => (least, most, "standard deviation"),
        (None, Some((least, most))) => (least, most, "root mean square"),
        (None, None) => return None,
    };
    let name = |i: usize| about.names.get(i).cloned().unwrap_or_else(|| format!("input {}", i + 1));
    let word = Scaling::WORDS[Scaling::ALL.iter().position(|own| *own == scaling)?];
    Some(format!(
        "with data.scaling = \"{word}\" the {size} of {} is {}, and that of {} is {}; \"per_feature\" makes both 1",
        name(large),
        significant(most, 2),
        name(small),
        significant(least, 2)
    ))
}

/// A column x becomes (x - shift) / divisor.
struct Map {
    shift: Vec<f64>,
    divisor: Vec<f64>,
}

/// Why numbers cannot be scaled.
enum Unfit {
    OneRow,
    Value(&'static str, f64),
}

impl Unfit {
    fn error(self, key: &'static str, what: &str, file: &str) -> DataError {
        match self {
            Unfit::OneRow => {
                let cure = format!("keep more rows (data.n_train), or write {key} = \"none\"");
                DataError::settings(
                    key,
                    format!("one training row has no standard deviation to scale its {what} by"),
                    cure,
                )
            }
            Unfit::Value(which, value) => {
                let what = format!("the training {what} cannot be scaled: their {which} is {value}");
                DataError::file(file, what, format!("check the file, or write {key} = \"none\""))
            }
        }
    }
}

impl Map {
    /// For `values` row by row.
    fn of(scaling: Scaling, values: Lines, most: Option<f64>) -> Result<Self, Unfit> {
        let (rows, width) = (values.count(), values.width());
        if rows == 1 && [Scaling::Global, Scaling::PerFeature, Scaling::MinMax].contains(&scaling) {
            return Err(Unfit::OneRow);
        }
        let usable = |which, value: f64| {
            if value > 0.0 && value.is_finite() { Ok(value) } else { Err(Unfit::Value(which, value)) }
        };
        Ok(match scaling {
            Scaling::None => Map { shift: vec![0.0; width], divisor: vec![1.0; width] },
            Scaling::Unit => {
                let largest = most.unwrap_or_else(|| {
                    let mut largest: f64 = 0.0;
                    values.each(|row| largest = row.iter().fold(largest, |most, x| x.abs().max(most)));
                    largest
                });
                Map { shift: vec![0.0; width], divisor: vec![usable("largest magnitude", largest)?; width] }
            }
            Scaling::Global => {
                let (shift, mut squares) = (means(values), 0.0);
                values.each(|row| squares += row.iter().zip(&shift).map(|(x, m)| (x - m) * (x - m)).sum::<f64>());
                let deviation = usable("variance", squares / (rows * width) as f64)?.sqrt();
                Map { shift, divisor: vec![deviation; width] }
            }
            Scaling::PerFeature => {
                let shift = means(values);
                let own = deviations(values, &shift);
                Map { shift, divisor: divisors(values, own, "largest deviation")? }
            }
            Scaling::MinMax => {
                let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); width];
                values.each(|row| {
                    ends.iter_mut().zip(row).for_each(|((low, high), x)| (*low, *high) = (low.min(*x), high.max(*x)));
                });
                let (shift, ranges) = ends.into_iter().map(|(low, high)| (low, high - low)).unzip();
                Map { shift, divisor: divisors(values, ranges, "largest range")? }
            }
        })
    }
}

/// What the columns are divided by: 1 where they never change.
fn divisors(values: Lines, own: Vec<f64>, which: &'static str) -> Result<Vec<f64>, Unfit> {
    let constant = constant(values);
    match own.iter().find(|size| !size.is_finite()) {
        Some(size) => Err(Unfit::Value(which, *size)),
        // Columns that differ by less than what squares hold are as good as constant.
        None => Ok(own
            .iter()
            .zip(constant)
            .map(|(size, same)| if same.is_some() || *size == 0.0 { 1.0 } else { *size })
            .collect()),
    }
}

/// The value of each column that never changes.
pub(super) fn constant(values: Lines) -> Vec<Option<f64>> {
    let mut first: Option<Vec<Option<f64>>> = None;
    values.each(|row| match &mut first {
        None => first = Some(row.iter().copied().map(Some).collect()),
        Some(own) => own.iter_mut().zip(row).for_each(|(own, x)| *own = own.filter(|own| own == x)),
    });
    first.unwrap_or_default()
}

fn means(values: Lines) -> Vec<f64> {
    let rows = values.count();
    let mut means = vec![0.0; values.width()];
    values.each(|row| means.iter_mut().zip(row).for_each(|(m, x)| *m += x / rows as f64));
    // The rounding error of a constant column's mean must not be blown up into an input.
    means.into_iter().zip(constant(values)).map(|(mean, constant)| constant.unwrap_or(mean)).collect()
}

/// The root mean square of each column about these.
fn deviations(values: Lines, means: &[f64]) -> Vec<f64> {
    let rows = values.count();
    let mut squares = vec![0.0; means.len()];
    values.each(|row| {
        squares.iter_mut().zip(row.iter().zip(means)).for_each(|(s, (x, m))| *s += (x - m) * (x - m) / rows as f64);
    });
    squares.into_iter().map(f64::sqrt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two columns of other sizes, and one that never changes.
    const X: [f64; 12] = [1.0, 100.0, 7.0, 2.0, 300.0, 7.0, 3.0, 200.0, 7.0, 6.0, 400.0, 7.0];

    fn scaled(scaling: Scaling, most: Option<f64>) -> Vec<Vec<f64>> {
        let mut x = X.to_vec();
        let map = Map::of(scaling, Lines::Plain(&X, 3), most).ok().unwrap();
        numbers::scale(&mut x, &map.shift, &map.divisor);
        (0..3).map(|i| x.iter().skip(i).step_by(3).copied().collect()).collect()
    }

    #[test]
    fn every_scaling_does_what_it_says() {
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        for scaling in Scaling::ALL {
            let columns = scaled(scaling, None);
            let (mean, square) =
                (|c: &Vec<f64>| c.iter().sum::<f64>() / 4.0, |c: &Vec<f64>| c.iter().map(|x| x * x).sum::<f64>() / 4.0);
            match scaling {
                Scaling::Global => {
                    assert!(columns.iter().all(|c| mean(c).abs() < 1e-12));
                    assert!((columns.iter().map(square).sum::<f64>() / 3.0 - 1.0).abs() < 1e-12);
                    // Deviations of 1.87 and 111.8, in the same ratio as before.
                    assert!(
                        ((square(&columns[1]) / square(&columns[0])).sqrt() - (12500f64 / 3.5).sqrt()).abs() < 1e-9
                    );
                }
                Scaling::PerFeature => {
                    assert!(columns.iter().all(|c| mean(c).abs() < 1e-12));
                    assert!(columns[..2].iter().all(|c| (square(c) - 1.0).abs() < 1e-12));
                }
                Scaling::MinMax => assert!(close(&columns[0], &[0.0, 0.2, 0.4, 1.0]) && columns[2] == [0.0; 4]),
                Scaling::Unit => {
                    assert!(close(&columns[0], &[0.0025, 0.005, 0.0075, 0.015]));
                    assert_eq!(scaled(scaling, Some(800.0))[1], [0.125, 0.375, 0.25, 0.5]);
                }
                Scaling::None => assert_eq!(columns[1], [100.0, 300.0, 200.0, 400.0]),
            }
            assert!(scaling == Scaling::None || scaling == Scaling::Unit || columns[2] == [0.0; 4], "{scaling:?}");
        }
    }

    #[test]
    fn features_that_differ_tenfold_are_told() {
        let names = ["a", "b", "c"].map(String::from);
        let about = Inputs { file: "t", features: 3, names: &names, most: None };
        let note = apart(Scaling::None, &about, Lines::Plain(&X, 3)).unwrap();
        assert!(note.contains("of b is 110") && note.contains("of a is 1.9") && note.contains("\"none\""), "{note}");
        assert!(
            apart(Scaling::None, &about, Lines::Plain(&[1.0, 10.0, 7.0, 2.0, 20.0, 7.0], 3)).is_none(),
            "tenfold, not more"
        );
        // As much spread, but about another place.
        let note = apart(Scaling::None, &about, Lines::Plain(&[1.0, 2001.0, 7.0, -1.0, 1999.0, 7.0], 3)).unwrap();
        assert!(note.contains("root mean square of b is 2000"), "{note}");
    }
}
