//! `cargo run --release --example fuzz -- TARGET --inputs N`: mutated real files against each reader of outside input.
//!
//! An input follows from `--seed` and its number, so that what is found is repeated with `--from NUMBER --inputs 1`.
//! `scripts/fuzz.sh` runs all targets under a limit on memory.

mod mutate;
mod targets;

use clap::Parser;
use mutate::Rng;
use std::cell::RefCell;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, exit};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than this for one input is a hang.
const LIMIT: Duration = Duration::from_secs(10);

#[derive(Parser)]
struct Options {
    /// One of experiment, journal, idx, csv, import
    target: String,
    #[arg(long, default_value_t = 10_000)]
    inputs: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of the first input
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// File that holds the number of the input being read, for what ends the whole program
    #[arg(long)]
    current: Option<PathBuf>,
}

/// The input being read, and when it began, in milliseconds after the start.
static CURRENT: AtomicU64 = AtomicU64::new(0);
static SINCE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static PANICKED: RefCell<String> = const { RefCell::new(String::new()) };
}

fn main() -> ExitCode {
    let options = Options::parse();
    let Some(target) = targets::target(&options.target) else {
        eprintln!("error: there is no target {:?}; choose one of {}", options.target, targets::TARGETS.join(", "));
        return ExitCode::from(2);
    };
    panic::set_hook(Box::new(|info| PANICKED.set(info.to_string())));
    let start = Instant::now();
    thread::spawn(move || watch(start));
    let dir = tempfile::tempdir().expect("a folder for temporary files");
    let (mut accepted, mut panics, mut slowest) = (0, 0, (Duration::ZERO, 0));
    for number in options.from..options.from + options.inputs {
        CURRENT.store(number, Ordering::Relaxed);
        SINCE.store(start.elapsed().as_millis() as u64, Ordering::Relaxed);
        if let Some(path) = &options.current {
            fs::write(path, number.to_string()).expect("the file of the current input");
        }
        let began = Instant::now();
        let read = AssertUnwindSafe(|| target.read(&mut Rng::new(options.seed, number), dir.path()));
        match panic::catch_unwind(read) {
            Ok(taken) => accepted += u64::from(taken),
            Err(_) => {
                panics += 1;
                println!("input {number}: {}", PANICKED.take().replace('\n', " "));
            }
        }
        slowest = slowest.max((began.elapsed(), number));
        clear(dir.path());
    }
    println!(
        "{:<11} {:>9} {:>8.0} {:>10.1} {:>9} {:>9} {:>8.1}% {:>7}",
        options.target,
        options.inputs,
        start.elapsed().as_secs_f64(),
        slowest.0.as_secs_f64() * 1e3,
        slowest.1,
        peak().map_or("?".into(), |kib| (kib / 1024).to_string()),
        100.0 * accepted as f64 / options.inputs as f64,
        panics
    );
    if panics > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Ends the program when one input takes too long.
fn watch(start: Instant) {
    loop {
        thread::sleep(Duration::from_millis(100));
        let since = Duration::from_millis(SINCE.load(Ordering::Relaxed));
        if start.elapsed().saturating_sub(since) > LIMIT {
            println!("input {}: not read within {LIMIT:?}", CURRENT.load(Ordering::Relaxed));
            exit(1);
        }
    }
}

/// Empties a folder.
fn clear(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.expect("the folder is ours");
    }
}

/// The highest resident size so far in KiB; none where there is no `/proc`.
fn peak() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("VmHWM:"))?.split_whitespace().nth(1)?.parse().ok()
}
