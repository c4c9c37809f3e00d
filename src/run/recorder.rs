//! Takes down a run's rows as they arise, and closes them into its record.

use super::score::Score;
use super::spec::{At, RunSpec};
use super::stop::{End, State, Stop};
use super::training::Training;
use crate::columns;
use crate::fading::Fading;
use crate::model::Gradients;
use crate::ops::{Element, reduce};
use crate::optim::Finite;
use crate::probe::{LayerMeasure, of_layers, over_time};
use crate::record::{RunRecord, Status, point_columns};
use crate::table::{Cell, Table};

/// The scores of a part: of all its rows, and of a fixed sample where it is large.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PartScore {
    pub whole: Option<Score>,
    pub sample: Option<Score>,
}

impl PartScore {
    /// The loss that is known at every scored step.
    fn loss(&self) -> Option<f64> {
        self.sample.or(self.whole).map(|score| score.loss)
    }
}

/// The scores of all splits at one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    pub train: PartScore,
    pub validation: Option<PartScore>,
    pub test: Option<PartScore>,
}

impl Scores {
    /// Training, validation and test part.
    fn parts(&self) -> [PartScore; 3] {
        [self.train, self.validation.unwrap_or_default(), self.test.unwrap_or_default()]
    }

    /// What the best step is chosen by.
    fn judged(&self) -> f64 {
        self.validation.unwrap_or(self.train).loss().unwrap_or(f64::NAN)
    }

    fn are_whole(&self) -> bool {
        [Some(self.train), self.validation, self.test].into_iter().flatten().all(|part| part.whole.is_some())
    }
}

/// So many time steps have rows in `layers.csv` if the experiment does not say.
const MOST_TIMES: usize = 100;

pub(super) struct Recorder {
    inside_steps: Vec<usize>,
    times: Option<At>,
    score_steps: Vec<usize>,
    steps_per_epoch: Option<usize>,
    has_loss_of_every_step: bool,
    has_validation: bool,
    stop: Stop,
    history: Table,
    layers: Table,
    points: Table,
    distributions: Table,
    step: usize,
    lr: f64,
    batch_loss: f64,
    last: Option<(usize, Scores)>,
    best: Option<(usize, Scores)>,
    /// Those of the epoch that a run ends with where its loss is watched.
    kept: Option<(usize, Scores)>,
    /// The loss that was watched last, and when.
    watched: Option<(usize, f64)>,
    steps_to_target: Option<usize>,
    first_measures: Vec<LayerMeasure>,
    last_measures: Vec<LayerMeasure>,
    layers_zero: Option<usize>,
}

impl Recorder {
    pub fn new(spec: &RunSpec, plan: &Training) -> Self {
        let inside = match plan.variables {
            Some(_) => spec.cadence.points(plan.steps),
            None => spec.cadence.gradients.clone(),
        };
        Recorder {
            inside_steps: inside.steps(plan.steps),
            times: spec.cadence.times.clone(),
            score_steps: spec.cadence.score.steps(plan.steps),
            steps_per_epoch: plan.steps_per_epoch,
            has_loss_of_every_step: plan.has_loss_of_every_step,
            has_validation: plan.has_validation,
            stop: plan.stop,
            history: Table::new(columns::HISTORY),
            layers: Table::new(columns::LAYERS),
            points: plan.variables.map_or_else(Table::default, |n| Table::new(&point_columns(n))),
            distributions: Table::default(),
            step: 0,
            lr: 0.0,
            batch_loss: f64::NAN,
            last: None,
            best: None,
            kept: None,
            watched: None,
            steps_to_target: None,
            first_measures: Vec::new(),
            last_measures: Vec::new(),
            layers_zero: None,
        }
    }

    pub fn observe(&mut self, step: usize, lr: f64, batch_loss: f64) {
        (self.step, self.lr, self.batch_loss) = (step, lr, batch_loss);
    }

    /// Whether the losses are recorded at the present step.
    pub fn wants_scores(&self) -> bool {
        self.score_steps.binary_search(&self.step).is_ok()
    }

    /// Whether the layers of a model, or the point of a function, are recorded at the present step.
    pub fn wants_inside(&self) -> bool {
        self.inside_steps.binary_search(&self.step).is_ok()
    }

