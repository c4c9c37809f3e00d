//! Results folders as a sweep leaves them, with made-up but plausible numbers, for tests of the figures.

pub mod house;

use gradsweep::columns;
use gradsweep::figure::kinds::ALL;
use gradsweep::figure::{self, Drawn, FigureError, Style};
use gradsweep::plan_file::figure::FigureSpec;
use gradsweep::results::Results;
use gradsweep::seed::Seeds;
use gradsweep::table::{Cell, CsvWriter};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Axis name, labels, scale.
pub type AxisRow = (&'static str, Vec<String>, &'static str);

/// A made-up sweep.
pub struct Fake {
    pub axes: Vec<AxisRow>,
    pub seeds: u64,
    pub steps: usize,
    /// The loss the runs were to reach.
    pub target: Option<f64>,
    /// Cells the plan leaves out.
    pub excluded: fn(&BTreeMap<&str, &str>) -> bool,
    /// Changes a finished run, or drops it (`false`).
    pub twist: fn(&mut FakeRun) -> bool,
    pub figures: Vec<FigureSpec>,
}

/// One made-up run before it is written.
pub struct FakeRun {
    pub labels: BTreeMap<&'static str, String>,
    pub seed: u64,
    pub status: &'static str,
    pub message: &'static str,
    pub outcome: BTreeMap<&'static str, Cell>,
    pub history: Vec<BTreeMap<&'static str, Cell>>,
    pub layers: Vec<BTreeMap<&'static str, Cell>>,
}

pub fn labels<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(T::to_string).collect()
}

pub fn spec(kind: &str) -> FigureSpec {
    FigureSpec::new(kind)
}

pub fn only(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    pairs.iter().map(|(k, v)| (k.to_string(), vec![v.to_string()])).collect()
}

/// Kinds of which a test of their own knows what they ask of a plan.
const OF_ARMS: &[&str] =
    &["comparison", "critical_difference", "best_of_tries", "steps_to_target", "performance_profile"];

/// Every kind that any networks have.
pub fn of_networks() -> impl Iterator<Item = &'static str> {
    // Paths are of functions, `theory_figure.rs` has what is drawn from theory, `over_time.rs` what needs time steps,
    // `distributions.rs` what needs distributions or an input to go along.
    let others = [
        "trajectories",
        "derivative",
        "phase_diagram",
        "gradient_by_time",
        "distribution_by_layer",
        "percentiles",
        "along_input",
    ];
    ALL.iter().map(|kind| kind.facts.word).filter(move |kind| !others.contains(kind) && !OF_ARMS.contains(kind))
}

/// The grid of the vanishing experiment with its five figures.
pub fn vanishing() -> Fake {
    let facet = || labels(&["activation"]);
    let color = || Some("variant".to_string());
    let mut figures: Vec<FigureSpec> = of_networks().map(spec).collect();
    for figure in &mut figures {
        figure.facet = facet();
        figure.color = color();
        figure.filter = only(&[("optimizer", "momentum")]);
        match figure.kind.as_str() {
            "gradient_by_layer" | "curves" | "attenuation_over_training" => {
                figure.filter.insert("depth".into(), labels(&["32"]));
            }
            "loss_by_depth" => {
                figure.facet = labels(&["optimizer", "activation"]);
                figure.filter.clear();
                figure.x = Some("depth".into());
            }
            "attenuation_by_depth" | "first_layer" | "lr_sensitivity" => figure.x = Some("depth".into()),
            "gradient_heatmap" | "layer_lines" => {
                figure.filter.insert("depth".into(), labels(&["32"]));
                figure.facet = labels(&["variant", "activation"]);
                figure.color = None;
            }
            "heat_map" => {
                (figure.x, figure.y, figure.color) = (Some("depth".into()), color(), None);
            }
            _ => {}
        }
    }
    Fake {
        axes: vec![
            ("depth", labels(&[2, 4, 8, 16, 32]), "log"),
            ("activation", labels(&["sigmoid", "tanh", "relu"]), "category"),
            ("variant", labels(&["plain", "matched_init", "batch_norm", "residual", "l2", "lr_decay"]), "category"),
            ("optimizer", labels(&["momentum", "adam"]), "category"),
        ],
        seeds: 5,
        steps: 300,
        target: None,
        excluded: |c| c["optimizer"] == "adam" && matches!(c["variant"], "l2" | "lr_decay"),
        twist: |_| true,
        figures,
    }
}

