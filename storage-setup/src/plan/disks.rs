//! The volume group and its disks.

use std::collections::BTreeMap;

use config::{Bytes, Disruption, Group, MIB, Place, Placed, Reason, StepId};

use super::draft::Draft;
use super::space::Space;
use super::{POOL, remove};
use crate::render::profile;
use crate::{Action, Device, Disk, DiskRef, DiskUse, Root};

/// LVM's default for a new group.
pub(crate) const NEW_EXTENT: Bytes = Bytes(4 * MIB);

/// Extents that a disk brings: LVM's label and metadata take the first MiB.
pub(crate) fn extents_of(disk: Bytes, extent: Bytes) -> u64 {
    disk.0.saturating_sub(MIB) / extent.0.max(1)
}

/// Settles the group. `None`: none is needed, or there is a problem with it.
pub(super) fn plan(draft: &mut Draft<'_>) -> Option<String> {
    let group = find(draft)?;
    let known = draft.have.groups.get(&group);
    if let Some(found) = known.filter(|found| found.missing > 0) {
        let message = format!("{group} lacks {} of its physical volumes, so nothing is changed in it", found.missing);
        draft.problem(
            &draft.group_place(),
            "storage.volume-group",
            message,
            format!("attach the missing disks; pvs -o+pv_missing {group}"),
        );
        return None;
    }
    let extent = known.map_or(NEW_EXTENT, |found| found.extent);
    let disks = wanted(draft, &group, extent);
    match known {
        Some(_) => {
            for disk in &disks {
                add(draft, &group, extent, disk);
            }
            note_unlisted(draft, &group);
        }
        None => create(draft, &group, &disks),
    }
    Some(group)
}

fn find(draft: &mut Draft<'_>) -> Option<String> {
    let (want, have) = (draft.want, draft.have);
    let place = draft.group_place();
    match (&want.group, &have.root) {
        (Group::Named(name), _) => {
            let name = name.value.to_string();
            if !have.groups.contains_key(&name) && want.devices.is_empty() {
                let message = format!("there is no volume group {name}, and storage.devices lists no disk to make it from");
                draft.problem(&place, "storage.volume-group", message, "list disks in storage.devices, or name a group that vgs shows");
                return None;
            }
            Some(name)
        }
        (Group::OfRoot, _) if want.pool.is_none() && want.volumes.is_empty() && want.devices.is_empty() => None,
        (Group::OfRoot, Root::Logical { group, .. }) if have.groups.contains_key(group) => Some(group.clone()),
        (Group::OfRoot, Root::Logical { group, .. }) => {
            let message = format!("the root volume is in {group}, but LVM does not show that group");
            draft.problem(&place, "storage.volume-group", message, "look at vgs and its warnings");
            None
        }
        (Group::OfRoot, Root::Partition { .. } | Root::Other(_)) => {
            let message = "no volume group is named, and the root file system is not on LVM".to_owned();
            let hint = "write volume-group = \"atomicos\" and list disks for it in storage.devices";
            draft.problem(&place, "storage.volume-group", message, hint);
            None
        }
    }
}

/// A disk that is to be added.
struct New<'a> {
    place: &'a Place,
    disk: &'a Disk,
    /// What is on it, when it may be wiped before.
    holds: Option<String>,
}

/// What becomes of a listed disk.
enum Verdict {
    /// It is in the group.
    There,
    /// So it is, and the record of a run that was cut off says that it goes there.
    Recorded,
    /// It is added, once what it holds is wiped.
    Add { holds: Option<String> },
}

