//! What is trained: a model on data, or the point of a test function.

use super::error::RunError;
use super::outcome::{PartScore, Scores};
use super::recorder::Recorder;
use super::score::{self, Score};
use super::spec::RunSpec;
use crate::data::function::Kind;
use crate::data::{Dataset, Function, Split};
use crate::model::{Family, Gradients, Layout, Model, Precision};
use crate::ops::block::Role;
use crate::ops::dropout::Draws;
use crate::ops::loss::Criterion;
use crate::ops::reduce::all_finite;
use crate::ops::{self, Element, Mode};
use crate::optim::Stepper;
use crate::probe::Probe;
use crate::probe::along_input::AlongInput;
use crate::probe::jacobian::Jacobian;
use crate::probe::sharpness::Sharpness;
use crate::seed::{Seeds, Stream};
use crate::setting::SettingError;

/// Whose parameters are trained, and how its loss comes about.
pub(super) enum Objective<'a, T: Element> {
    Model(Learner<'a, T>),
    Function(Box<Descent<T>>),
}

/// A model, on data, under a loss.
pub(super) struct Learner<'a, T: Element> {
    pub model: Box<dyn Model<T>>,
    probe: Box<Probe>,
    sharpness: Option<Box<Sharpness>>,
    pub data: &'a Dataset,
    pub criterion: Criterion,
    /// The rows of the training, validation and test part that are scored during training, where these are not all.
    samples: Box<[Option<Vec<usize>>; 3]>,
    /// Rows of the last batch.
    rows: usize,
    /// What dropout draws from at the present step.
    pub draws: Draws,
}

/// A point on the graph of a function.
pub(super) struct Descent<T> {
    kind: Kind,
    layout: Layout,
    point: Vec<T>,
    /// Gradients taken so far, one a step.
    taken: usize,
    /// Standard deviation and source of the noise on every gradient entry.
    noise: (f64, Stream),
}

impl<'a, T: Precision> Objective<'a, T> {
    /// With the initial weights, or at the start.
    ///
    /// # Errors
    /// When a setting is missing, or what candle reports.
    pub fn new(family: &dyn Family, spec: &RunSpec, data: &'a Dataset, criterion: Criterion) -> Result<Self, RunError> {
        if let Some(function) = &data.function {
            return Ok(Objective::Function(Box::new(Descent::new(function, &spec.seeds))));
        }
        let (settings, sizes) = (&spec.settings, data.sizes());
        let initial = family.initial(settings, &sizes, &spec.seeds)?;
        let rows = spec.cadence.probe_rows(spec.seeds.experiment, data.train.rows);
        let batch = score::batch(&data.train, &data.shape, &rows, &criterion)?;
        let jacobian = || -> Result<Jacobian, RunError> {
            // A plan has been checked for it; settings of a program's own may have not.
            let headless = family.headless(settings, &sizes).filter(|_| family.couples_samples(settings).is_none());
            let what = "`record.jacobian` is for dense nets with hidden layers and without batch norm";
            let (settings, sizes) = headless.ok_or_else(|| SettingError::new("network", what))?;
            let packed = vec![0.0; family.layout(&settings, &sizes)?.count()];
            Ok(Jacobian::new(family.build_f64(&settings, &sizes, &packed)?, &batch.x)?)
        };
        let jacobian = spec.cadence.jacobian.then(jacobian).transpose()?;
        let along_input = || -> Result<AlongInput, RunError> {
            let refused = |what: &str| SettingError::new("data", format!("`record.along_input` needs {what}"));
            if sizes.input != [1] {
                return Err(refused("data with one feature").into());
            }
            let grid = AlongInput::new(&data.train.x.to_vec(), data.scaled.unwrap_or([0.0, 1.0]))?;
            Ok(grid.ok_or_else(|| refused("training rows whose inputs differ"))?)
        };
        let along_input = spec.cadence.along_input.then(along_input).transpose()?;
        let sharpness = || -> Result<Sharpness, RunError> {
            let all: Vec<usize> = (0..data.train.rows).collect();
            let batch = score::batch(&data.train, &data.shape, &all, &criterion)?;
            Ok(Sharpness::new(family.build_f64(settings, &sizes, &initial)?, batch, &spec.seeds))
        };
        let sharpness = spec.cadence.sharpness.then(sharpness).transpose()?.map(Box::new);
        let probe = Probe::new(family.build_f64(settings, &sizes, &initial)?, batch)
            .with_distributions(spec.cadence.distributions)
            .with_jacobian(jacobian)
            .with_along_input(along_input);
        let model = T::build(family, settings, &sizes, &initial)?;
        let parts = [Some(&data.train), data.validation.as_ref(), data.test.as_ref()];
        let samples = Box::new(parts.map(|part| spec.sample(part?.rows)));
        Ok(Objective::Model(Learner {
            model,
            probe: Box::new(probe),
            sharpness,
            data,
            criterion,
            samples,
            rows: 0,
            draws: Draws { seeds: spec.seeds, step: 0 },
        }))
    }
}

