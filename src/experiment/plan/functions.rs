//! Checks of the cells that minimize a test function instead of training a network.

use super::combine::Plan;
use crate::data::Function;
use crate::experiment::read::{Result, Word};
use crate::run::spec::ON_REQUEST;

impl Plan {
    /// Checks what the range of a single setting cannot say of a function; `recorded` are the keys under `[record]`.
    pub(super) fn check_functions(&self, recorded: &[Word]) -> Result<()> {
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
                self.place(key, settings).error(e.what, e.cure)
            })?;
            if self.seeds.len() > 1 && !function.is_random() {
                let message = format!(
                    "without noise or spread, all {} seeds of `{}` give the same run",
                    self.seeds.len(),
                    function.kind.word()
                );
                let help =
                    "write seeds = 1, or function.spread (of the start) or function.noise (on the gradient) above 0";
                return self.place("function", settings).fail(message, help);
            }
        }
        let wrong = recorded.iter().find_map(|(key, place)| {
            let of_networks = ["gradients", "probe"].iter().chain(&ON_REQUEST).any(|own| own == key);
            match (of_networks && !networks, key == "points" && !functions) {
                (true, _) => {
                    Some((place, format!("`record.{key}` is for networks, but every run here minimizes a function")))
                }
                (_, true) => Some((place, "`record.points` is for functions, but no run here minimizes one".into())),
                _ => None,
            }
        });
        match wrong {
            Some((place, message)) => place.fail(message, "delete the line"),
            None => Ok(()),
        }
    }
}
