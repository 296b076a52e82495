//! Files of ours: replaced as a whole or not at all, on disk when the step is done.

use std::io::ErrorKind;
use std::path::Path;

use super::error::{ApplyError, changed};
use super::{Change, Machine};

/// Everybody may read configuration.
const MODE: u32 = 0o644;

pub(super) fn write(machine: &mut Machine<'_>, path: &str, from: Option<&str>, text: &str) -> Result<Change, ApplyError> {
    let there = text_of(path)?;
    if there.as_deref() == Some(text) {
        return Ok(Change::Already);
    }
    if there.as_deref() != from {
        return changed(format!("{path} is not as it was when it was looked at"));
    }
    let replaced = || replace(Path::new(path), text, MODE).map_err(|source| ApplyError::Write { path: path.to_owned(), source });
    machine.effects.run(&format!("write {path}"), replaced)?;
    machine.written(path, there.is_some());
    Ok(Change::Made)
}

/// Its text as it is; `None`: it is not there.
pub(super) fn text_of(path: &str) -> Result<Option<String>, ApplyError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ApplyError::Write { path: path.to_owned(), source }),
    }
}

/// Removes a file; durable when this returns.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    durable::remove(path).map(drop)
}

/// A reader finds the old text or the new one, also after a power cut.
pub(super) fn replace(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    durable::make_directory(path.parent().unwrap_or(Path::new("/")), 0o755)?;
    durable::replace(path, text.as_bytes(), mode)
}
