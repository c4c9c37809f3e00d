//! Before anything is trained: whether the gradient of a model is that of its loss. Those of this crate are held to it by tests.

use super::score;
use super::spec::RunSpec;
use super::training::Training;
use crate::data::Dataset;
use crate::model::{BuildError, Family, cut};
use crate::parallel::caught;
use crate::setting::SettingError;

/// Training rows that the loss is of.
const ROWS: usize = 4;

/// Holds the gradient of the run's model against a finite difference.
///
/// # Errors
/// What is wrong, with the parameter that shows it.
pub fn check_gradient(family: &dyn Family, spec: &RunSpec, data: &Dataset) -> Result<(), SettingError> {
    let sizes = data.sizes();
    let criterion = Training::from_spec(family, spec, data)?.criterion;
    let initial = family.initial(&spec.settings, &sizes, &spec.seeds)?;
    let rows = spec.cadence.probe_rows(spec.seeds.experiment, data.train.rows);
    let fault = || -> Result<Option<String>, BuildError> {
        let mut model = family.build_f64(&spec.settings, &sizes, &initial)?;
        let batch = score::batch(&data.train, &data.shape, &rows[..rows.len().min(ROWS)], criterion)?;
        Ok(cut::fault(&mut *model, &batch, &spec.seeds)?)
    };
    let fault = match caught(fault) {
        Ok(Ok(fault)) => fault,
        Ok(Err(BuildError::Setting(error))) => return Err(error),
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => Some(panic),
    };
    let name = family.words().join(", ");
    fault
        .map_or(Ok(()), |what| Err(SettingError::new("network", format!("`{name}` cannot be trained: {what}: {CURE}"))))
}

const CURE: &str = "write ops that have a backward, so `candle_nn::ops::softmax` and not `softmax_last_dim`, `pass.layer_norm` and not \
                    `candle_nn::LayerNorm`, and no `detach`";
