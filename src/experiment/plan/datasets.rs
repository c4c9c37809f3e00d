//! The data sets that the cells of a plan ask for.

use crate::data::Sizes;
use crate::experiment::asks::cells::GridCell;
use crate::ops::loss::Compared;
use crate::setting::{Settings, Value};
use std::collections::HashMap;

/// What the plan needs to know of a loaded data set.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFacts {
    pub digest: String,
    pub train_rows: usize,
    /// What a model for it takes and gives.
    pub sizes: Sizes,
    /// Targets of each row: 1, or one a time step.
    pub answers: usize,
    /// Whether its sequences differ in length.
    pub is_padded: bool,
    /// Where that of a sequence first changes, in words, where a file says so.
    pub change: Option<String>,
    /// What is compared with the outputs.
    pub targets: Compared,
}

/// The distinct data settings of a plan, in order of first use.
#[derive(Clone, Debug, PartialEq)]
pub struct Datasets {
    /// The `data` and `function` families alone.
    pub settings: Vec<Settings>,
    /// For each cell, which of them it uses.
    pub of_cell: Vec<usize>,
}

impl Datasets {
    /// Those that cells ask for.
    pub(crate) fn of(cells: &[GridCell]) -> Self {
        let mut settings: Vec<Settings> = Vec::new();
        let mut known: HashMap<Vec<(&str, &Value)>, usize> = HashMap::new();
        let of_cell = cells.iter().map(|cell| {
            let data: Vec<(&'static str, &Value)> = cell.settings.iter().filter(|(k, _)| is_data(k)).collect();
            if let Some(index) = known.get(&data) {
                return *index;
            }
            settings.push(Settings::new(data.iter().map(|(k, v)| (*k, (*v).clone())).collect()));
            known.insert(data, settings.len() - 1);
            settings.len() - 1
        });
        let of_cell = of_cell.collect();
        Datasets { settings, of_cell }
    }
}

/// Whether a setting is of the data, or of the function in their place.
fn is_data(key: &str) -> bool {
    matches!(key.split('.').next(), Some("data" | "function"))
}
