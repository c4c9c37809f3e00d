//! When a run ends: at divergence, at its target loss, when its loss has not fallen for long, or at its last step.

use crate::model::Family;
use crate::optim::Finite;
use crate::record::Status;
use crate::setting::Settings;
use crate::table::count;

/// How a run ended, and what there is to say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub status: Status,
    pub message: String,
}

/// How far a run goes, the loss to reach, and whether it ends there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stop {
    /// Updates at most.
    pub steps: usize,
    pub target_loss: Option<f64>,
    pub stop_at_target: bool,
    /// Epochs without a lower loss that are borne.
    pub patience: Option<usize>,
}

/// What is known at a step.
#[derive(Clone, Copy, Debug)]
pub struct State {
    pub step: usize,
    pub batch_loss: f64,
    pub gradients_finite: bool,
    /// The weights and the optimizer's state.
    pub optimizer: Finite,
    /// What of the model's own is not finite.
    pub fault: Option<&'static str>,
    /// What the target is tested on, at the steps where it is known.
    pub target_loss: Option<f64>,
    /// Epochs since the lowest loss that was watched.
    pub stale: usize,
    /// Over the training part or its sample, where it is scored.
    pub train_loss: Option<f64>,
    /// Over the validation and test parts, likewise.
    pub val_loss: Option<f64>,
    pub test_loss: Option<f64>,
}

/// Whether the loss of every batch of `batch` of the `rows` training rows is the training loss in evaluation mode, on which
/// the target is tested; else that is known at the scored steps alone.
pub fn has_loss_of_every_step(family: &dyn Family, settings: &Settings, batch: usize, rows: usize) -> bool {
    batch == rows && family.trains_as_it_evaluates(settings)
}

impl Stop {
    /// Whether the target is reached.
    pub fn reached(&self, loss: Option<f64>) -> bool {
        matches!((self.target_loss, loss), (Some(target), Some(loss)) if loss <= target)
    }

    /// Whether the run ends here, and how.
    pub fn check(&self, state: &State) -> Option<End> {
        let not_finite = [
            ("loss", state.batch_loss.is_finite()),
            ("gradient", state.gradients_finite),
            ("weights", state.optimizer.parameters),
            ("training loss", state.train_loss.is_none_or(f64::is_finite)),
            ("optimizer state", state.optimizer.state),
            (state.fault.unwrap_or_default(), state.fault.is_none()),
            ("validation loss", state.val_loss.is_none_or(f64::is_finite)),
            ("test loss", state.test_loss.is_none_or(f64::is_finite)),
        ]
        .into_iter()
        .find(|(_, finite)| !finite);
        if let Some((what, _)) = not_finite {
            let message = format!("{what} not finite at step {}", state.step);
            return Some(End { status: Status::Diverged, message });
        }
        let end = |status, message: String| Some(End { status, message });
        match self.patience {
            _ if self.stop_at_target && self.reached(state.target_loss) => end(Status::ReachedTarget, String::new()),
            _ if state.step >= self.steps => end(Status::Finished, String::new()),
            Some(patience) if state.stale >= patience => {
                end(Status::Finished, format!("no lower loss in {}", count(patience, "epoch")))
            }
            _ => None,
        }
    }
}
