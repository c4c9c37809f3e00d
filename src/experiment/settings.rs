//! Stand-in for the settings table.

use crate::setting::Setting;

/// Every row.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    [crate::data::SETTINGS, crate::model::SETTINGS, crate::ops::activation::SETTINGS, crate::optim::SETTINGS]
        .into_iter()
        .chain([crate::schedule::SETTINGS, crate::experiment::spec::SETTINGS])
        .flatten()
}

/// The table as Markdown.
pub fn settings_table_markdown() -> String {
    all().map(|s| format!("| {} | {} |\n", s.key, s.help)).collect()
}
