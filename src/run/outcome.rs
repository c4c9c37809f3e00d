//! What a run comes to: its last and its best scores, the steps to its target and how its gradient fades, from what was measured
//! on the way. Runs of this program and runs imported from elsewhere are told by it alike.

use super::score::Score;
use crate::columns::{self, AUTOCORRELATION_END, AUTOCORRELATION_INIT, Column, Measured, Part, Quantity};
use crate::fading::Fading;
use crate::stats::autocorrelation;
use crate::table::Cell;

/// The scores of a part: of all its rows, and of a fixed sample where it is large.
#[derive(Clone, Copy, Debug, Default)]
pub struct PartScore {
    pub whole: Option<Score>,
    pub sample: Option<Score>,
}

impl PartScore {
    /// The loss that is known at every scored step.
    pub fn loss(&self) -> Option<f64> {
        self.sample.or(self.whole).map(|score| score.loss)
    }
}

/// The scores of all splits at one step.
#[derive(Clone, Copy, Debug)]
pub struct Scores {
    pub train: PartScore,
    pub validation: Option<PartScore>,
    pub test: Option<PartScore>,
}

impl Scores {
    /// Training, validation and test part.
    pub fn parts(&self) -> [PartScore; 3] {
        [Part::Training, Part::Validation, Part::Test].map(|part| self.part(part))
    }

    fn part(&self, part: Part) -> PartScore {
        match part {
            Part::Training => self.train,
            Part::Validation => self.validation.unwrap_or_default(),
            Part::Test => self.test.unwrap_or_default(),
        }
    }

    /// What the best step is chosen by.
    fn judged(&self) -> f64 {
        self.validation.unwrap_or(self.train).loss().unwrap_or(f64::NAN)
    }

    /// Whether every part was scored on all its rows.
    pub fn are_whole(&self) -> bool {
        [Some(self.train), self.validation, self.test].into_iter().flatten().all(|part| part.whole.is_some())
    }
}

/// The size of the gradient at a hidden layer, or at one of its time steps; what was not measured is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LayerGradient {
    /// From 1 on.
    pub layer: usize,
    /// From 1 on; `None` where there are no time steps.
    pub time: Option<usize>,
    /// Root mean squares of dL/dh, dL/dz (NaN where it is 0 by construction) and dL/dW; the norm of dL/dh.
    pub stream: Option<f64>,
    pub norm: Option<f64>,
    pub delta: Option<f64>,
    pub weight: Option<f64>,
    /// Of what carries the gradient from time step to time step.
    pub state: Option<f64>,
    /// Whether the whole weight gradient of the batch is 0.
    pub is_zero: Option<bool>,
}

/// What is known of a run so far.
#[derive(Debug, Default)]
pub struct Outcome {
    last: Option<(usize, Scores)>,
    best: Option<(usize, Scores)>,
    /// The scores that a run ends with where its loss is watched.
    kept: Option<(usize, Scores)>,
    steps_to_target: Option<usize>,
    first_layers: Vec<LayerGradient>,
    last_layers: Vec<LayerGradient>,
    /// Of the gradient along the input, at the first and at the last measured step.
    autocorrelation: Option<[Option<f64>; 2]>,
}

impl Outcome {
    /// The scores of the newest scored step.
    pub fn last(&self) -> Option<(usize, Scores)> {
        self.last
    }

    /// Takes the scores of a step, in place of earlier ones of the same step.
    pub fn scored(&mut self, step: usize, scores: Scores) {
        self.last = Some((step, scores));
        let better = match &self.best {
            Some((_, best)) => scores.judged() < best.judged(),
            None => scores.judged().is_finite(),
        };
        if better || self.best.is_some_and(|(best, _)| best == step) {
            self.best = Some((step, scores));
        }
    }

    /// Keeps these scores as those that the run ends with, unless it diverges.
    pub fn keep(&mut self, step: usize, scores: Scores) {
        self.kept = Some((step, scores));
    }

    /// Notes that the target is reached at a step; the first one counts.
    pub fn reached(&mut self, step: usize) {
        self.steps_to_target.get_or_insert(step);
    }

    /// Takes the gradients of a step, layer by layer and within each time step by time step; the first step and the last one count.
    pub fn layers(&mut self, layers: Vec<LayerGradient>) {
        if self.first_layers.is_empty() {
            self.first_layers.clone_from(&layers);
        }
        self.last_layers = layers;
    }

    /// Takes the gradient along the input at a step; the first step and the last one count.
    pub fn along_input(&mut self, gradient: &[f64]) {
        let own = autocorrelation(gradient);
        self.autocorrelation = Some([self.autocorrelation.map_or(own, |[first, _]| first), own]);
    }

