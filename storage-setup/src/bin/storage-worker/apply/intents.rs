//! Keeps `intents.json` in the state directory: 0600 in a 0700 directory, replaced as a whole, on disk before the first write to a disk.

use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use storage_setup::intents::{FILE, Intents, IntentsError};

use super::files;

/// Why intents could not be read or kept.
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
        source: IntentsError,
    },
    #[error("cannot write {path}")]
    Write {
        path: String,
        #[source]
        source: std::io::Error,
    },
}

/// Those on record; none when there is no file.
pub(crate) fn read(state: &Path) -> Result<Intents, StoreError> {
    let file = state.join(FILE);
    let path = file.display().to_string();
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Intents::default()),
        Err(source) => return Err(StoreError::Read { path, source }),
    };
    Intents::parse(&text).map_err(|source| StoreError::Content { path, source })
}

/// Replaces the record; durable when this returns.
pub(super) fn write(state: &Path, intents: &Intents) -> Result<(), StoreError> {
    const OWNER_ONLY: u32 = 0o700;
    let file = state.join(FILE);
    let path = file.display().to_string();
    let text = intents.to_text().map_err(|source| StoreError::Content { path: path.clone(), source })?;
    let made = std::fs::DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(state);
    made.and_then(|()| files::replace(&file, &text, 0o600)).map_err(|source| StoreError::Write { path, source })
}
