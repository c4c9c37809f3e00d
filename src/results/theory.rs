//! `theory.csv` as figures see it: what theory says of each cell before the first update.

use super::{Results, ResultsError, column, parse, unreadable};
use crate::columns::{self, Predicted};
use std::collections::HashMap;

/// The prediction of one cell: decades (log10 of a root mean square) over the last hidden layer's stream, layer 1 first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellTheory {
    pub stream: Vec<f64>,
    pub delta: Vec<f64>,
    /// Variance of each layer's pre-activations; empty where it is not known.
    pub variance: Vec<f64>,
    /// xi_c in layers, where a figure asked for it and there is one.
    pub correlation_depth: Option<f64>,
    /// What makes it less than exact at infinite width; empty if nothing.
    pub caveat: String,
}

impl CellTheory {
    /// A column of `layers.csv` over its own value in the last layer, in decades; `None` for what is not predicted.
    pub fn by_layer(&self, metric: &str) -> Option<Vec<f64>> {
        let decades = match columns::find(columns::LAYERS, metric)?.predicted? {
            Predicted::Stream => &self.stream,
            Predicted::Delta => &self.delta,
            _ => return None,
        };
        let last = decades.last()?;
        Some(decades.iter().map(|x| x - last).collect())
    }

    /// A column of `runs.csv`; `None` for what is not predicted, or infinite.
    pub fn outcome(&self, metric: &str) -> Option<f64> {
        let fall = |decades: &[f64]| Some(decades.last()? - decades.first()?);
        let gaps = (self.stream.len() > 1).then(|| (self.stream.len() - 1) as f64)?;
        let value = match columns::outcome(metric)?.predicted? {
            Predicted::AttenuationTotal => fall(&self.stream)?,
            Predicted::Attenuation => fall(&self.stream)? / gaps,
            Predicted::DeltaAttenuation => fall(&self.delta)? / gaps,
            Predicted::Stream | Predicted::Delta => return None,
        };
        value.is_finite().then_some(value)
    }
}

/// By the labels of a cell, as indices in the order of the plan's axes: its prediction, or why there is none.
pub type Theory = HashMap<Vec<usize>, Result<CellTheory, String>>;

impl Results {
    /// Reads `theory.csv`.
    ///
    /// # Errors
    /// A file that is missing or not what a sweep writes.
    pub fn theory(&self) -> Result<Theory, ResultsError> {
        let path = self.dir.join("theory.csv");
        let mut reader = csv::Reader::from_path(&path).map_err(|e| unreadable(&path, &e))?;
        let header = reader.headers().map_err(|e| unreadable(&path, &e))?.clone();
        let place = |name: &str| column(&header, name, &path);
        let axes = self.plan.axes.iter().map(|axis| place(&axis.name)).collect::<Result<Vec<_>, _>>()?;
        let (stream, delta, note) = (place("stream_decades")?, place("delta_decades")?, place("note")?);
        let (variance, depth) = (place("argument_variance")?, place("correlation_depth")?);
        let mut theory = Theory::new();
        for row in reader.records() {
            let row = row.map_err(|e| unreadable(&path, &e))?;
            let label = |(axis, at): (&crate::plan_file::Axis, &usize)| axis.labels.iter().position(|l| *l == row[*at]);
            // A cell of an earlier plan is none of this one's.
            let Some(labels) = self.plan.axes.iter().zip(&axes).map(label).collect::<Option<Vec<_>>>() else {
                continue;
            };
            match (parse(&row, stream, &header, &path)?, parse(&row, delta, &header, &path)?) {
                (Some(stream), Some(delta)) => {
                    let cell = theory.entry(labels).or_insert_with(|| Ok(CellTheory::default()));
                    if let Ok(cell) = cell {
                        cell.stream.push(stream);
                        cell.delta.push(delta);
                        cell.variance.extend(parse(&row, variance, &header, &path)?);
                        cell.correlation_depth = parse(&row, depth, &header, &path)?;
                        cell.caveat = row[note].to_string();
                    }
                }
                _ => _ = theory.insert(labels, Err(row[note].to_string())),
            }
        }
        Ok(theory)
    }
}
