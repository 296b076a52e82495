//! Volumes and the file systems on them, root's too.

use config::{Bytes, Filesystem};

use super::{Refused, group, refused, take, volume};
use crate::render::mount_unit;
use crate::{Action, Content, LogicalVolume, Observed, Role, Root, stamp};

pub(super) fn grow_root_filesystem(have: &mut Observed) -> Result<(), Refused> {
    let groups = &have.groups;
    match &mut have.root {
        Root::Logical { group, volume, filesystem } => {
            let of = groups.get(group).ok_or_else(|| refused(group, "no such group"))?;
            let found = of.volumes.get(volume).ok_or_else(|| refused(volume, "no such volume"))?;
            filesystem.size = Bytes::of_extents(found.extents, of.extent);
            Ok(())
        }
        Root::Partition { size, filesystem, .. } => {
            filesystem.size = Some(*size);
            Ok(())
        }
        Root::Other(_) => Err(refused("root", "cannot be grown")),
    }
}

pub(super) fn create_volume(have: &mut Observed, action: &Action) -> Result<(), Refused> {
    let Action::CreateVolume { group: of, volume, pool, extents, asked, .. } = action else { return Ok(()) };
    let group = group(have, of)?;
    if group.volumes.contains_key(volume) {
        return Err(refused(volume, "the volume exists"));
    }
    let role = match pool {
        Some(pool) => {
            let found = group.volumes.get(pool).filter(|found| matches!(found.role, Role::Pool(_)));
            let found = found.ok_or_else(|| refused(pool, "no such pool"))?;
            if stamp::is_engines(&found.tags) {
                return Err(refused(pool, "the engine has numbered volumes in it"));
            }
            Role::Thin { pool: pool.clone() }
        }
        None => {
            take(group, *extents)?;
            Role::Linear
        }
    };
    let made = LogicalVolume {
        uuid: format!("uuid-of-{volume}-{extents}"),
        extents: *extents,
        role,
        tags: stamp::of_volume(asked),
        active: true,
        origin: false,
        content: Content::Nothing,
    };
    group.volumes.insert(volume.clone(), made);
    Ok(())
}

pub(super) fn format(have: &mut Observed, action: &Action) -> Result<(), Refused> {
    let Action::FormatVolume { group: of, volume: name, filesystem, size, label, quota } = action else { return Ok(()) };
    let found = volume(have, of, name)?;
    if !stamp::is_unformatted(&found.tags) || !found.active {
        return Err(refused(name, "the volume is not an active one that waits for its file system"));
    }
    let projects = *quota || *filesystem == Filesystem::Xfs;
    found.content = Content::Filesystem { kind: *filesystem, size: *size, label: label.clone(), projects };
    found.tags.retain(|tag| tag != stamp::UNFORMATTED);
    Ok(())
}

/// What a healthy inactive volume turns out to hold.
pub(super) fn activate(have: &mut Observed, of: &str, name: &str) -> Result<(), Refused> {
    let units = have.files.values().filter_map(|file| mount_unit::read(&file.text));
    let unit = units.into_iter().find(|unit| unit.group == of && unit.volume == name);
    // A label that shows up only now is as likely as none.
    let quota = unit.as_ref().is_some_and(|unit| unit.quota);
    let kind = if unit.is_some_and(|unit| unit.filesystem == Filesystem::Ext4.as_str()) { Filesystem::Ext4 } else { Filesystem::Xfs };
    let extent = group(have, of)?.extent;
    let found = volume(have, of, name)?;
    found.active = true;
    let unknown = found.content == Content::Unknown && !matches!(found.role, Role::Pool(_));
    if unknown {
        let size = Bytes::of_extents(found.extents, extent).unwrap_or_default();
        let waits = stamp::is_unformatted(&found.tags);
        let projects = quota || kind == Filesystem::Xfs;
        found.content = if waits { Content::Nothing } else { Content::Filesystem { kind, size, label: None, projects } };
    }
    Ok(())
}

pub(super) fn grow_filesystem(have: &mut Observed, of: &str, name: &str, kind: Filesystem, to: Bytes) -> Result<(), Refused> {
    let found = volume(have, of, name)?;
    match &mut found.content {
        Content::Filesystem { kind: there, size, .. } if *there == kind => {
            *size = to;
            Ok(())
        }
        Content::Filesystem { .. } | Content::Unknown | Content::Nothing | Content::Other(_) => {
            Err(refused(name, "has no such file system"))
        }
    }
}

pub(super) fn relabel(have: &mut Observed, of: &str, name: &str, kind: Filesystem, to: &str) -> Result<(), Refused> {
    match &mut volume(have, of, name)?.content {
        Content::Filesystem { kind: there, label, .. } if *there == kind => {
            *label = Some(to.to_owned());
            Ok(())
        }
        Content::Filesystem { .. } | Content::Unknown | Content::Nothing | Content::Other(_) => {
            Err(refused(name, "has no such file system"))
        }
    }
}

pub(super) fn remove_volume(have: &mut Observed, of: &str, name: &str, uuid: &str) -> Result<(), Refused> {
    let device = mount_unit::device(of, name);
    if have.mounts.values().any(|mount| mount.source == device) {
        return Err(refused(name, "the volume is mounted"));
    }
    let group = group(have, of)?;
    let found = group.volumes.get(name).filter(|found| found.uuid == uuid).ok_or_else(|| refused(name, "no such volume"))?;
    if found.origin {
        return Err(refused(name, "its snapshots would go with it"));
    }
    match found.role {
        Role::Linear => group.free += found.extents,
        Role::Thin { .. } => {}
        Role::Pool(_) | Role::Other => return Err(refused(name, "not a volume of ours")),
    }
    group.volumes.remove(name);
    Ok(())
}
