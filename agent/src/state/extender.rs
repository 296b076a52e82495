//! What the daemon says of the pool that it watches, for everybody else: `/run/atomic-host/extender.json`, absent while it watches none.
//!
//! Written before the pool is taken over from dmeventd and removed after it was given back, so that whoever finds it knows what to
//! give back. Figures are written while the pool fills or something is wrong, and not at rest.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use config::Bytes;
use serde::{Deserialize, Serialize};

use super::{StateError, durable};
use crate::host::Host;

/// The pool that the daemon watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Format.
    pub version: u32,
    /// Its group.
    pub group: String,
    /// Its name there.
    pub pool: String,
    /// How it fills; `None`: it does not.
    pub filling: Option<Filling>,
    /// What somebody has to see to.
    pub alarm: Option<Told>,
}

/// How a pool fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filling {
    /// Bytes a second.
    pub rate: Bytes,
    /// Seconds until it is full at that rate, as large as it is now.
    pub full_in: u64,
    /// Seconds until the group is, too.
    pub group_full_in: u64,
    /// When this was so, in seconds since 1970.
    pub at: u64,
}

/// An alarm, as it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// In one word: `group-full`, `limit`, `metadata`, `needs-check`, `read-only`, `failed`, `refused`.
    pub cause: String,
    /// Writes wait or fail, or soon will.
    pub urgent: bool,
    /// What is wrong, and what to do.
    pub text: String,
}

/// Figures older than this are no news: while a pool fills it is looked at more often.
const FRESH: Duration = Duration::from_secs(30);

impl Record {
    /// What of it holds at that time, for people and programs alike: figures that are no news are left out.
    #[must_use]
    pub fn as_of(mut self, now: u64) -> Record {
        self.filling = self.filling.filter(|filling| is_fresh(filling.at, now));
        self
    }
}

/// Whether it may still be so. A clock that was set back says nothing of how old a figure is.
fn is_fresh(at: u64, now: u64) -> bool {
    now.checked_sub(at).is_some_and(|age| age <= FRESH.as_secs())
}

/// Seconds since 1970.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn path(host: &Host) -> PathBuf {
    host.run.join("extender.json")
}

/// What was written last; `None`: the daemon watches no pool.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn read(host: &Host) -> Result<Option<Record>, StateError> {
    let path = path(host);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| StateError::Damaged { path, source }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::Io { verb: "read", path, source }),
    }
}

/// What of that holds now.
///
/// # Errors
/// As [`read`].
pub fn current(host: &Host) -> Result<Option<Record>, StateError> {
    Ok(read(host)?.map(|record| record.as_of(now())))
}

/// Says it.
///
/// # Errors
/// When the file cannot be written.
pub fn write(host: &Host, record: &Record) -> Result<(), StateError> {
    durable::make_directory(&host.run)?;
    durable::replace_file(&path(host), &serde_json::to_vec(record).unwrap_or_default())
}

/// Says that there is nothing to say.
///
/// # Errors
/// When the file cannot be removed.
pub fn remove(host: &Host) -> Result<(), StateError> {
    durable::remove_file(&path(host))
}

#[cfg(test)]
mod tests;
