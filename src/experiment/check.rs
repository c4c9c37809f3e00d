//! What can be checked only once the data are loaded.

use super::plan::{DataFacts, Plan};
use super::problem::Problem;
use crate::setting::Value;

impl Plan {
    /// Holds every cell against its data; `facts` are those of [`Plan::datasets`], in order.
    ///
    /// # Errors
    /// The first cell that asks for a batch larger than its training rows, or for a loss its targets don't have.
    ///
    /// # Panics
    /// When `facts` are not one for each data set.
    pub fn check_data(&self, facts: &[DataFacts]) -> Result<(), Problem> {
        let datasets = self.datasets();
        assert_eq!(facts.len(), datasets.settings.len(), "facts for each data set");
        for (cell, data) in self.cells.iter().zip(&datasets.of_cell) {
            let (facts, settings) = (&facts[*data], &cell.settings);
            let problem = |key: &'static str, message: String, help: String| {
                let value = settings.get(key);
                Err(Problem::new(&self.place(key, value), message, help))
            };
            if let Some(batch) = settings.int("batch")
                && batch > facts.train_rows as i64
            {
                let message =
                    format!("a batch of {batch} is larger than the training set of {} rows", facts.train_rows);
                return problem("batch", message, format!("write batch = \"full\", or at most {}", facts.train_rows));
            }
            let normed = settings.text("batch_norm").is_some_and(|w| w != "none");
            if normed && facts.train_rows == 1 {
                let message = "`batch_norm` needs at least two training rows".to_string();
                return problem("batch_norm", message, "take more data, or no batch_norm".into());
            }
            if settings.get("loss") == Some(&Value::Text("cross_entropy".into())) && !facts.classes {
                let message = "`cross_entropy` needs classes, but the targets are real numbers".to_string();
                return problem("loss", message, "write loss = \"mse\", or delete the line".into());
            }
        }
        Ok(())
    }
}
