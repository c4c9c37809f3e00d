//! Stand-in for training: numbers from the seeds, a little time.

use crate::data::Dataset;
use crate::experiment::spec::RunSpec;
use crate::record::{HISTORY_COLUMNS, LAYER_COLUMNS, OUTCOME_COLUMNS, RunError, RunRecord, Status};
use crate::table::{Cell, Table};
use std::ops::ControlFlow;

/// Trains.
///
/// # Errors
/// When stopped.
pub fn train(
    spec: &RunSpec,
    _: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<RunRecord, RunError> {
    let mut stream = spec.seeds.stream("fake", &[spec.settings.int("depth").unwrap_or(0) as usize]);
    let steps = spec.settings.int("steps").unwrap_or(0) as usize;
    let (mut history, mut layers) = (Table::new(HISTORY_COLUMNS), Table::new(LAYER_COLUMNS));
    for step in 0..=steps {
        if on_step(step).is_break() {
            return Err(RunError::Cancelled);
        }
        if step % 50 == 0 {
            (0..2_000_000).for_each(|i| {
                std::hint::black_box(i);
            });
            history.push(HISTORY_COLUMNS.iter().map(|_| Cell::Float(stream.normal())).collect());
            layers.push(LAYER_COLUMNS.iter().map(|_| Cell::Float(stream.normal())).collect());
        }
    }
    let outcome = OUTCOME_COLUMNS.iter().map(|_| Cell::Float(stream.uniform())).collect();
    Ok(RunRecord { status: Status::Finished, message: String::new(), outcome, history, layers })
}
