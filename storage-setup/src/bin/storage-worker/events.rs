//! The worker's voice: one JSON event a line, on the standard output that the process was started with.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;

pub(crate) use config::chain;
use storage_setup::protocol::Event;

/// Why an event could not be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventsError {
    #[error("cannot keep standard output")]
    Keep(#[source] std::io::Error),
    #[error("cannot write an event")]
    Write(#[source] std::io::Error),
    #[error("cannot turn an event into JSON")]
    Json(#[source] serde_json::Error),
}

/// Where events go.
#[derive(Debug)]
pub(crate) struct Events {
    out: File,
}

impl Events {
    /// Keeps standard output under another number, so that descriptor 1 can be pointed elsewhere. Programs started later do not get it.
    pub(crate) fn take_over_stdout() -> Result<Events, EventsError> {
        let kept = std::io::stdout().as_fd().try_clone_to_owned().map_err(EventsError::Keep)?;
        Ok(Events { out: File::from(kept) })
    }

    /// Nobody listens.
    pub(crate) fn unheard() -> Result<Events, EventsError> {
        let out = File::options().write(true).open("/dev/null").map_err(EventsError::Keep)?;
        Ok(Events { out })
    }

    /// Tells an event; it has left this process when this returns.
    pub(crate) fn emit(&mut self, event: &Event) -> Result<(), EventsError> {
        let mut line = serde_json::to_vec(event).map_err(EventsError::Json)?;
        line.push(b'\n');
        self.out.write_all(&line).map_err(EventsError::Write)
    }
}
