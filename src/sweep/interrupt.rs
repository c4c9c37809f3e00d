//! Ctrl-C: the first one asks the runs to stop, a second one ends the program at once.

use crate::sweep::lock;
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

    /// From now on SIGINT, SIGTERM and SIGHUP ask to stop; `goodbye` is called when the program ends before the
    /// runs have answered.
    ///
    /// # Errors
    /// When the system refuses the handler.
    pub fn listen(&'static self, goodbye: fn()) -> Result<(), ctrlc::Error> {
        let end = move || {
            let _saving = self.saving();
            goodbye();
            std::process::exit(EXIT);
        };
        ctrlc::set_handler(move || {
            if self.asked() {
                end();
            }
            self.ask();
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                end();
            });
        })
    }
}
