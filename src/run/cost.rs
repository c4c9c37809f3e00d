//! How much arithmetic and memory a run takes, predicted before it starts: for the order of running, `plan`, the ETA, and so that no
//! run is started that cannot fit.

use super::score::chunk;
use super::spec::{Cadence, RunSpec, SAMPLE};
use crate::columns::{ALONG_INPUT, DISTRIBUTIONS, HISTORY, LAYERS, QUANTITIES};
use crate::data::{Dataset, Sizes, Split};
use crate::model::{self, PassCost};
use crate::optim::MOST_SLOTS;
use crate::probe::along_input::POINTS;
use crate::probe::sharpness::PRODUCTS;
use crate::setting::Settings;
use crate::stats::distribution::BINS;
use crate::table::Cell;

/// Rows of a data set's parts, and the sizes of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    pub train_rows: usize,
    pub validation_rows: usize,
    pub test_rows: usize,
    pub sizes: Sizes,
    /// A test function, whose value takes a few operations for each variable.
    pub is_function: bool,
}

impl Extent {
    /// Of this data.
    pub fn of(data: &Dataset) -> Self {
        let rows = |split: &Option<Split>| split.as_ref().map_or(0, |split| split.rows);
        Extent {
            train_rows: data.train.rows,
            validation_rows: rows(&data.validation),
            test_rows: rows(&data.test),
            sizes: data.sizes(),
            is_function: data.function.is_some(),
        }
    }

    /// Rows of the training, validation and test part.
    fn parts(&self) -> [usize; 3] {
        [self.train_rows, self.validation_rows, self.test_rows]
    }
}

/// Floating-point operations of a run, matrix products only: a multiply and an add count as two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Updates: forward, and backward twice as much.
    pub training: f64,
    /// Losses at the scored steps before the last and of what is watched from epoch to epoch: forward only.
    pub scoring: f64,
    /// Losses at the last step, of all rows of all parts.
    pub ending: f64,
    /// The probe pass at the recorded steps.
    pub probing: f64,
}

impl Cost {
    pub fn total(self) -> f64 {
        self.training + self.recording()
    }

    /// All that is no training.
    pub fn recording(self) -> f64 {
        self.scoring + self.ending + self.probing
    }
}

/// Floating-point operations with the unit that suits them.
pub fn flop(n: f64) -> String {
    match n {
        n if n >= 1e11 => format!("{:.1} TFLOP", n / 1e12),
        n if n >= 1e8 => format!("{:.2} GFLOP", n / 1e9),
        n if n >= 1e5 => format!("{:.2} MFLOP", n / 1e6),
        n => format!("{n:.0} FLOP"),
    }
}

impl std::ops::Add for Cost {
    type Output = Cost;
    fn add(self, other: Cost) -> Cost {
        Cost {
            training: self.training + other.training,
            scoring: self.scoring + other.scoring,
            ending: self.ending + other.ending,
            probing: self.probing + other.probing,
        }
    }
}

/// At how many steps a run is scored and probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedSteps {
    scores: usize,
    probes: usize,
}

impl RecordedSteps {
    /// Of a run of `steps` updates.
    pub fn of(cadence: &Cadence, steps: usize) -> Self {
        RecordedSteps { scores: cadence.score.count(steps), probes: cadence.gradients.count(steps) }
    }
}

/// Bytes that a run takes at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory {
    /// Parameters, gradients, the optimizer's state, and what a backward pass needs of its forward.
    pub training: f64,
    /// The same net in f64 beside it, which the probe measures.
    pub probe: f64,
    /// The rows that are recorded, and their text as it goes into the journal.
    pub records: f64,
}

impl Memory {
    pub fn total(self) -> f64 {
        self.training + self.probe + self.records
    }
}

/// Bytes with the unit that suits them.
pub fn bytes(n: f64) -> String {
    match n {
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n => format!("{:.1} MB", n / 1e6),
    }
}

/// Characters of a number in a journal, about.
const DIGITS: f64 = 20.0;

/// What one run on data of this extent takes at most.
pub fn memory(spec: &RunSpec, extent: &Extent, recorded: RecordedSteps) -> Memory {
    let layers = spec.settings.int("depth").map_or(1.0, |depth| depth.max(1) as f64);
    // Four counts of a histogram take about as much as a number.
    let spread = if spec.cadence.distributions { QUANTITIES.len() * (DISTRIBUTIONS.len() + BINS / 4) } else { 0 };
    let of_layer = LAYERS.len() + spread;
    let inputs = inputs(spec, extent);
    let cells = recorded.scores as f64 * HISTORY.len() as f64
        + recorded.probes as f64
            * if extent.is_function { extent.sizes.features() as f64 } else { layers * of_layer as f64 }
        + (recorded.probes * inputs * ALONG_INPUT.len()) as f64;
    // A line of the journal is built from its body.
    let records = cells * (size_of::<Cell>() as f64 + 2.0 * DIGITS) * 1.25;
    if extent.is_function {
        return Memory { records, ..Memory::default() };
    }
    let family = model::family(&spec.settings);
    let pass = |rows: usize| family.cost(&spec.settings, &extent.sizes, rows);
    let number = if spec.is_double() { 8.0 } else { 4.0 };
    let PassCost { weights, bytes, .. } =
        pass(spec.batch(extent.train_rows).max(chunk(&extent.sizes.input).min(extent.train_rows)));
    let probed = pass(spec.cadence.probe.min(extent.train_rows).max(inputs));
    // What is counted in bins is sorted first, a layer at a time.
    let probed = probed.measured + if spec.cadence.distributions { 0.5 * probed.bytes } else { 0.0 };
    let whole = if spec.cadence.sharpness { pass(extent.train_rows).measured } else { 0.0 };
    // Half as much again for the singular values.
    let headless = headless(spec, extent)
        .map_or(0.0, |(settings, sizes)| 1.6 * family.cost(&settings, &sizes, sizes.outputs).measured);
    // The weights as they are drawn, in f64; a copy before an update that is measured.
    let training = bytes * number / 4.0 + weights * (number * (MOST_SLOTS as f64 + 1.0) + 8.0);
    Memory { training, probe: probed + whole + headless, records }
}

