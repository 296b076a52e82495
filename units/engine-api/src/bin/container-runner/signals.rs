//! Being told to stop: SIGTERM from systemd, SIGINT from a terminal.

use std::{future, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Whether we were told to stop. Once told, always told.
#[derive(Debug)]
pub(crate) struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
    came: bool,
}

impl StopSignal {
    /// From here on the signals no longer end the process by themselves.
    pub(crate) fn listen() -> io::Result<StopSignal> {
        Ok(StopSignal { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())?, came: false })
    }

    /// Waits until we are told; at once when we were.
    pub(crate) async fn told(&mut self) {
        if !self.came {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            self.came = true;
        }
    }

    /// Whether we were told by now.
    pub(crate) async fn is_told(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.told() => true,
            () = future::ready(()) => false,
        }
    }
}
