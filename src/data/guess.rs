//! What a constant guess gets: one class for all rows, or the class frequencies or mean targets of the training part.

use super::dataset::{Dataset, Split, Targets};
use crate::columns::Part;
use serde::{Deserialize, Serialize};

/// The scores of a constant guess on one part of the data. It is made on the training part, as a network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// The most that answering always the same class gets on this part; none where targets are no classes.
    pub accuracy: Option<f64>,
    /// Of the class frequencies; none where a class occurs that the training part lacks.
    pub cross_entropy: Option<f64>,
    /// Of the mean targets, classes taken as one-hot rows.
    pub mse: f64,
}

/// The scores of a constant guess on each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guesses {
    pub training: Guess,
    pub validation: Option<Guess>,
    pub test: Option<Guess>,
}

impl Guesses {
    /// Of a data set; `None` for a test function, of which there is nothing to guess.
    pub fn of(data: &Dataset) -> Option<Self> {
        if data.function.is_some() {
            return None;
        }
        let constant = constant(&data.train.targets);
        let on = |split: &Split| guess(&constant, &split.targets);
        let (validation, test) = (data.validation.as_ref().map(on), data.test.as_ref().map(on));
        Some(Guesses { training: on(&data.train), validation, test })
    }

    /// On a part of the data; `None` where it has no rows.
    pub fn on(&self, part: Part) -> Option<Guess> {
        match part {
            Part::Training => Some(self.training),
            Part::Validation => self.validation,
            Part::Test => self.test,
        }
    }
}

/// The mean of each output: for classes their frequencies.
fn constant(targets: &Targets) -> Vec<f64> {
    let mut sums = vec![0.0; targets.outputs()];
    let rows = match targets {
        Targets::Classes { labels, .. } => {
            labels.iter().for_each(|class| sums[*class as usize] += 1.0);
            labels.len()
        }
        Targets::Values { y, width } => {
            y.chunks(*width).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, y)| *sum += y));
            y.len() / width
        }
    };
    sums.iter().map(|sum| sum / rows.max(1) as f64).collect()
}

fn guess(constant: &[f64], targets: &Targets) -> Guess {
    match targets {
        Targets::Classes { labels, .. } => {
            let n = labels.len() as f64;
            let hits =
                (0..constant.len()).map(|class| labels.iter().filter(|own| **own as usize == class).count()).max();
            let entropy = -labels.iter().map(|class| constant[*class as usize].ln()).sum::<f64>() / n;
            let squares: f64 = constant.iter().map(|p| p * p).sum();
            let missed = labels.iter().map(|class| squares + 1.0 - 2.0 * constant[*class as usize]).sum::<f64>();
            Guess {
                accuracy: hits.map(|hits| hits as f64 / n),
                cross_entropy: Some(entropy).filter(|x| x.is_finite()),
                mse: missed / (n * constant.len() as f64),
            }
        }
        Targets::Values { y, width } => {
            let squares = y.chunks(*width).flat_map(|row| row.iter().zip(constant)).map(|(y, c)| (y - c) * (y - c));
            Guess { mse: squares.sum::<f64>() / y.len() as f64, ..Guess::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_guess_scores_what_its_formula_says() {
        let classes = |labels: &[u32]| Targets::Classes { labels: labels.to_vec(), count: 2 };
        let constant = constant(&classes(&[0, 0, 0, 1]));
        assert_eq!(constant, [0.75, 0.25]);
        let own = guess(&constant, &classes(&[0, 0, 1, 1]));
        assert_eq!(own.accuracy, Some(0.5));
        // A net that has learned nothing may answer any class: of this part the second is the most frequent one.
        assert_eq!(guess(&constant, &classes(&[0, 1, 1, 1])).accuracy, Some(0.75));
        let entropy = -(0.75f64.ln() + 0.25f64.ln()) / 2.0;
        assert!((own.cross_entropy.unwrap() - entropy).abs() < 1e-15);
        // One-hot rows (1, 0) and (0, 1) against (0.75, 0.25).
        let mse = (2.0 * (0.0625 + 0.0625) + 2.0 * (0.5625 + 0.5625)) / 8.0;
        assert!((own.mse - mse).abs() < 1e-15);
        assert_eq!(guess(&[0.5, 0.5, 0.0], &Targets::Classes { labels: vec![2], count: 3 }).cross_entropy, None);
        let values = Targets::Values { y: vec![1.0, 10.0, 3.0, 30.0], width: 2 };
        assert_eq!(guess(&super::constant(&values), &values).mse, (2.0 + 200.0) / 4.0);
    }
}
