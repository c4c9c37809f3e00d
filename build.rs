//! Notes for `provenance.json` when, from which source and by which compiler the program was built.

#[path = "src/files/opening.rs"]
mod files;
#[path = "src/sweep/git.rs"]
mod git;

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    // What `sweep/provenance.rs` calls the source.
    let sources = ["src", "Cargo.toml", "Cargo.lock", "build.rs"].map(Path::new);
    for path in sources {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    println!("cargo::rustc-env=GRADSWEEP_BUILT={seconds}");
    let state = git::state(Path::new("."), &sources);
    let source = state.as_ref().map_or(String::new(), |state| state.commit.clone());
    let is_held = state.as_ref().is_some_and(|state| !state.dirty);
    println!(
        "cargo::rustc-env=GRADSWEEP_SOURCE={source}{}",
        if is_held { String::new() } else { format!(" {seconds}") }
    );
    if let Some(state) = state {
        println!("cargo::rustc-env=GRADSWEEP_REVISION={}", state.commit);
        println!("cargo::rustc-env=GRADSWEEP_DIRTY={}", state.dirty);
    }
    let rustc = std::env::var_os("RUSTC").and_then(|rustc| Command::new(rustc).arg("--version").output().ok());
    if let Some(version) = rustc.filter(|answer| answer.status.success()) {
        println!("cargo::rustc-env=GRADSWEEP_RUSTC={}", String::from_utf8_lossy(&version.stdout).trim());
    }
}
