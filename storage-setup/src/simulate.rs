//! The worker's effect on a host as a pure function, with LVM's arithmetic.
//!
//! Property tests and guest scenarios use it to say what the host must look like after a plan.

use std::collections::BTreeMap;

use config::{Bytes, Filesystem, MIB};

use crate::plan::{NEW_EXTENT, extents_of, spare_goes_with};
use crate::render::{mount_unit, options};
use crate::{
    Action, Content, Device, DiskRef, DiskUse, LogicalVolume, Member, Mount, Observed, OurFile, PoolState, Role, Root, VolumeGroup,
    Watcher, dm_name, docker_options, stamp,
};

/// dockerd's store.
const STORE: &str = "/var/lib/docker";

/// Why the host would refuse an action; a plan never holds one that it refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Refused {
    what: String,
    why: &'static str,
}

fn refused(what: &str, why: &'static str) -> Refused {
    Refused { what: what.to_owned(), why }
}

/// Changes `have` as the worker would change the host.
///
/// # Errors
/// When LVM, mkfs or systemd would refuse; then `have` is as it was.
pub fn carry_out(have: &mut Observed, action: &Action) -> Result<(), Refused> {
    let mut next = have.clone();
    apply(&mut next, action)?;
    *have = next;
    Ok(())
}

fn apply(have: &mut Observed, action: &Action) -> Result<(), Refused> {
    match action {
        Action::ResumeDevice { name } => {
            have.suspended.retain(|other| other != name);
            Ok(())
        }
        Action::CreateGroup { group, disks } => create_group(have, group, disks),
        Action::WipeDisk { disk, .. } => wipe_disk(have, disk),
        Action::GrowPartition { node, from, to, .. } => grow_partition(have, node, *from, *to),
        Action::GrowMember { group, node, from, to, .. } => grow_member(have, group, node, *from, *to),
        Action::AddDisk { group, disk } => add_disk(have, group, disk),
        Action::GrowRootPartition { to, .. } => match &mut have.root {
            Root::Partition { size, room, .. } if *to > *size && *to <= *room => {
                *size = *to;
                Ok(())
            }
            Root::Partition { .. } | Root::Logical { .. } | Root::Other(_) => Err(refused("root", "no partition with such room")),
        },
        Action::GrowRootVolume { group, volume, from, to, .. } => grow(have, group, volume, *from, *to, None),
        Action::GrowRootFilesystem { .. } => grow_root_filesystem(have),
        Action::WriteFile { path, text, .. } => {
            if path == options::PATH && !may_name(have, text) {
                return Err(refused(path, "dockerd takes no pool that holds volumes of LVM, or none"));
            }
            have.files.insert(path.clone(), OurFile { text: text.clone() });
            if path == options::PATH {
                have.engine.driver = docker_options::driver(text);
            }
            Ok(())
        }
        Action::CreatePool { .. } => create_pool(have, action),
        Action::AdoptPool { group, pool, asked, engines, .. } => {
            let found = volume(have, group, pool)?;
            if !matches!(found.role, Role::Pool(_)) || stamp::is_ours(&found.tags) {
                return Err(refused(pool, "not a pool of somebody else's"));
            }
            found.tags.extend(stamp::of_pool(asked, *engines));
            found.tags.sort();
            Ok(())
        }
        Action::GrowPool { group, pool, from, to, asked, .. } => grow(have, group, pool, *from, *to, Some(asked)),
        Action::GrowPoolMetadata { group, pool, from, to, spare, .. } => grow_metadata(have, group, pool, (*from, *to), *spare),
        Action::AttachProfile { group, pool, profile, .. } => match &mut volume(have, group, pool)?.role {
            Role::Pool(state) => {
                state.profile = Some(profile.clone());
                Ok(())
            }
            Role::Linear | Role::Thin { .. } | Role::Other => Err(refused(pool, "not a thin pool")),
        },
        Action::CreateVolume { .. } => create_volume(have, action),
        Action::FormatVolume { .. } => format(have, action),
        Action::LabelVolume { group, volume, filesystem, to, .. } => relabel(have, group, volume, *filesystem, to),
        Action::ActivateVolume { group, volume } => activate(have, group, volume),
        Action::GrowVolume { group, volume, from, to, asked, .. } => grow(have, group, volume, *from, *to, Some(asked)),
        Action::GrowVolumeFilesystem { group, volume, filesystem, to } => grow_filesystem(have, group, volume, *filesystem, *to),
        Action::StartMount { group, volume, mount, .. } => start_mount(have, group, volume, mount),
        Action::Remount { group, volume, mount, quota, .. } => {
            if have.mounts.keys().any(|other| other.strip_prefix(mount.as_str()).is_some_and(|rest| rest.starts_with('/'))) {
                return Err(refused(mount, "something is mounted below it"));
            }
            let filled = have.engine.filled;
            let was = have.mounts.remove(mount).ok_or_else(|| refused(mount, "not mounted"))?;
            start_mount(have, group, volume, mount)?;
            // The same volume comes back, with all that is on it.
            if was.source == mount_unit::device(group, volume) {
                have.engine.filled = filled;
            }
            let now = have.mounts.get(mount).is_some_and(|mount| mount.quota == *quota);
            if now { Ok(()) } else { Err(refused(mount, "its unit says otherwise of quotas")) }
        }
        Action::RemoveMount { mount, path, .. } => {
            // systemd unmounts what is mounted below, too.
            let mounted = have.mounts.contains_key(mount);
            have.mounts.retain(|other, _| other != mount && !other.strip_prefix(mount.as_str()).is_some_and(|rest| rest.starts_with('/')));
            have.files.remove(path);
            if mounted && touches_store(mount) {
                have.engine.filled = false;
            }
            Ok(())
        }
        Action::RemoveVolume { group, volume, uuid, .. } => remove_volume(have, group, volume, uuid),
        Action::RemovePool { group, pool, uuid, profile_path, .. } => remove_pool(have, group, pool, uuid, profile_path.as_deref()),
    }
}

