//! The rollback that a person asked for, in `/var/lib/atomic-host/rollback.json`: what it led away from, so that no policy goes there
//! again, and while it is under way where it leads, so that a run that was cut off is finished by the next and not undone.
//!
//! Whether the host is held is for the deployments to say: when something else boots next, somebody has gone on.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use image::{DeploymentName, ImageStatus, NoWayBack, WayBack, way_back, way_to};
use serde::{Deserialize, Serialize};

use super::{StateError, durable};
use crate::host::Host;

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// Format.
    pub version: u32,
    /// The hold that it leaves.
    pub hold: Hold,
    /// Set before its first effect, and gone after its last.
    #[serde(default)]
    pub under_way: Option<UnderWay>,
}

/// A person went back: nothing but a person goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Seconds since 1970.
    pub time: u64,
    /// What would have booted.
    pub from: DeploymentName,
    /// What boots in its place.
    pub to: DeploymentName,
}

/// A rollback that is not finished. After a reboot it counts no more: the host may have come up in either deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// What would have booted.
    pub from: DeploymentName,
    /// What shall boot next.
    pub to: DeploymentName,
    /// The boot in which it was asked for, as the kernel names it.
    pub boot: String,
}

impl Rollback {
    /// The hold, if it is in force: what the rollback led to boots next, be it deployed once more, and it was not undone.
    #[must_use]
    pub fn held(&self, status: &ImageStatus) -> Option<&Hold> {
        let next = status.next()?;
        (next.commit == self.hold.to.commit && next.name() != self.hold.from).then_some(&self.hold)
    }

    /// What is left to remember when it is done. A rollback that undoes the one before holds nothing.
    #[must_use]
    pub fn ended(self) -> Option<Rollback> {
        let undone = self.under_way.is_some_and(|way| way.to == self.hold.from);
        (!undone).then_some(Rollback { under_way: None, ..self })
    }

    /// What of it was cut off in this boot, and is still to be done.
    fn cut_off(&self, status: &ImageStatus, boot: &str) -> Option<&UnderWay> {
        let next = status.next()?.name();
        self.under_way.as_ref().filter(|way| way.boot == boot && (way.from == next || way.to == next))
    }
}

/// Where a rollback that is asked for now leads, and what to remember of it before its first effect. One that was cut off leads where it
/// led; `before` is what is remembered of the last one, `boot` the present boot, `now` seconds since 1970.
///
/// # Errors
/// When there is nothing to go back to.
pub fn begin(before: Option<Rollback>, status: &ImageStatus, boot: &str, now: u64) -> Result<(WayBack, Rollback), NoWayBack> {
    if let Some(before) = &before
        && let Some(under_way) = before.cut_off(status, boot)
        && let Ok(way) = way_to(status, &under_way.to)
    {
        return Ok((WayBack { from: under_way.from.clone(), ..way }, before.clone()));
    }
    let way = way_back(status)?;
    // Back to where the last one came from undoes it; its hold is in force until that is done.
    let undone = before.and_then(|before| before.held(status).cloned()).filter(|hold| hold.from == way.to);
    let hold = undone.unwrap_or_else(|| Hold { time: now, from: way.from.clone(), to: way.to.clone() });
    let under_way = UnderWay { from: way.from.clone(), to: way.to.clone(), boot: boot.to_owned() };
    Ok((way, Rollback { version: 1, hold, under_way: Some(under_way) }))
}

/// The present boot, as the kernel names it.
///
/// # Errors
/// Without /proc.
pub fn boot(host: &Host) -> Result<String, StateError> {
    let path = host.root.join("proc/sys/kernel/random/boot_id");
    fs::read_to_string(&path).map(|text| text.trim().to_owned()).map_err(StateError::io("read", path))
}

/// What is remembered; `None`: nobody went back, or somebody went on since.
///
/// # Errors
/// When it is there but cannot be read.
pub fn read(host: &Host) -> Result<Option<Rollback>, StateError> {
    let path = path(host);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| StateError::Damaged { path, source }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::Io { verb: "read", path, source }),
    }
}

/// Remembers it in place of what was remembered.
///
/// # Errors
/// When /var cannot be written.
pub fn write(host: &Host, rollback: &Rollback) -> Result<(), StateError> {
    let path = path(host);
    durable::make_directory(&host.state)?;
    let bytes = serde_json::to_vec(rollback).map_err(|source| StateError::Damaged { path: path.clone(), source })?;
    durable::replace_file(&path, &bytes)
}

/// Forgets it: somebody went on.
///
/// # Errors
/// When /var cannot be written.
pub fn forget(host: &Host) -> Result<(), StateError> {
    durable::remove_file(&path(host))
}

/// Whether there is anything to forget.
#[must_use]
pub fn is_remembered(host: &Host) -> bool {
    path(host).exists()
}

fn path(host: &Host) -> PathBuf {
    host.state.join("rollback.json")
}

#[cfg(test)]
pub(crate) mod tests;
