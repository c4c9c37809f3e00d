//! Whether the runs of an experiment have what a kind of figure is drawn from.

use super::figure_kind::{CellsShown, FigureKind};
use crate::run::spec::{At, Cadence};

/// Which measurements the runs of an experiment have for figures to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// Runs of this program: all but distributions, unless they are asked for.
    Swept { distributions: bool },
    /// Those of the tables that were imported.
    Imported { layers: bool, history: bool },
}

impl Recorded {
    /// Of runs that were imported, which were measured at these steps.
    pub fn imported(measured: Option<&Cadence>) -> Self {
        let some = |at: fn(&Cadence) -> &At| measured.is_some_and(|own| *at(own) != At::Steps(Vec::new()));
        Recorded::Imported { layers: some(|own| &own.gradients), history: some(|own| &own.score) }
    }

    /// What a kind of figure is drawn from that no run has, and what to do about it.
    pub fn lacks(self, kind: &FigureKind) -> Option<(&'static str, &'static str)> {
        let import = "import one beside the table of runs, or delete the section";
        match self {
            Recorded::Swept { distributions: false } if kind.distributions => Some((
                "distributions, which this experiment does not record",
                "write distributions = true under [record]",
            )),
            Recorded::Imported { .. } if kind.distributions => {
                Some(("distributions, which imported runs do not have", "delete the section"))
            }
            Recorded::Imported { layers: false, .. } if kind.cells == CellsShown::Layers => {
                Some(("layers, and no table of layers was imported", import))
            }
            Recorded::Imported { history: false, .. } if kind.history => {
                Some(("what a history has, and none was imported", import))
            }
            _ => None,
        }
    }
}
