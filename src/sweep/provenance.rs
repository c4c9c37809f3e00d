//! Where results come from: program, machine, clock and command, in the one file that may differ between machines.

use crate::files::{cannot, read_if_there, write};
use crate::ops::kernel;
use crate::results::provenance::SESSIONS;
use crate::sweep::{SweepError, git, work::Work};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One session of a sweep, from its start to its end.
pub struct SessionRecord {
    path: PathBuf,
    record: Value,
    earlier: Vec<Value>,
}

impl SessionRecord {
    /// Notes the start and writes the file at `path`; earlier sessions stay in it. `experiment` is the path of its file.
    ///
    /// Of the environment nothing is noted: it may hold secrets.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(
        path: PathBuf,
        experiment: &Path,
        [plan_hash, claims_hash]: [&str; 2],
        work: &Work,
        jobs: usize,
        todo: usize,
    ) -> Result<Self, SweepError> {
        let sessions = |bytes: &[u8]| {
            let file = serde_json::from_slice::<Value>(bytes).ok()?;
            file.get(SESSIONS)?.as_array().cloned()
        };
        let earlier = match read_if_there(&path)? {
            None => Vec::new(),
            Some(bytes) => sessions(&bytes)
                .map_or_else(
                    // What cannot be read is kept aside, for a person may still make sense of it.
                    || fs::rename(&path, path.with_extension("json.damaged")).map(|()| Vec::new()),
                    Ok,
                )
                .map_err(|e| cannot("rename", &path, e))?,
        };
        let record = json!({
            "program": concat!("gradsweep ", env!("CARGO_PKG_VERSION")),
            "numerics": crate::run::spec::NUMERICS_VERSION,
            "git": { "program": of_program().map(as_json), "experiment": of_experiment(experiment).map(as_json) },
            "rustc": option_env!("GRADSWEEP_RUSTC"),
            "experiment": experiment.to_string_lossy(),
            "plan": plan_hash,
            "claims": claims_hash,
            "data": work.datasets.iter().map(|d| json!({ "name": d.name, "digest": d.digest })).collect::<Vec<_>>(),
            "cpu": cpu(),
            "instructions": instructions(),
            "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            "cores": std::thread::available_parallelism().ok().map(usize::from),
            "jobs": jobs,
            "runs_to_do": todo,
            "command": std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>(),
            "started": utc(SystemTime::now()),
            "ended": null,
        });
        let session = SessionRecord { path, record, earlier };
        session.write()?;
        Ok(session)
    }

    /// Notes the end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end(mut self, done: usize) -> Result<(), SweepError> {
        self.record["ended"] = utc(SystemTime::now()).into();
        self.record["runs_done"] = done.into();
        self.write()
    }

    fn write(&self) -> Result<(), SweepError> {
        let sessions: Vec<&Value> = self.earlier.iter().chain([&self.record]).collect();
        let text = format!("{:#}\n", json!({ "schema": 1, SESSIONS: sessions }));
        Ok(write(&self.path, text.as_bytes())?)
    }
}

fn as_json(state: git::Revision) -> Value {
    json!({ "revision": state.commit, "dirty": state.dirty })
}

/// The source the program was built from: as it stands now if nothing in it is younger than the program, since a commit
/// may have been made after the build; else as it was then.
fn of_program() -> Option<git::Revision> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src", "Cargo.toml", "Cargo.lock", "build.rs"].map(Path::new);
    let built = UNIX_EPOCH + Duration::from_secs(env!("GRADSWEEP_BUILT").parse().ok()?);
    let same = sources.iter().all(|path| youngest(&root.join(path)).is_some_and(|time| time < built));
    let now = same.then(|| git::state(root, &sources)).flatten();
    let then = || {
        let commit = option_env!("GRADSWEEP_REVISION")?.into();
        Some(git::Revision { commit, dirty: option_env!("GRADSWEEP_DIRTY")? == "true" })
    };
    now.or_else(then)
}

/// When a file, or the last of those below a folder, was changed; none if that cannot be seen.
fn youngest(path: &Path) -> Option<SystemTime> {
    if !path.is_dir() {
        return fs::metadata(path).ok()?.modified().ok();
    }
    let times = fs::read_dir(path).ok()?.map(|entry| youngest(&entry.ok()?.path()));
    times.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The repository that holds the experiment: dirty when a tracked file of it differs from the revision, or the experiment
/// itself does or is not in it.
fn of_experiment(file: &Path) -> Option<git::Revision> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tree = git::state(dir, &[])?;
    let own = git::state(dir, &[Path::new(file.file_name()?)])?;
    Some(git::Revision { dirty: tree.dirty || own.dirty, ..tree })
}

/// What the loops of a run are compiled for; all give the same bits.
pub fn instructions() -> &'static str {
    match kernel::width() {
        kernel::Width::Portable => "portable",
        kernel::Width::Avx2 => "AVX2",
        kernel::Width::Avx512 => "AVX-512",
    }
}

/// The processor's name, where the system tells it.
pub fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

/// RFC 3339 in UTC, whole seconds; clocks outside of 1970 to 9999 are taken to the nearer end.
pub fn utc(time: SystemTime) -> String {
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_seconds(time.clamp(UNIX_EPOCH, last)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_agrees_with_date() {
        // Seconds and texts as `date -u -d @N +%FT%TZ` prints them.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
