//! Which pool of the host is watched, and what the spec says of it: out of the spec and the last survey.

use config::{Autoextend, Bytes, Group, Level, Storage};
use serde::{Deserialize, Serialize};

use super::policy::{Room, Settings};
use crate::plan::POOL;
use crate::{LogicalVolume, Observed, Role, Root, VolumeGroup, Watcher, stamp};

/// The pool that the extender has to see to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Its group.
    pub group: String,
    /// Its name there.
    pub pool: String,
    /// What LVM's devices of it have as UUID in device-mapper; with LVM's thin volumes in it the pool itself has `-tpool` after it.
    pub uuid: String,
    /// What the spec says.
    pub autoextend: Autoextend,
    /// Free extents of the group when it was looked at.
    pub free: u64,
    /// All of its extents.
    pub extents: u64,
    /// Bytes of an extent.
    pub extent: Bytes,
    /// Whether dmeventd watches it too.
    pub by_dmeventd: bool,
}

/// The UUID in device-mapper of a volume of that group.
#[must_use]
pub fn device_uuid(group: &VolumeGroup, volume: &LogicalVolume) -> String {
    let plain = |uuid: &str| uuid.replace('-', "");
    format!("LVM-{}{}", plain(&group.uuid), plain(&volume.uuid))
}

impl Watched {
    /// Our pool, when it is there, is active, and shall grow by itself.
    #[must_use]
    pub fn of(want: &Storage, have: &Observed) -> Option<Watched> {
        let autoextend = want.pool.as_ref()?.value.autoextend?;
        let name = match (&want.group, &have.root) {
            (Group::Named(name), _) => name.value.to_string(),
            (Group::OfRoot, Root::Logical { group, .. }) => group.clone(),
            (Group::OfRoot, Root::Partition { .. } | Root::Other(_)) => return None,
        };
        let group = have.groups.get(&name)?;
        let volume = group.volumes.get(POOL).filter(|volume| volume.active && stamp::is_ours(&volume.tags))?;
        let state = match &volume.role {
            Role::Pool(state) => state,
            Role::Linear | Role::Thin { .. } | Role::Other => return None,
        };
        Some(Watched {
            uuid: device_uuid(group, volume),
            group: name,
            pool: POOL.to_owned(),
            autoextend,
            free: group.free,
            extents: group.extents,
            extent: group.extent,
            by_dmeventd: state.watcher == Some(Watcher::Dmeventd),
        })
    }

    /// `GROUP/POOL`, as LVM's commands take it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.group, self.pool)
    }

    /// For the policy. A limit in bytes counts whole extents, so that it is not passed.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let Autoextend { threshold, percent, limit, headroom } = self.autoextend;
        let limit = limit.map(|limit| match limit {
            Level::Bytes(bytes) => bytes.get() / self.extent.0.max(1),
            Level::OfGroup(share) => share.of(self.extents),
        });
        Settings { threshold, percent, headroom, limit }
    }

    /// For the policy.
    #[must_use]
    pub fn room(&self) -> Room {
        Room { extent: self.extent, free: self.free }
    }
}

#[cfg(test)]
mod tests;
