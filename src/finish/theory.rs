//! `theory.csv`: what theory says of each cell at init, layer by layer, for the figures that draw it.

use crate::experiment::plan::{Plan, PlanCell};
use crate::sweep::work::Work;
use crate::table::Cell;
use crate::theory::{AtInit, Inputs, Prediction};

/// A prediction, or in words why there is none.
pub type Told = Result<Prediction, String>;

/// The prediction of every cell that `wanted` keeps; `None` for the others and for test functions, which have no layers.
pub fn predictions(plan: &Plan, work: &Work, wanted: impl Fn(usize) -> bool) -> Vec<Option<Told>> {
    let sets = plan.datasets();
    let inputs: Vec<Inputs> = work
        .datasets
        .iter()
        .map(|data| Inputs::of(data, &plan.cadence.probe_rows(plan.experiment_seed, data.train.rows)))
        .collect();
    // Most axes of a grid do not touch the start, and a prediction takes its time.
    let mut known: Vec<(usize, AtInit, Told)> = Vec::new();
    let mut of_cell = |(index, cell): (usize, &PlanCell)| {
        if cell.function().is_some() || !wanted(index) {
            return None;
        }
        let data = sets.of_cell[index];
        let at_init = match AtInit::new(&cell.settings, &inputs[data]) {
            Ok(at_init) => at_init,
            Err(why) => return Some(Err(why)),
        };
        if let Some((_, _, told)) = known.iter().find(|(other, net, _)| *other == data && *net == at_init) {
            return Some(told.clone());
        }
        let told = at_init.predict(&inputs[data]).map_err(str::to_string);
        known.push((data, at_init, told.clone()));
        Some(told)
    };
    plan.cells.iter().enumerate().map(&mut of_cell).collect()
}

/// The axes, then the columns that [`crate::results::theory`] reads.
pub fn header(plan: &Plan) -> Vec<String> {
    let axes = plan.axes.iter().map(|axis| axis.name.clone());
    axes.chain(["layer", "stream_decades", "delta_decades", "note"].map(String::from)).collect()
}

/// One row a layer of each cell, or a single one with the reason why there is no prediction; none at all where no figure
/// asks for theory. Decades are log10 of a root mean square over the last hidden layer's `stream_rms`.
pub fn rows(plan: &Plan, work: &Work) -> Vec<Vec<Cell>> {
    if !plan.figures.iter().any(|figure| figure.theory) {
        return Vec::new();
    }
    let decades = |square: f64| Cell::Float(square / (2.0 * std::f64::consts::LN_10));
    let mut rows = Vec::new();
    for (cell, told) in plan.cells.iter().zip(predictions(plan, work, |_| true)) {
        let mut row = |rest: [Cell; 4]| {
            let labels = cell.labels.iter().map(|(_, label)| Cell::Text(label.clone()));
            rows.push(labels.chain(rest).collect());
        };
        match told {
            None => {}
            Some(Err(why)) => row([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Text(why)]),
            Some(Ok(prediction)) => {
                for (l, (stream, delta)) in prediction.stream.iter().zip(&prediction.delta).enumerate() {
                    row([(l + 1).into(), decades(*stream), decades(*delta), prediction.caveat.into()]);
                }
            }
        }
    }
    rows
}
