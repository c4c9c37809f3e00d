//! Takes down a run's rows as they arise, and closes them into its record.

use super::Training;
use crate::columns;
use crate::experiment::spec::RunSpec;
use crate::model::{Gradients, Network};
use crate::ops::block::Role;
use crate::ops::{Element, reduce};
use crate::probe::LayerMeasure;
use crate::record::{RunRecord, point_columns};
use crate::score::Score;
use crate::stop::{End, State, Stop};
use crate::table::{Cell, Table};

/// The scores of all splits at one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    pub train: Score,
    pub validation: Option<Score>,
    pub test: Option<Score>,
}

pub(super) struct Recorder {
    inside_steps: Vec<usize>,
    score_steps: Vec<usize>,
    steps_per_epoch: Option<usize>,
    depth: usize,
    history: Table,
    layers: Table,
    points: Table,
    step: usize,
    lr: f64,
    batch_loss: f64,
    last: Option<(usize, Scores)>,
    best: Option<(usize, Scores)>,
    steps_to_target: Option<usize>,
    first_measures: Vec<LayerMeasure>,
    last_measures: Vec<LayerMeasure>,
    layers_zero: Option<usize>,
}

impl Recorder {
    pub fn new(spec: &RunSpec, plan: &Training, depth: usize) -> Self {
        let inside = match plan.variables {
            Some(_) => spec.cadence.points(plan.steps),
            None => spec.cadence.gradients.clone(),
        };
        Recorder {
            inside_steps: inside.steps(plan.steps),
            score_steps: spec.cadence.score.steps(plan.steps),
            steps_per_epoch: plan.steps_per_epoch,
            depth,
            history: Table::new(columns::HISTORY),
            layers: Table::new(columns::LAYERS),
            points: plan.variables.map_or_else(Table::default, |n| Table::new(&point_columns(n))),
            step: 0,
            lr: 0.0,
            batch_loss: f64::NAN,
            last: None,
            best: None,
            steps_to_target: None,
            first_measures: Vec::new(),
            last_measures: Vec::new(),
            layers_zero: None,
        }
    }

    pub fn observe(&mut self, step: usize, lr: f64, batch_loss: f64) {
        (self.step, self.lr, self.batch_loss) = (step, lr, batch_loss);
    }

    pub fn wants_scores(&self, step: usize) -> bool {
        self.score_steps.binary_search(&step).is_ok()
    }

    /// Whether the layers of a network, or the point of a function, are recorded at a step.
    pub fn wants_inside(&self, step: usize) -> bool {
        self.inside_steps.binary_search(&step).is_ok()
    }

    /// The scores of the present step, where it was scored.
    pub fn present_scores(&self) -> Option<Scores> {
        self.last.filter(|(step, _)| *step == self.step).map(|(_, scores)| scores)
    }

    pub fn scores(&mut self, scores: Scores, grad_norm: f64) {
        let [val, test] = [scores.validation, scores.test].map(|s| {
            let loss: Cell = s.map(|s| s.loss).into();
            let accuracy: Cell = s.and_then(|s| s.accuracy).into();
            [loss, accuracy]
        });
        let [val_loss, val_accuracy] = val;
        let [test_loss, test_accuracy] = test;
        self.history.push(vec![
            self.step.into(),
            self.steps_per_epoch.map(|n| self.step as f64 / n as f64).into(),
            self.lr.into(),
            self.batch_loss.into(),
            scores.train.loss.into(),
            scores.train.accuracy.into(),
            val_loss,
            val_accuracy,
            test_loss,
            test_accuracy,
            grad_norm.into(),
        ]);
        self.last = Some((self.step, scores));
        let judged = |s: &Scores| s.validation.unwrap_or(s.train).loss;
        let better = match &self.best {
            Some((_, best)) => judged(&scores) < judged(best),
            None => judged(&scores).is_finite(),
        };
        if better {
            self.best = Some((self.step, scores));
        }
    }

    /// Notes the first step at which the target is reached.
    pub fn target(&mut self, stop: &Stop, state: &State) {
        if self.steps_to_target.is_none() && stop.reached(state.train_loss) {
            self.steps_to_target = Some(state.step);
        }
    }

