//! Why a step was not done. Each message says what to do, or whose words follow.

use crate::bus::BusError;
use crate::host::HostError;
use crate::lvm::LvmError;
use crate::observe::ObserveError;
use crate::observe::suspended::SuspendedError;
use crate::program::ProgramError;

/// Why a step was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// What the plan was made from is not so any more.
    #[error("{what}; plan again")]
    Changed { what: String },
    /// Somebody else's, or in use: never touched.
    #[error("{what}")]
    Refused { what: String },
    #[error("stopped before `{effect}`, as asked by a signal; nothing is half done, apply again")]
    Stopped { effect: String },
    #[error("nobody reads the events any more, so nothing further is done; apply again")]
    Unheard(#[source] crate::events::EventsError),
    #[error("LVM")]
    Lvm(#[from] LvmError),
    #[error("cannot look again before acting")]
    Look(#[from] ObserveError),
    #[error("cannot look again before acting")]
    Host(#[from] HostError),
    #[error("a program failed")]
    Program(#[from] ProgramError),
    #[error("device-mapper")]
    DeviceMapper(#[from] SuspendedError),
    #[error("systemd")]
    Bus(#[from] BusError),
    #[error("cannot write {path}")]
    Write {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot remove {path}")]
    Remove {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot mount or unmount {point}")]
    Mount {
        point: String,
        #[source]
        source: nix::Error,
    },
    #[error("cannot keep the records of disks")]
    Records(#[from] super::records::StoreError),
    #[error("cannot {what} in a mount namespace of its own")]
    Namespace {
        what: &'static str,
        #[source]
        source: nix::Error,
    },
}

/// For the many places that find something else than the plan did.
pub(super) fn changed<T>(what: impl Into<String>) -> Result<T, ApplyError> {
    Err(ApplyError::Changed { what: what.into() })
}

/// For what must not be done.
pub(super) fn refused<T>(what: impl Into<String>) -> Result<T, ApplyError> {
    Err(ApplyError::Refused { what: what.into() })
}
