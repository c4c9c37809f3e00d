//! When a run ends before its last step: at divergence, or at its target loss.

use crate::record::Status;

/// How a run ended, and what there is to say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub status: Status,
    pub message: String,
}

/// The loss to reach, and whether the run ends there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stop {
    pub target_loss: Option<f64>,
    pub stop_at_target: bool,
}

/// What is known at a step.
#[derive(Clone, Copy, Debug)]
pub struct State {
    pub step: usize,
    pub batch_loss: f64,
    pub gradients_finite: bool,
    pub weights_finite: bool,
    /// The optimizer's state, where an infinity would stop a weight for good and show nowhere else.
    pub optimizer_finite: bool,
    /// The batch and running statistics of batch normalization, where an infinity makes every output zero.
    pub statistics_finite: bool,
    /// Over the whole training part, at the steps where it is known.
    pub train_loss: Option<f64>,
    /// Over the validation and test parts, likewise.
    pub val_loss: Option<f64>,
    pub test_loss: Option<f64>,
}

impl Stop {
    /// Whether the target is reached.
    pub fn reached(&self, train_loss: Option<f64>) -> bool {
        matches!((self.target_loss, train_loss), (Some(target), Some(loss)) if loss <= target)
    }

    /// Whether the run ends here, and how.
    pub fn check(&self, state: &State) -> Option<End> {
        let not_finite = [
            ("loss", state.batch_loss.is_finite()),
            ("gradient", state.gradients_finite),
            ("weights", state.weights_finite),
            ("training loss", state.train_loss.is_none_or(f64::is_finite)),
            ("optimizer state", state.optimizer_finite),
            ("batch-norm statistics", state.statistics_finite),
            ("validation loss", state.val_loss.is_none_or(f64::is_finite)),
            ("test loss", state.test_loss.is_none_or(f64::is_finite)),
        ]
        .into_iter()
        .find(|(_, finite)| !finite);
        if let Some((what, _)) = not_finite {
            let message = format!("{what} not finite at step {}", state.step);
            return Some(End { status: Status::Diverged, message });
        }
        (self.stop_at_target && self.reached(state.train_loss))
            .then(|| End { status: Status::ReachedTarget, message: String::new() })
    }
}