/// The listed disks that are good and not in the group yet.
fn wanted<'a>(draft: &mut Draft<'a>, group: &str, extent: Bytes) -> Vec<New<'a>> {
    let mut seen: BTreeMap<&str, &Placed<String>> = BTreeMap::new();
    let mut good = Vec::new();
    let mut bad = false;
    for path in &draft.want.devices {
        let device = draft.have.devices.get(&path.value);
        let verdict = match device {
            Some(Device::Disk(disk)) => match seen.insert(&disk.node, path) {
                Some(first) => Err((
                    format!("{} is the disk {} once more, which is already listed as {}", path.value, disk.node, first.value),
                    "list every disk once".to_owned(),
                )),
                None => {
                    let wiped = draft.want.wipe.iter().any(|wiped| wiped.value == path.value);
                    judge(&path.value, disk, group, extent, wiped).map(|verdict| (disk, verdict))
                }
            },
            Some(Device::Missing) => Err((
                format!("there is no {}", path.value),
                "lsblk shows the disks; names under /dev/disk/by-id stay the same over reboots".to_owned(),
            )),
            Some(Device::NotBlock) => Err((format!("{} is not a block device", path.value), "lsblk shows the disks".to_owned())),
            Some(Device::Partition) => {
                Err((format!("{} is a partition, and only whole disks are taken", path.value), "list the whole disk".to_owned()))
            }
            None => Err((format!("{} was not looked at", path.value), "run the command again".to_owned())),
        };
        match verdict {
            Ok((disk, Verdict::Add { holds })) => good.push(New { place: &path.place, disk, holds }),
            Ok((_, Verdict::There)) => {}
            Ok((disk, Verdict::Recorded)) => settle(draft, group, disk),
            Err((message, hint)) => {
                bad = true;
                draft.problem(&path.place, "storage.devices", message, hint);
            }
        }
    }
    if bad {
        draft.spaces.entry(group.to_owned()).or_insert_with(|| Space::none(extent)).uncertain = true;
    }
    good
}

/// What becomes of the disk; else what is wrong with it, and a hint. `wiped`: the spec says that it may be.
fn judge(path: &str, disk: &Disk, group: &str, extent: Bytes, wiped: bool) -> Result<Verdict, (String, String)> {
    let wipe = format!("if nothing on it is needed: wipefs -a {}", disk.node);
    let ours = disk.intended.as_deref() == Some(group);
    let mut holds = None;
    match &disk.use_ {
        DiskUse::Member { group: of } if of == group => return Ok(if ours { Verdict::Recorded } else { Verdict::There }),
        DiskUse::Member { group: of } => {
            let hint = format!("take it out of {of} first (vgreduce, pvremove), or list another disk");
            return Err((format!("{path} belongs to the volume group {of}"), hint));
        }
        DiskUse::OrphanMember if !ours && wiped => holds = disk.use_.that_a_wipe_loses(),
        DiskUse::Partitioned(_) | DiskUse::Signature(_) if wiped => holds = disk.use_.that_a_wipe_loses(),
        DiskUse::OrphanMember if !ours => {
            let hint = format!("if nothing on it is needed: pvremove {}", disk.node);
            return Err((format!("{path} is a physical volume of no group, and not one that a cut-off run left"), hint));
        }
        DiskUse::Partitioned(table) => return Err((format!("{path} has a partition table ({table})"), wipe)),
        DiskUse::Signature(kind) => return Err((format!("{path} has something on it: {kind}"), wipe)),
        DiskUse::Held(by) => return Err((format!("{path} is in use by {by}"), "list a disk that nothing uses".to_owned())),
        DiskUse::Unreadable(why) => {
            return Err((format!("{path} cannot be read: {why}"), "look at the kernel's log: journalctl -k".to_owned()));
        }
        DiskUse::OrphanMember | DiskUse::Empty => {}
    }
    if disk.read_only {
        return Err((format!("{path} is read-only"), "attach it for writing, or list another disk".to_owned()));
    }
    if extents_of(disk.size, extent) == 0 {
        let least = Bytes(MIB + extent.0);
        return Err((format!("{path} has {}, which is less than one extent of {group}", disk.size), format!("the least is {least}")));
    }
    Ok(Verdict::Add { holds })
}

fn settle(draft: &mut Draft<'_>, group: &str, disk: &Disk) {
    let reason = Reason::Resumed("an earlier run was cut off after LVM took the disk".to_owned());
    let action = Action::SettleRecord { group: group.to_owned(), disk: reference(disk) };
    draft.push(action, reason, Disruption::None, Vec::new());
}

/// The step that wipes the disk, if it has to be.
fn wipe(draft: &mut Draft<'_>, new: &New<'_>) -> Option<StepId> {
    let action = Action::WipeDisk { disk: reference(new.disk), holds: new.holds.clone()? };
    Some(draft.push(action, Reason::Spec(new.place.clone()), Disruption::DataLoss, Vec::new()))
}

fn reference(disk: &Disk) -> DiskRef {
    DiskRef { identity: disk.identity.clone(), node: disk.node.clone(), size: disk.size }
}