/// Whether dockerd would start on the pool that its options name.
fn may_name(have: &Observed, text: &str) -> bool {
    let Some(device) = options::pool_device(text) else { return true };
    have.groups.iter().flat_map(|(group, found)| found.volumes.iter().map(move |(name, volume)| (group, name, volume))).any(
        |(group, name, volume)| {
            let named = device.strip_prefix("/dev/mapper/") == Some(&dm_name::of(group, name));
            named && matches!(volume.role, Role::Pool(_)) && stamp::is_engines(&volume.tags)
        },
    )
}

fn touches_store(mount: &str) -> bool {
    let below = |path: &str, above: &str| path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below(STORE, mount) || below(mount, STORE)
}

fn group<'a>(have: &'a mut Observed, name: &str) -> Result<&'a mut VolumeGroup, Refused> {
    have.groups.get_mut(name).ok_or_else(|| refused(name, "no such group"))
}

fn volume<'a>(have: &'a mut Observed, of: &str, name: &str) -> Result<&'a mut LogicalVolume, Refused> {
    group(have, of)?.volumes.get_mut(name).ok_or_else(|| refused(name, "no such volume"))
}

fn take(group: &mut VolumeGroup, extents: u64) -> Result<(), Refused> {
    group.free = group.free.checked_sub(extents).ok_or_else(|| refused("group", "insufficient free extents"))?;
    Ok(())
}

fn create_group(have: &mut Observed, name: &str, disks: &[DiskRef]) -> Result<(), Refused> {
    if have.groups.contains_key(name) {
        return Err(refused(name, "the group exists"));
    }
    let new = VolumeGroup {
        uuid: format!("uuid-of-{name}"),
        extent: NEW_EXTENT,
        extents: 0,
        free: 0,
        missing: 0,
        members: Vec::new(),
        volumes: BTreeMap::new(),
        spare: 0,
    };
    have.groups.insert(name.to_owned(), new);
    disks.iter().try_for_each(|disk| add_disk(have, name, disk))
}