    /// The cells of [`columns::OUTCOMES`] of a run that ended after `step` updates, and the names of those that are bounds. The end
    /// of a run that `diverged` is its last step, not one that was kept.
    pub fn end(self, step: Option<usize>, diverged: bool) -> (Vec<Cell>, Vec<String>) {
        let kept = self.kept.filter(|_| !diverged);
        let [last, best] = [kept.or(self.last), kept.or(self.best)];
        let fadings = fadings(&self.first_layers, &self.last_layers);
        let fading = |column: &Column| fadings.iter().find(|(name, _)| *name == column.name).and_then(|(_, own)| *own);
        let [start, end] = self.autocorrelation.unwrap_or_default();
        let cell = |column: &Column| match (column.part, column.name) {
            (Some(part), _) => {
                let at = if column.measured == Measured::Best { best } else { last };
                let score = at.and_then(|(_, scores)| scores.part(part).whole);
                match column.quantity {
                    Quantity::Accuracy => score.and_then(|score| score.accuracy).into(),
                    Quantity::BalancedAccuracy => balanced(score),
                    _ => score.map(|score| score.loss).into(),
                }
            }
            (None, "steps") => step.into(),
            (None, "best_step") => best.map(|(step, _)| step).into(),
            (None, "steps_to_target") => self.steps_to_target.into(),
            (None, name) if name == AUTOCORRELATION_INIT.name => start.into(),
            (None, name) if name == AUTOCORRELATION_END.name => end.into(),
            (None, "layers_zero") => zero_layers(&self.first_layers).into(),
            _ => fading(column).map(Fading::number).into(),
        };
        let is_bound = |column: &&Column| fading(column).is_some_and(Fading::is_bound);
        let bounds = columns::OUTCOMES.iter().filter(is_bound).map(|column| column.name.to_string());
        (columns::OUTCOMES.iter().map(cell).collect(), bounds.collect())
    }
}

/// Loss and accuracy, where there are any.
pub fn cells(score: Option<Score>) -> [Cell; 2] {
    [score.map(|s| s.loss).into(), score.and_then(|s| s.accuracy).into()]
}

/// Balanced accuracy, where there is one.
pub fn balanced(score: Option<Score>) -> Cell {
    score.and_then(|s| s.balanced_accuracy).into()
}

/// How the gradient fades at the first and at the last measured step, by the names of the columns that are fadings.
fn fadings(first: &[LayerGradient], last: &[LayerGradient]) -> [(&'static str, Option<Fading>); 14] {
    let (first_times, last_times) = (over_time(first), over_time(last));
    let (first, last) = (of_layers(first), of_layers(last));
    let [start, finish] = [&first, &last].map(|layers| lost(layers, |layer| layer.stream));
    let [norm_start, norm_finish] = [&first, &last].map(|layers| lost(layers, |layer| layer.norm));
    let [time_start, time_finish] = [&first_times, &last_times].map(|times| lost(times, |time| time.state));
    let per_layer = |total: Option<Fading>| total.map(|total| total.per(first.len() - 1));
    // Of sequences of unequal length the first of these rows may begin late.
    let span = |times: &[&LayerGradient]| times.last()?.time?.checked_sub(times.first()?.time?);
    let per_step = |total: Option<Fading>, times: &[&LayerGradient]| Some(total?.per(span(times)?));
    [
        ("attenuation_init", per_layer(start)),
        ("attenuation_end", per_layer(finish)),
        ("attenuation_total_init", start),
        ("attenuation_total_end", finish),
        ("attenuation_delta_init", per_layer(lost(&first, |layer| layer.delta))),
        ("weight_grad_total_init", lost(first.get(1..).unwrap_or_default(), |layer| layer.weight)),
        ("attenuation_norm_init", per_layer(norm_start)),
        ("attenuation_norm_end", per_layer(norm_finish)),
        ("attenuation_norm_total_init", norm_start),
        ("attenuation_norm_total_end", norm_finish),
        ("attenuation_time_init", per_step(time_start, &first_times)),
        ("attenuation_time_end", per_step(time_finish, &last_times)),
        ("attenuation_time_total_init", time_start),
        ("attenuation_time_total_end", time_finish),
    ]
}

/// How many layers get no weight gradient at all; `None` where that was not measured.
fn zero_layers(layers: &[LayerGradient]) -> Option<usize> {
    let known: Vec<bool> = of_layers(layers).iter().filter_map(|layer| layer.is_zero).collect();
    (!known.is_empty()).then(|| known.into_iter().filter(|is_zero| *is_zero).count())
}

/// Those at the last time step, or without one: what stands for a layer.
fn of_layers(layers: &[LayerGradient]) -> Vec<&LayerGradient> {
    let last = layers.iter().filter_map(|layer| layer.time).max();
    layers.iter().filter(|layer| layer.time == last).collect()
}

/// Those of the top layer, the first time step first; none without time steps.
fn over_time(layers: &[LayerGradient]) -> Vec<&LayerGradient> {
    let top = layers.last().map(|layer| layer.layer);
    layers.iter().filter(|layer| layer.time.is_some() && Some(layer.layer) == top).collect()
}

/// Decades from the last of these layers, or time steps, to the first; `None` when there is no layer between, or no such number there.
fn lost(layers: &[&LayerGradient], of: impl Fn(&LayerGradient) -> Option<f64>) -> Option<Fading> {
    let [first, .., last] = layers else { return None };
    of(first).and(of(last))?;
    Fading::of(&layers.iter().filter_map(|layer| of(layer)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever the first of the probe's sequences begins, a step loses what it loses.
    #[test]
    fn a_time_step_is_one_of_those_that_were_measured() {
        let at = |time: usize| LayerGradient {
            layer: 1,
            time: Some(time),
            stream: Some(1.0),
            norm: Some(1.0),
            delta: None,
            weight: None,
            state: Some(10f64.powf(0.25 * time as f64)),
            is_zero: None,
        };
        for first in [1, 4, 9] {
            let layers: Vec<LayerGradient> = (first..=10).map(at).collect();
            let fadings = fadings(&layers, &layers);
            for name in ["attenuation_time_init", "attenuation_time_end"] {
                let Some((_, Some(own))) = fadings.iter().find(|(own, _)| *own == name) else { panic!("{name}") };
                assert!((own.number() - 0.25).abs() < 1e-12, "{name} from step {first}: {own:?}");
            }
        }
    }
}