    /// One row a hidden layer: the probe's measures, and how much of the weight gradient the optimizer gets is
    /// exactly zero or subnormal in the training's own precision.
    pub fn layers<T: Element>(&mut self, measures: &[LayerMeasure], network: &Network<T>, gradients: &Gradients<T>) {
        let mut all_zero = 0;
        for (index, m) in measures.iter().enumerate() {
            let weight = network.chain.part(&gradients.packed, index, Role::Weight);
            let (n, zeros) = (weight.len() as f64, reduce::zeros(weight));
            let subnormals = reduce::smaller(weight, T::MIN_NORMAL.f64()) - zeros;
            all_zero += usize::from(zeros == n);
            self.layers.push(vec![
                self.step.into(),
                (index + 1).into(),
                m.stream_rms.into(),
                m.delta_rms.into(),
                m.weight_grad_rms.into(),
                m.weight_grad_sample_rms.into(),
                m.coherence().into(),
                m.correlation.into(),
                m.activation_mean.into(),
                m.activation_std.into(),
                m.weight_rms.into(),
                Cell::Empty,
                m.saturated.into(),
                m.inactive.into(),
                m.dead.into(),
                (zeros / n).into(),
                (subnormals / n).into(),
            ]);
        }
        if self.first_measures.is_empty() {
            self.first_measures = measures.to_vec();
            self.layers_zero = Some(all_zero);
        }
        self.last_measures = measures.to_vec();
    }

    /// Where the point of a function is.
    pub fn point<T: Element>(&mut self, point: &[T]) {
        let step = std::iter::once(self.step.into());
        self.points.push(step.chain(point.iter().map(|x| x.f64().into())).collect());
    }

    /// Fills in the newest rows' |dw| / |w| of the update that has just been made.
    pub fn update_ratios<T: Element>(&mut self, network: &Network<T>, before: &[T], after: &[T]) {
        let column = self.layers.column("update_ratio").unwrap_or_default();
        let first = self.layers.rows.len() - self.depth;
        for (index, row) in self.layers.rows[first..].iter_mut().enumerate() {
            let weight = |packed| network.chain.part(packed, index, Role::Weight);
            let (old, new) = (weight(before), weight(after));
            row[column] = (reduce::squared_distance(old, new) / reduce::sum_of_squares(old, 1.0)).sqrt().into();
        }
    }

    /// Closes the record.
    pub fn end(self, end: End) -> RunRecord {
        let score =
            |of: Option<Score>| -> [Cell; 2] { [of.map(|s| s.loss).into(), of.and_then(|s| s.accuracy).into()] };
        let last = self.last.map(|(_, s)| s);
        let best = self.best.map(|(_, s)| s);
        let [best_test_loss, best_test_accuracy] = score(best.and_then(|s| s.test));
        let mut outcome: Vec<Cell> = vec![self.step.into()];
        outcome.extend(score(last.map(|s| s.train)));
        outcome.extend(score(last.and_then(|s| s.validation)));
        outcome.extend(score(last.and_then(|s| s.test)));
        outcome.extend([
            self.best.map(|(step, _)| step).into(),
            best.map(|s| s.train.loss).into(),
            best.and_then(|s| s.validation).map(|s| s.loss).into(),
            best_test_loss,
            best_test_accuracy,
            self.steps_to_target.into(),
        ]);
        let (first, final_) = (&self.first_measures, &self.last_measures);
        outcome.extend([
            per_layer(decades(first, 1, |m| m.stream_rms), self.depth).into(),
            per_layer(decades(final_, 1, |m| m.stream_rms), self.depth).into(),
            decades(first, 1, |m| m.stream_rms).into(),
            decades(final_, 1, |m| m.stream_rms).into(),
            per_layer(decades(first, 1, |m| m.delta_rms), self.depth).into(),
            decades(first, 2, |m| m.weight_grad_rms).into(),
            self.layers_zero.into(),
        ]);
        debug_assert_eq!(outcome.len(), columns::OUTCOMES.len());
        RunRecord {
            status: end.status,
            message: end.message,
            outcome,
            history: self.history,
            layers: self.layers,
            points: self.points,
        }
    }
}

/// log10 of the last hidden layer's value over that of layer `from`: positive when it fades toward the input. None when
/// there is no layer between.
fn decades(measures: &[LayerMeasure], from: usize, of: fn(&LayerMeasure) -> f64) -> Option<f64> {
    let depth = measures.len();
    (depth > from).then(|| of(&measures[depth - 1]).log10() - of(&measures[from - 1]).log10())
}

fn per_layer(total: Option<f64>, depth: usize) -> Option<f64> {
    total.map(|d| d / (depth - 1) as f64)
}