fn add_disk(have: &mut Observed, name: &str, new: &DiskRef) -> Result<(), Refused> {
    for device in have.devices.values_mut() {
        let Device::Disk(disk) = device else { continue };
        if disk.node != new.node {
            continue;
        }
        match &disk.use_ {
            DiskUse::Empty | DiskUse::OrphanMember => disk.use_ = DiskUse::Member { group: name.to_owned() },
            DiskUse::Member { .. } | DiskUse::Partitioned(_) | DiskUse::Signature(_) | DiskUse::Held(_) | DiskUse::Unreadable(_) => {
                return Err(refused(&new.node, "the disk is in use"));
            }
        }
    }
    let group = group(have, name)?;
    let extents = extents_of(new.size, group.extent);
    group.extents += extents;
    group.free += extents;
    let uuid = format!("uuid-of-{}", new.identity);
    group.members.push(Member { node: new.node.clone(), uuid, extents, start: Bytes(MIB), size: Some(new.size) });
    Ok(())
}

fn wipe_disk(have: &mut Observed, wiped: &DiskRef) -> Result<(), Refused> {
    for device in have.devices.values_mut() {
        let Device::Disk(disk) = device else { continue };
        if disk.node != wiped.node {
            continue;
        }
        match &disk.use_ {
            DiskUse::OrphanMember | DiskUse::Partitioned(_) | DiskUse::Signature(_) => disk.use_ = DiskUse::Empty,
            DiskUse::Empty | DiskUse::Member { .. } | DiskUse::Held(_) | DiskUse::Unreadable(_) => {
                return Err(refused(&wiped.node, "there is nothing to wipe, or it is in use"));
            }
        }
    }
    Ok(())
}

fn grow_partition(have: &mut Observed, node: &str, from: Bytes, to: Bytes) -> Result<(), Refused> {
    let found = have.partitions.get_mut(node).ok_or_else(|| refused(node, "no such partition"))?;
    if found.size != from || to <= from || to > found.room {
        return Err(refused(node, "no partition with such room"));
    }
    found.size = to;
    let members = have.groups.values_mut().flat_map(|group| &mut group.members);
    members.filter(|member| member.node == node).for_each(|member| member.size = Some(to));
    Ok(())
}

fn grow_member(have: &mut Observed, of: &str, node: &str, from: u64, to: u64) -> Result<(), Refused> {
    let group = group(have, of)?;
    let extent = group.extent;
    let found = group.members.iter_mut().find(|member| member.node == node).ok_or_else(|| refused(node, "not in the group"))?;
    let holds = found.size.map_or(0, |size| size.0.saturating_sub(found.start.0) / extent.0.max(1));
    if found.extents != from || holds != to || to <= from {
        return Err(refused(node, "its device has another size"));
    }
    found.extents = to;
    group.extents += to - from;
    group.free += to - from;
    Ok(())
}

fn grow(have: &mut Observed, of: &str, name: &str, from: u64, to: u64, asked: Option<&str>) -> Result<(), Refused> {
    let found = volume(have, of, name)?;
    if found.extents != from || to <= from {
        return Err(refused(name, "the volume has another size than the plan says"));
    }
    found.extents = to;
    if let Some(asked) = asked {
        found.tags.retain(|tag| !tag.starts_with(&stamp::asked_tag("")));
        found.tags.push(stamp::asked_tag(asked));
        found.tags.sort();
    }
    let thin = matches!(found.role, Role::Thin { .. });
    let group = group(have, of)?;
    if thin { Ok(()) } else { take(group, to - from) }
}

fn grow_metadata(have: &mut Observed, of: &str, name: &str, (from, to): (u64, u64), spare: u64) -> Result<(), Refused> {
    let Role::Pool(state) = &mut volume(have, of, name)?.role else { return Err(refused(name, "not a thin pool")) };
    if state.metadata != from || to <= from {
        return Err(refused(name, "the metadata has another size than the plan says"));
    }
    state.metadata = to;
    let group = group(have, of)?;
    if spare != to.saturating_sub(group.spare) {
        return Err(refused(name, "LVM would add another number of spare extents"));
    }
    group.spare += spare;
    take(group, to - from + spare)
}

