//! A shard, the part of a sweep that one of several machines runs: which runs are its own, and who else writes into the folder.

use crate::files;
use crate::sweep::SweepError;
use std::collections::BTreeSet;
use std::path::Path;
use thiserror::Error;

/// Shard `index` of `count`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    pub index: usize,
    pub count: usize,
}

/// Environment variables that number the tasks of an array, whose they are, and what their first task is called.
const ARRAYS: [(&str, &str, usize); 3] = [
    ("SLURM_ARRAY_TASK_ID", "a Slurm array", 0),
    ("JOB_COMPLETION_INDEX", "an indexed Kubernetes job", 0),
    ("PARALLEL_SEQ", "GNU parallel", 1),
];

/// Why a text names no shard.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShardError {
    #[error("write i/n, such as 0/4 for the first of 4, or auto/n inside {}", schedulers())]
    Form,
    #[error(
        "there is no shard {index} of {count}: shards are numbered from 0 to {}; give each machine its own number",
        count - 1
    )]
    OutOfRange { index: usize, count: usize },
    #[error("{name} is \"{value}\", which is not a number from {first} on; write --shard i/n yourself")]
    NoNumber { name: &'static str, value: String, first: usize },
    #[error("auto needs one of {}, but none is set; run inside {}, or write i/n", ARRAYS.map(|a| a.0).join(", "), schedulers())]
    NoScheduler,
    #[error("auto cannot choose, since {} are set; write i/n with the right number", names.join(" and "))]
    SeveralSchedulers { names: Vec<&'static str> },
}

/// More shards than this are a slip of the pen.
const MOST: usize = 100_000;

impl Shard {
    /// `i/n`, or `auto/n` where the scheduler's environment `variable` says i.
    ///
    /// # Errors
    /// A text of another form, a number that is too large, a scheduler that is not known.
    pub fn read(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError::Form)?;
        let count: usize = count.parse().ok().filter(|n| (1..=MOST).contains(n)).ok_or(ShardError::Form)?;
        let index = if index == "auto" { automatic(variable)? } else { index.parse().map_err(|_| ShardError::Form)? };
        if index < count { Ok(Shard { index, count }) } else { Err(ShardError::OutOfRange { index, count }) }
    }

    /// The runs of this shard, given all of the plan in the order of running: they are dealt in turn, so that each shard gets
    /// its part of every cell and of the costly ones.
    pub fn deal(&self, order: &[usize]) -> Vec<usize> {
        order.iter().copied().skip(self.index).step_by(self.count).collect()
    }

    /// What its files are called.
    pub fn file_stem(&self) -> String {
        format!("shard-{}-of-{}", self.index, self.count)
    }

    /// The shard whose file this is.
    pub fn of_file(path: &Path) -> Option<Self> {
        let (index, count) = path.file_stem()?.to_str()?.strip_prefix("shard-")?.split_once("-of-")?;
        Some(Shard { index: index.parse().ok()?, count: count.parse().ok()? })
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// The number of this task in its array.
fn automatic(variable: impl Fn(&str) -> Option<String>) -> Result<usize, ShardError> {
    let found: Vec<_> = ARRAYS.iter().filter_map(|(name, _, first)| Some((*name, variable(name)?, *first))).collect();
    match found.as_slice() {
        [(name, value, first)] => {
            let index = value.parse::<usize>().ok().and_then(|n| n.checked_sub(*first));
            index.ok_or_else(|| ShardError::NoNumber { name, value: value.clone(), first: *first })
        }
        [] => Err(ShardError::NoScheduler),
        several => Err(ShardError::SeveralSchedulers { names: several.iter().map(|(name, ..)| *name).collect() }),
    }
}

fn schedulers() -> String {
    let [first, second, third] = ARRAYS.map(|(_, scheduler, _)| scheduler);
    format!("{first}, {second} or {third}")
}

/// The shards of `count` that own these positions in the order of running.
pub fn owners(positions: &[usize], count: usize) -> Vec<usize> {
    let owners: BTreeSet<usize> = positions.iter().map(|p| p % count).collect();
    owners.into_iter().collect()
}

/// Numbers as Slurm writes an array: `0,2-4`.
pub fn array(indices: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for &index in indices {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => parts.push((index, index)),
        }
    }
    let part = |(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    parts.iter().map(part).collect::<Vec<_>>().join(",")
}

/// That no machine seen from here writes into the folder as a shard.
///
/// # Errors
/// When a shard does.
pub fn refuse_running(journals: &Path) -> Result<(), SweepError> {
    let entries = std::fs::read_dir(journals).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in entries.filter(|path| path.extension().is_some_and(|e| e == "lock")) {
        let Some(shard) = Shard::of_file(&path) else { continue };
        let held = files::open(&path).is_ok_and(|f| matches!(f.try_lock(), Err(std::fs::TryLockError::WouldBlock)));
        if held {
            let dir = journals.parent().unwrap_or(journals).to_path_buf();
            return Err(SweepError::ShardRunning { shard: shard.to_string(), dir });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, set: &[(&str, &str)]) -> Result<Shard, ShardError> {
        Shard::read(text, |name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn a_shard_is_named_or_numbered_by_its_scheduler() {
        let third = Ok(Shard { index: 2, count: 4 });
        assert_eq!(read("2/4", &[]), third);
        for (name, value) in [("SLURM_ARRAY_TASK_ID", "2"), ("JOB_COMPLETION_INDEX", "2"), ("PARALLEL_SEQ", "3")] {
            assert_eq!(read("auto/4", &[(name, value)]), third, "{name}");
        }
        assert_eq!(read("2/4", &[("SLURM_ARRAY_TASK_ID", "1")]), third);
        for (text, set, word) in [
            ("4/4", &[][..], "from 0 to 3"),
            ("1", &[], "write i/n"),
            ("-1/4", &[], "write i/n"),
            ("0/0", &[], "write i/n"),
            ("auto/4", &[], "none is set"),
            ("auto/4", &[("PARALLEL_SEQ", "0")], "from 1 on"),
            ("auto/4", &[("SLURM_ARRAY_TASK_ID", "x")], "from 0 on"),
            ("auto/4", &[("SLURM_ARRAY_TASK_ID", "7")], "no shard 7 of 4"),
            ("auto/4", &[("SLURM_ARRAY_TASK_ID", "1"), ("PARALLEL_SEQ", "1")], "cannot choose"),
        ] {
            let message = read(text, set).unwrap_err().to_string();
            assert!(message.contains(word), "{text}: {message}");
        }
    }

    #[test]
    fn every_run_has_one_owner() {
        let order: Vec<usize> = (0..23).rev().collect();
        for count in [1, 2, 5, 40] {
            let shards: Vec<Vec<usize>> = (0..count).map(|index| Shard { index, count }.deal(&order)).collect();
            let mut all: Vec<usize> = shards.concat();
            all.sort_unstable();
            assert_eq!(all, (0..23).collect::<Vec<_>>());
            for (index, own) in shards.iter().enumerate() {
                let positions: Vec<usize> = own.iter().map(|run| 22 - run).collect();
                assert!(owners(&positions, count).into_iter().all(|owner| owner == index));
            }
        }
        assert_eq!(array(&[0, 2, 3, 4, 7, 8]), "0,2-4,7-8");
    }
}
