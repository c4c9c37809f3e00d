//! What the settings say of one training, for the data that it is on.

use super::spec::RunSpec;
use super::stop::Stop;
use crate::data::{Dataset, Targets};
use crate::ops::loss::Loss;
use crate::optim::{Optimizer, Regularization};
use crate::schedule::Schedule;
use crate::seed::Seeds;
use crate::setting::SettingError;

/// What the settings say of training, and what the data makes of it.
#[derive(Clone, Debug)]
pub(super) struct Training {
    pub loss: Loss,
    pub batch: usize,
    /// Every batch is the whole training part.
    pub is_full_batch: bool,
    pub steps: usize,
    /// A function has no epochs.
    pub steps_per_epoch: Option<usize>,
    /// Of a function.
    pub variables: Option<usize>,
    pub optimizer: Optimizer,
    pub regularization: Regularization,
    pub schedule: Schedule,
    pub stop: Stop,
}

impl Training {
    /// For this data.
    ///
    /// # Errors
    /// When a setting is missing, or does not fit the others or the data.
    pub fn from_spec(spec: &RunSpec, data: &Dataset) -> Result<Self, SettingError> {
        let settings = &spec.settings;
        let classes = matches!(data.train.targets, Targets::Classes { .. });
        let loss = match settings.text("loss") {
            Some(word) => {
                let found = Loss::ALL.into_iter().find(|l| l.word() == word);
                found.ok_or_else(|| SettingError::unknown("loss", "loss", word))?
            }
            None => Loss::usual(classes),
        };
        if loss == Loss::CrossEntropy && !classes {
            let message = "cross_entropy needs classes, and the targets are real numbers: write loss = \"mse\"";
            return Err(SettingError::new("loss", message));
        }
        let optimizer = Optimizer::from_settings(settings)?;
        let rows = data.train.rows;
        let variables = data.function.as_ref().map(|f| f.start.len());
        let whole = variables.is_some() || optimizer == Optimizer::Gd || settings.text("batch") == Some("full");
        let batch = if whole { rows } else { settings.needed_int("batch")? };
        if batch == 0 || batch > rows {
            let message = format!("batch = {batch}, but the training part has {rows} rows: write at most {rows}");
            return Err(SettingError::new("batch", message));
        }
        let steps = match settings.int("epochs") {
            Some(epochs) => epochs as usize * (rows / batch),
            None => settings.needed_int("steps")?,
        };
        Ok(Training {
            loss,
            batch,
            steps,
            steps_per_epoch: variables.is_none().then_some(rows / batch),
            variables,
            optimizer,
            regularization: Regularization::from_settings(settings),
            schedule: Schedule::from_settings(settings, steps)?,
            is_full_batch: batch == rows,
            stop: Stop {
                steps,
                target_loss: settings.float("target_loss"),
                stop_at_target: settings.flag("stop_at_target"),
            },
        })
    }
}

/// Batches without replacement: a fresh order each epoch; the last partial batch is dropped.
pub struct Batches {
    seeds: Seeds,
    rows: usize,
    batch: usize,
    order: Vec<usize>,
    epoch: usize,
    at: usize,
}

impl Batches {
    /// Of `batch` of the `rows` rows, in the order that a run of these seeds has them.
    pub fn new(seeds: Seeds, rows: usize, batch: usize) -> Self {
        Batches { seeds, rows, batch, order: Vec::new(), epoch: 0, at: 0 }
    }

    /// The rows of the next batch; all, in file order, when the batch is the whole set.
    pub fn next_rows(&mut self) -> &[usize] {
        if self.at + self.batch > self.order.len() {
            self.order = if self.batch == self.rows {
                (0..self.rows).collect()
            } else {
                self.seeds.stream("batch order", &[self.rows, self.epoch]).permutation(self.rows)
            };
            self.epoch += 1;
            self.at = 0;
        }
        self.at += self.batch;
        &self.order[self.at - self.batch..self.at]
    }
}
