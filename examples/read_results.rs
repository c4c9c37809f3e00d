//! Reads a results folder: the median attenuation of every cell, and one layer's gradient over the steps of training.
//!
//! `cargo run --release --example read_results -- results/vanishing`

use gradsweep::columns;
use gradsweep::fading::{Fading, Summary};
use gradsweep::results::Results;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args().nth(1).ok_or("write the results folder, such as results/vanishing")?;
    let results = Results::read(Path::new(&dir))?;
    let plan = &results.plan;
    println!("{}: {}", plan.name, plan.question);

    // runs.csv is in memory; labels are indices into the axes of the plan.
    let column = columns::outcome("attenuation_init").ok_or("no such column")?;
    let mut cells: BTreeMap<&[usize], Vec<Fading>> = BTreeMap::new();
    for run in &results.runs {
        cells.entry(&run.labels).or_default().extend(run.fading(column));
    }
    for (labels, values) in cells {
        let named = plan.axes.iter().zip(labels).map(|(axis, label)| format!("{} {}", axis.name, axis.labels[*label]));
        let name = named.collect::<Vec<_>>().join(", ");
        // A gradient may not arrive at all: the median and the range say so.
        if let Some(s) = Summary::of(&values) {
            let number = |x: f64| format!("{x:+.3}");
            println!("{name}: {} ({}) {}, N = {}", s.median.shown(number), s.range(number), column.unit, s.n);
        }
    }

    // layers.csv may be long, so its rows come by one after the other: here those of the first run.
    let mut first_layer = Vec::new();
    results.stream("layers.csv", &[0], &["step", "layer", "stream_rms"], |_run, row| {
        if let [Some(step), Some(1.0), Some(stream)] = *row {
            first_layer.push((step, stream));
        }
    })?;
    for (step, stream) in first_layer {
        println!("step {step:>5}: root mean square of dL/dh at layer 1 {stream:.3e}");
    }
    Ok(())
}
