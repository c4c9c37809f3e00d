//! Generated sequence tasks, in which the target depends on early steps: adding, parity, lag and copy memory.
//!
//! One more is a function here, its word in `sequence.rs` and in `settings.rs`.

use super::dataset::Targets;
use super::error::DataError;
use super::raw::{Raw, stream};
use super::sequence::COPY_MEMORY;
use crate::seed::Stream;
use crate::setting::Settings;

/// The sequences of a task, step after step in a row.
///
/// # Errors
/// A setting that is not there; a lag that reaches beyond the first step.
pub(super) fn raw(task: &str, settings: &Settings) -> Result<Raw, DataError> {
    let int = |key: &'static str| needed(key, settings.int(key));
    let size = |key: &'static str| int(key).map(|size| size as usize);
    let (rows, length) = (size("data.n")?, size("data.length")?);
    let mut draws = stream(settings, &format!("data {task}"));
    match task {
        "adding" => Ok(adding(rows, length, &mut draws)),
        "parity" => Ok(parity(rows, length, &mut draws)),
        COPY_MEMORY => Ok(copy_memory(rows, length, size("data.copied")?, size("data.symbols")?, &mut draws)),
        _ => {
            let lag = int("data.lag")?;
            if lag >= length as i64 {
                let what = format!("data.lag = {lag} reaches beyond the first of {length} steps");
                return Err(DataError::settings("data.lag", what, format!("write at most {}", length - 1)));
            }
            let series = needed("data.series", settings.text("data.series"))?;
            Ok(lagged(series, lag, size("data.features")?, (rows, length), &mut draws))
        }
    }
}

fn needed<T>(key: &'static str, value: Option<T>) -> Result<T, DataError> {
    value.ok_or_else(|| DataError::settings(key, format!("`{key}` is not set"), format!("write {key}")))
}

/// The adding problem (Hochreiter & Schmidhuber 1997, section 5.4, as Le et al. 2015 have it): each step brings a number from
/// [0, 1) and a mark, which is 1 at one step of the first half and one of the second; the target is the sum of the two numbers
/// with a mark. The best constant, 1, has a mean squared error of 1/6.
fn adding(rows: usize, length: usize, draws: &mut Stream) -> Raw {
    let (mut x, mut y) = (Vec::with_capacity(2 * rows * length), Vec::with_capacity(rows));
    for _ in 0..rows {
        let half = length / 2;
        let marked = [draws.below(half), half + draws.below(length - half)];
        let mut sum = 0.0;
        for step in 0..length {
            let (number, is_marked) = (draws.uniform(), marked.contains(&step));
            x.extend([number, f64::from(u8::from(is_marked))]);
            sum += if is_marked { number } else { 0.0 };
        }
        y.push(sum);
    }
    Raw::new("adding", 2 * length, x, Targets::Values { y, width: 1 })
}

/// Each step brings 1 or -1; the class is whether the ones are odd in number (Hochreiter & Schmidhuber 1997, section 4).
fn parity(rows: usize, length: usize, draws: &mut Stream) -> Raw {
    let (mut x, mut labels) = (Vec::with_capacity(rows * length), Vec::with_capacity(rows));
    for _ in 0..rows {
        let ones: Vec<bool> = (0..length).map(|_| draws.below(2) == 1).collect();
        labels.push(ones.iter().filter(|one| **one).count() as u32 % 2);
        x.extend(ones.into_iter().map(|one| if one { 1.0 } else { -1.0 }));
    }
    Raw::new("parity", length, x, Targets::Classes { labels, count: 2 })
}

