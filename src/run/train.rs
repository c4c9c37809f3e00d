//! One run, from initial weights to its record. Pure: no file, no clock, no print.

use super::error::RunError;
use super::objective::Objective;
use super::recorder::Recorder;
use super::spec::RunSpec;
use super::training::{Batches, Training};
use super::watch::Watch;
use crate::data::Dataset;
use crate::model::{self, Family, Gradients, Precision};
use crate::ops::Element;
use crate::optim::Stepper;
use crate::record::RunRecord;
use std::ops::ControlFlow;

/// Trains one run of the family that its settings name. `on_step` is told every step and may break off.
///
/// # Errors
/// [`RunError::Cancelled`] when `on_step` breaks, else what is wrong with settings, data or program.
pub fn train(
    spec: &RunSpec,
    data: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<RunRecord, RunError> {
    train_model(model::family(&spec.settings), spec, data, on_step)
}

/// The same for a family of one's own. A [sweep](crate::sweep::RunFn) trains it when its function calls this one.
///
/// # Errors
/// As [`train`].
pub fn train_model(
    family: &dyn Family,
    spec: &RunSpec,
    data: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<RunRecord, RunError> {
    match spec.is_double() {
        true => run::<f64>(family, spec, data, on_step, &mut Unobserved),
        false => run::<f32>(family, spec, data, on_step, &mut Unobserved),
    }
}

/// Who looks at a run from inside while it trains.
pub(super) trait Observer<T: Element> {
    /// After the gradient of a step's batch, before it is clipped or used.
    fn computed(&mut self, _: &Moment<T>, _: &Objective<T>) -> Result<(), RunError> {
        Ok(())
    }

    /// After the update of a step, which had this learning rate.
    fn updated(&mut self, _step: usize, _lr: f64, _: &Objective<T>) -> Result<(), RunError> {
        Ok(())
    }
}

/// A batch with its loss and gradient.
pub(super) struct Moment<'a, T> {
    pub step: usize,
    /// Numbers of its training rows.
    pub rows: &'a [usize],
    pub loss: f64,
    pub gradients: &'a Gradients<T>,
}

/// Nobody looks.
struct Unobserved;

impl<T: Element> Observer<T> for Unobserved {}

/// Trains at one precision. `step` s is the state after s updates.
pub(super) fn run<T: Precision>(
    family: &dyn Family,
    spec: &RunSpec,
    data: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
    observer: &mut impl Observer<T>,
) -> Result<RunRecord, RunError> {
    let plan = Training::from_spec(family, spec, data)?;
    let mut objective = Objective::<T>::new(family, spec, data, plan.criterion.clone())?;
    let mut optimizer = Stepper::new(plan.optimizer, plan.regularization, objective.layout());
    let mut batches = Batches::new(spec.seeds, data.train.rows, plan.batch);
    let mut record = Recorder::new(spec, &plan);
    let mut watch = Watch::new(&plan);
    let mut gradients = Gradients::default();
    let mut step = 0;
    loop {
        if on_step(step).is_break() {
            return Err(RunError::Cancelled);
        }
        if watch.looks_at(step) {
            let loss = objective.watched()?;
            record.watched(step, loss);
            if watch.see(loss) {
                record.keep(step, objective.scores(true)?);
            }
        }
        let (rows, lr) = (batches.next_rows(), plan.schedule.at(step) * watch.share());
        let loss = objective.loss_and_gradients(rows, &mut gradients)?;
        observer.computed(&Moment { step, rows, loss, gradients: &gradients }, &objective)?;
        record.observe(step, lr, loss);
        let mut sharpness = None;
        if record.wants_scores() {
            sharpness = objective.sharpness()?;
            record.scores(objective.scores(step == plan.steps)?, gradients.norm(), sharpness);
        }
        let state = record.state(gradients.finite, optimizer.finite(), objective.fault(), watch.stale());
        let end = plan.stop.check(&state);
        if end.is_some() && !record.has_whole_scores() {
            if sharpness.is_none() {
                sharpness = objective.sharpness()?;
            }
            record.scores(objective.scores(true)?, gradients.norm(), sharpness);
        }
        if end.is_some() || record.wants_inside() {
            objective.look_inside(&gradients, &mut record)?;
        }
        if let Some(end) = end {
            return Ok(record.end(end));
        }
        objective.update(&mut optimizer, &gradients, lr, &mut record)?;
        observer.updated(step, lr, &objective)?;
        step += 1;
    }
}