fn reason(new: &New<'_>, group: &str) -> Reason {
    if new.disk.intended.as_deref() == Some(group) {
        Reason::Resumed(format!("an earlier run was cut off while adding {}", new.disk.identity))
    } else {
        Reason::Spec(new.place.clone())
    }
}

fn add(draft: &mut Draft<'_>, group: &str, extent: Bytes, new: &New<'_>) {
    let action = Action::AddDisk { group: group.to_owned(), disk: reference(new.disk) };
    let wiped: Vec<StepId> = wipe(draft, new).into_iter().collect();
    let consent = !wiped.is_empty();
    let step = draft.push(action, reason(new, group), Disruption::None, wiped);
    if let Some(space) = draft.spaces.get_mut(group) {
        space.gain_disk(step, extents_of(new.disk.size, extent), consent);
    }
}

fn create(draft: &mut Draft<'_>, group: &str, disks: &[New<'_>]) {
    let Some(first) = disks.first() else {
        // Every listed disk has a problem of its own, or says that it is in this very group.
        if draft.spaces.contains_key(group) {
            return;
        }
        let message = format!("LVM does not show the volume group {group}, though its disks say that they belong to it");
        draft.problem(&draft.group_place(), "storage.volume-group", message, "look at pvs and its warnings");
        return;
    };
    if let Some(path) = &draft.have.blocked {
        let message = format!("a volume group cannot be named {group}, since there is {path} already");
        draft.problem(&draft.group_place(), "storage.volume-group", message, "take another name");
        return;
    }
    let why = disks.iter().map(|new| reason(new, group)).find(|why| matches!(why, Reason::Resumed(_)));
    let why = why.unwrap_or_else(|| reason(first, group));
    let action = Action::CreateGroup { group: group.to_owned(), disks: disks.iter().map(|new| reference(new.disk)).collect() };
    let wiped: Vec<StepId> = disks.iter().filter_map(|new| wipe(draft, new)).collect();
    let mut consent = !wiped.is_empty();
    let mut disruption = Disruption::None;
    if let Some(path) = trace(draft, group) {
        let text = format!(
            "{path} is of a volume group {group} that was here: if its disks only cannot be seen, attach them; a new one begins empty, \
             and there must not be two of one name"
        );
        draft.note(&draft.group_place(), text);
        (consent, disruption) = (true, Disruption::DataLoss);
    }
    let step = draft.push(action, why, disruption, wiped);
    let extents = disks.iter().map(|new| extents_of(new.disk.size, NEW_EXTENT)).sum();
    draft.spaces.entry(group.to_owned()).or_insert_with(|| Space::none(NEW_EXTENT)).gain_disk(step, extents, consent);
}

/// A file that an earlier run wrote for what is in a group of that name.
fn trace(draft: &Draft<'_>, group: &str) -> Option<String> {
    let profile = profile::path(group, POOL);
    let mounts = remove::units(draft).into_iter().find(|unit| unit.stamped.group == group).map(|unit| unit.path);
    mounts.or_else(|| draft.have.files.contains_key(&profile).then_some(profile))
}

/// Disks are never taken out of a group; that may be news to whoever removed the line.
fn note_unlisted(draft: &mut Draft<'_>, group: &str) {
    let (want, have) = (draft.want, draft.have);
    let listed = |node: &str| {
        want.devices.iter().any(|path| match have.devices.get(&path.value) {
            Some(Device::Disk(disk)) => disk.node == node,
            Some(Device::Missing | Device::NotBlock | Device::Partition) | None => false,
        })
    };
    let members = have.groups.get(group).map(|found| found.members.as_slice()).unwrap_or_default();
    for member in members.iter().filter(|member| is_whole_disk(&member.node) && !listed(&member.node)) {
        let text = format!("{} is in {group} and is not listed in storage.devices; it stays", member.node);
        draft.note(&draft.group_place(), text);
    }
}

/// By its name: the installer puts root's group on a partition, which is no news.
fn is_whole_disk(node: &str) -> bool {
    let stem = node.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem == node {
        return true;
    }
    let partition = stem.strip_suffix('p').is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    !partition && ["/dev/nvme", "/dev/loop", "/dev/mmcblk", "/dev/dm-"].iter().any(|start| node.starts_with(start))
}
