//! How much memory there is, and how many runs at the same time fit into it.

use crate::experiment::ExperimentError;
use crate::experiment::plan::Plan;
use crate::parallel::lock;
use crate::run::cost::bytes;
use crate::sweep::work::{Job, Work};
use std::fs;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// How often a run that waits for memory looks whether it should still wait.
const LOOK: Duration = Duration::from_millis(100);

/// Addresses that the program and its threads take, and that the allocator takes for each byte in use: it keeps for each thread what
/// an earlier run has freed. With 2 for each byte one sweep in twelve was ended by the allocator at a limit of 600 MB.
const OWN: f64 = 250e6;
const ADDRESSES: f64 = 3.0;

/// Bytes that the machine, or the limits this program was started with, leave to its runs; none where the system does not say.
pub fn room() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let resident = kibibytes(&status, "VmRSS:").unwrap_or(0.0);
    let address_space =
        limits.lines().find_map(|line| line.strip_prefix("Max address space")?.split_whitespace().next());
    let address_space =
        address_space.and_then(|limit| limit.parse::<f64>().ok()).map(|limit| (limit - OWN) / ADDRESSES);
    let limits = [kibibytes(&meminfo, "MemTotal:"), control_group(), address_space];
    let limit = limits.into_iter().flatten().reduce(f64::min)?;
    Some((limit - resident).max(0.0))
}

/// A number of bytes that a file of /proc gives in kibibytes.
fn kibibytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024.0 * line.split_whitespace().next()?.parse::<f64>().ok()?)
}

/// The limit of the control group, as containers and batch systems set it.
fn control_group() -> Option<f64> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("");
    let files = [
        format!("/sys/fs/cgroup{own}/memory.max"),
        "/sys/fs/cgroup/memory.max".into(),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes".into(),
    ];
    let limit = |file: &String| fs::read_to_string(file).ok()?.trim().parse::<f64>().ok();
    files.iter().filter_map(limit).reduce(f64::min)
}

/// The part of a run's memory that is not planned: what allocators and threads take beside it.
const BESIDE: f64 = 1.1;

/// What the largest of some runs takes, and what all take with so many at the same time, data included.
pub fn needed(work: &Work, runs: &[usize], at_once: usize) -> (f64, f64) {
    let mut each: Vec<f64> = runs.iter().map(|run| BESIDE * work.jobs[*run].memory.total()).collect();
    each.sort_by(|a, b| b.total_cmp(a));
    let data: f64 = work.datasets.iter().map(|data| data.bytes() as f64).sum();
    (each.first().copied().unwrap_or(0.0), data + each.iter().take(at_once).sum::<f64>())
}

/// Whether a run fits into so much memory by itself.
pub fn fits(job: &Job, room: Option<f64>) -> bool {
    room.is_none_or(|room| BESIDE * job.memory.total() <= room)
}

/// That each of some runs fits into the memory by itself.
///
/// # Errors
/// The first that does not, with its numbers and what to change.
pub fn refuse_too_large(plan: &Plan, work: &Work, runs: &[usize], room: Option<f64>) -> Result<(), ExperimentError> {
    let Some(job) = runs.iter().map(|run| &work.jobs[*run]).find(|job| !fits(job, room)) else { return Ok(()) };
    let (memory, there) = (job.memory, bytes(room.unwrap_or(0.0)));
    let message = format!(
        "the run {} needs {}, but only {there} are available: {} for training, {} for measuring gradients, {} for \
            recorded rows",
        job.label,
        bytes(BESIDE * memory.total()),
        bytes(memory.training),
        bytes(memory.probe),
        bytes(memory.records)
    );
    let (key, help) = match memory.records > memory.training + memory.probe {
        true => ("steps", "record less often, as in [record] score = { every = 100 }"),
        false => (
            "width",
            "write a smaller `width`, `depth` or `batch`, leave the cell out with [[exclude]], or raise the memory \
                limit",
        ),
    };
    let settings = &job.run.spec.settings;
    Err(plan.place(key, settings).error(message, help))
}

/// Lets in as many runs at the same time as fit into the memory.
pub struct Gate {
    room: f64,
    /// Runs that are in, and their bytes.
    taken: Mutex<(usize, f64)>,
    freed: Condvar,
}

/// A run's part of the memory, given back when dropped.
pub struct Part<'a> {
    gate: &'a Gate,
    bytes: f64,
}

impl Gate {
    /// With so much memory for all of them together.
    pub fn new(room: Option<f64>) -> Self {
        Gate { room: room.unwrap_or(f64::INFINITY), taken: Mutex::default(), freed: Condvar::new() }
    }

    /// Waits until a run fits beside those that are in. Alone each is let in: what cannot fit was refused before.
    /// `None` when told to stop.
    pub fn enter(&self, job: &Job, stopped: impl Fn() -> bool) -> Option<Part<'_>> {
        let bytes = BESIDE * job.memory.total();
        let mut taken = lock(&self.taken);
        while taken.0 > 0 && taken.1 + bytes > self.room {
            if stopped() {
                return None;
            }
            taken = self.freed.wait_timeout(taken, LOOK).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        *taken = (taken.0 + 1, taken.1 + bytes);
        Some(Part { gate: self, bytes })
    }
}

impl Part<'_> {
    /// Whether the system gives that much now. Memory that is refused in the middle of a run would end the program.
    pub fn is_there(&self) -> bool {
        Vec::<u8>::new().try_reserve_exact(self.bytes as usize).is_ok()
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let mut taken = lock(&self.gate.taken);
        *taken = (taken.0 - 1, taken.1 - self.bytes);
        drop(taken);
        self.gate.freed.notify_all();
    }
}
