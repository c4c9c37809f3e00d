//! What is checked after every epoch: for how long the loss has not fallen, and how far the learning rate has dropped for it.

use super::training::Training;
use crate::schedule::{Plateau, Shape};

/// Watches the loss at the end of every epoch and of the run, where a setting asks for it.
pub(super) struct Watch {
    /// Steps of an epoch; a function has epochs of one step.
    every: usize,
    last: usize,
    patience: Option<usize>,
    plateau: Option<Plateau>,
    best: f64,
    /// Epochs since the best.
    stale: usize,
}

impl Watch {
    pub fn new(plan: &Training) -> Self {
        let plateau = if let Shape::Plateau(plateau) = plan.schedule.shape { Some(plateau) } else { None };
        let every = plan.steps_per_epoch.unwrap_or(1).max(1);
        let (last, patience) = (plan.steps, plan.stop.patience);
        Watch { every, last, patience, plateau, best: f64::INFINITY, stale: 0 }
    }

    /// Whether the loss is wanted after so many updates.
    pub fn looks_at(&self, step: usize) -> bool {
        let is_asked = self.patience.is_some() || self.plateau.is_some();
        is_asked && step > 0 && (step.is_multiple_of(self.every) || step == self.last)
    }

    /// Takes in the loss of an epoch. Whether it is the best so far, and its scores are to be kept.
    pub fn see(&mut self, loss: f64) -> bool {
        if let Some(plateau) = &mut self.plateau {
            plateau.see(loss);
        }
        let is_best = loss < self.best;
        (self.best, self.stale) = if is_best { (loss, 0) } else { (self.best, self.stale + 1) };
        is_best && self.patience.is_some()
    }

    /// Epochs since the best.
    pub fn stale(&self) -> usize {
        self.stale
    }

    /// The part of the learning rate that is left.
    pub fn share(&self) -> f64 {
        self.plateau.map_or(1.0, |plateau| plateau.share())
    }
}
