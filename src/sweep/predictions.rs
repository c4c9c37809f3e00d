//! What theory predicts for each cell of a plan before the first update, layer by layer, and the rows of `theory.csv`.

use crate::columns::{self, Column, Predicted};
use crate::data::Dataset;
use crate::experiment::ExperimentError;
use crate::experiment::plan::Plan;
use crate::fading;
use crate::model;
use crate::parallel::in_parallel;
use crate::plan_file::claim::Against;
use crate::run::spec::SETTINGS;
use crate::setting::{Acts, Settings, Value};
use crate::sweep::work::Work;
use crate::table::Cell;
use crate::theory::{Inputs, MeanField, NoPrediction, Prediction};
use std::collections::HashMap;

/// The prediction of a cell, or why there is none.
pub type CellPrediction = Result<Prediction, NoPrediction>;

/// What theory predicts of a plan.
pub struct Predictions {
    /// By layer, of each cell; `None` for test functions, which have no layers.
    pub cells: Vec<Option<CellPrediction>>,
    /// xi_c of each cell that has one, in layers; none at all where no figure asks for it.
    depths: Vec<Option<f64>>,
}

impl Predictions {
    pub fn of(plan: &Plan, work: &Work) -> Self {
        let cells = predictions(plan, work, |_| true);
        let depths = if plan.figure_theory.depth_scale { correlation_depths(&cells) } else { Vec::new() };
        Predictions { cells, depths }
    }
}

/// xi_c of each cell; nets that are equal but for their depth share it.
fn correlation_depths(cells: &[Option<CellPrediction>]) -> Vec<Option<f64>> {
    let mut known: Vec<((MeanField, f64), Option<f64>)> = Vec::new();
    let mut of_cell = |told: &Option<CellPrediction>| {
        let prediction = told.as_ref()?.as_ref().ok()?;
        let net = prediction.recursion?;
        if let Some((_, depth)) = known.iter().find(|(other, _)| *other == net) {
            return *depth;
        }
        let depth = prediction.correlation_depth();
        known.push((net, depth));
        depth
    };
    cells.iter().map(&mut of_cell).collect()
}

/// What a prediction needs to know of each data set.
fn inputs(plan: &Plan, work: &Work) -> Vec<Inputs> {
    let rows = |data: &Dataset| plan.cadence.probe_rows(plan.experiment_seed, data.train.rows);
    work.datasets.iter().map(|data| Inputs::of(data, &rows(data))).collect()
}

/// The prediction of every cell that `wanted` keeps; `None` for the others and for test functions, which have no layers.
pub fn predictions(plan: &Plan, work: &Work, wanted: impl Fn(usize) -> bool) -> Vec<Option<CellPrediction>> {
    let (sets, inputs) = (plan.datasets(), inputs(plan, work));
    // Most axes of a grid do not touch the start, and a prediction takes its time: each net once, on all cores.
    let mut nets: Vec<(usize, &Settings)> = Vec::new();
    let mut known = HashMap::new();
    let mut of_cells: Vec<Option<usize>> = vec![None; plan.cells.len()];
    for (index, cell) in plan.cells.iter().enumerate().filter(|(i, cell)| cell.function().is_none() && wanted(*i)) {
        let data = sets.of_cell[index];
        of_cells[index] = Some(*known.entry((data, at_start(&cell.settings))).or_insert_with(|| {
            nets.push((data, &cell.settings));
            nets.len() - 1
        }));
    }
    let predicted: Vec<CellPrediction> =
        in_parallel(&nets, |(data, settings)| model::family(settings).predict(settings, &inputs[*data]));
    of_cells.into_iter().map(|net| net.map(|net| predicted[net].clone())).collect()
}

/// The settings of a net and of its loss that decide how it starts.
pub(super) fn at_start(settings: &Settings) -> Vec<(&str, &Value)> {
    let rows = || model::settings().chain(SETTINGS);
    let starts = |key: &str| rows().any(|row| row.key == key && row.acts == Acts::FromTheStart);
    settings.iter().filter(|(key, _)| starts(key)).collect()
}

/// The axes, then the columns that [`crate::results::theory`] reads.
pub fn header(plan: &Plan) -> Vec<String> {
    let axes = plan.axes.iter().map(|axis| axis.name.clone());
    axes.chain(columns::THEORY.iter().map(|column| column.name.to_string())).collect()
}

