//! The schedule `plateau`: the learning rate drops when the loss no longer falls.

/// What is left of the learning rate, by the losses that were seen: after more than `patience` of them in a row that are not below the
/// best by the share `threshold`, it is multiplied by `factor` (torch.optim.lr_scheduler.ReduceLROnPlateau).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    factor: f64,
    patience: usize,
    threshold: f64,
    /// It never falls below this.
    least: f64,
    best: f64,
    /// Losses since the best that were not better.
    bad: usize,
    share: f64,
}

impl Plateau {
    /// Before any loss was seen.
    pub fn new(factor: f64, patience: usize, threshold: f64, least: f64) -> Self {
        Plateau { factor, patience, threshold, least, best: f64::INFINITY, bad: 0, share: 1.0 }
    }

    /// Takes in the loss of the next epoch.
    pub fn see(&mut self, loss: f64) {
        if loss < self.best * (1.0 - self.threshold) {
            (self.best, self.bad) = (loss, 0);
        } else {
            self.bad += 1;
        }
        if self.bad > self.patience {
            (self.share, self.bad) = ((self.share * self.factor).max(self.least), 0);
        }
    }

    /// The part of the learning rate that is left.
    pub fn share(&self) -> f64 {
        self.share
    }
}
