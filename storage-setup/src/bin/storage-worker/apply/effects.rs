//! The one gate through which every effect on the machine goes: counted, told, and the place where tests kill the worker.

use config::StepId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use storage_setup::protocol::{Event, Kill};

use super::error::ApplyError;
use crate::events::{Events, EventsError};
use crate::signals::Signals;

/// Counts and tells effects.
#[derive(Debug)]
pub(super) struct Effects<'a> {
    number: u32,
    step: StepId,
    kill: Option<Kill>,
    signals: Signals,
    events: &'a mut Events,
}

impl<'a> Effects<'a> {
    pub(super) fn new(kill: Option<Kill>, signals: Signals, events: &'a mut Events) -> Effects<'a> {
        Effects { number: 0, step: StepId::from_text(""), kill, signals, events }
    }

    /// The effects from here on belong to that step.
    pub(super) fn begin(&mut self, step: &StepId) {
        self.step = step.clone();
    }

    /// Tells an event that is no effect.
    pub(super) fn tell(&mut self, event: &Event) -> Result<(), EventsError> {
        self.events.emit(event)
    }

    /// Does one thing and tells of it; `what` as a person would type it.
    ///
    /// A signal to stop is obeyed here, between effects. When nobody reads the events the agent is gone, and another one may be at
    /// work: then nothing further is done either.
    pub(super) fn run<T>(&mut self, what: &str, effect: impl FnOnce() -> Result<T, ApplyError>) -> Result<T, ApplyError> {
        if self.signals.asked_to_stop() {
            return Err(ApplyError::Stopped { effect: what.to_owned() });
        }
        self.number += 1;
        self.die_if(Kill { effect: self.number, after: false });
        let done = effect()?;
        let event = Event::Effect { number: self.number, step: self.step.clone(), what: what.to_owned() };
        let told = self.events.emit(&event);
        self.die_if(Kill { effect: self.number, after: true });
        told.map_err(ApplyError::Unheard)?;
        Ok(done)
    }

    /// The test hook: no destructor, no flush, everything of this process group at once, as a power cut would.
    fn die_if(&self, here: Kill) {
        if self.kill == Some(here) {
            let _ = kill(Pid::from_raw(0), Signal::SIGKILL);
        }
    }
}
