//! How much memory there is, and how many runs at the same time fit into it.

use crate::experiment::ExperimentError;
use crate::experiment::plan::Plan;
use crate::parallel::lock;
use crate::run::cost::bytes;
use crate::sweep::work::{Job, Work};
use std::fs;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// How often a run that waits for memory looks whether it should still wait.
const LOOK: Duration = Duration::from_millis(100);

/// Variables that let the allocators reserve few addresses in advance: usually mimalloc takes a GiB at once and glibc 64 MiB for each
/// thread, which leaves nothing of a limit on addresses to the stacks. With 32 MiB at once (in KiB) runs are as fast; with nothing
/// reserved some take half as long again.
pub const SPARING: [(&str, &str); 2] = [("MIMALLOC_ARENA_RESERVE", "32768"), ("MALLOC_ARENA_MAX", "1")];

/// With these, addresses that the program takes beside its runs after its start, those of a thread with its stack, and those that the
/// allocator takes for each byte that a run is planned with: up to 2.2 were counted.
const OWN: f64 = 60e6;
const THREAD: f64 = 24e6;
const ADDRESSES: f64 = 2.5;

/// Bytes that the machine, or the limits this program was started with, leave to its runs on so many `threads` that are yet to be
/// started; none where the system does not say.
pub fn room(threads: usize) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let own = |name| kibibytes(&status, name).unwrap_or(0.0);
    let bytes = [kibibytes(&meminfo, "MemTotal:"), control_groups(Path::new("/"))].into_iter().flatten();
    let bytes = bytes.map(|limit| limit - own("VmRSS:"));
    let addresses = address_limit().map(|limit| (limit - own("VmSize:") - OWN - THREAD * threads as f64) / ADDRESSES);
    Some(bytes.chain(addresses).reduce(f64::min)?.max(0.0))
}

/// The limit on the addresses of this program (`ulimit -v`), in bytes.
pub fn address_limit() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space")?.split_whitespace().next());
    limit?.parse().ok()
}

/// A number of bytes that a file of /proc gives in kibibytes.
fn kibibytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024.0 * line.split_whitespace().next()?.parse::<f64>().ok()?)
}

/// The least limit of the control groups of this program and of those above them, as containers and batch systems set them, below
/// the `root` of the file system.
pub fn control_groups(root: &Path) -> Option<f64> {
    let own = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let limits = own.lines().flat_map(|line| {
        // A line is number:controllers:path; the second version of control groups names no controllers.
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (all, file) = match controllers {
            "" => ("sys/fs/cgroup", "memory.max"),
            _ => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        };
        let is_of_memory = controllers.split(',').any(|controller| ["", "memory"].contains(&controller));
        let groups = Path::new(path.trim_start_matches('/')).ancestors().filter(move |_| is_of_memory);
        groups.filter_map(move |group| {
            fs::read_to_string(root.join(all).join(group).join(file)).ok()?.trim().parse::<f64>().ok()
        })
    });
    limits.reduce(f64::min)
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

/// That each of some runs fits into the memory by itself.
///
/// # Errors
/// The first that does not, with its numbers and what to change.
pub fn refuse_too_large(plan: &Plan, work: &Work, runs: &[usize], room: Option<f64>) -> Result<(), ExperimentError> {
    let gate = Gate::new(room);
    let Some(job) = runs.iter().map(|run| &work.jobs[*run]).find(|job| !gate.fits(job)) else { return Ok(()) };
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

/// Bytes that a trial may take beside the runs: what `plan` says is what these take.
const TRIAL: f64 = 64e6;

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

    /// Whether a run fits by itself.
    pub fn fits(&self, job: &Job) -> bool {
        BESIDE * job.memory.total() <= self.room
    }

    /// Lets a trial of a run in if that is alone, or small and fits beside those that are in, and the system gives the memory now.
    pub fn enter_at_once(&self, job: &Job) -> Option<Part<'_>> {
        let bytes = BESIDE * job.memory.total();
        let mut taken = lock(&self.taken);
        if taken.1 + bytes > self.room || taken.0 > 0 && bytes > TRIAL {
            return None;
        }
        *taken = (taken.0 + 1, taken.1 + bytes);
        drop(taken);
        Some(Part { gate: self, bytes }).filter(Part::is_there)
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
