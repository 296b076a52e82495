//! Requests to stop, held back until the present effect is done.
//!
//! Blocked, not ignored: LVM lets SIGINT through while it waits for a lock, and programs that are started get a clean mask from std.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Why signals could not be held back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignalsError {
    #[error("cannot block SIGTERM, SIGINT and SIGHUP")]
    Block(#[source] nix::Error),
    #[error("cannot make a signalfd")]
    Descriptor(#[source] nix::Error),
}

/// The signals that ask this process to stop.
#[derive(Debug)]
pub(crate) struct Signals {
    pending: SignalFd,
    stop: bool,
}

impl Signals {
    /// Blocks them from now on.
    pub(crate) fn block() -> Result<Signals, SignalsError> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
        }
        set.thread_block().map_err(SignalsError::Block)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let pending = SignalFd::with_flags(&set, flags).map_err(SignalsError::Descriptor)?;
        Ok(Signals { pending, stop: false })
    }

    /// Whether one came.
    pub(crate) fn asked_to_stop(&mut self) -> bool {
        if matches!(self.pending.read_signal(), Ok(Some(_))) {
            self.stop = true;
        }
        self.stop
    }
}
