//! `theory.csv` as figures and claims read it: what theory predicts for each cell before the first update.

use super::{Results, ResultsError, csv_file::CsvFile};
use crate::columns::{self, Predicted};
use crate::plan_file::Axis;
use std::collections::HashMap;
use thiserror::Error;

/// The prediction of one cell: decades (log10 of a root mean square) over the last hidden layer's stream, layer 1 first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellTheory {
    pub stream: Vec<f64>,
    pub delta: Vec<f64>,
    /// Of the norm of the stream: its root mean square times the root of the layer's size.
    pub norm: Vec<f64>,
    /// Of recurrent nets: the state's gradient at each time step, the first one first, over that at the last.
    pub state: Vec<f64>,
    /// Variance of each layer's pre-activations; empty where it is not known.
    pub variance: Vec<f64>,
    /// xi_c in layers, where a figure asked for it and there is one.
    pub correlation_depth: Option<f64>,
    /// What makes it less than exact at infinite width, as a sentence; empty if nothing.
    pub caveat: String,
}

impl CellTheory {
    /// A column of `layers.csv` over its own value in the last layer, in decades; `None` for what is not predicted.
    pub fn by_layer(&self, metric: &str) -> Option<Vec<f64>> {
        let decades = match columns::find(columns::LAYERS, metric)?.predicted? {
            Predicted::Stream => &self.stream,
            Predicted::StreamNorm => &self.norm,
            Predicted::Delta => &self.delta,
            _ => return None,
        };
        let last = decades.last()?;
        Some(decades.iter().map(|x| x - last).collect())
    }

    /// A column of `runs.csv`; `None` for what is not predicted, or infinite.
    pub fn outcome(&self, metric: &str) -> Option<f64> {
        let fall = |decades: &[f64]| match decades {
            [first, .., last] => Some((last - first, (decades.len() - 1) as f64)),
            _ => None,
        };
        let each = |decades: &[f64]| fall(decades).map(|(lost, gaps)| lost / gaps);
        let all = |decades: &[f64]| fall(decades).map(|(lost, _)| lost);
        let value = match columns::outcome(metric)?.predicted? {
            Predicted::AttenuationTotal => all(&self.stream)?,
            Predicted::Attenuation => each(&self.stream)?,
            Predicted::DeltaAttenuation => each(&self.delta)?,
            Predicted::NormAttenuation => each(&self.norm)?,
            Predicted::NormAttenuationTotal => all(&self.norm)?,
            Predicted::TimeAttenuationTotal => all(&self.state)?,
            Predicted::TimeAttenuation => each(&self.state)?,
            Predicted::Stream | Predicted::StreamNorm | Predicted::Delta | Predicted::State => return None,
        };
        value.is_finite().then_some(value)
    }
}

/// Why a cell has no prediction, as the table says it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NoTheory(pub String);

/// By the labels of a cell, as indices in the order of the plan's axes: its prediction, or why there is none.
pub type Theory = HashMap<Vec<usize>, Result<CellTheory, NoTheory>>;

impl Results {
    /// Reads `theory.csv`.
    ///
    /// # Errors
    /// A file that is missing or not what a sweep writes.
    pub fn theory(&self) -> Result<Theory, ResultsError> {
        let mut file = CsvFile::open(&self.dir.join("theory.csv"))?;
        let axes = file.columns(self.plan.axes.iter().map(|axis| axis.name.as_str()))?;
        let (stream, delta, note) =
            (file.column("stream_decades")?, file.column("delta_decades")?, file.column("note")?);
        let norm = file.column("norm_decades")?;
        let (variance, depth) = (file.column("argument_variance")?, file.column("correlation_depth")?);
        let state = file.column("state_decades")?;
        let mut theory = Theory::new();
        while file.read_row()? {
            let label = |(axis, at): (&Axis, &usize)| axis.labels.iter().position(|label| label == file.text(*at));
            // A cell of an earlier plan is none of this one's.
            let Some(labels) = self.plan.axes.iter().zip(&axes).map(label).collect::<Option<Vec<_>>>() else {
                continue;
            };
            if let (Some(decades), Some(Ok(cell))) = (file.number(state)?, theory.get_mut(&labels)) {
                cell.state.push(decades);
                continue;
            }
            match (file.number(stream)?, file.number(delta)?) {
                (Some(stream), Some(delta)) => {
                    let cell = theory.entry(labels).or_insert_with(|| Ok(CellTheory::default()));
                    if let Ok(cell) = cell {
                        cell.stream.push(stream);
                        cell.delta.push(delta);
                        cell.norm.extend(file.number(norm)?);
                        cell.variance.extend(file.number(variance)?);
                        cell.correlation_depth = file.number(depth)?;
                        cell.caveat = file.text(note).into();
                    }
                }
                _ => _ = theory.insert(labels, Err(NoTheory(file.text(note).into()))),
            }
        }
        Ok(theory)
    }
}
