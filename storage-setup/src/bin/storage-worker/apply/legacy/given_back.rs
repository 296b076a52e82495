//! A group that `create` made, away: its disks are empty afterwards, as they came.
//!
//! Which disks they are is on record before the group goes, in the same record that disks on their way into it have: a run that was cut
//! off knows them by that, whatever they are called by then, and `remove` and `create` both go on with them.

use std::path::Path;

use storage_setup::intents::Intents;
use storage_setup::legacy::{Label, NewDisk};
use storage_setup::{Device, DiskRef, DiskUse, Member};

use super::super::disks::{self as whole, Free, PhysicalVolume};
use super::super::error::{ApplyError, refused};
use super::super::records::{self, Known};
use super::super::{Change, Machine};
use super::disks::locked;
use crate::host::{Host, Node, Number, text};
use crate::observe::{devices, signatures};
use crate::program::Program;

pub(super) fn group(machine: &mut Machine<'_>, group: &str, listed: &[String]) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let there = report.groups.get(group);
    if let Some(volume) = there.and_then(|found| found.volumes.keys().next()) {
        return refused(format!("the group {group} still has the volume {volume}"));
    }
    let disks = match there {
        Some(found) => taken(&found.members, listed)?,
        None => left(machine, group)?,
    };
    if there.is_none() && disks.is_empty() {
        return Ok(Change::Already);
    }
    if !disks.is_empty() {
        whole::record(machine, group, &disks)?;
    }
    if there.is_some() {
        machine.lvm(&["vgremove", group])?;
    }
    for disk in &disks {
        empty(machine, disk)?;
    }
    whole::forget(machine, disks.iter().map(|disk| disk.identity.as_str()))?;
    Ok(Change::Made)
}

/// The disks of a group that lie in it through the one partition that we made. What a person added otherwise is left alone.
fn taken(members: &[Member], listed: &[String]) -> Result<Vec<DiskRef>, ApplyError> {
    let mut disks = Vec::new();
    for member in members {
        let Node::Block(part) = Node::at(&member.node)? else { continue };
        let Some(disk) = part.disk() else { continue };
        let Some(reference) = reference(&disk) else { continue };
        let alone = disk.partitions() == [part.clone()];
        // The shell tool's partitions end elsewhere; its disks are known by their names.
        let named = listed.iter().any(|name| matches!(Node::at(name), Ok(Node::Block(found)) if found == disk));
        if alone && (named || part.size() == Some(layout(&reference).partition_size())) {
            disks.push(reference);
        }
    }
    Ok(disks)
}

/// The disks that are on record for a group which is not there, as long as nothing but LVM's label is on them.
fn left(machine: &mut Machine<'_>, group: &str) -> Result<Vec<DiskRef>, ApplyError> {
    let intents: Intents = records::read(&machine.state)?;
    if intents.of_group(group).next().is_none() {
        return Ok(Vec::new());
    }
    let (report, host, known) = (machine.report()?, Host::read()?, Known::read(&machine.state)?);
    let mut disks = Vec::new();
    for number in all() {
        let Some(disk) = reference(&number) else { continue };
        if intents.group_of(&disk.identity, disk.size) != Some(group) {
            continue;
        }
        let bare = match devices::device(&disk.node, &host, &report, &known)? {
            Device::Disk(found) => match found.use_ {
                DiskUse::Empty => true,
                DiskUse::Partitioned(_) => number.partitions().len() <= 1 && has_labels_only(&number)?,
                DiskUse::Member { .. } | DiskUse::OrphanMember | DiskUse::Signature(_) | DiskUse::Held(_) | DiskUse::Unreadable(_) => false,
            },
            Device::Missing | Device::NotBlock | Device::Partition => false,
        };
        if bare {
            disks.push(disk);
        }
    }
    Ok(disks)
}

fn has_labels_only(disk: &Number) -> Result<bool, ApplyError> {
    Ok(signatures::contents(disk)?.iter().all(|signature| signature.starts_with("LVM2_member ")))
}

/// LVM's label, the partition and the table go.
fn empty(machine: &mut Machine<'_>, disk: &DiskRef) -> Result<(), ApplyError> {
    let node = disk.node.as_str();
    let Node::Block(number) = Node::at(node)? else { return Ok(()) };
    let lock = locked(node)?;
    if let Some(part) = number.partitions().first().and_then(Number::node) {
        unlabel(machine, part)?;
        machine.program(&Program::new("sfdisk", &["--quiet", "--delete", node]))?;
        // As it was told of it.
        if !number.partitions().is_empty() {
            machine.program(&Program::new("partx", &["--delete", "--nr", "1", node]))?;
        }
    }
    machine.program(&Program::new("wipefs", &["-q", "-a", node]))?;
    drop(lock);
    machine.lvm.reread();
    whole::flush(node)
}

/// LVM itself fails on a label whose metadata a power cut tore.
fn unlabel(machine: &mut Machine<'_>, part: String) -> Result<(), ApplyError> {
    let options: &[&str] = match whole::physical_volume_on(machine, &part)? {
        Some(PhysicalVolume::Orphan) => &[],
        Some(PhysicalVolume::HalfMember) => &["-ff", "-y"],
        None => return Ok(()),
    };
    match machine.lvm(&[["pvremove"].as_slice(), options, &[&part]].concat()) {
        Err(ApplyError::Lvm(_)) => whole::clear(machine, &Free { node: part, labelled: true }),
        other => other,
    }
}

fn all() -> Vec<Number> {
    let entries = std::fs::read_dir(Path::new("/sys/block")).into_iter().flatten().flatten();
    entries.filter_map(|entry| text(&entry.path().join("dev")).map(Number)).collect()
}

fn reference(disk: &Number) -> Option<DiskRef> {
    let node = disk.node()?;
    Some(DiskRef { identity: devices::identity(disk, &node), size: disk.size()?, node })
}

fn layout(disk: &DiskRef) -> NewDisk {
    NewDisk { disk: disk.clone(), label: Label::of(disk.size), wipe: false }
}
