//! What holds for the cells that have a test function in place of a network.

use super::plan::{GridCell, Plan};
use super::problem::{Location, ExperimentError};
use crate::data::Function;

/// What `[record]` holds of networks alone.
const OF_NETWORKS: [&str; 2] = ["gradients", "probe"];

impl GridCell {
    /// The test function of the cell; `None` where it trains a network, or where its start does not fit.
    pub fn function(&self) -> Option<Function> {
        Function::from_settings(&self.settings)?.ok()
    }
}

impl Plan {
    /// Holds the functions against what single settings cannot say; `recorded` are the keys under `[record]`.
    pub(super) fn check_functions(&self, recorded: &[(String, Location)]) -> Result<(), ExperimentError> {
        let (mut functions, mut networks) = (false, false);
        for cell in &self.cells {
            let settings = &cell.settings;
            let Some(function) = Function::from_settings(settings) else {
                networks = true;
                continue;
            };
            functions = true;
            let function = function.map_err(|e| {
                let key = e.setting.unwrap_or("function");
                ExperimentError::new(&self.place(key, settings.get(key)), e.what, e.cure)
            })?;
            if self.seeds.len() > 1 && !function.is_random() {
                let message = format!(
                    "without noise or spread `{}` is the same run for each of the {} seeds",
                    function.kind.word(),
                    self.seeds.len()
                );
                let help =
                    "write seeds = 1, or function.spread (of the start) or function.noise (on the gradient) above 0";
                return Err(ExperimentError::new(&self.place("function", settings.get("function")), message, help));
            }
        }
        let wrong = recorded.iter().find_map(|(key, place)| {
            let of_networks = OF_NETWORKS.contains(&key.as_str());
            match (of_networks && !networks, key == "points" && !functions) {
                (true, _) => {
                    Some((place, format!("`record.{key}` is of networks, and every run here is of a function")))
                }
                (_, true) => Some((place, "`record.points` is of functions, and no run here has one".into())),
                _ => None,
            }
        });
        match wrong {
            Some((place, message)) => Err(ExperimentError::new(place, message, "delete the line")),
            None => Ok(()),
        }
    }
}