/// The copying memory problem (Hochreiter & Schmidhuber 1997, section 5.3; as Arjovsky et al. 2016, section 5.1, have it): random
/// symbols, then delay - 1 blanks and a mark, then as many blanks as there were symbols, each a one among zeros: inputs 0.. are the
/// symbols, then come the blank and the mark. The target is a class at each step: blank, and at the last steps the symbols in their
/// order. Who knows the step and remembers nothing has a mean cross-entropy of `copied` ln(symbols) / (delay + 2 copied).
fn copy_memory(rows: usize, delay: usize, copied: usize, symbols: usize, draws: &mut Stream) -> Raw {
    let (steps, features) = (delay + 2 * copied, symbols + 2);
    let (blank, mark) = (symbols, symbols + 1);
    let mut x = vec![0.0; rows * steps * features];
    let mut labels = vec![blank as u32; rows * steps];
    for (x, labels) in x.chunks_exact_mut(steps * features).zip(labels.chunks_exact_mut(steps)) {
        for step in 0..steps {
            let seen = if step < copied {
                let symbol = draws.below(symbols);
                labels[copied + delay + step] = symbol as u32;
                symbol
            } else if step == copied + delay - 1 {
                mark
            } else {
                blank
            };
            x[step * features + seen] = 1.0;
        }
    }
    Raw::new(COPY_MEMORY, steps * features, x, Targets::Classes { labels, count: symbols + 1 })
}

/// Stretches of series; the target is the first one's value `lag` steps before the last step, or after it where `lag` < 0.
fn lagged(series: &str, lag: i64, features: usize, (rows, length): (usize, usize), draws: &mut Stream) -> Raw {
    let (mut x, mut y) = (Vec::with_capacity(rows * length * features), Vec::with_capacity(rows));
    let needed = length + lag.min(0).unsigned_abs() as usize;
    let chaos = if series == "mackey_glass" { mackey_glass(CHAOS) } else { Vec::new() };
    for _ in 0..rows {
        let mut one = || match series {
            "sine" => {
                let (frequency, phase) = (0.05 + 0.45 * draws.uniform(), std::f64::consts::TAU * draws.uniform());
                (0..needed).map(|t| (phase + frequency * t as f64).sin()).collect::<Vec<f64>>()
            }
            "mackey_glass" => {
                let start = draws.below(CHAOS.max(needed + 1) - needed);
                (0..needed).map(|t| chaos[(start + t) % CHAOS]).collect()
            }
            _ => (0..needed).map(|_| draws.normal()).collect(),
        };
        let all: Vec<Vec<f64>> = (0..features).map(|_| one()).collect();
        x.extend((0..length).flat_map(|t| all.iter().map(move |series| series[t])));
        y.push(all[0][(length as i64 - 1 - lag) as usize]);
    }
    Raw::new("lag", length * features, x, Targets::Values { y, width: 1 })
}

/// Numbers of the chaotic series that stretches are taken from.
const CHAOS: usize = 200_000;

