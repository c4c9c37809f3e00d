//! Extreme values of every numeric setting: each is refused with what to write instead, or planned and run. Nothing aborts,
//! hangs, or ends well with a loss that is not a number.

#![cfg(target_os = "linux")]

use crate::asks::{beside, network};
use crate::program::{PROGRAM, times};
use gradsweep::data::{Places, load};
use gradsweep::experiment::{Experiment, Overrides, Plan, settings};
use gradsweep::figure::kinds::FACTS;
use gradsweep::run::cost::Cost;
use gradsweep::setting::{Domain, Problems, Setting};
use gradsweep::sweep::work::Work;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

const NET: &str =
    "name = \"x\"\n[base]\ndata = { kind = \"spirals\", n = 60 }\ndepth = 3\nwidth = 5\nbatch = 12\nsteps = 4\n";
const FUNCTION: &str =
    "name = \"x\"\n[base]\nfunction = { kind = \"rosenbrock\", noise = 0.5, spread = 0.5 }\nsteps = 4\n";

const NUMBERS: [&str; 15] = [
    "0",
    "-1",
    "1",
    "0.9999999999999999",
    "1e-8",
    "1e-50",
    "5e-324",
    "1e308",
    "-1e308",
    "nan",
    "inf",
    "-inf",
    "9007199254740992",
    "9223372036854775807",
    "99999999999999999999",
];

/// A run of more operations is not tried, only planned.
const MOST_FLOP: f64 = 2e8;
/// KiB of addresses that a command gets: fewer where the settings are those of data, which then are refused before they are drawn.
fn addresses(row: &Setting) -> u32 {
    if row.family() == "data" { 500_000 } else { 4_000_000 }
}

/// Extreme values of a setting as a file writes them, its own limits among them; none of words and texts.
fn extremes(row: &Setting) -> Vec<String> {
    let mut numbers = NUMBERS.map(String::from).to_vec();
    let write = |form: &dyn Fn(&String) -> String, numbers: &[String]| numbers.iter().map(form).collect();
    match row.domain {
        Domain::Int { min, max } | Domain::IntOrWord { min, max, .. } => {
            numbers.extend([min, max].map(|x| x.to_string()));
            numbers
        }
        Domain::Float { min, max } | Domain::FloatOrWord { min, max, .. } => {
            numbers.extend([min, max].map(|x| format!("{x:e}")));
            numbers
        }
        Domain::Positive { max } => {
            numbers.push(format!("{max:e}"));
            numbers
        }
        Domain::Fraction => numbers,
        Domain::List | Domain::Steps | Domain::Sizes { .. } => write(&|x| format!("[{x}]"), &numbers),
        Domain::PositivesOrWord { .. } => write(&|x| format!("[1, {x}, 1]"), &numbers),
        Domain::Matrix => write(&|x| format!("[[{x}, 1], [1, {x}]]"), &numbers),
        Domain::Bool | Domain::Word(_) | Domain::Text | Domain::Texts => Vec::new(),
    }
}

fn plan(text: &str, set: Vec<String>) -> Result<Plan, String> {
    let overrides = Overrides { set, ..Overrides::default() };
    Experiment::parse(text, "x.toml", FACTS).and_then(|e| e.plan(&overrides)).map_err(|e| e.to_string())
}

/// Runs a command with so little memory; its exit code and all that it said.
fn command(dir: &Path, kibibytes: u32, line: &str, set: &[String]) -> (Option<i32>, String) {
    let limited = format!("ulimit -v {kibibytes}; exec timeout 60 \"$0\" {line} \"$@\"");
    let set = set.iter().flat_map(|pair| ["--set", pair]);
    let output = Command::new("sh").args(["-c", &limited, PROGRAM]).args(set).current_dir(dir).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn extreme_values_are_refused_or_run() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let (mut refused, mut planned, mut run, mut wrong) = (0, 0, 0, Vec::new());
    for row in settings::all() {
        let file = match (row.problems, network(row)) {
            (Problems::Functions, _) => FUNCTION.to_string(),
            // Convolutions have channels instead.
            (_, Some("conv")) => NET.replace("width = 5\n", ""),
            _ => NET.to_string(),
        };
        fs::write(dir.join("x.toml"), &file).unwrap();
        for value in extremes(row) {
            let set: Vec<String> = beside(row).into_iter().chain([format!("{}={value}", row.key)]).collect();
            let name = format!("{} {:?} = {value}", row.key, row.of);
            let plan = match plan(&file, set.clone()) {
                Ok(plan) => plan,
                Err(message) => {
                    refused += 1;
                    if !message.contains("help: ") {
                        wrong.push(format!("{name}: refused without a cure: {message}"));
                    }
                    continue;
                }
            };
            planned += 1;
            // The others are tried where the environment asks for it, as `scripts/hardness.sh` does.
            if times("EXTREMES", 0) == 0 && planned % 4 != 1 {
                continue;
            }
            let (code, said) = command(dir, addresses(row), "plan x.toml", &set);
            let is_told = code == Some(0) || code == Some(2) && said.contains("help: ");
            if !is_told {
                wrong.push(format!("{name}: plan ends with {code:?}: {said}"));
            }
            // Large data are only planned.
            let is_small = code == Some(0) && (row.family() != "data" || !said.contains("0000"));
            let cost = || {
                let work = Work::new(&plan, |settings| load(settings, &Places::default())).ok()?;
                work.jobs.iter().map(|job| job.cost).reduce(|a: Cost, b| a + b)
            };
            if !is_small || cost().is_none_or(|cost| cost.total() > MOST_FLOP) {
                continue;
            }
            run += 1;
            let (code, said) = command(dir, addresses(row), "sweep x.toml --fresh --quiet --no-figures --jobs 1", &set);
            if !matches!(code, Some(0)) || said.contains("panic") {
                wrong.push(format!("{name}: sweep ends with {code:?}: {said}"));
                continue;
            }
            let mut rows = csv::Reader::from_path(dir.join("results/x/runs.csv")).unwrap();
            for found in rows.deserialize::<HashMap<String, String>>().map(Result::unwrap) {
                let loss: f64 = found["train_loss"].parse().unwrap_or(0.0);
                if found["status"] != "diverged" && !loss.is_finite() {
                    wrong.push(format!("{name}: {} with a loss of {loss}", found["status"]));
                }
            }
        }
    }
    println!("tried: {}; {refused} refused with a cure, {run} of {planned} planned ones run", refused + planned);
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), refused + planned, wrong.join("\n"));
    assert!(refused > 1000 && planned > 400 && run > 80, "{refused} {planned} {run}");
}
