//! Files that are whole after a power cut: temporary beside, fsync, rename, fsync of the directory.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::Path;

use super::StateError;

/// Makes a directory and its parents, readable by root alone.
pub(super) fn make_directory(path: &Path) -> Result<(), StateError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StateError::io("make", path))
}

/// Replaces a file whole, mode 0600.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let fresh = path.with_added_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(StateError::io("write", path))?;
    sync_directory_of(path)
}

/// Points a symbolic link elsewhere in one step.
pub(super) fn replace_link(path: &Path, target: &str) -> Result<(), StateError> {
    let fresh = path.with_added_extension("new");
    let point = || -> std::io::Result<()> {
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        symlink(target, &fresh)?;
        fs::rename(&fresh, path)
    };
    point().map_err(StateError::io("write", path))?;
    sync_directory_of(path)
}

/// Makes what was renamed or made in a directory outlive a power cut.
pub(super) fn sync_directory_of(path: &Path) -> Result<(), StateError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    File::open(directory).and_then(|open| open.sync_all()).map_err(StateError::io("sync", directory))
}