/// x' = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x (Mackey & Glass 1977), at whole t after the first 1000, about the mean: by the
/// fourth-order rule of Runge and Kutta with ten steps a unit, the delayed value between two steps being their mean.
fn mackey_glass(count: usize) -> Vec<f64> {
    const PER_UNIT: usize = 10;
    const DELAY: usize = 17 * PER_UNIT;
    let step = 1.0 / PER_UNIT as f64;
    let slope = |x: f64, delayed: f64| 0.2 * delayed / (1.0 + delayed.powi(10)) - 0.1 * x;
    let mut x = vec![1.2; DELAY + 1];
    for i in DELAY..DELAY + (1000 + count) * PER_UNIT {
        let (now, [first, last]) = (x[i], [x[i - DELAY], x[i + 1 - DELAY]]);
        let middle = 0.5 * (first + last);
        let a = slope(now, first);
        let b = slope(now + 0.5 * step * a, middle);
        let c = slope(now + 0.5 * step * b, middle);
        let d = slope(now + step * c, last);
        x.push(now + step / 6.0 * (a + 2.0 * b + 2.0 * c + d));
    }
    let series: Vec<f64> = x[DELAY..].iter().step_by(PER_UNIT).skip(1000).take(count).copied().collect();
    let mean = series.iter().sum::<f64>() / count as f64;
    series.into_iter().map(|x| x - mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seeds;

    fn draws() -> Stream {
        Seeds { experiment: 0, run: 0 }.stream("test", &[])
    }

    #[test]
    fn the_sum_of_the_marked_numbers_is_the_target_and_the_best_constant_errs_by_a_sixth() {
        let Raw { x, targets: Targets::Values { y, .. }, .. } = adding(20_000, 11, &mut draws()) else {
            panic!("numbers")
        };
        for (row, y) in x.to_vec().chunks_exact(22).zip(&y) {
            let marks: Vec<usize> = (0..11).filter(|t| row[2 * t + 1] == 1.0).collect();
            assert!(marks.len() == 2 && marks[0] < 5 && marks[1] >= 5, "{marks:?}");
            assert_eq!(marks.iter().map(|t| row[2 * t]).sum::<f64>(), *y);
        }
        let error = y.iter().map(|y| (y - 1.0) * (y - 1.0)).sum::<f64>() / y.len() as f64;
        // The squares have a standard deviation of 0.2, so the mean of 20,000 has one of 0.0014.
        assert!((error - 1.0 / 6.0).abs() < 0.006, "{error}");
    }

    #[test]
    fn parity_is_of_the_ones() {
        let Raw { x, targets: Targets::Classes { labels, .. }, .. } = parity(500, 7, &mut draws()) else {
            panic!("classes")
        };
        for (row, label) in x.to_vec().chunks_exact(7).zip(&labels) {
            let product: f64 = row.iter().product();
            // Of seven numbers an odd count of ones leaves an even count of minus ones.
            assert_eq!(product, if *label == 1 { 1.0 } else { -1.0 });
        }
    }

    #[test]
    fn copy_memory_asks_for_its_symbols_at_the_end() {
        let (delay, copied, symbols) = (7, 3, 4);
        let Raw { x, targets, .. } = copy_memory(200, delay, copied, symbols, &mut draws());
        let Targets::Classes { labels, count } = targets else { panic!("classes") };
        let steps = delay + 2 * copied;
        assert_eq!((count, labels.len(), x.len()), (5, 200 * steps, 200 * steps * 6));
        for (row, labels) in x.to_vec().chunks_exact(steps * 6).zip(labels.chunks_exact(steps)) {
            let seen: Vec<u32> =
                row.chunks_exact(6).map(|step| step.iter().position(|x| *x == 1.0).unwrap() as u32).collect();
            assert!(row.iter().sum::<f64>() == steps as f64 && seen[..copied].iter().all(|symbol| *symbol < 4));
            assert_eq!(seen[copied..], [4, 4, 4, 4, 4, 4, 5, 4, 4, 4]);
            assert!(labels[..steps - copied].iter().all(|label| *label == 4));
            assert_eq!(labels[steps - copied..], seen[..copied]);
        }
        assert!((0..4).all(|symbol| labels.contains(&symbol)));
    }

    #[test]
    fn a_lag_looks_back_and_ahead() {
        for (series, lag) in [("noise", 0), ("noise", 4), ("sine", 3), ("mackey_glass", 9)] {
            let Raw { x, targets: Targets::Values { y, .. }, .. } = lagged(series, lag, 2, (50, 10), &mut draws())
            else {
                panic!("numbers")
            };
            assert!(
                x.to_vec().chunks_exact(20).zip(&y).all(|(row, y)| row[2 * (9 - lag as usize)] == *y),
                "{series} {lag}"
            );
        }
        // A sine goes on: sin(a + 2 b) = 2 cos(b) sin(a + b) - sin(a).
        let Raw { x, targets: Targets::Values { y, .. }, .. } = lagged("sine", -1, 1, (50, 3), &mut draws()) else {
            panic!("numbers")
        };
        for (row, y) in x.to_vec().chunks_exact(3).zip(&y) {
            let twice_cosine = (row[0] + row[2]) / row[1];
            assert!((twice_cosine * row[2] - row[1] - y).abs() < 1e-9);
        }
    }

    #[test]
    fn the_chaotic_series_stays_where_published_ones_do() {
        let series = mackey_glass(5000);
        let (low, high) = series.iter().fold((0.0f64, 0.0f64), |(low, high), x| (low.min(*x), high.max(*x)));
        let variance = series.iter().map(|x| x * x).sum::<f64>() / 5000.0;
        assert!(low > -0.8 && low < -0.4 && high > 0.3 && high < 0.6, "{low} {high}");
        assert!((0.04..0.07).contains(&variance), "{variance}");
    }
}
