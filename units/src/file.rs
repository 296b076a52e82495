//! Files that the units family writes whole, and knows again by a stamp in them.
//!
//! Read for the planner as values, written by `apply`; in between the planner decides.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::UnitsError;

/// The first line of every file of ours that is not a unit.
pub(crate) const STAMP: &str = "# Made by atomic-host; changes here are overwritten.";

/// Everybody may read configuration.
const MODE: u32 = 0o644;

/// A file where one of ours belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnFile {
    /// There is none.
    Absent,
    /// It carries our stamp.
    Ours(String),
    /// It does not.
    Foreign,
    /// It cannot be read; the text says why.
    Unreadable(String),
}

impl OwnFile {
    /// Reads the file at the absolute `path` of the host below `root`.
    pub(crate) fn read(root: &Path, path: &str, is_ours: impl FnOnce(&str) -> bool) -> OwnFile {
        match std::fs::read_to_string(below(root, path)) {
            Ok(text) if is_ours(&text) => OwnFile::Ours(text),
            Ok(_) => OwnFile::Foreign,
            Err(error) if error.kind() == ErrorKind::NotFound => OwnFile::Absent,
            Err(error) => OwnFile::Unreadable(error.to_string()),
        }
    }

    /// Reads a file that has [`STAMP`] when it is ours.
    pub(crate) fn read_stamped(root: &Path, path: &str) -> OwnFile {
        OwnFile::read(root, path, |text| text.starts_with(STAMP))
    }

    /// Its text, when it is ours.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            OwnFile::Ours(text) => Some(text),
            OwnFile::Absent | OwnFile::Foreign | OwnFile::Unreadable(_) => None,
        }
    }
}

/// Writes a file of ours, and the directories above it; equal text is not written. Says whether it was.
pub(crate) fn write(root: &Path, path: &str, text: &str) -> Result<bool, UnitsError> {
    let file = below(root, path);
    if std::fs::read(&file).is_ok_and(|now| now == text.as_bytes()) {
        return Ok(false);
    }
    let directory = file.parent().map_or(Ok(()), |directory| durable::make_directory(directory, 0o755));
    directory.and_then(|()| durable::replace(&file, text.as_bytes(), MODE)).map_err(UnitsError::file("write", path))?;
    Ok(true)
}

/// Removes a file of ours. Says whether it was there.
pub(crate) fn remove(root: &Path, path: &str) -> Result<bool, UnitsError> {
    durable::remove(&below(root, path)).map_err(UnitsError::file("remove", path))
}

/// The absolute `path` of the host below `root`.
pub(crate) fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}
