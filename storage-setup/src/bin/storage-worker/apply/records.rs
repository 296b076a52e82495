//! Keeps records in the state directory: 0600 in a 0700 directory, replaced as a whole, on disk before the first write to a disk.

use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use storage_setup::intents::Intents;
use storage_setup::record::{Record, RecordError};
use storage_setup::wipes::Wipes;

use super::files;

/// Why a record could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("cannot read {path}")]
    Read {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot use {path}")]
    Content {
        path: String,
        #[source]
        source: RecordError,
    },
    #[error("cannot write {path}")]
    Write {
        path: String,
        #[source]
        source: std::io::Error,
    },
}

/// What earlier runs left on record of disks.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) intents: Intents,
    /// `None`: it could not be read, and may name any disk.
    pub(crate) wipes: Option<Wipes>,
}

impl Known {
    /// All there is.
    pub(crate) fn read(state: &Path) -> Result<Known, StoreError> {
        Ok(Known { intents: read(state)?, wipes: Some(read(state)?) })
    }

    /// As much as can be read: what is missing leads to no action.
    pub(crate) fn read_what_can_be(state: &Path) -> Known {
        Known { intents: read(state).unwrap_or_default(), wipes: read(state).ok() }
    }
}

/// A record; an empty one when there is no file.
pub(crate) fn read<R: Record>(state: &Path) -> Result<R, StoreError> {
    let file = state.join(R::FILE);
    let path = file.display().to_string();
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(R::default()),
        Err(source) => return Err(StoreError::Read { path, source }),
    };
    R::parse(&text).map_err(|source| StoreError::Content { path, source })
}

/// Replaces the record; durable when this returns.
pub(super) fn write<R: Record>(state: &Path, record: &R) -> Result<(), StoreError> {
    const OWNER_ONLY: u32 = 0o700;
    let file = state.join(R::FILE);
    let path = file.display().to_string();
    let text = record.to_text().map_err(|source| StoreError::Content { path: path.clone(), source })?;
    let made = std::fs::DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(state);
    made.and_then(|()| files::replace(&file, &text, 0o600)).map_err(|source| StoreError::Write { path, source })
}
