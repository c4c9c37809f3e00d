//! How a sweep grows: 10 to 10,000 small runs, `plan` of 100,000 cells, and `vanishing.toml`:
//! `cargo bench --bench sweep`.
//!
//! A small run is a net of depth 3 and width 32 on the digits, 100 steps of 64, recorded as often as is the default.
//! A row's time is that of the process from start to end. Of it, `rest` is what the workers' training does not
//! explain: start, journal, CSV files and figures; with few runs it is all but the price of the figures. Idle is that
//! rest over the whole. Memory is the highest resident size of the process.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const GRADSWEEP: &str = env!("CARGO_BIN_EXE_gradsweep");

/// What one process took.
struct Took {
    seconds: f64,
    peak_mib: f64,
}

/// Runs the program to its end, watching its memory.
fn watch(arguments: &[&str]) -> Took {
    let began = Instant::now();
    let mut command = Command::new(GRADSWEEP);
    let child = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().expect("the program starts");
    let mut peak = 0.0f64;
    loop {
        peak = peak.max(high_water(&child).unwrap_or(0.0));
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            assert!(status.success(), "gradsweep {arguments:?} ended with {status}");
            return Took { seconds: began.elapsed().as_secs_f64(), peak_mib: peak };
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `VmHWM` in MiB; none where there is no `/proc` or the process is gone.
fn high_water(child: &Child) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

/// Sums the column `seconds` of a results folder's timings.
fn trained_seconds(out: &Path) -> f64 {
    let mut reader = csv::Reader::from_path(out.join("timings.csv")).expect("a sweep leaves timings.csv");
    let at = reader.headers().ok().and_then(|h| h.iter().position(|c| c == "seconds")).expect("it has `seconds`");
    reader.records().filter_map(|row| row.ok()?.get(at)?.parse::<f64>().ok()).sum()
}

fn sweep(name: &str, file: &Path, runs: usize, folder: &Path) {
    let out = folder.join("out");
    let took = watch(&["sweep", "--quiet", "--out", &out.to_string_lossy(), &file.to_string_lossy()]);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let trained = trained_seconds(&out) / workers as f64;
    let each = |seconds: f64| seconds / runs as f64 * 1e3;
    println!(
        "{name:24} {runs:8} {:10.2} {:10.3} {:10.3} {:10.3} {:10.1} {:8.1} %",
        took.seconds,
        each(took.seconds),
        each(trained),
        took.seconds - trained,
        took.peak_mib,
        (1.0 - trained / took.seconds).max(0.0) * 100.0
    );
    fs::remove_dir_all(&out).expect("the results folder can be removed");
}

/// A grid of `cells` small runs, each with its own learning rate and seed 1 of `seeds`.
fn small(cells: usize, seeds: usize) -> String {
    let rates: Vec<String> = (1..=cells).map(|i| format!("{}", i as f64 * 1e-6 + 0.01)).collect();
    format!(
        "name = \"small\"\nquestion = \"How does a sweep grow?\"\nseeds = {seeds}\n[base]\ndata = \"digits\"\n\
         depth = 3\nwidth = 32\nbatch = 64\nsteps = 100\n[axes]\n\"optimizer.lr\" = [{}]\n",
        rates.join(", ")
    )
}

fn main() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let file = folder.path().join("small.toml");
    println!(
        "{:24} {:>8} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "", "runs", "seconds", "ms a run", "training", "rest, s", "peak MiB", "idle"
    );
    for runs in [10, 100, 1_000, 10_000] {
        fs::write(&file, small(10, runs / 10)).expect("the experiment can be written");
        sweep("sweep of small runs", &file, runs, folder.path());
    }
    fs::write(&file, small(100_000, 1)).expect("the experiment can be written");
    let plan = watch(&["plan", &file.to_string_lossy()]);
    println!("{:24} {:8} {:10.2} {:>32} {:10.1}", "plan", 100_000, plan.seconds, "", plan.peak_mib);
    let vanishing = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/vanishing.toml");
    sweep("sweep of vanishing.toml", &vanishing, 750, folder.path());
}
