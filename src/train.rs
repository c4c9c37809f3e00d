//! One run, from initial weights to its record. Pure: no file, no clock, no print.

use crate::data::{Dataset, Targets};
use crate::experiment::spec::RunSpec;
use crate::model::Gradients;
use crate::ops::loss::Loss;
use crate::ops::{self, Element};
use crate::optim::{Optimizer, Regularization, Stepper};
use crate::record::{RunError, RunRecord, Status};
use crate::schedule::Schedule;
use crate::seed::Seeds;
use crate::stop::{End, State, Stop};
use std::ops::ControlFlow;

mod problem;
mod recorder;
pub mod trace;
use problem::Problem;
use recorder::Recorder;

/// Trains one run. `on_step` is told every step and may break off.
///
/// # Errors
/// [`RunError::Cancelled`] when `on_step` breaks, [`RunError::Failed`] for a defect in settings, data or program.
pub fn train(
    spec: &RunSpec,
    data: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<RunRecord, RunError> {
    match spec.settings.text("dtype") {
        Some("f64") => run::<f64>(spec, data, on_step, &mut Unobserved),
        _ => run::<f32>(spec, data, on_step, &mut Unobserved),
    }
}

/// Who looks at a run from inside while it trains.
trait Observer<T: Element> {
    /// After the gradient of a step's batch, before it is clipped or used.
    fn computed(&mut self, _: &Moment<T>, _: &Problem<T>) -> Result<(), RunError> {
        Ok(())
    }

    /// After the update of a step, which had this learning rate.
    fn updated(&mut self, _step: usize, _lr: f64, _: &Problem<T>) -> Result<(), RunError> {
        Ok(())
    }
}

/// A batch with its loss and gradient.
struct Moment<'a, T> {
    step: usize,
    /// Numbers of its training rows.
    rows: &'a [usize],
    loss: f64,
    gradients: &'a Gradients<T>,
}

/// Nobody looks.
struct Unobserved;

impl<T: Element> Observer<T> for Unobserved {}

/// candle's errors, without the backtrace it appends when asked to keep one.
impl From<ops::Error> for RunError {
    fn from(error: ops::Error) -> Self {
        RunError::Failed(error.to_string().lines().next().unwrap_or_default().to_string())
    }
}

fn run<T: Element>(
    spec: &RunSpec,
    data: &Dataset,
    on_step: &mut dyn FnMut(usize) -> ControlFlow<()>,
    observer: &mut impl Observer<T>,
) -> Result<RunRecord, RunError> {
    let plan = Training::from_spec(spec, data).map_err(RunError::Failed)?;
    let mut problem = Problem::<T>::new(spec, data, &plan)?;
    let mut optimizer = Stepper::new(plan.optimizer, plan.regularization, &problem);
    let mut batches = Batches::new(spec.seeds, data.train.rows, plan.batch);
    let mut record = Recorder::new(spec, &plan, problem.depth());
    let (mut gradients, mut before) = (Gradients::default(), Vec::new());
    for step in 0..=plan.steps {
        if on_step(step).is_break() {
            return Err(RunError::Cancelled);
        }
        let rows = batches.next_rows();
        let batch_loss = problem.loss_and_gradients(rows, &mut gradients)?;
        observer.computed(&Moment { step, rows, loss: batch_loss, gradients: &gradients }, &problem)?;
        record.observe(step, plan.schedule.at(step), batch_loss);
        if record.wants_scores(step) {
            record.scores(problem.scores()?, gradients.norm());
        }
        let scored = record.present_scores();
        let state = State {
            step,
            batch_loss,
            gradients_finite: gradients.finite,
            weights_finite: optimizer.finite().parameters,
            optimizer_finite: optimizer.finite().state,
            statistics_finite: problem.statistics_finite(),
            train_loss: scored.map(|s| s.train.loss).or((plan.batch == data.train.rows).then_some(batch_loss)),
            val_loss: scored.and_then(|s| s.validation).map(|s| s.loss),
            test_loss: scored.and_then(|s| s.test).map(|s| s.loss),
        };
        record.target(&plan.stop, &state);
        let end = plan.stop.check(&state);
        if end.is_some() && !record.wants_scores(step) {
            record.scores(problem.scores()?, gradients.norm());
        }
        let probed = record.wants_inside(step) || end.is_some();
        if probed {
            problem.look_inside(&gradients, &mut record)?;
        }
        if let Some(end) = end {
            return Ok(record.end(end));
        }
        if step < plan.steps {
            if probed {
                problem.read(|packed| packed.clone_into(&mut before))?;
            }
            problem.take_in_statistics(plan.batch);
            optimizer.step(&problem, &gradients, plan.schedule.at(step))?;
            observer.updated(step, plan.schedule.at(step), &problem)?;
            if probed {
                problem.update_ratios(&before, &mut record)?;
            }
        }
    }
    Ok(record.end(End { status: Status::Finished, message: String::new() }))
}

/// What the settings say of training, and what the data makes of it.
#[derive(Clone, Debug)]
struct Training {
    loss: Loss,
    batch: usize,
    steps: usize,
    /// A function has no epochs.
    steps_per_epoch: Option<usize>,
    /// Of a function.
    variables: Option<usize>,
    optimizer: Optimizer,
    regularization: Regularization,
    schedule: Schedule,
    stop: Stop,
}

impl Training {
    fn from_spec(spec: &RunSpec, data: &Dataset) -> Result<Self, String> {
        let settings = &spec.settings;
        let classes = matches!(data.train.targets, Targets::Classes { .. });
        let loss = match settings.text("loss") {
            Some(word) => {
                Loss::ALL.into_iter().find(|l| l.word() == word).ok_or(format!("there is no loss \"{word}\""))?
            }
            None if classes => Loss::CrossEntropy,
            None => Loss::Mse,
        };
        if loss == Loss::CrossEntropy && !classes {
            return Err("cross_entropy needs classes, and the targets are real numbers: write loss = \"mse\"".into());
        }
        let optimizer = Optimizer::from_settings(settings)?;
        let rows = data.train.rows;
        let variables = data.function.as_ref().map(|f| f.start.len());
        let whole = variables.is_some() || optimizer == Optimizer::Gd || settings.text("batch") == Some("full");
        let batch = if whole { rows } else { settings.int("batch").ok_or("`batch` is not set")? as usize };
        if batch == 0 || batch > rows {
            return Err(format!("batch = {batch}, but the training part has {rows} rows: write at most {rows}"));
        }
        let steps = match settings.int("epochs") {
            Some(epochs) => epochs as usize * (rows / batch),
            None => settings.int("steps").ok_or("`steps` is not set")? as usize,
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
            stop: Stop { target_loss: settings.float("target_loss"), stop_at_target: settings.flag("stop_at_target") },
        })
    }
}

/// Batches without replacement: a fresh order each epoch; the last partial batch is dropped.
struct Batches {
    seeds: Seeds,
    rows: usize,
    batch: usize,
    order: Vec<usize>,
    epoch: usize,
    at: usize,
}

impl Batches {
    fn new(seeds: Seeds, rows: usize, batch: usize) -> Self {
        Batches { seeds, rows, batch, order: Vec::new(), epoch: 0, at: 0 }
    }

    /// The rows of the next batch; all, in file order, when the batch is the whole set.
    fn next_rows(&mut self) -> &[usize] {
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
