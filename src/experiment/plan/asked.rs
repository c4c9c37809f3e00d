//! What a file asks of cells: the figures, the claims and the comparison. The cells are those of its own grid, or of runs that
//! another program trained.

use crate::experiment::asks::cells::{Cells, GridCell};
use crate::experiment::asks::{claims, compare, figure_defaults, figures};
use crate::experiment::figure_kind::Predicts;
use crate::experiment::file::Experiment;
use crate::experiment::read::{ExperimentError, Result};
use crate::experiment::recorded::Measurements;
use crate::experiment::settings::Registry;
use crate::plan_file::claim::ClaimSpec;
use crate::plan_file::compare::Compare;
use crate::plan_file::figure::FigureSpec;
use crate::plan_file::{Axis, PlanCell, PlanFile};
use crate::run::spec::Cadence;
use crate::setting::Settings;
use std::collections::BTreeMap;

/// Figures, claims and comparison, held against the axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub figures: Vec<FigureSpec>,
    pub claims: Vec<ClaimSpec>,
    pub compare: Option<Compare>,
}

impl Experiment {
    /// What it asks of these cells, of which this is `recorded`; `centre` is that of its ablation.
    pub(super) fn asked(
        &self,
        cells: Cells,
        centre: &BTreeMap<String, String>,
        seeds: usize,
        recorded: Measurements,
    ) -> Result<Asked> {
        let compare = compare::resolve(self.compare.as_ref(), cells, seeds)?;
        let claims = claims::check(&self.claims, cells, self.changed, recorded)?;
        let mut figures = match self.default_figures || self.figures.is_empty() {
            true => {
                let mut drawable = self.kinds.clone();
                drawable.retain(|kind| recorded.lacks(kind).is_none());
                figure_defaults::defaults(&drawable, cells, centre, compare.as_ref(), self.compare.is_some())
            }
            false => Vec::new(),
        };
        figures.extend(figures::check(&self.figures, cells, recorded)?);
        Ok(Asked { figures, claims, compare })
    }

    /// Gives cells of imported runs the settings under `[base]`.
    ///
    /// # Errors
    /// A section that describes a grid or how it is measured: both are as the tables have them.
    pub fn share(&self, axes: &[Axis], cells: &mut [GridCell]) -> Result<(), ExperimentError> {
        let includes = self.includes.iter().map(|include| &include.place);
        let grid = self.axes.iter().map(|axis| &axis.place).chain(self.excludes.iter().map(|exclude| &exclude.place));
        let mut grid = grid.chain(self.ablation.iter().map(|centre| &centre.place)).chain(includes);
        if let Some(place) = grid.next() {
            let help = "delete the section: the axes are the columns of the table of runs that vary, or those given with --axes";
            return place
                .fail("the cells of imported runs follow from their tables, so this section is not allowed", help);
        }
        if let Some((key, place)) = self.record.keys.first() {
            let message =
                format!("`{key}` of [record] says when a sweep measures, but imported runs were measured already");
            return place.fail(message, "delete the section");
        }
        let keys = &Registry::get().keys;
        for assignment in &self.base.sets {
            let key = &keys[assignment.key];
            if axes.iter().any(|axis| axis.name == key.name || axis.name == key.short()) {
                let message = format!("`{}` is a column of the table of runs already", key.short());
                return assignment.place.fail(message, "delete one of the two");
            }
            cells.iter_mut().for_each(|cell| cell.settings.set(key.name, assignment.value.clone()));
        }
        Ok(())
    }

    /// What it asks of imported runs, which were `measured` at these steps.
    ///
    /// # Errors
    /// Figures, claims or a comparison that do not fit their axes, or that ask for theory.
    pub fn asked_of(
        &self,
        axes: &[Axis],
        cells: &[GridCell],
        seeds: usize,
        measured: Option<&Cadence>,
    ) -> Result<Asked, ExperimentError> {
        let drawn = self.figures.iter().filter(|f| f.spec.theory || f.kind.theory == Predicts::All).map(|f| &f.place);
        if let Some(place) = drawn.chain(self.claims.iter().filter_map(|claim| claim.against_theory())).next() {
            let help = "delete it, or compare with other runs: gradsweep does not know the networks of imported runs";
            return place.fail("there are no predictions for imported runs", help);
        }
        self.asked(Cells { axes, cells, are_imported: true }, &BTreeMap::new(), seeds, Measurements::imported(measured))
    }

    /// The name that it has of its own.
    pub fn own_name(&self) -> Option<&str> {
        self.name.as_ref().map(|(name, _)| name.as_str())
    }

    /// Its question; empty where it has none.
    pub fn question(&self) -> &str {
        &self.question
    }
}

impl GridCell {
    /// The cells of a plan as its file has them.
    pub fn of_plan(plan: &PlanFile) -> Vec<GridCell> {
        let registry = Registry::get();
        let of_cell = |cell: &PlanCell| {
            let written = plan.settings.iter().chain(&cell.settings);
            let known =
                written.filter_map(|(key, value)| Some((registry.keys[registry.find(key)?].name, value.clone())));
            let label = |axis: &Axis| Some((axis.name.clone(), cell.labels.get(&axis.name)?.clone()));
            GridCell { labels: plan.axes.iter().filter_map(label).collect(), settings: Settings::new(known.collect()) }
        };
        plan.cells.iter().map(of_cell).collect()
    }
}
