//! What is trained: a network on data, or the point of a test function.

use super::Training;
use super::recorder::{Recorder, Scores};
use crate::data::function::Kind;
use crate::data::{Dataset, Function, Split};
use crate::experiment::spec::RunSpec;
use crate::model::{Architecture, Gradients, Network, Path, init::Init};
use crate::ops::activation::Activation;
use crate::ops::block::Role;
use crate::ops::fused::Mode;
use crate::ops::loss::Loss;
use crate::ops::reduce::all_finite;
use crate::ops::{self, Element};
use crate::optim::Parameters;
use crate::probe::Probe;
use crate::record::RunError;
use crate::score::{self, Score};
use crate::seed::{Seeds, Stream};
use std::cell::RefCell;
use std::ops::Range;

/// Whose parameters are trained, and how its loss comes about.
pub(super) enum Problem<'a, T: Element> {
    Network(Learner<'a, T>),
    Function(Descent<T>),
}

/// A network, on data, under a loss.
pub(super) struct Learner<'a, T: Element> {
    pub network: Network<T>,
    probe: Probe,
    pub data: &'a Dataset,
    pub loss: Loss,
}

/// A point on the graph of a function.
pub(super) struct Descent<T> {
    kind: Kind,
    point: RefCell<Vec<T>>,
    /// Gradients taken so far, one a step.
    taken: usize,
    /// Standard deviation and source of the noise on every gradient entry.
    noise: (f64, Stream),
}

impl<'a, T: Element> Problem<'a, T> {
    /// With the initial weights, or at the start.
    ///
    /// # Errors
    /// When a setting is missing, or what candle reports.
    pub fn new(spec: &RunSpec, data: &'a Dataset, plan: &Training) -> Result<Self, RunError> {
        Ok(match &data.function {
            Some(function) => Problem::Function(Descent::new(function, &spec.seeds)),
            None => Problem::Network(Learner::new(spec, data, plan)?),
        })
    }

    /// Hidden layers of a network.
    pub fn depth(&self) -> usize {
        match self {
            Problem::Network(learner) => learner.network.architecture.depth,
            Problem::Function(_) => 0,
        }
    }

    /// The loss on these training rows, and its gradient.
    pub fn loss_and_gradients(&mut self, rows: &[usize], gradients: &mut Gradients<T>) -> Result<f64, RunError> {
        match self {
            Problem::Network(Learner { network, data, loss, .. }) => {
                let (x, target) = score::batch::<T>(&data.train, data.features, rows, *loss)?;
                Ok(network.loss_and_gradients(Path::Fused, Mode::Train, &x, *loss, target, gradients)?)
            }
            Problem::Function(descent) => Ok(descent.value_and_gradient(gradients)),
        }
    }

    /// The losses that a row of `history.csv` holds.
    pub fn scores(&self) -> Result<Scores, RunError> {
        match self {
            Problem::Network(Learner { network, data, loss, .. }) => {
                let on = |split: &Split| score::score(network, split, *loss);
                let maybe =
                    |split: &Option<Split>| -> ops::Result<Option<Score>> { split.as_ref().map(on).transpose() };
                Ok(Scores { train: on(&data.train)?, validation: maybe(&data.validation)?, test: maybe(&data.test)? })
            }
            Problem::Function(descent) => {
                Ok(Scores { train: Score { loss: descent.value(), accuracy: None }, validation: None, test: None })
            }
        }
    }

    /// Records what lies inside: the layers of a network, where the point of a function is.
    pub fn look_inside(&mut self, gradients: &Gradients<T>, record: &mut Recorder) -> Result<(), RunError> {
        match self {
            Problem::Network(Learner { network, probe, .. }) => {
                record.layers(&probe.measure(network)?, network, gradients);
            }
            Problem::Function(descent) => record.point(&descent.point.borrow()),
        }
        Ok(())
    }

    /// Records how far the last update went from `before`, layer by layer.
    pub fn update_ratios(&self, before: &[T], record: &mut Recorder) -> Result<(), RunError> {
        match self {
            Problem::Network(Learner { network, .. }) => {
                Ok(network.read(|after| record.update_ratios(network, before, after))?)
            }
            Problem::Function(_) => Ok(()),
        }
    }

    /// Reads the packed parameters.
    pub fn read<R>(&self, read: impl FnOnce(&[T]) -> R) -> Result<R, RunError> {
        match self {
            Problem::Network(learner) => Ok(learner.network.read(read)?),
            Problem::Function(descent) => Ok(read(&descent.point.borrow())),
        }
    }

    /// Whether every statistic of batch normalization is finite.
    pub fn statistics_finite(&self) -> bool {
        match self {
            Problem::Network(learner) => learner.network.statistics_finite(),
            Problem::Function(_) => true,
        }
    }

    /// Lets the running statistics of a network take in those of the last batch, of `rows`.
    pub fn take_in_statistics(&self, rows: usize) {
        if let Problem::Network(learner) = self {
            learner.network.take_in_statistics(rows);
        }
    }
}

impl<T: Element> Parameters<T> for Problem<'_, T> {
    fn segments(&self) -> Vec<(Role, Range<usize>)> {
        match self {
            Problem::Network(learner) => learner.network.segments(),
            Problem::Function(descent) => vec![(Role::Weight, 0..descent.point.borrow().len())],
        }
    }

    fn rewrite(&self, mut change: impl FnMut(&mut [T])) -> ops::Result<()> {
        match self {
            Problem::Network(learner) => learner.network.rewrite(change),
            Problem::Function(descent) => {
                let mut point = descent.point.borrow_mut();
                change(&mut point);
                project(descent.kind, &mut point);
                Ok(())
            }
        }
    }
}

impl<'a, T: Element> Learner<'a, T> {
    fn new(spec: &RunSpec, data: &'a Dataset, plan: &Training) -> Result<Self, RunError> {
        let settings = &spec.settings;
        let outputs = data.train.targets.outputs();
        let architecture = Architecture::from_settings(settings, data.features, outputs).map_err(RunError::Failed)?;
        let activation = Activation::from_settings(settings, "activation").map_err(RunError::Failed)?;
        let init = Init::from_settings(settings, activation).map_err(RunError::Failed)?;
        let network = Network::new(architecture.clone(), init, &spec.seeds)?;

        let rows = spec.cadence.probe_rows(spec.seeds.experiment, data.train.rows);
        let (x, target) = score::batch::<f64>(&data.train, data.features, &rows, plan.loss)?;
        let probe = Probe::new(&architecture, x, target, plan.loss)?;
        Ok(Learner { network, probe, data, loss: plan.loss })
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
        Descent { kind: function.kind, point: RefCell::new(start), taken: 0, noise }
    }

    /// The value at the point, without noise.
    fn value(&self) -> f64 {
        let point = self.point.borrow();
        self.kind.at(&point, &mut vec![T::of(0.0); point.len()]).f64()
    }

    /// The value at the point, and the step's gradient with a fresh draw of the noise.
    fn value_and_gradient(&mut self, gradients: &mut Gradients<T>) -> f64 {
        let point = self.point.borrow();
        gradients.packed.resize(point.len(), T::of(0.0));
        let value = self.kind.at(&point, &mut gradients.packed);
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
