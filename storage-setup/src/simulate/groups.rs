//! Groups, their disks and partitions.

use std::collections::BTreeMap;

use config::{Bytes, MIB};

use super::{Refused, group, refused};
use crate::plan::{NEW_EXTENT, extents_of};
use crate::{Device, DiskRef, DiskUse, Member, Observed, VolumeGroup};

pub(super) fn create_group(have: &mut Observed, name: &str, disks: &[DiskRef]) -> Result<(), Refused> {
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

pub(super) fn add_disk(have: &mut Observed, name: &str, new: &DiskRef) -> Result<(), Refused> {
    for device in have.devices.values_mut() {
        let Device::Disk(disk) = device else { continue };
        if disk.node != new.node {
            continue;
        }
        match &disk.use_ {
            DiskUse::Empty | DiskUse::OrphanMember => {
                disk.use_ = DiskUse::Member { group: name.to_owned() };
                disk.intended = None;
            }
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

pub(super) fn settle_record(have: &mut Observed, name: &str, of: &DiskRef) -> Result<(), Refused> {
    let mut settled = false;
    for device in have.devices.values_mut() {
        let Device::Disk(disk) = device else { continue };
        if disk.node == of.node && disk.use_ == (DiskUse::Member { group: name.to_owned() }) {
            settled |= disk.intended.take().is_some();
        }
    }
    if settled { Ok(()) } else { Err(refused(&of.node, "there is no record of it, or it is not in the group")) }
}

pub(super) fn renew_metadata(have: &mut Observed, name: &str) -> Result<(), Refused> {
    have.lagging.remove(name).map(drop).ok_or_else(|| refused(name, "all its copies of its metadata are the same"))
}

pub(super) fn wipe_disk(have: &mut Observed, wiped: &DiskRef) -> Result<(), Refused> {
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

pub(super) fn grow_partition(have: &mut Observed, node: &str, from: Bytes, to: Bytes) -> Result<(), Refused> {
    let found = have.partitions.get_mut(node).ok_or_else(|| refused(node, "no such partition"))?;
    if found.size != from || to <= from || to > found.room {
        return Err(refused(node, "no partition with such room"));
    }
    found.size = to;
    let members = have.groups.values_mut().flat_map(|group| &mut group.members);
    members.filter(|member| member.node == node).for_each(|member| member.size = Some(to));
    Ok(())
}

pub(super) fn grow_member(have: &mut Observed, of: &str, node: &str, from: u64, to: u64) -> Result<(), Refused> {
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