/// Floating-point operations of one update on data of this extent: a pass forward and one backward over a batch.
pub fn step_flop(spec: &RunSpec, extent: &Extent) -> f64 {
    pass(spec, extent, spec.batch(extent.train_rows)).iter().sum()
}

/// Floating-point operations of a pass forward over so many rows, and of the pass back.
fn pass(spec: &RunSpec, extent: &Extent, rows: usize) -> [f64; 2] {
    if extent.is_function {
        let forward = 2.0 * rows as f64 * extent.sizes.features() as f64;
        return [forward, 2.0 * forward];
    }
    let pass = model::family(&spec.settings).cost(&spec.settings, &extent.sizes, rows);
    [pass.forward, pass.backward]
}

/// Inputs that the output is measured along, where it is.
fn inputs(spec: &RunSpec, extent: &Extent) -> usize {
    if spec.cadence.along_input && !extent.is_function { POINTS } else { 0 }
}

/// The net that the Jacobian is measured on, where it is.
fn headless(spec: &RunSpec, extent: &Extent) -> Option<(Settings, Sizes)> {
    let is_asked = spec.cadence.jacobian && !extent.is_function;
    is_asked.then(|| model::family(&spec.settings).headless(&spec.settings, &extent.sizes)).flatten()
}

/// Operations of the Jacobian's passes and of its singular values: a pass from each unit of the last layer, and about half as much again.
fn jacobian(spec: &RunSpec, extent: &Extent) -> f64 {
    let of = |(settings, sizes): (Settings, Sizes)| {
        let PassCost { forward, backward, .. } = model::family(&settings).cost(&settings, &sizes, sizes.outputs);
        1.5 * (2.0 * forward + backward)
    };
    headless(spec, extent).map_or(0.0, of)
}

/// The cost of one run on data of this extent: its passes forward and backward over batches and probe sets, and forward
/// over all rows.
pub fn cost(spec: &RunSpec, extent: &Extent, recorded: RecordedSteps) -> Cost {
    let pass = |rows: usize| pass(spec, extent, rows);
    let there_and_back = |rows: usize| pass(rows).iter().sum::<f64>();
    let sampled = |rows: usize| spec.sample_size(rows).unwrap_or(rows);
    let (whole, scored) = (extent.parts().iter().sum(), extent.parts().map(sampled).iter().sum());
    let watched = if extent.validation_rows > 0 { extent.validation_rows } else { extent.train_rows };
    let (steps, batch) = (spec.steps(extent.train_rows), spec.batch(extent.train_rows));
    let epochs = steps.div_ceil(spec.steps_per_epoch(extent.train_rows).max(1));
    let is_kept = spec.settings.get("stop.patience").is_some();
    let is_watched = is_kept || spec.settings.text("schedule") == Some("plateau");
    // At most: each epoch may be the best so far, and is scored then.
    let of_epoch = if is_watched { pass(watched)[0] } else { 0.0 } + if is_kept { pass(whole)[0] } else { 0.0 };
    let at_the_end = if scored < whole { pass(whole)[0] } else { 0.0 };
    let of_sharpness = if spec.cadence.sharpness { 2.0 * PRODUCTS * there_and_back(extent.train_rows) } else { 0.0 };
    let of_step = pass(scored)[0] + of_sharpness;
    let probed = there_and_back(spec.cadence.probe.min(extent.train_rows))
        + there_and_back(inputs(spec, extent))
        + jacobian(spec, extent);
    Cost {
        training: steps as f64 * there_and_back(batch),
        scoring: (recorded.scores as f64 - 1.0) * of_step + epochs as f64 * of_epoch,
        ending: of_step + at_the_end,
        probing: recorded.probes as f64 * probed,
    }
}

/// The size of the sample of which scoring costs no more than training before the last step, where that is less than the usual one: in
/// runs that are short for the data. Data without a large part is scored whole.
pub fn affordable_sample(spec: &RunSpec, extent: &Extent) -> Option<usize> {
    let usual = spec.settings.int(SAMPLE).filter(|_| !extent.is_function)? as usize;
    if extent.parts().iter().all(|rows| *rows <= 2 * usual) {
        return None;
    }
    let steps = spec.steps(extent.train_rows);
    let points = spec.cadence.score.count(steps) as f64 - 1.0;
    let training = steps as f64 * step_flop(spec, extent);
    let costs_more = |size: usize| {
        let scored = extent.parts().map(|rows| if rows > 2 * size { size } else { rows });
        points * pass(spec, extent, scored.iter().sum())[0] > training
    };
    if !costs_more(usual) {
        return None;
    }
    let (mut size, mut more) = (1, usual);
    while more - size > 1 {
        let middle = size.midpoint(more);
        *(if costs_more(middle) { &mut more } else { &mut size }) = middle;
    }
    Some(size)
}
