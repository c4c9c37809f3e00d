//! Collects the rows of a run while it trains, and makes its record of them.

use super::outcome::{LayerGradient, Outcome, Scores, balanced, cells};
use super::spec::{At, RunSpec};
use super::stop::{End, State, Stop};
use super::training::Training;
use crate::columns;
use crate::model::Gradients;
use crate::ops::{Element, reduce};
use crate::optim::Finite;
use crate::probe::LayerMeasure;
use crate::probe::along_input::InputPoint;
use crate::record::{RunRecord, Status, point_columns};
use crate::table::{Cell, Table};

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
    along_input: Table,
    step: usize,
    lr: f64,
    batch_loss: f64,
    outcome: Outcome,
    /// The loss that was watched last, and when.
    watched: Option<(usize, f64)>,
    last_measures: Vec<LayerMeasure>,
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
            along_input: Table::default(),
            step: 0,
            lr: 0.0,
            batch_loss: f64::NAN,
            outcome: Outcome::default(),
            watched: None,
            last_measures: Vec::new(),
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
        let scored = self.outcome.last().filter(|(step, _)| now(*step)).map(|(_, scores)| scores);
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
        if self.stop.reached(state.target_loss) {
            self.outcome.reached(state.step);
        }
        state
    }

    /// Takes down a loss that was watched.
    pub fn watched(&mut self, step: usize, loss: f64) {
        self.watched = Some((step, loss));
    }

    /// Keeps the scores of the best epoch so far for the end of the run.
    pub fn keep(&mut self, step: usize, scores: Scores) {
        self.outcome.keep(step, scores);
    }

    /// Whether the present step has the scores of all rows.
    pub fn has_whole_scores(&self) -> bool {
        self.outcome.last().is_some_and(|(step, scores)| step == self.step && scores.are_whole())
    }

    /// A row of the present step, in place of an earlier one.
    pub fn scores(&mut self, scores: Scores, grad_norm: f64, sharpness: Option<f64>) {
        if self.outcome.last().is_some_and(|(step, _)| step == self.step) {
            self.history.rows.pop();
        }
        let epoch = self.steps_per_epoch.map(|n| self.step as f64 / n as f64);
        let mut row: Vec<Cell> = vec![self.step.into(), epoch.into(), self.lr.into(), self.batch_loss.into()];
        row.extend(scores.parts().iter().flat_map(|part| cells(part.whole)));
        row.extend(scores.parts().iter().map(|part| balanced(part.whole)));
        row.extend(scores.parts().iter().flat_map(|part| cells(part.sample)));
        row.extend(scores.parts().iter().map(|part| balanced(part.sample)));
        row.push(grad_norm.into());
        row.push(sharpness.into());
        self.history.push(row);
        self.outcome.scored(self.step, scores);
    }

    /// One row a hidden layer, and time step that is kept: the probe's measures, and how much of the weight gradient the optimizer gets is
    /// exactly zero or subnormal in the training's own precision.
    pub fn layers<T: Element>(&mut self, measures: Vec<LayerMeasure>, gradients: &Gradients<T>) {
        // How the gradient fades is of all time steps, whichever have rows.
        let gradient = |m: &LayerMeasure| LayerGradient {
            layer: m.layer,
            time: m.time,
            stream: Some(m.stream_rms),
            norm: Some(m.stream_norm()),
            delta: m.passed_delta(),
            weight: Some(m.weight_grad_rms),
            state: m.state_rms,
            is_zero: Some(gradients.packed[m.weight.clone()].iter().all(|g| g.f64() == 0.0)),
        };
        self.outcome.layers(measures.iter().map(gradient).collect());
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
                m.stream_norm().into(),
                m.delta_rms.into(),
                m.weight_grad_rms.into(),
                m.weight_grad_sample_rms.into(),
                m.coherence().into(),
                m.correlation.into(),
                m.activation_mean.into(),
                m.activation_std.into(),
                m.output_rms.into(),
                m.weight_rms.into(),
                Cell::Empty,
                m.saturated.into(),
                m.inactive.into(),
                m.dead.into(),
                (zeros / n).into(),
                (subnormals / n).into(),
                m.state_rms.into(),
                m.spectral_radius.into(),
                m.input_grad_rms.into(),
                m.attention.map(|own| own.stream_rms).into(),
                m.attention.map(|own| own.query_grad_rms).into(),
                m.attention.map(|own| own.key_grad_rms).into(),
                m.attention.and_then(|own| own.token_cosine).into(),
                m.attention.map(|own| own.entropy).into(),
                m.jacobian.map(|own| own.rms).into(),
                m.jacobian.map(|own| own.spread).into(),
                m.jacobian.map(|own| own.max).into(),
                m.jacobian.map(|own| own.median).into(),
                m.jacobian.map(|own| own.min).into(),
            ]);
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

    /// One row for each input, if there are some.
    pub fn along_input(&mut self, points: Vec<InputPoint>) {
        if points.is_empty() {
            return;
        }
        if self.along_input.is_empty() {
            self.along_input = Table::new(columns::ALONG_INPUT);
        }
        self.outcome.along_input(&points.iter().map(|own| own.gradient).collect::<Vec<_>>());
        for InputPoint { x, output, gradient } in points {
            self.along_input.push(vec![self.step.into(), x.into(), output.into(), gradient.into()]);
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
            row[column] = (reduce::squared_distance(old, new) / reduce::sum_of_squares(old)).sqrt().into();
        }
    }

    /// Closes the record.
    pub fn end(self, end: End) -> RunRecord {
        let (outcome, bounds) = self.outcome.end(Some(self.step), end.status == Status::Diverged);
        RunRecord {
            status: end.status,
            message: end.message,
            outcome,
            bounds,
            history: self.history,
            layers: self.layers,
            points: self.points,
            distributions: self.distributions,
            along_input: self.along_input,
        }
    }
}
