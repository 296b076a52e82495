//! Why the units could not be looked at, or changed.

use engine_api::ApiError;
use systemd::SystemdError;

/// Why the units could not be looked at, or changed.
#[derive(Debug, thiserror::Error)]
pub enum UnitsError {
    /// systemd says so.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// The engine says so.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The file system says so.
    #[error("cannot {verb} {path}")]
    File {
        /// `write`
        verb: &'static str,
        /// Absolute.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
}

impl UnitsError {
    pub(crate) fn file(verb: &'static str, path: &str) -> impl FnOnce(std::io::Error) -> UnitsError {
        let path = path.to_owned();
        move |source| UnitsError::File { verb, path, source }
    }

    /// Whether it may go by itself, so that it is worth to try again later: a registry that cannot be reached, or lacks the image
    /// yet, an engine that is just being restarted.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            UnitsError::Api(ApiError::Registry { .. } | ApiError::Unreachable { .. } | ApiError::TooLate { .. }) => true,
            UnitsError::Api(
                ApiError::Refused { .. }
                | ApiError::Garbled { .. }
                | ApiError::NoImage { .. }
                | ApiError::NoSource { .. }
                | ApiError::Archive { .. }
                | ApiError::Taken { .. },
            )
            | UnitsError::Systemd(_)
            | UnitsError::File { .. } => false,
        }
    }
}
