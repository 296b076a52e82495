//! The worker's effect on a host as a pure function, with LVM's arithmetic.
//!
//! Property tests and guest scenarios use it to say what the host must look like after a plan.

mod groups;
mod mounts;
mod pools;
mod volumes;

use crate::render::options;
use crate::{Action, LogicalVolume, Observed, OurFile, Role, Root, VolumeGroup, dm_name, docker_options, stamp};

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
        Action::CreateGroup { group, disks } => groups::create_group(have, group, disks),
        Action::WipeDisk { disk, .. } => groups::wipe_disk(have, disk),
        Action::GrowPartition { node, from, to, .. } => groups::grow_partition(have, node, *from, *to),
        Action::GrowMember { group, node, from, to, .. } => groups::grow_member(have, group, node, *from, *to),
        Action::RenewMetadata { group, .. } => groups::renew_metadata(have, group),
        Action::AddDisk { group, disk } => groups::add_disk(have, group, disk),
        Action::SettleRecord { group, disk } => groups::settle_record(have, group, disk),
        Action::GrowRootPartition { to, .. } => match &mut have.root {
            Root::Partition { size, room, .. } if *to > *size && *to <= *room => {
                *size = *to;
                Ok(())
            }
            Root::Partition { .. } | Root::Logical { .. } | Root::Other(_) => Err(refused("root", "no partition with such room")),
        },
        Action::GrowRootVolume { group, volume, from, to, .. } => grow(have, group, volume, *from, *to, None),
        Action::GrowRootFilesystem { .. } => volumes::grow_root_filesystem(have),
        Action::WriteFile { path, text, .. } | Action::RenewProfile { path, text, .. } => write_file(have, path, text),
        Action::CreatePool { .. } => pools::create_pool(have, action),
        Action::AdoptPool { group, pool, asked, engines, .. } => pools::adopt_pool(have, group, pool, &stamp::of_pool(asked, *engines)),
        Action::GrowPool { group, pool, from, to, asked, .. } => grow(have, group, pool, *from, *to, Some(asked)),
        Action::GrowPoolMetadata { group, pool, from, to, spare, .. } => pools::grow_metadata(have, group, pool, (*from, *to), *spare),
        Action::AttachProfile { group, pool, profile, .. } => pools::attach_profile(have, group, pool, profile),
        Action::CreateVolume { .. } => volumes::create_volume(have, action),
        Action::FormatVolume { .. } => volumes::format(have, action),
        Action::LabelVolume { group, volume, filesystem, to, .. } => volumes::relabel(have, group, volume, *filesystem, to),
        Action::ActivateVolume { group, volume } => volumes::activate(have, group, volume),
        Action::GrowVolume { group, volume, from, to, asked, .. } => grow(have, group, volume, *from, *to, Some(asked)),
        Action::RecordSize { group, volume: name, from, to } => {
            let found = volume(have, group, name)?;
            if stamp::asked_text(&found.tags) != from.as_deref() {
                return Err(refused(name, "another size is recorded"));
            }
            stamp::record(&mut found.tags, to);
            Ok(())
        }
        Action::GrowVolumeFilesystem { group, volume, filesystem, to } => volumes::grow_filesystem(have, group, volume, *filesystem, *to),
        Action::StartMount { group, volume, mount, .. } => mounts::start_mount(have, group, volume, mount),
        Action::Remount { group, volume, mount, quota, .. } => mounts::remount(have, group, volume, mount, *quota),
        Action::RemoveMount { mount, path, .. } => {
            mounts::remove_mount(have, mount, path);
            Ok(())
        }
        Action::RemoveLoopStore { inode, .. } => match have.engine.loopback.take_if(|there| there == inode) {
            Some(_) => {
                have.engine.docker = have.engine.docker.without_images();
                Ok(())
            }
            None => Err(refused("/var/lib/docker/devicemapper", "no such loop files")),
        },
        Action::RemoveVolume { group, volume, uuid, .. } => volumes::remove_volume(have, group, volume, uuid),
        Action::RemovePool { group, pool, uuid, profile_path, records, .. } => {
            pools::remove_pool(have, group, pool, uuid, profile_path.as_deref())?;
            if *records {
                have.engine.docker = have.engine.docker.without_images();
            }
            Ok(())
        }
    }
}

fn write_file(have: &mut Observed, path: &str, text: &str) -> Result<(), Refused> {
    if path == options::PATH && !may_name(have, text) {
        return Err(refused(path, "dockerd takes no pool that holds volumes of LVM, or none"));
    }
    if path == options::PATH && meets_records(have, text) {
        return Err(refused(path, "dockerd has records of a pool that is there, and starts on no other"));
    }
    have.files.insert(path.to_owned(), OurFile { text: text.to_owned() });
    if path == options::PATH {
        have.engine.driver = docker_options::driver(text);
    }
    Ok(())
}

/// Whether dockerd, with these options, would come upon what it knows of the pool that it has: named another one, or left to choose.
fn meets_records(have: &Observed, text: &str) -> bool {
    let now = have.files.get(options::PATH).and_then(|file| options::pool_device(&file.text));
    let is_there = |device: &&str| {
        have.groups.iter().any(|(group, found)| {
            let is_its = |volume: &LogicalVolume| matches!(volume.role, Role::Pool(_)) && stamp::may_be_engines(&volume.tags);
            let pools = found.volumes.iter().filter(|(_, volume)| is_its(volume));
            pools.into_iter().any(|(name, _)| device.strip_prefix("/dev/mapper/") == Some(&dm_name::of(group, name)))
        })
    };
    let Some(now) = now.filter(is_there) else { return false };
    docker_options::driver(text).is_none() || options::pool_device(text).is_some_and(|next| next != now)
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

fn grow(have: &mut Observed, of: &str, name: &str, from: u64, to: u64, asked: Option<&str>) -> Result<(), Refused> {
    let found = volume(have, of, name)?;
    if found.extents != from || to <= from {
        return Err(refused(name, "the volume has another size than the plan says"));
    }
    found.extents = to;
    if let Some(asked) = asked {
        stamp::record(&mut found.tags, asked);
    }
    let thin = matches!(found.role, Role::Thin { .. });
    let group = group(have, of)?;
    if thin { Ok(()) } else { take(group, to - from) }
}
