//! Ctrl-C: the first one asks the runs to stop, a second one ends the program at once.

use crate::parallel::lock;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Exit code of a sweep that was interrupted and can go on.
pub const EXIT: i32 = 75;

/// A step of a huge network may take longer; what is journaled by then is kept.
const PATIENCE: Duration = Duration::from_millis(800);

/// The wish to stop, shared by the signal handler and the workers.
#[derive(Default)]
pub struct Interrupt {
    asked: AtomicBool,
    saving: Mutex<()>,
}

impl Interrupt {
    pub const fn new() -> Self {
        Interrupt { asked: AtomicBool::new(false), saving: Mutex::new(()) }
    }

    /// Asks all runs to stop.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// While this guard lives, the program does not end by [`Interrupt::listen`]: a run is being written.
    pub fn saving(&self) -> MutexGuard<'_, ()> {
        lock(&self.saving)
    }

    /// From now on SIGINT, SIGTERM and SIGHUP ask to stop, but for those that the program was started to ignore, as `nohup` does;
    /// `goodbye` is called when the program ends before the runs have answered.
    ///
    /// # Errors
    /// When the system refuses the handler.
    pub fn listen(&'static self, goodbye: fn()) -> io::Result<()> {
        let end = move || {
            let _saving = self.saving();
            goodbye();
            std::process::exit(EXIT);
        };
        on_signal(move || {
            if self.asked() {
                end();
            }
            self.ask();
            // Without a thread to spare a second signal ends the program.
            drop(std::thread::Builder::new().spawn(move || {
                std::thread::sleep(PATIENCE);
                end();
            }));
        })
    }
}

#[cfg(unix)]
fn on_signal(heard: impl Fn() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let ignored = ignored_at_start();
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    std::thread::Builder::new().spawn(move || signals.forever().for_each(|_| heard())).map(drop)
}

/// A bit for each signal; none where the system does not tell.
#[cfg(unix)]
fn ignored_at_start() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
fn on_signal(heard: impl Fn() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(heard).map_err(io::Error::other)
}