impl<T: Element> Objective<'_, T> {
    pub fn layout(&self) -> &Layout {
        match self {
            Objective::Model(learner) => learner.model.layout(),
            Objective::Function(descent) => &descent.layout,
        }
    }

    /// The loss on these training rows, and its gradient.
    pub fn loss_and_gradients(&mut self, rows: &[usize], gradients: &mut Gradients<T>) -> Result<f64, RunError> {
        match self {
            Objective::Model(learner) => {
                learner.rows = rows.len();
                learner.model.draw_from(learner.draws);
                let batch = score::batch(&learner.data.train, &learner.data.shape, rows, &learner.criterion)?;
                Ok(learner.model.loss_and_gradients(batch, Mode::Train, gradients)?)
            }
            Objective::Function(descent) => Ok(descent.value_and_gradient(gradients)),
        }
    }

    /// The losses that a row of `history.csv` holds: of large parts their samples, and the whole where that is asked for.
    pub fn scores(&self, whole: bool) -> Result<Scores, RunError> {
        match self {
            Objective::Model(Learner { model, data, criterion, samples, .. }) => {
                let on = |split: &Split, sample: &Option<Vec<usize>>| -> ops::Result<PartScore> {
                    let score = |rows: &[usize]| score::score_rows(&**model, split, &data.shape, rows, criterion);
                    let whole =
                        (whole || sample.is_none()).then(|| score::score(&**model, split, &data.shape, criterion));
                    Ok(PartScore { whole: whole.transpose()?, sample: sample.as_deref().map(score).transpose()? })
                };
                let maybe = |split: &Option<Split>, sample| split.as_ref().map(|split| on(split, sample)).transpose();
                Ok(Scores {
                    train: on(&data.train, &samples[0])?,
                    validation: maybe(&data.validation, &samples[1])?,
                    test: maybe(&data.test, &samples[2])?,
                })
            }
            Objective::Function(descent) => {
                let value = Score { loss: descent.value(), ..Score::default() };
                let train = PartScore { whole: Some(value), sample: None };
                Ok(Scores { train, validation: None, test: None })
            }
        }
    }

    /// The loss of the whole validation part, or of the training part where there is none: what is recorded decides nothing.
    pub fn watched(&self) -> Result<f64, RunError> {
        match self {
            Objective::Model(Learner { model, data, criterion, .. }) => {
                let split = data.validation.as_ref().unwrap_or(&data.train);
                Ok(score::score(&**model, split, &data.shape, criterion)?.loss)
            }
            Objective::Function(descent) => Ok(descent.value()),
        }
    }

    /// The sharpness of the loss, where it is asked for.
    pub fn sharpness(&mut self) -> Result<Option<f64>, RunError> {
        match self {
            Objective::Model(Learner { model, sharpness: Some(sharpness), .. }) => {
                Ok(Some(sharpness.measure(&**model)?))
            }
            _ => Ok(None),
        }
    }

    /// Records what lies inside: the layers of a model, where the point of a function is.
    pub fn look_inside(&mut self, gradients: &Gradients<T>, record: &mut Recorder) -> Result<(), RunError> {
        match self {
            Objective::Model(Learner { model, probe, .. }) => {
                record.layers(probe.measure(&**model)?, gradients);
                record.along_input(probe.along_input()?);
            }
            Objective::Function(descent) => record.point(&descent.point),
        }
        Ok(())
    }

    /// Updates the parameters, and records how far each layer went where its row was just written.
    pub fn update(
        &mut self,
        optimizer: &mut Stepper<T>,
        gradients: &Gradients<T>,
        lr: f64,
        record: &mut Recorder,
    ) -> Result<(), RunError> {
        match self {
            Objective::Model(Learner { model, rows, draws, .. }) => {
                draws.step += 1;
                model.updated(*rows);
                model.rewrite(&mut |parameters| {
                    let before = record.wants_inside().then(|| parameters.to_vec());
                    optimizer.step(parameters, gradients, lr);
                    if let Some(before) = before {
                        record.update_ratios(&before, parameters);
                    }
                })?;
            }
            Objective::Function(descent) => {
                optimizer.step(&mut descent.point, gradients, lr);
                project(descent.kind, &mut descent.point);
            }
        }
        Ok(())
    }

    /// The packed parameters.
    pub fn parameters(&self) -> Result<Vec<T>, RunError> {
        let mut copy = Vec::new();
        match self {
            Objective::Model(learner) => learner.model.read(&mut |packed| copy = packed.to_vec())?,
            Objective::Function(descent) => copy.clone_from(&descent.point),
        }
        Ok(copy)
    }

    /// What of a model's own is not finite.
    pub fn fault(&self) -> Option<&'static str> {
        match self {
            Objective::Model(learner) => learner.model.fault(),
            Objective::Function(_) => None,
        }
    }
}