    /// What is known at the present step. The first one at which the target is reached is noted. All steps are tested on one
    /// loss, that of the training part in evaluation mode: as the batch's where it is that at every step, else as scored.
    pub fn state(
        &mut self,
        gradients_finite: bool,
        optimizer: Finite,
        fault: Option<&'static str>,
        stale: usize,
    ) -> State {
        let now = |step: usize| step == self.step;
        let scored = self.last.filter(|(step, _)| now(*step)).map(|(_, scores)| scores);
        let watched = self.watched.filter(|(step, _)| now(*step)).map(|(_, loss)| loss);
        let train_loss = scored.and_then(|s| s.train.loss());
        let state = State {
            step: self.step,
            batch_loss: self.batch_loss,
            gradients_finite,
            optimizer,
            fault,
            target_loss: if self.has_loss_of_every_step { Some(self.batch_loss) } else { train_loss },
            stale,
            train_loss: train_loss.or(watched.filter(|_| !self.has_validation)),
            val_loss: scored
                .and_then(|s| s.validation)
                .and_then(|part| part.loss())
                .or(watched.filter(|_| self.has_validation)),
            test_loss: scored.and_then(|s| s.test).and_then(|part| part.loss()),
        };
        if self.steps_to_target.is_none() && self.stop.reached(state.target_loss) {
            self.steps_to_target = Some(state.step);
        }
        state
    }

    /// Takes down a loss that was watched.
    pub fn watched(&mut self, step: usize, loss: f64) {
        self.watched = Some((step, loss));
    }

    /// Keeps the scores of the best epoch so far for the end of the run.
    pub fn keep(&mut self, step: usize, scores: Scores) {
        self.kept = Some((step, scores));
    }

    /// Whether the present step has the scores of all rows.
    pub fn has_whole_scores(&self) -> bool {
        self.last.is_some_and(|(step, scores)| step == self.step && scores.are_whole())
    }

    /// A row of the present step, in place of an earlier one.
    pub fn scores(&mut self, scores: Scores, grad_norm: f64) {
        if self.last.is_some_and(|(step, _)| step == self.step) {
            self.history.rows.pop();
        }
        let epoch = self.steps_per_epoch.map(|n| self.step as f64 / n as f64);
        let mut row: Vec<Cell> = vec![self.step.into(), epoch.into(), self.lr.into(), self.batch_loss.into()];
        row.extend(scores.parts().iter().flat_map(|part| cells(part.whole)));
        row.extend(scores.parts().iter().map(|part| balanced(part.whole)));
        row.extend(scores.parts().iter().flat_map(|part| cells(part.sample)));
        row.extend(scores.parts().iter().map(|part| balanced(part.sample)));
        row.push(grad_norm.into());
        self.history.push(row);
        self.last = Some((self.step, scores));
        let better = match &self.best {
            Some((_, best)) => scores.judged() < best.judged(),
            None => scores.judged().is_finite(),
        };
        if better || self.best.is_some_and(|(step, _)| step == self.step) {
            self.best = Some((self.step, scores));
        }
    }

    /// One row a hidden layer, and time step that is kept: the probe's measures, and how much of the weight gradient the optimizer gets is
    /// exactly zero or subnormal in the training's own precision.
    pub fn layers<T: Element>(&mut self, measures: Vec<LayerMeasure>, gradients: &Gradients<T>) {
        let kept = self.kept_times(&measures);
        let is_kept = |m: &LayerMeasure| m.time.is_none_or(|time| time == 1 || kept.binary_search(&time).is_ok());
        let mut measures: Vec<LayerMeasure> = measures.into_iter().filter(is_kept).collect();
        self.distributions(&mut measures);
        for m in &measures {
            let weight = &gradients.packed[m.weight.clone()];
            let (n, zeros) = (weight.len() as f64, reduce::zeros(weight));
            let subnormals = reduce::smaller(weight, T::MIN_NORMAL.f64()) - zeros;
            self.layers.push(vec![
                self.step.into(),
                m.layer.into(),
                m.time.into(),
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
                m.state_rms.into(),
                m.spectral_radius.into(),
            ]);
        }
        if self.first_measures.is_empty() && !measures.is_empty() {
            self.first_measures.clone_from(&measures);
            let is_zero = |m: &&&LayerMeasure| gradients.packed[m.weight.clone()].iter().all(|g| g.f64() == 0.0);
            self.layers_zero = Some(of_layers(&measures).iter().filter(is_zero).count());
        }
        self.last_measures = measures;
    }

    /// One row for each distribution of these layers, which is then nowhere else.
    fn distributions(&mut self, measures: &mut [LayerMeasure]) {
        for m in measures {
            for (quantity, own) in std::mem::take(&mut m.distributions) {
                let counts: Vec<String> = own.counts.iter().map(u32::to_string).collect();
                let address: [Cell; 4] = [self.step.into(), m.layer.into(), m.time.into(), quantity.into()];
                let bins = [own.low.into(), own.width.into(), Cell::Text(counts.join(" "))];
                let row = address.into_iter().chain(own.quantiles.into_iter().map(Cell::from)).chain(bins).collect();
                if self.distributions.is_empty() {
                    self.distributions = Table::new(columns::DISTRIBUTIONS);
                }
                self.distributions.push(row);
            }
        }
    }

    /// The time steps after the first whose rows are kept.
    fn kept_times(&self, measures: &[LayerMeasure]) -> Vec<usize> {
        let last = measures.iter().filter_map(|m| m.time).max().unwrap_or(0);
        let usual = At::Every(last.div_ceil(MOST_TIMES).max(1));
        self.times.as_ref().unwrap_or(&usual).steps(last)
    }

