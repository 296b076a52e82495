//! Carries out one action on the files that tell libostree of remotes. Whole files, flushed before they count.

use std::path::{Path, PathBuf};

use crate::observe::{self, ImageError, relative};
use crate::{Action, remote};

/// What an action came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was so already.
    Already,
    /// Done.
    Made,
}

/// Carries out the action on the host below `root`.
///
/// # Errors
/// When the file cannot be written, or is not ours.
pub fn apply(root: &Path, action: &Action) -> Result<Applied, ImageError> {
    match action {
        Action::WriteRemote { name, text, .. } => write(&file(root, name), text),
        Action::RemoveRemote { name, .. } => remove(&file(root, name)),
    }
}

fn file(root: &Path, name: &str) -> PathBuf {
    root.join(relative(&remote::path(name)))
}

fn write(path: &Path, text: &str) -> Result<Applied, ImageError> {
    if ours(path)?.is_some_and(|now| now == text) {
        return Ok(Applied::Already);
    }
    let replace = || -> std::io::Result<()> {
        durable::make_directory(path.parent().unwrap_or(path), 0o755)?;
        durable::replace(path, text.as_bytes(), 0o644)
    };
    replace().map_err(ImageError::io("write", path))?;
    Ok(Applied::Made)
}

fn remove(path: &Path) -> Result<Applied, ImageError> {
    if ours(path)?.is_none() {
        return Ok(Applied::Already);
    }
    durable::remove(path).map_err(ImageError::io("remove", path))?;
    Ok(Applied::Made)
}

/// The file's text, when there is a file and it is ours.
fn ours(path: &Path) -> Result<Option<String>, ImageError> {
    let text = observe::read(path)?;
    match text {
        Some(text) if !remote::is_stamped(&text) => Err(ImageError::Foreign { path: path.to_owned() }),
        text => Ok(text),
    }
}