/// Takes what lies outside a function's box to its border; NaN stays.
fn project<T: Element>(kind: Kind, point: &mut [T]) {
    let reach = T::of(kind.reach());
    for x in point.iter_mut().filter(|x| x.abs() > reach) {
        *x = reach.copysign(*x);
    }
}

impl<T: Element> Descent<T> {
    fn new(function: &Function, seeds: &Seeds) -> Self {
        let shape = [function.start.len()];
        let mut around = seeds.stream("start", &shape);
        let mut start: Vec<T> = function.start.iter().map(|x| T::of(x + function.spread * around.normal())).collect();
        project(function.kind, &mut start);
        let noise = (function.noise, seeds.stream("gradient noise", &shape));
        let layout = Layout::new([("point".into(), Role::Weight, shape.to_vec())]);
        Descent { kind: function.kind, layout, point: start, taken: 0, noise }
    }

    /// The value at the point, without noise.
    fn value(&self) -> f64 {
        self.kind.at(&self.point, &mut vec![T::of(0.0); self.point.len()]).f64()
    }

    /// The value at the point, and the step's gradient with a fresh draw of the noise.
    fn value_and_gradient(&mut self, gradients: &mut Gradients<T>) -> f64 {
        gradients.packed.resize(self.point.len(), T::of(0.0));
        let value = self.kind.at(&self.point, &mut gradients.packed);
        if let Some(gradient) = self.kind.gradient_in_turn(self.taken) {
            gradients.packed.fill(T::of(gradient));
        }
        self.taken += 1;
        let (deviation, stream) = &mut self.noise;
        if *deviation > 0.0 {
            gradients.packed.iter_mut().for_each(|g| *g += T::of(*deviation * stream.normal()));
        }
        gradients.finite = all_finite(&gradients.packed);
        value.f64()
    }
}
