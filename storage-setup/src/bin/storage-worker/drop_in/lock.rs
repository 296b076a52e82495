//! One writer at a time: the agent's lock in every mode, and in command mode the shell tool's too, as long as that may still be about.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::DropInError;
use super::{RUN, info};

const PATIENCE: Duration = Duration::from_secs(60);

/// Gone when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// The agent's.
pub(super) fn agents() -> Result<Lock, DropInError> {
    let path = Path::new(RUN).join("lock");
    let file = open(&path)?;
    let until = Instant::now() + PATIENCE;
    while !taken(&file, &path)? {
        if Instant::now() > until {
            return Err(DropInError::plain(format!("Timed out while waiting to acquire lock {}", path.display())));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Lock { _file: file })
}

/// The shell tool's, with its words.
pub(super) fn shells() -> Result<Lock, DropInError> {
    let path = PathBuf::from("/var/lock/container-storage-setup/lock");
    let file = open(&path)?;
    for _ in 0..PATIENCE.as_secs() {
        if taken(&file, &path)? {
            return Ok(Lock { _file: file });
        }
        info(format!("Waiting to acquire lock {}", path.display()));
        std::thread::sleep(Duration::from_secs(1));
    }
    Err(DropInError::plain(format!("Timed out while waiting to acquire lock {}", path.display())))
}

fn open(path: &Path) -> Result<File, DropInError> {
    let failed = |source| DropInError::Write { path: path.display().to_string(), source };
    let directory = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(directory).map_err(failed)?;
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)
}

fn taken(file: &File, path: &Path) -> Result<bool, DropInError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(DropInError::Write { path: path.display().to_string(), source }),
    }
}
