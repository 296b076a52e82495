//! One writer at a time: an exclusive flock on `/run/atomic-host/lock`, held while a cycle applies.
//!
//! The kernel lets go of it when the process dies, so a killed agent never leaves the host locked.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use super::{StateError, durable};
use crate::host::Host;

/// How long a writer waits for the one before it.
pub const PATIENCE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(100);

/// The right to change the host; gone when dropped.
#[derive(Debug)]
pub struct WriteLock {
    _file: File,
}

/// Waits for the lock, at most `patience`.
///
/// # Errors
/// [`StateError::Busy`] when another writer keeps it for longer.
pub async fn acquire(host: &Host, patience: Duration) -> Result<WriteLock, StateError> {
    durable::make_directory(&host.run)?;
    let path = host.run.join("lock");
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(StateError::io("open", &path))?;
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(WriteLock { _file: file }),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => tokio::time::sleep(RETRY).await,
            Err(TryLockError::WouldBlock) => return Err(StateError::Busy { path }),
            Err(TryLockError::Error(source)) => return Err(StateError::Io { verb: "lock", path, source }),
        }
    }
}
