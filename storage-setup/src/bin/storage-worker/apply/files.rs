//! Files of ours: replaced as a whole or not at all, on disk when the step is done.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::error::{ApplyError, changed};
use super::{Change, Machine};

/// Everybody may read configuration.
const MODE: u32 = 0o644;

pub(super) fn write(machine: &mut Machine<'_>, path: &str, from: Option<&str>, text: &str) -> Result<Change, ApplyError> {
    let there = match std::fs::read(path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(source) => return Err(ApplyError::Write { path: path.to_owned(), source }),
    };
    if there.as_deref() == Some(text) {
        return Ok(Change::Already);
    }
    if there.as_deref() != from {
        return changed(format!("{path} is not as it was when it was looked at"));
    }
    let replaced = || replace(Path::new(path), text, MODE).map_err(|source| ApplyError::Write { path: path.to_owned(), source });
    machine.effects.run(&format!("write {path}"), replaced)?;
    // LVM keeps the profiles that it has read.
    if path.starts_with("/etc/lvm/") {
        machine.lvm.reread();
    }
    Ok(Change::Made)
}

/// Removes a file; durable when this returns.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Temporary beside it, then renamed over it: a reader finds the old text or the new one, also after a power cut.
pub(super) fn replace(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    std::fs::create_dir_all(parent)?;
    // The same name each time, so that a cut-off run leaves at most one, which the next one overwrites.
    let temporary = parent.join(format!(".{}.atomic-host.tmp", name.to_string_lossy()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    // Whatever the umask took away.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