fn grow_root_filesystem(have: &mut Observed) -> Result<(), Refused> {
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

fn create_pool(have: &mut Observed, action: &Action) -> Result<(), Refused> {
    let Action::CreatePool { group: of, pool, data, metadata, spare, chunk, profile, asked, engines, .. } = action else { return Ok(()) };
    let group = group(have, of)?;
    if group.volumes.contains_key(pool) {
        return Err(refused(pool, "the volume exists"));
    }
    if *spare != metadata.saturating_sub(group.spare) {
        return Err(refused(pool, "LVM would add another number of spare extents"));
    }
    take(group, data + metadata + spare)?;
    group.spare += spare;
    let state = PoolState {
        metadata: *metadata,
        chunk: *chunk,
        profile: Some(profile.clone()),
        data_used: Some(0),
        metadata_used: Some(0),
        watcher: Some(Watcher::Dmeventd),
    };
    let made = LogicalVolume {
        uuid: format!("uuid-of-{pool}-{data}"),
        extents: *data,
        role: Role::Pool(state),
        tags: stamp::of_pool(asked, *engines),
        active: true,
        content: Content::Unknown,
    };
    group.volumes.insert(pool.clone(), made);
    Ok(())
}

fn create_volume(have: &mut Observed, action: &Action) -> Result<(), Refused> {
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
        content: Content::Nothing,
    };
    group.volumes.insert(volume.clone(), made);
    Ok(())
}

fn format(have: &mut Observed, action: &Action) -> Result<(), Refused> {
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
fn activate(have: &mut Observed, of: &str, name: &str) -> Result<(), Refused> {
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

fn grow_filesystem(have: &mut Observed, of: &str, name: &str, kind: Filesystem, to: Bytes) -> Result<(), Refused> {
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

fn relabel(have: &mut Observed, of: &str, name: &str, kind: Filesystem, to: &str) -> Result<(), Refused> {
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

fn start_mount(have: &mut Observed, of: &str, name: &str, point: &str) -> Result<(), Refused> {
    let device = mount_unit::device(of, name);
    let unit = have.files.get(&mount_unit::path(point)).and_then(|file| mount_unit::read(&file.text));
    let Some(unit) = unit.filter(|unit| unit.group == of && unit.volume == name) else {
        return Err(refused(point, "there is no unit for it"));
    };
    let found = volume(have, of, name)?;
    if !found.active || stamp::is_unformatted(&found.tags) {
        return Err(refused(name, "nothing to mount"));
    }
    if unit.quota && matches!(found.content, Content::Filesystem { projects: false, .. }) {
        return Err(refused(name, "the kernel mounts no ext4 with quotas that was made without"));
    }
    match have.mounts.get(point) {
        Some(mount) if mount.source == device => return Ok(()),
        Some(_) => return Err(refused(point, "something else is mounted there")),
        None => {}
    }
    have.mounts.insert(point.to_owned(), Mount { source: device, quota: unit.quota });
    if touches_store(point) {
        have.engine.filled = false;
    }
    Ok(())
}

fn remove_volume(have: &mut Observed, of: &str, name: &str, uuid: &str) -> Result<(), Refused> {
    let device = mount_unit::device(of, name);
    if have.mounts.values().any(|mount| mount.source == device) {
        return Err(refused(name, "the volume is mounted"));
    }
    let group = group(have, of)?;
    let found = group.volumes.get(name).filter(|found| found.uuid == uuid).ok_or_else(|| refused(name, "no such volume"))?;
    match found.role {
        Role::Linear => group.free += found.extents,
        Role::Thin { .. } => {}
        Role::Pool(_) | Role::Other => return Err(refused(name, "not a volume of ours")),
    }
    group.volumes.remove(name);
    Ok(())
}

fn remove_pool(have: &mut Observed, of: &str, name: &str, uuid: &str, profile: Option<&str>) -> Result<(), Refused> {
    let group = group(have, of)?;
    if group.volumes.values().any(|volume| matches!(&volume.role, Role::Thin { pool } if pool == name)) {
        return Err(refused(name, "there are volumes in the pool"));
    }
    let found = group.volumes.get(name).filter(|found| found.uuid == uuid).ok_or_else(|| refused(name, "no such pool"))?;
    let Role::Pool(state) = &found.role else { return Err(refused(name, "not a pool")) };
    group.free += found.extents + state.metadata;
    if spare_goes_with(&group.volumes, name) {
        group.free += group.spare;
        group.spare = 0;
    }
    group.volumes.remove(name);
    if let Some(profile) = profile {
        have.files.remove(profile);
    }
    Ok(())
}