    /// Where the point of a function is.
    pub fn point<T: Element>(&mut self, point: &[T]) {
        let step = std::iter::once(self.step.into());
        self.points.push(step.chain(point.iter().map(|x| x.f64().into())).collect());
    }

    /// Fills in the newest rows' |dw| / |w| of the update that has just been made.
    pub fn update_ratios<T: Element>(&mut self, before: &[T], after: &[T]) {
        let column = self.layers.column("update_ratio").unwrap_or_default();
        let first = self.layers.rows.len() - self.last_measures.len();
        for (measure, row) in self.last_measures.iter().zip(&mut self.layers.rows[first..]) {
            let (old, new) = (&before[measure.weight.clone()], &after[measure.weight.clone()]);
            row[column] = (reduce::squared_distance(old, new) / reduce::sum_of_squares(old, 1.0)).sqrt().into();
        }
    }

    /// Closes the record.
    pub fn end(self, end: End) -> RunRecord {
        // A run that diverged has no end to speak well of.
        let kept = self.kept.filter(|_| end.status != Status::Diverged);
        let [last, best] = [kept.or(self.last), kept.or(self.best)];
        let parts = |found: Option<(usize, Scores)>| {
            found.map_or([PartScore::default(); 3], |(_, scores)| scores.parts()).map(|part| part.whole)
        };
        let (at_the_end, at_the_best) = (parts(last), parts(best));
        let mut outcome: Vec<Cell> = vec![self.step.into()];
        outcome.extend(at_the_end.into_iter().flat_map(cells));
        let [train, validation, test] = at_the_best;
        outcome.extend([
            best.map(|(step, _)| step).into(),
            train.map(|s| s.loss).into(),
            validation.map(|s| s.loss).into(),
        ]);
        outcome.extend(cells(test));
        outcome.push(self.steps_to_target.into());
        let (first, last) = (of_layers(&self.first_measures), of_layers(&self.last_measures));
        let (start, finish) = (lost(&first, |m| Some(m.stream_rms)), lost(&last, |m| Some(m.stream_rms)));
        let [norm_start, norm_finish] = [&first, &last].map(|measures| lost(measures, |m| Some(m.stream_norm())));
        let per_layer = |total: Option<Fading>| total.map(|total| total.per(first.len() - 1));
        let (first_times, last_times) = (over_time(&self.first_measures), over_time(&self.last_measures));
        let (start_of_time, end_of_time) = (lost(&first_times, |m| m.state_rms), lost(&last_times, |m| m.state_rms));
        let steps = first_times.last().and_then(|m| m.time).unwrap_or(1);
        let per_step = |total: Option<Fading>| total.map(|total| total.per(steps - 1));
        let fadings = [
            per_layer(start),
            per_layer(finish),
            start,
            finish,
            per_layer(lost(&first, |m| m.passed_delta())),
            lost(first.get(1..).unwrap_or_default(), |m| Some(m.weight_grad_rms)),
            per_layer(norm_start),
            per_layer(norm_finish),
            norm_start,
            norm_finish,
            per_step(start_of_time),
            per_step(end_of_time),
            start_of_time,
            end_of_time,
        ];
        let mut cells = fadings.map(|fading| Cell::from(fading.map(Fading::number))).into_iter();
        outcome.extend(cells.by_ref().take(6));
        outcome.push(self.layers_zero.into());
        outcome.extend(cells);
        outcome.extend(at_the_end.map(balanced));
        let columns = columns::OUTCOMES.iter().filter(|column| column.is_fading()).zip(fadings);
        let bounds = columns.filter(|(_, fading)| fading.is_some_and(Fading::is_bound));
        let bounds = bounds.map(|(column, _)| column.name.to_string()).collect();
        debug_assert_eq!(outcome.len(), columns::OUTCOMES.len());
        RunRecord {
            status: end.status,
            message: end.message,
            outcome,
            bounds,
            history: self.history,
            layers: self.layers,
            points: self.points,
            distributions: self.distributions,
        }
    }
}

/// Loss and accuracy, where there are any.
fn cells(score: Option<Score>) -> [Cell; 2] {
    [score.map(|s| s.loss).into(), score.and_then(|s| s.accuracy).into()]
}

fn balanced(score: Option<Score>) -> Cell {
    score.and_then(|s| s.balanced_accuracy).into()
}

/// Decades from the last of these layers, or time steps, to the first; `None` when there is no layer between, or no such number there.
fn lost(measures: &[&LayerMeasure], of: impl Fn(&LayerMeasure) -> Option<f64>) -> Option<Fading> {
    let [first, .., last] = measures else { return None };
    of(first).and(of(last))?;
    Fading::of(&measures.iter().filter_map(|measure| of(measure)).collect::<Vec<_>>())
}
