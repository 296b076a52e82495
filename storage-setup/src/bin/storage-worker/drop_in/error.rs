//! Why a run ended with 1.

use storage_setup::legacy::{Refusal, Say, StoredError};

use crate::apply::ApplyError;
use crate::host::HostError;
use crate::program::ProgramError;

/// Why a run ended with 1.
#[derive(Debug, thiserror::Error)]
pub(super) enum DropInError {
    /// Nothing was touched.
    #[error("refused")]
    Refused(Refusal),
    #[error("{0}")]
    Plain(String),
    #[error("Failed to set up storage")]
    Apply(#[from] ApplyError),
    #[error("Failed to look at devices")]
    Host(#[from] HostError),
    #[error("Failed to look at devices")]
    Program(#[from] ProgramError),
    #[error("Failed to read {path}")]
    Read {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("Failed to write {path}")]
    Write {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}")]
    Stored {
        path: String,
        #[source]
        source: StoredError,
    },
}

impl DropInError {
    /// For a sentence of the shell tool's.
    pub(super) fn plain(text: impl Into<String>) -> DropInError {
        DropInError::Plain(text.into())
    }

    /// What is said of it.
    pub(super) fn lines(&self) -> Vec<Say> {
        match self {
            DropInError::Refused(refusal) => refusal.said.clone(),
            DropInError::Plain(text) => vec![Say::Error(text.clone())],
            DropInError::Apply(_)
            | DropInError::Host(_)
            | DropInError::Program(_)
            | DropInError::Read { .. }
            | DropInError::Write { .. }
            | DropInError::Stored { .. } => vec![Say::Error(crate::events::chain(self))],
        }
    }
}

impl From<Refusal> for DropInError {
    fn from(refusal: Refusal) -> DropInError {
        DropInError::Refused(refusal)
    }
}