impl Fake {
    /// Every combination of labels that is not excluded.
    fn cells(&self) -> Vec<BTreeMap<&'static str, String>> {
        let mut cells = vec![BTreeMap::new()];
        for (name, labels, _) in &self.axes {
            let with = |cell: &BTreeMap<&'static str, String>| {
                labels
                    .iter()
                    .map(|l| cell.iter().map(|(k, v)| (*k, v.clone())).chain([(*name, l.clone())]).collect())
                    .collect::<Vec<_>>()
            };
            cells = cells.iter().flat_map(with).collect();
        }
        cells.retain(|c| !(self.excluded)(&c.iter().map(|(k, v)| (*k, v.as_str())).collect()));
        cells
    }

    /// Writes plan.json, runs.csv, history.csv and layers.csv.
    pub fn write(&self, dir: &Path) {
        let cells = self.cells();
        let guess = json!({"accuracy": 0.1, "balanced_accuracy": 0.1, "loss": 10f64.ln()});
        let guesses = json!({"training": guess, "validation": guess, "test": guess});
        let plan = json!({
            "schema": 1, "name": "made up", "question": "Do the figures hold?",
            "seeds": (1..=self.seeds).collect::<Vec<_>>(),
            "axes": self.axes.iter().map(|(n, l, s)| json!({"name": n, "labels": l, "scale": s})).collect::<Vec<_>>(),
            "settings": self.target.map(|loss| ("target_loss", loss)).into_iter().collect::<BTreeMap<_, _>>(),
            "cells": cells.iter().map(|c| json!({"labels": c})).collect::<Vec<_>>(),
            "figures": self.figures,
            "data": {"name": "digits", "digest": "0", "train_rows": 1437, "outputs": 10, "classes": true, "guesses": guesses},
            "probe": 64,
        });
        std::fs::write(dir.join("plan.json"), plan.to_string()).unwrap();
        let columns = |head: &[&'static str], tail: &[&'static str]| [head, tail].concat();
        let axes: Vec<&str> = self.axes.iter().map(|a| a.0).collect();
        let names = |columns: &'static [columns::Column]| columns.iter().map(|c| c.name).collect::<Vec<_>>();
        let run_columns = columns(
            &columns(&["run_id"], &axes),
            &columns(&["seed", "status", "message", "loss"], &names(columns::OUTCOMES)),
        );
        let history_columns = columns(&["run_id"], &names(columns::HISTORY));
        let layer_columns = columns(&["run_id"], &names(columns::LAYERS));
        let open =
            |name: &str, columns: &[&str]| CsvWriter::new(File::create(dir.join(name)).unwrap(), columns).unwrap();
        let (mut runs, mut history, mut layers) =
            (open("runs.csv", &run_columns), open("history.csv", &history_columns), open("layers.csv", &layer_columns));
        for seed in 1..=self.seeds {
            for (i, cell) in cells.iter().enumerate() {
                let mut run = FakeRun::new(cell, seed, self.steps);
                if !(self.twist)(&mut run) {
                    continue;
                }
                let id = Cell::Text(format!("run{i}s{seed}"));
                let mut row = run.outcome;
                row.entry("loss").or_insert_with(|| Cell::Text("cross_entropy".into()));
                row.extend(run.labels.iter().map(|(k, v)| (*k, Cell::Text(v.clone()))));
                row.extend([("run_id", id.clone()), ("seed", Cell::from(seed as usize))]);
                row.extend([("status", run.status.into()), ("message", run.message.into())]);
                let line = |columns: &[&'static str], row: &BTreeMap<&str, Cell>| -> Vec<Cell> {
                    columns.iter().map(|c| row.get(c).cloned().unwrap_or(Cell::Empty)).collect()
                };
                runs.row(&line(&run_columns, &row)).unwrap();
                for (table, columns, rows) in
                    [(&mut history, &history_columns, run.history), (&mut layers, &layer_columns, run.layers)]
                {
                    for mut row in rows {
                        row.insert("run_id", id.clone());
                        table.row(&line(columns, &row)).unwrap();
                    }
                }
            }
        }
        runs.finish().unwrap();
        history.finish().unwrap();
        layers.finish().unwrap();
    }
}

