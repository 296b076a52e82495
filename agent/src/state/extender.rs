//! What the daemon says of the pool that it watches, for everybody else: `/run/atomic-host/extender.json`, absent while it watches none.
//!
//! Written before the pool is taken over from dmeventd and removed after it was given back, so that whoever finds it knows what to
//! give back. Figures are written when the daemon looks at the pool, at most each second: at rest it does not look, and they grow old.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use config::Bytes;
use serde::{Deserialize, Serialize};
use storage_setup::extender::{Rate, device_uuid};
use storage_setup::{Observed, Role};

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
    /// How full it was when it was last looked at; `None`: its figures could not be read yet.
    #[serde(default)]
    pub look: Option<Look>,
    /// What somebody has to see to.
    pub alarm: Option<Told>,
}

/// How full a pool was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Which pool that was, by its UUID in device-mapper.
    pub uuid: String,
    /// Bytes of data in use.
    pub used: Bytes,
    /// When, in seconds since 1970.
    pub at: u64,
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
    /// The rate is an average since then; absent: it is that of the last seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
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

/// LVM rounds the use of a pool to hundredths of a percent: a difference of less than so many of them may be none.
const ROUNDING: u64 = 2;

impl Record {
    /// What of it holds at that time, for people and programs alike. Figures that are no news are left out; in their place comes how the
    /// pool has filled since the daemon looked at it, by what was seen of it just now.
    #[must_use]
    pub fn as_of(mut self, now: u64, seen: Option<&Observed>) -> Record {
        let fresh = self.filling.take().filter(|filling| is_fresh(filling.at, now));
        self.filling = fresh.or_else(|| seen.and_then(|seen| self.filled_since_look(now, seen)));
        self
    }

    /// The average since the last look of the daemon, which does not look while there is room for long. `None`: it did not fill, it is
    /// another pool, or the daemon has only just looked.
    fn filled_since_look(&self, now: u64, seen: &Observed) -> Option<Filling> {
        let look = self.look.as_ref().filter(|look| !is_fresh(look.at, now))?;
        let span = now.checked_sub(look.at).filter(|span| *span > 0)?;
        let group = seen.groups.get(&self.group)?;
        let volume = group.volumes.get(&self.pool).filter(|volume| device_uuid(group, volume) == look.uuid)?;
        let hundredths = match &volume.role {
            Role::Pool(state) => u64::from(state.data_used?),
            Role::Linear | Role::Thin { .. } | Role::Other => return None,
        };
        let size = Bytes::of_extents(volume.extents, group.extent)?.0;
        let share = |hundredths: u64| u64::try_from(u128::from(size) * u128::from(hundredths) / 10_000).unwrap_or(u64::MAX);
        let used = share(hundredths);
        let filled = used.checked_sub(look.used.0).filter(|filled| *filled >= share(ROUNDING))?;
        let rate = Rate::Known(Bytes(filled / span));
        let filling = Filling::of(rate, Bytes(size.saturating_sub(used)), Bytes::of_extents(group.free, group.extent)?, now)?;
        Some(Filling { since: Some(look.at), ..filling })
    }
}

impl Filling {
    /// At that rate, with so much free in the pool and so much more in its group. `None`: it does not fill.
    #[must_use]
    pub fn of(rate: Rate, free: Bytes, room: Bytes, at: u64) -> Option<Filling> {
        let Rate::Known(known @ Bytes(1..)) = rate else { return None };
        let left = |bytes: u64| rate.time_to_use(Bytes(bytes)).unwrap_or_default().as_secs();
        Some(Filling { rate: known, full_in: left(free.0), group_full_in: left(free.0.saturating_add(room.0)), at, since: None })
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

/// What of that holds now, with what was seen of the host just now.
///
/// # Errors
/// As [`read`].
pub fn current(host: &Host, seen: Option<&Observed>) -> Result<Option<Record>, StateError> {
    Ok(read(host)?.map(|record| record.as_of(now(), seen)))
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
