//! What the agent remembers: which generation is in force, what was done, who may write.
//!
//! Everything here is read by the agent before this one too (`version`, unknown fields ignored), since an OS rollback brings it back.

mod durable;
pub mod extender;
pub mod first_wipes;
pub mod generations;
pub mod ledger;
pub mod lock;
pub mod rollback;

use std::io;
use std::path::PathBuf;

/// Why the agent's memory could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file system refused.
    #[error("cannot {verb} {}; is /var writable and not full?", path.display())]
    Io {
        /// What was tried: `write`, `read`.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of ours does not parse.
    #[error("{} is damaged; move it away, the agent makes it anew", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Another writer holds the lock.
    #[error("another apply is running (it holds {}); wait for it, see: atomic host status", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
}

impl StateError {
    fn io(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StateError {
        let path = path.into();
        move |source| StateError::Io { verb, path, source }
    }
}
