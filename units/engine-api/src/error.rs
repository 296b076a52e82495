//! What can go wrong between us and an engine, with what to do about it.
//!
//! The engine's own words are part of the message, since they say what only it knows; those of the connection are the source. No value
//! of an environment is in either.

use std::error::Error;
use std::time::Duration;

/// A call to an engine that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No connection, or none any more.
    #[error("cannot reach {engine} to {doing}; see: systemctl status {unit}")]
    Unreachable {
        /// `docker` or `podman`.
        engine: &'static str,
        /// What was asked, as `start container redis`.
        doing: String,
        /// The unit that holds its socket.
        unit: &'static str,
        /// The connection's words.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No answer in time. The engine may still work on it.
    #[error("{engine} did not {doing} within {limit:?}; see: journalctl -u {unit}")]
    TooLate {
        /// `docker` or `podman`.
        engine: &'static str,
        /// What was asked.
        doing: String,
        /// The unit that it runs in.
        unit: &'static str,
        /// How long we waited.
        limit: Duration,
    },
    /// The engine says no.
    #[error("{engine} cannot {doing}: {why}")]
    Refused {
        /// `docker` or `podman`.
        engine: &'static str,
        /// What was asked.
        doing: String,
        /// The status of its answer; 200 when it changed its mind half-way.
        status: u16,
        /// Its words.
        why: String,
    },
    /// The engine's answer is not in a form known here.
    #[error("{engine} was asked to {doing} and answered in a form not known here; docker 20.10 and podman 4.3 are")]
    Garbled {
        /// `docker` or `podman`.
        engine: &'static str,
        /// What was asked.
        doing: String,
        /// What is odd.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The registry is not reached, or says no: another try may do, once what `why` tells is put right.
    #[error("cannot fetch {image}: {why}")]
    Registry {
        /// As the spec names it.
        image: String,
        /// The engine's words.
        why: String,
    },
    /// The image is not in the engine's store.
    #[error("{engine} does not have the image {image}; fetch it first: {engine} pull {image}")]
    NoImage {
        /// `docker` or `podman`.
        engine: &'static str,
        /// As the spec names it.
        image: String,
    },
    /// What a container shall see of the host is not there. The engine would make a directory of that name.
    #[error("container {name} shall see {path}, which this host does not have; make it, or take it out of the container's volumes")]
    NoSource {
        /// The container.
        name: String,
        /// What is missing.
        path: String,
    },
    /// An archive of images could not be written or read.
    #[error("cannot have {engine} {doing}: the archive fails; is there room where it lies?")]
    Archive {
        /// `docker` or `podman`.
        engine: &'static str,
        /// What was asked.
        doing: String,
        /// What the file system says.
        source: std::io::Error,
    },
    /// The name has another container.
    #[error("there is a container {called} already, made from something else; look at it: {engine} inspect {called}")]
    Taken {
        /// `docker` or `podman`.
        engine: &'static str,
        /// The name.
        called: String,
    },
}

impl ApiError {
    /// Whether the engine was heard: it will not say otherwise when asked again at once.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        match self {
            ApiError::Unreachable { .. } | ApiError::TooLate { .. } => false,
            ApiError::Refused { .. }
            | ApiError::Garbled { .. }
            | ApiError::Registry { .. }
            | ApiError::NoImage { .. }
            | ApiError::NoSource { .. }
            | ApiError::Archive { .. }
            | ApiError::Taken { .. } => true,
        }
    }

    /// Whether the engine says that it has no such thing.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, ApiError::Refused { status: 404, .. })
    }
}
