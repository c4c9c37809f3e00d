//! The settings of one training, resolved for the data that it uses: batch size, number of steps, and so on.

use super::spec::RunSpec;
use super::stop::{Stop, has_loss_of_every_step};
use crate::data::Dataset;
use crate::model::{Family, check_sequences};
use crate::ops::loss::Criterion;
use crate::optim::{Optimizer, Regularization};
use crate::schedule::Schedule;
use crate::seed::Seeds;
use crate::setting::SettingError;

/// What the settings say of training, and what the data makes of it.
#[derive(Clone, Debug)]
pub(super) struct Training {
    pub criterion: Criterion,
    pub batch: usize,
    /// The loss of every batch is what the target is tested on; always so for a function.
    pub has_loss_of_every_step: bool,
    pub steps: usize,
    pub has_validation: bool,
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
    pub fn from_spec(family: &dyn Family, spec: &RunSpec, data: &Dataset) -> Result<Self, SettingError> {
        let settings = &spec.settings;
        let targets = &data.train.targets;
        if let Some((key, message, help)) = Criterion::misfit(settings, targets.compared()) {
            return Err(SettingError::new(key, format!("{message}: {help}")));
        }
        if data.function.is_none() {
            check_sequences(family, settings, data.train.answers(), data.is_padded())?;
        }
        let criterion = Criterion::from_settings(settings, targets.counts().as_deref())?;
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
            criterion,
            batch,
            steps,
            has_validation: data.validation.is_some(),
            steps_per_epoch: variables.is_none().then_some(rows / batch),
            variables,
            optimizer,
            regularization: Regularization::from_settings(settings),
            schedule: Schedule::from_settings(settings, steps)?,
            has_loss_of_every_step: variables.is_some() || has_loss_of_every_step(family, settings, batch, rows),
            stop: Stop {
                steps,
                target_loss: settings.float("target_loss"),
                stop_at_target: settings.flag("stop_at_target"),
                patience: settings.int("stop.patience").map(|epochs| epochs as usize),
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
