//! The one gate through which every effect on the host goes: counted, told, and the place where tests kill the worker.

use std::cell::Cell;

use config::Kill;
use image::Event;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::progress;

/// Counts and tells effects.
pub(crate) struct Effects {
    kill: Option<Kill>,
    begun: Cell<u32>,
}

impl Effects {
    pub(crate) fn new(kill: Option<Kill>) -> Effects {
        Effects { kill, begun: Cell::new(0) }
    }

    /// Does one thing and tells of it.
    pub(crate) fn run<T, E>(&self, what: &str, effect: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.begun.set(self.begun.get() + 1);
        self.die_if(false, what);
        let done = effect()?;
        progress::say(&Event::Effect { what: what.to_owned() });
        self.die_if(true, what);
        Ok(done)
    }

    /// The test hook: no destructor, no flush, everything of this process group at once, as a power cut would.
    fn die_if(&self, after: bool, what: &str) {
        if self.kill == Some(Kill { effect: self.begun.get(), after }) {
            eprintln!("killed {} the effect: {what}", if after { "after" } else { "before" });
            // Alive after this, it shows in the answer.
            kill(Pid::from_raw(0), Signal::SIGKILL).unwrap_or_default();
        }
    }
}