impl FakeRun {
    fn new(labels: &BTreeMap<&'static str, String>, seed: u64, last: usize) -> FakeRun {
        let label = |name: &str| labels.get(name).map_or("", String::as_str);
        let depth: usize = label("depth").parse().unwrap_or(8);
        let (activation, variant, optimizer) = (label("activation"), label("variant"), label("optimizer"));
        // Decades a layer, after a pilot; equal variants draw equal numbers.
        let (plain, matched) = match activation {
            "tanh" => (0.24, 0.03),
            "relu" => (0.40, 0.01),
            _ => (0.85, 0.63),
        };
        let rate = match variant {
            "matched_init" => matched,
            "batch_norm" => {
                if activation == "relu" {
                    -0.089
                } else {
                    -0.03
                }
            }
            "residual" => 0.002,
            _ => plain,
        };
        let alike = if matches!(variant, "l2" | "lr_decay" | "") { "plain" } else { variant };
        let mut start =
            Seeds { experiment: 7, run: seed }.stream(&format!("{activation}{alike}{depth}{}", label("width")), &[]);
        let mut later = Seeds { experiment: 7, run: seed }.stream(&format!("{labels:?}"), &[]);
        let width: f64 = label("width").parse().unwrap_or(0.0);
        let own = rate + 0.02 * start.normal() - 0.0018 * width;
        let walk: Vec<f64> = (0..depth).map(|_| 0.08 * start.normal()).collect();
        let stuck = own * depth as f64 > 4.5;
        let drift = if stuck { 0.2 } else { -0.35 } * rate + 0.01 * later.normal();
        let mut layers = Vec::new();
        let mut steps: Vec<usize> = (0..20).map(|i| (last as f64).powf(f64::from(i) / 19.0).round() as usize).collect();
        steps.insert(0, 0);
        steps.dedup();
        for step in steps {
            let done = (step as f64).ln_1p() / (last as f64).ln_1p();
            for layer in 1..=depth {
                let below = (depth - layer) as f64;
                let log = -2.1 - below * (own + drift * done) + walk[..depth - layer].iter().sum::<f64>()
                    - if stuck { 0.0 } else { done };
                let weight = log + if activation == "sigmoid" { -0.4 } else { 0.25 * own * below };
                layers.push(BTreeMap::from([
                    ("step", Cell::from(step)),
                    ("layer", Cell::from(layer)),
                    ("stream_rms", Cell::from(10f64.powf(log))),
                    ("weight_grad_rms", Cell::from(10f64.powf(weight))),
                    ("update_ratio", Cell::from((step < last).then(|| 10f64.powf(weight - 0.5)))),
                ]));
            }
        }
        let speed = (if stuck { 0.0 } else { 0.03 / (1.0 + 0.04 * depth as f64) }) * (1.0 + 0.1 * later.normal());
        let loss = |step: usize| {
            std::f64::consts::LN_10
                * (-speed * step as f64 * if optimizer == "adam" { 1.3 } else { 1.0 }).exp().max(3e-3)
                + if stuck { 0.003 } else { 0.0 }
        };
        let history: Vec<_> = (0..=last)
            .step_by((last / 30).max(1))
            .map(|step| {
                let loss = loss(step) * (1.0 + 0.05 * later.normal());
                BTreeMap::from([
                    ("step", Cell::from(step)),
                    ("train_loss", Cell::from(loss)),
                    ("test_accuracy", Cell::from((1.0 - 0.9 * (loss / 2.4).powf(0.6)).clamp(0.08, 0.98))),
                ])
            })
            .collect();
        let total = own * (depth - 1) as f64 - walk[..depth - 1].iter().sum::<f64>();
        let gaps = (depth > 1).then_some((depth - 1) as f64);
        let outcome = BTreeMap::from([
            ("steps", Cell::from(last)),
            ("train_loss", history.last().unwrap()["train_loss"].clone()),
            ("test_accuracy", history.last().unwrap()["test_accuracy"].clone()),
            ("attenuation_total_init", Cell::from(gaps.map(|_| total))),
            ("attenuation_init", Cell::from(gaps.map(|g| total / g))),
            ("attenuation_end", Cell::from(gaps.map(|g| total / g + drift))),
        ]);
        let labels = labels.clone();
        FakeRun { labels, seed, status: "finished", message: "", outcome, history, layers }
    }

    /// The run blew up: its last numbers are not finite.
    pub fn diverge(&mut self) {
        (self.status, self.message) = ("diverged", "the loss is not finite at step 120");
        self.outcome.insert("train_loss", Cell::from(f64::NAN));
        self.outcome.insert("attenuation_end", Cell::from(f64::INFINITY));
        self.history.truncate(self.history.len() / 3);
        if let Some(row) = self.history.last_mut() {
            row.insert("train_loss", Cell::from(f64::INFINITY));
        }
        let last = self.layers.last().unwrap()["step"].clone();
        for row in self.layers.iter_mut().filter(|r| r["step"] == last) {
            row.insert("stream_rms", Cell::from(f64::NAN));
        }
    }

    /// The run ended with a defect: it left no numbers.
    pub fn fail(&mut self) {
        (self.status, self.message) = ("failed", "a defect");
        self.outcome.clear();
        self.history.clear();
        self.layers.clear();
    }
}

/// Draws all figures of a folder as pages, without claims.
pub fn draw_all(dir: &Path) -> Result<Vec<Drawn>, FigureError> {
    figure::draw_all(&Results::read(dir)?, ALL, Style::Page, &[])
}

/// Two optimizers at three rates in two decades.
pub fn rates() -> Fake {
    let mut fake = vanishing();
    fake.axes = vec![
        ("optimizer.lr", labels(&["0.01", "0.1", "1"]), "log"),
        ("optimizer", labels(&["momentum", "adam"]), "category"),
    ];
    fake.excluded = |_| false;
    fake.figures =
        vec![FigureSpec { x: Some("optimizer.lr".into()), color: Some("optimizer".into()), ..spec("lr_sensitivity") }];
    fake
}
