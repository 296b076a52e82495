//! Disks into the group: each gets a label and one partition. A disk with anything on it is refused, or wiped once where that is asked.

use super::draft::Draft;
use super::{Deed, Label, NewDisk, Plan};
use crate::DiskRef;
use crate::blkid::{HIDDEN_BY_LVM, PHYSICAL_VOLUME};
use crate::legacy::{Found, LegacyDisk, Membership, Mode, Options, Refusal, Seen};
use crate::plan::{NEW_EXTENT, extents_of};

/// Plans `DEVS`. Without a group there is nothing to put them into, and they are left alone.
pub(super) fn plan(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let group = draft.group();
    if group.is_empty() || draft.have.devices.is_empty() {
        return Ok(());
    }
    let mut disks: Vec<&LegacyDisk> = Vec::new();
    for (word, found) in &draft.have.devices {
        let disk = disk_at(draft, word, found)?;
        if !disks.iter().any(|other| other.node == disk.node) {
            disks.push(disk);
        }
    }
    draft.plan.devices = disks.iter().map(|disk| disk.path.clone()).collect();
    let mut new = Vec::new();
    for disk in disks {
        match judge(draft.want.wipes(), disk, &group) {
            Ok(Verdict::Member) => {
                draft.info(format!("Device {} is already partitioned and is part of volume group {group}", disk.path));
                // Cut off right after LVM took it. The record must not outlive that: it would let a later run go on with the disk.
                if disk.intended.is_some() {
                    draft.push(Deed::Forget { identity: disk.identity.clone() });
                }
            }
            Ok(Verdict::New { wipe }) => new.push((disk, wipe)),
            Err(why) => return draft.refuse(why),
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    take(draft, &group, &new)
}

fn take(draft: &mut Draft<'_>, group: &str, new: &[(&LegacyDisk, bool)]) -> Result<(), Refusal> {
    if let Some(found) = draft.have.groups.get(group).filter(|found| found.missing > 0) {
        let missing = found.missing;
        return draft.refuse(format!("Volume group {group} lacks {missing} of its physical volumes. Attach the missing disks and retry."));
    }
    let extent = draft.space.map_or(NEW_EXTENT, |space| space.extent);
    let mut disks = Vec::new();
    for (disk, wipe) in new {
        let new = new_disk(disk, *wipe);
        let brought = extents_of(new.partition_size(), extent);
        if brought == 0 {
            return draft.refuse(format!("Device {} is too small to be added to volume group {group}.", disk.path));
        }
        draft.gain(brought);
        if *wipe {
            draft.info(format!("Wipe Signatures is set to true. Any signatures on {} will be wiped.", disk.path));
        }
        disks.push(new);
    }
    let create = !draft.have.groups.contains_key(group);
    draft.plan.group_created = create;
    draft.push(Deed::TakeDisks { group: group.to_owned(), create, disks });
    Ok(())
}

fn disk_at<'a>(draft: &Draft<'_>, word: &str, found: &'a Found) -> Result<&'a LegacyDisk, Refusal> {
    match (found, draft.want.mode) {
        (Found::Disk(disk), _) => Ok(disk),
        (Found::Missing { path }, _) => draft.refuse(format!("{path} is not a valid block device.")),
        (Found::Broken, Mode::Compat) => draft.refuse(format!("Failed to resolve symbolic link {word}")),
        (Found::Broken, Mode::Create) => draft.refuse(format!("Failed to resolve path for device {word}")),
        (Found::Partition, _) => draft.refuse("Partition specification unsupported at this time."),
    }
}

enum Verdict {
    Member,
    New { wipe: bool },
}

/// Whether the disk is to be taken; else why not.
fn judge(wipes: bool, disk: &LegacyDisk, group: &str) -> Result<Verdict, String> {
    let path = &disk.path;
    let all = || std::iter::once(&disk.member).chain(disk.parts.iter().map(|part| &part.member));
    if all().any(|member| matches!(member, Membership::Of(of) if of == group)) {
        return Ok(Verdict::Member);
    }
    if let Some(of) = all().find_map(|member| match member {
        Membership::Of(of) => Some(of),
        Membership::None | Membership::Orphan => None,
    }) {
        return Err(format!(
            "Device {path} is already partitioned and cannot be added to volume group {group}. It belongs to volume group {of}."
        ));
    }
    if let Some(by) = disk.held.as_deref().or(is_hidden(disk).then_some(HIDDEN_BY_LVM)) {
        return Err(format!("Device {path} is in use by {by} and cannot be added to volume group {group}."));
    }
    if disk.read_only {
        return Err(format!("Device {path} is read-only and cannot be added to volume group {group}."));
    }
    if let Some(why) = &disk.unreadable {
        return Err(format!("Failed to check signatures on device {path}: {why}"));
    }
    if disk.intended.as_deref() == Some(group) && is_resumed(disk) {
        return Ok(Verdict::New { wipe: false });
    }
    let empty = disk.parts.is_empty() && disk.signature.is_none();
    if wipes && !empty {
        if disk.wiped {
            return Err(format!(
                "Device {path} was wiped once already as WIPE_SIGNATURES=true asked, and something is on it again. Wipe signatures using \
                 wipefs and retry."
            ));
        }
        return Ok(Verdict::New { wipe: true });
    }
    if !disk.parts.is_empty() {
        return Err(format!("Device {path} is already partitioned and cannot be added to volume group {group}"));
    }
    if let Some((kind, offset)) = &disk.signature {
        return Err(format!(
            "Found {kind} signature on device {path} at offset {offset}. Wipe signatures using wipefs or use WIPE_SIGNATURES=true and retry."
        ));
    }
    Ok(Verdict::New { wipe: false })
}

/// LVM's label is on it, or on a partition, and LVM does not say whose. What a run of ours left is on record.
fn is_hidden(disk: &LegacyDisk) -> bool {
    let parts = disk.parts.iter().map(|part| (&part.member, &part.signature));
    let mut all = std::iter::once((&disk.member, &disk.signature)).chain(parts);
    let labelled = |found: &Option<(String, String)>| found.as_ref().is_some_and(|(kind, _)| kind == PHYSICAL_VOLUME);
    disk.intended.is_none() && all.any(|(member, found)| *member == Membership::None && labelled(found))
}

/// A run that was cut off left its record: it goes on, unless there is something else on the disk than that run can have left.
fn is_resumed(disk: &LegacyDisk) -> bool {
    match &disk.parts[..] {
        [] => disk.signature.is_none(),
        [part] => part.size == new_disk(disk, false).partition_size() && (part.member == Membership::Orphan || part.signature.is_none()),
        _ => false,
    }
}

fn new_disk(disk: &LegacyDisk, wipe: bool) -> NewDisk {
    let reference = DiskRef { identity: disk.identity.clone(), node: disk.node.clone(), size: disk.size };
    NewDisk { disk: reference, label: Label::of(disk.size), wipe }
}

/// Plans `add-dev`: one disk into the group of a configuration, which has to be there.
///
/// # Errors
/// As for `DEVS`.
pub fn add_device(want: &Options, have: &Seen) -> Result<Plan, Refusal> {
    let mut draft = Draft::new(want, have);
    if !have.groups.contains_key(&want.group) {
        return draft.refuse(format!("Volume group {} does not exist", want.group));
    }
    plan(&mut draft)?;
    Ok(draft.plan)
}
