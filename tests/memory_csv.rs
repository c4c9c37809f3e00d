//! A table takes at most three times its file, from its text to the end of a sweep.
//!
//! Alone in its file, since the highest resident size is one of the whole process.

use gradsweep::data::Places;
use gradsweep::experiment::Overrides;
use gradsweep::figure::kinds::FACTS;
use gradsweep::run;
use gradsweep::sweep::load;
use std::fs;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

/// The highest resident size so far in bytes; none where there is no `/proc`.
fn peak() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find(|line| line.starts_with("VmHWM:"))?.split_whitespace().nth(1)?;
    Some(1024 * kibibytes.parse::<usize>().ok()?)
}

/// A table of digits, two bytes a cell, from whose plan one run is trained.
fn run_one(dir: &Path, rows: usize, columns: usize) -> usize {
    let mut file = BufWriter::new(fs::File::create(dir.join("digits.csv")).unwrap());
    for i in 0..rows {
        (0..columns).for_each(|j| write!(file, "{},", (i + i / 10) * (j + 3) % 11 % 10).unwrap());
        writeln!(file, "{}", i % 7).unwrap();
    }
    drop(file);
    let text = "[base]\ndata = { kind = \"csv\", path = \"digits.csv\" }\ndepth = 2\nwidth = 8\nsteps = 1\n";
    fs::write(dir.join("t.toml"), text).unwrap();
    let places = Places { base: dir.into(), ..Places::default() };
    let (_, work) = load::experiment(&dir.join("t.toml"), &Overrides::default(), &places, FACTS).unwrap();
    let job = &work.jobs[0];
    run::train(&job.run.spec, work.dataset(job), &mut |_| ControlFlow::Continue(())).unwrap();
    fs::metadata(dir.join("digits.csv")).unwrap().len() as usize
}

#[test]
fn a_csv_file_takes_at_most_three_times_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    // What any run takes.
    run_one(dir.path(), 100, 800);
    let Some(before) = peak() else { return };
    let file = run_one(dir.path(), 15_000, 800);
    let most = peak().unwrap() - before;
    println!("{:.2} times the file of {file} bytes", most as f64 / file as f64);
    assert!(most <= 3 * file, "{most} bytes for a file of {file}");
}
