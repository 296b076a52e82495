//! Files that are whole after a power cut: the old content or the new, and on disk when the call returns.
//!
//! Bytes and paths come from the families and from the agent's memory; nothing is decided here.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Replaces a file as a whole, with this mode whatever the umask. Its directory has to be there.
///
/// # Errors
/// What the file system says; the old content is there then.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let fresh = beside(path)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&fresh)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    sync_directory_of(path)
}

/// Points a symbolic link at `target`, in one step.
///
/// # Errors
/// What the file system says; the old link is there then.
pub fn replace_link(path: &Path, target: &str) -> io::Result<()> {
    let fresh = beside(path)?;
    remove_if_there(&fresh)?;
    symlink(target, &fresh)?;
    fs::rename(&fresh, path)?;
    sync_directory_of(path)
}

/// Removes a file; one that is gone is fine. Says whether it was there.
///
/// # Errors
/// What the file system says.
pub fn remove(path: &Path) -> io::Result<bool> {
    let was_there = remove_if_there(path)?;
    if was_there {
        sync_directory_of(path)?;
    }
    Ok(was_there)
}

/// Removes a directory and all below it, not what links in it lead to; one that is gone is fine. Of a mount point all that is in it
/// goes, and an error says that it is one.
///
/// # Errors
/// What the file system says; a part may be gone then.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => sync_directory_of(path),
    }
}

/// Makes a directory and those above it with this mode, less the umask; one that is there is left as it is.
///
/// # Errors
/// What the file system says.
pub fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// Makes what was made, renamed or removed in the directory of `path` outlive a power cut.
///
/// # Errors
/// What the file system says.
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// The same name each time, so that a run that is cut off leaves at most one, which the next overwrites. Its leading dot and its ending
/// keep it from every directory reader that takes files by their ending.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    Ok(path.with_file_name(format!(".{}.atomic-host.tmp", name.to_string_lossy())))
}

fn remove_if_there(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