/// Checks that there is a prediction for every cell of a claim that compares with theory. Where the command line changed the
/// grid, such a claim is inconclusive instead.
///
/// # Errors
/// The first cell without a prediction, and why.
pub fn check_claims(plan: &Plan, work: &Work) -> Result<(), ExperimentError> {
    for (claim, place) in plan.claims.iter().zip(&plan.against_theory).filter(|_| !plan.changed) {
        let Some(place) = place else { continue };
        let predicted = predictions(plan, work, |index| plan.cells[index].is_in(&claim.filter));
        let is_over_time =
            matches!(claim.metric.prediction(), Some(Predicted::TimeAttenuation | Predicted::TimeAttenuationTotal));
        for (cell, prediction) in plan.cells.iter().zip(&predicted).filter(|(cell, _)| cell.is_in(&claim.filter)) {
            let why = match prediction {
                Some(Ok(prediction)) if is_over_time && prediction.state.len() > 1 => continue,
                Some(Ok(_)) if is_over_time => "only recurrent nets have time steps",
                Some(Ok(prediction)) if prediction.stream.len() > 1 => continue,
                Some(Ok(_)) => fading::ONE_LAYER,
                Some(Err(why)) => &why.to_string(),
                None => fading::NO_LAYERS,
            };
            let varied = plan.axes.iter().zip(&cell.labels).filter(|(axis, _)| axis.labels.len() > 1);
            let name = varied.map(|(axis, (_, label))| format!("{} {label}", axis.name)).collect::<Vec<_>>().join(", ");
            let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
            let help = format!("{why}; leave such cells out with `where`, or write `expect` without `against`");
            return Err(place.error(format!("there is no prediction{of}"), help));
        }
    }
    Ok(())
}

/// Whether a figure or a claim asks for theory layer by layer.
fn is_asked_for(plan: &Plan) -> bool {
    plan.figure_theory.layers || plan.claims.iter().any(|claim| matches!(claim.against, Some((Against::Theory, _))))
}

/// One row a layer of each cell and then one a time step of recurrent nets, or a single one with the reason why there is no prediction; none at all where no figure
/// and no claim asks for theory. Decades are log10 of a root mean square over the last hidden layer's `stream_rms`.
pub fn rows(plan: &Plan, theory: &Predictions) -> Vec<Vec<Cell>> {
    if !is_asked_for(plan) {
        return Vec::new();
    }
    let decades = |square: f64| Cell::Float(square / (2.0 * std::f64::consts::LN_10));
    let mut rows = Vec::new();
    for (index, (cell, prediction)) in plan.cells.iter().zip(&theory.cells).enumerate() {
        let depth = || Cell::from(theory.depths.get(index).copied().flatten());
        let mut row = |known: &[(&str, Cell)]| {
            let labels = cell.labels.iter().map(|(_, label)| Cell::Text(label.clone()));
            let named = |column: &Column| {
                known.iter().find(|(name, _)| *name == column.name).map_or(Cell::Empty, |(_, cell)| cell.clone())
            };
            rows.push(labels.chain(columns::THEORY.iter().map(named)).collect());
        };
        match prediction {
            None => {}
            Some(Err(why)) => row(&[("correlation_depth", depth()), ("note", Cell::Text(why.to_string()))]),
            Some(Ok(prediction)) => {
                let layers = prediction.stream.iter().zip(&prediction.delta).zip(prediction.norm());
                for (l, ((stream, delta), norm)) in layers.enumerate() {
                    row(&[
                        ("layer", (l + 1).into()),
                        ("stream_decades", decades(*stream)),
                        ("delta_decades", decades(*delta)),
                        ("norm_decades", decades(norm)),
                        ("argument_variance", prediction.variance.get(l).copied().into()),
                        ("correlation_depth", depth()),
                        ("note", prediction.caveat.into()),
                    ]);
                }
                for (t, state) in prediction.state.iter().enumerate() {
                    let layer = prediction.stream.len().into();
                    row(&[("layer", layer), (columns::TIME.name, (t + 1).into()), ("state_decades", decades(*state))]);
                }
            }
        }
    }
    rows
}
