//! Whether the runs of an experiment measure what a figure draws, or what a claim is about.

use super::figure_kind::{CellsShown, FigureKind};
use super::read::{Location, Result};
use crate::columns::Column;
use crate::run::spec::{At, Cadence};

/// Which measurements the runs of an experiment have.
#[derive(Clone, Copy)]
pub(crate) enum Measurements<'a> {
    /// Runs of this program, measured as `[record]` asks.
    Swept(&'a Cadence),
    /// Those of the tables that were imported.
    Imported { layers: bool, history: bool },
}

impl Measurements<'_> {
    /// Of runs that were imported, which were measured at these steps.
    pub fn imported(measured: Option<&Cadence>) -> Self {
        let some = |at: fn(&Cadence) -> &At| measured.is_some_and(|own| *at(own) != At::Steps(Vec::new()));
        Measurements::Imported { layers: some(|own| &own.gradients), history: some(|own| &own.score) }
    }

    /// What a kind of figure is drawn from that no run has, and what to do about it.
    pub fn lacks(self, kind: &FigureKind) -> Option<(String, String)> {
        let import = "import one together with the table of runs, or delete the section";
        match (self, kind.recorded) {
            (Measurements::Swept(cadence), Some((key, what))) if !cadence.has(key) => Some((
                format!("{what}, which this experiment does not record"),
                format!("write {key} = true under [record]"),
            )),
            (Measurements::Imported { .. }, Some((_, what))) => {
                Some((format!("{what}, which imported runs do not have"), "delete the section".into()))
            }
            (Measurements::Imported { layers: false, .. }, _) if kind.cells == CellsShown::Layers => {
                Some(("a table of layers, and none was imported".into(), import.into()))
            }
            (Measurements::Imported { history: false, .. }, _) if kind.history => {
                Some(("a table of history, and none was imported".into(), import.into()))
            }
            _ => None,
        }
    }

    /// Checks that a column is not empty since nothing asks for its measurement. What imported tables lack is no column of theirs.
    pub fn check(self, column: Option<&Column>, place: &Location) -> Result<()> {
        match (self, column.and_then(|column| Some((column.name, column.recorded?)))) {
            (Measurements::Swept(cadence), Some((name, key))) if !cadence.has(key) => {
                let message = format!("`{name}` is not measured by this experiment");
                place.fail(message, format!("write {key} = true under [record]"))
            }
            _ => Ok(()),
        }
    }
}
