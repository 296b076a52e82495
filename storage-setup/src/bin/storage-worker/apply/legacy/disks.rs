//! Disks into a group through one partition each, as the shell tool lays them out.
//!
//! Which disk goes where is on record before the first write; the partition becomes a member as a whole disk does for the agent. Each
//! disk is locked (flock(2)) meanwhile, so that udev neither looks at half a table nor has the kernel read it again under LVM's hands.

use std::fs::File;

use config::MIB;
use storage_setup::legacy::{Label, NewDisk};
use storage_setup::{DiskRef, DiskUse};

use super::super::disks::{self as whole, Free, Group};
use super::super::error::{ApplyError, changed, refused};
use super::super::{Change, Machine, root};
use crate::host::{Node, Number};
use crate::observe::root::Partition;
use crate::program::Program;

pub(super) fn take(machine: &mut Machine<'_>, group: &str, create: bool, disks: &[NewDisk]) -> Result<Change, ApplyError> {
    for disk in disks {
        check(machine, group, disk)?;
    }
    if create {
        whole::ensure_name_is_free(group)?;
    }
    machine.lvm.ensure_durable()?;
    whole::begin_wiping(machine, disks.iter().filter(|new| new.wipe).map(|new| &new.disk))?;
    whole::record(machine, group, &disks.iter().map(|new| new.disk.clone()).collect::<Vec<DiskRef>>())?;
    let mut locks = Vec::new();
    let mut parts = Vec::new();
    for disk in disks {
        locks.push(locked(&disk.disk.node)?);
        parts.push(partition(machine, disk)?);
    }
    // LVM keeps a list of the devices that it has seen.
    machine.lvm.reread();
    whole::join(machine, if create { Group::New } else { Group::Existing }, group, &parts)?;
    drop(locks);
    whole::forget(machine, disks.iter().map(|new| new.disk.identity.as_str()))?;
    Ok(Change::Made)
}

/// It must be the very disk that was planned for, and still be free.
fn check(machine: &mut Machine<'_>, group: &str, new: &NewDisk) -> Result<(), ApplyError> {
    let found = whole::the_very(machine, &new.disk)?;
    let node = &found.node;
    let resumed = found.intended.as_deref() == Some(group);
    match &found.use_ {
        DiskUse::Empty => Ok(()),
        DiskUse::Partitioned(_) | DiskUse::Signature(_) | DiskUse::OrphanMember if new.wipe || resumed => Ok(()),
        DiskUse::Partitioned(what) | DiskUse::Signature(what) => refused(format!("{node} holds {what} by now")),
        DiskUse::OrphanMember => refused(format!("{node} is a physical volume by now")),
        DiskUse::Member { group } => refused(format!("{node} belongs to the group {group} by now")),
        DiskUse::Held(by) => refused(format!("{node} is in use: {by}")),
        DiskUse::Unreadable(why) => refused(format!("{node} cannot be read: {why}")),
    }
}

/// Opened for reading: closing it after a write would have udev look at the disk.
pub(super) fn locked(node: &str) -> Result<File, ApplyError> {
    let failed = |source| ApplyError::Write { path: node.to_owned(), source };
    let file = File::open(node).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// Lays the disk out, unless an earlier run did; gives the partition.
fn partition(machine: &mut Machine<'_>, new: &NewDisk) -> Result<Free, ApplyError> {
    let node = &new.disk.node;
    let Node::Block(number) = Node::at(node)? else { return changed(format!("{node} is gone")) };
    let size = new.partition_size();
    let there = || number.partitions().first().filter(|part| part.size() == Some(size)).and_then(Number::node);
    if let Some(part) = there().filter(|_| !new.wipe) {
        return Ok(Free { node: part, labelled: true });
    }
    let (label, kind) = match new.label {
        Label::Dos => ("dos", "8e"),
        Label::Gpt => ("gpt", "E6D6D379-F507-44C2-A23C-238F2A3DF928"),
    };
    let table = format!("label: {label}\nstart=1MiB, size={}MiB, type={kind}\n", size.0 / MIB);
    let words = ["--quiet", "--wipe", "always", "--wipe-partitions", "always", node.as_str()];
    machine.program(&Program::new("sfdisk", &words).input(&table))?;
    if there().is_none() {
        // A loop device that was set up without a scan for partitions has only those that the kernel is told of.
        machine.program(&Program::new("partx", &["--update", "--nr", "1", node]))?;
    }
    match there() {
        Some(part) => Ok(Free { node: part, labelled: false }),
        None => changed(format!("the kernel does not show the partition of {node}")),
    }
}

/// The partition of a physical volume, and then the physical volume: as large as they can be.
pub(super) fn grow_member(machine: &mut Machine<'_>, node: &str) -> Result<Change, ApplyError> {
    let Node::Block(number) = Node::at(node)? else { return changed(format!("{node} is gone")) };
    let mut change = Change::Already;
    machine.lvm.ensure_durable()?;
    if let Some(partition) = Partition::read(&number).filter(|partition| partition.room() > partition.size()) {
        root::resize(machine, &partition.disk, partition.number, partition.room())?;
        change = Change::Made;
    }
    if change == Change::Already && !has_room(machine, node)? {
        return Ok(Change::Already);
    }
    machine.lvm.reread();
    machine.lvm(&["pvresize", node])?;
    Ok(Change::Made)
}

/// Whether the device is larger than what LVM uses of it, by an extent at least.
fn has_room(machine: &mut Machine<'_>, node: &str) -> Result<bool, ApplyError> {
    let columns = "dev_size,pv_size,vg_extent_size,pe_start";
    let words = ["pvs", "--noheadings", "--units", "b", "--nosuffix", "-o", columns, node];
    let said = machine.lvm.run(&words)?.report;
    let figures: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [device, volume, extent, start] = figures.as_slice() else { return Ok(false) };
    Ok(*device >= volume.saturating_add(*extent).saturating_add(*start))
}
