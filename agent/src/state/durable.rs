//! The agent's own files: readable by root alone, and whole after a power cut.

use std::path::Path;

use super::StateError;

/// Makes a directory and its parents.
pub(super) fn make_directory(path: &Path) -> Result<(), StateError> {
    ::durable::make_directory(path, 0o700).map_err(StateError::io("make", path))
}

/// Replaces a file whole.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    ::durable::replace(path, bytes, 0o600).map_err(StateError::io("write", path))
}

/// Removes a file; one that is gone is fine.
pub(super) fn remove_file(path: &Path) -> Result<(), StateError> {
    ::durable::remove(path).map(drop).map_err(StateError::io("remove", path))
}

/// Points a symbolic link elsewhere in one step.
pub(super) fn replace_link(path: &Path, target: &str) -> Result<(), StateError> {
    ::durable::replace_link(path, target).map_err(StateError::io("write", path))
}

/// Makes what was renamed or made in a directory outlive a power cut.
pub(super) fn sync_directory_of(path: &Path) -> Result<(), StateError> {
    ::durable::sync_directory_of(path).map_err(StateError::io("sync", path))
}
