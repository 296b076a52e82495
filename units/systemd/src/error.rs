//! What can go wrong between us and systemd, with what to do about it.
//!
//! The bus's own words are the source, told apart from ours by whoever prints the chain.

use std::time::Duration;

use crate::{JobResult, Verb};

/// A call to systemd that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SystemdError {
    /// No connection.
    #[error("cannot reach the system bus; see: systemctl status dbus.service")]
    NoBus {
        /// The bus's words.
        source: zbus::Error,
    },
    /// systemd refused a call, or did not answer it.
    #[error("cannot {doing}; see: {see}")]
    Call {
        /// What was asked, as `start docker.service`.
        doing: String,
        /// A command that shows more.
        see: String,
        /// systemd's words.
        source: Box<zbus::Error>,
    },
    /// The job ended, but not well.
    #[error("cannot {verb} {unit}: {result}; see: journalctl -u {unit}")]
    Job {
        /// What was asked.
        verb: Verb,
        /// The unit.
        unit: String,
        /// How the job ended.
        result: JobResult,
    },
    /// The job did not end in time. systemd still works on it.
    #[error("systemd did not {verb} {unit} within {limit:?} and still tries to; see: journalctl -u {unit}")]
    TooLate {
        /// What was asked.
        verb: Verb,
        /// The unit.
        unit: String,
        /// How long we waited.
        limit: Duration,
    },
    /// The bus went away while we waited.
    #[error("lost the bus while systemd was to {verb} {unit}; see: systemctl status dbus.service")]
    Lost {
        /// What was asked.
        verb: Verb,
        /// The unit.
        unit: String,
    },
    /// None of the units can be enabled.
    #[error("cannot enable {units}: no [Install] section there; add one with WantedBy=, or have another unit want it")]
    NothingToEnable {
        /// The units, with blanks between.
        units: String,
    },
    /// systemd's answer lacks a property, or has it in a form we do not know.
    #[error("systemd does not tell {property} of {unit} in a form known here; version 252 and later do")]
    Untold {
        /// The unit.
        unit: String,
        /// The property.
        property: &'static str,
    },
}

impl SystemdError {
    pub(crate) fn call(doing: impl Into<String>, see: impl Into<String>, source: zbus::Error) -> SystemdError {
        SystemdError::Call { doing: doing.into(), see: see.into(), source: Box::new(source) }
    }
}

/// Whether systemd says that it has no such unit, or no file for it.
pub(crate) fn is_no_such_unit(error: &zbus::Error) -> bool {
    // zbus's own enum is open; every other error is simply not this one.
    if let zbus::Error::MethodError(name, _, _) = error { name.as_str() == "org.freedesktop.systemd1.NoSuchUnit" } else { false }
}

/// Whether systemd says that it sends us signals already.
pub(crate) fn is_already_subscribed(error: &zbus::Error) -> bool {
    if let zbus::Error::MethodError(name, _, _) = error { name.as_str() == "org.freedesktop.systemd1.AlreadySubscribed" } else { false }
}
