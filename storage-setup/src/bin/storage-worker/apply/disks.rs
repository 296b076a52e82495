//! Disks into a group. Which disk goes where is on record before the first write, so that a cut-off run can be taken up.
//!
//! Whole disks, no partition table, and no signature that wipefs finds.
//! A cut inside vgcreate or vgextend leaves a label that says that a group has the disk, and no group; one whose writes were not flushed,
//! by a person's lvm, a label on which all of LVM's commands fail. So no label is gone on with; where LVM writes, zeros come first.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::OFlag;
use storage_setup::blkid::PHYSICAL_VOLUME;
use storage_setup::intents::{Intent, Intents};
use storage_setup::wipes::Wipes;
use storage_setup::{Device, Disk, DiskRef, DiskUse, Member};

use super::error::{ApplyError, changed, refused};
use super::records::{self, Known};
use super::{Change, Machine};
use crate::host::{Host, Node};
use crate::observe::{self, devices, signatures};
use crate::program::Program;

/// Bytes of a physical volume that are LVM's own.
const BEFORE_DATA: usize = 1 << 20;

pub(super) fn create_group(machine: &mut Machine<'_>, group: &str, disks: &[DiskRef]) -> Result<Change, ApplyError> {
    if let Some(found) = machine.report()?.groups.get(group) {
        return match disks.iter().find(|disk| !is_member(&found.members, disk)) {
            Some(disk) => changed(format!("the group {group} is there by now, without {}", disk.node)),
            None => already_in(machine, disks),
        };
    }
    ensure_name_is_free(group)?;
    let free = disks.iter().map(|disk| check(machine, group, disk)).collect::<Result<Vec<Free>, ApplyError>>()?;
    machine.lvm.ensure_durable()?;
    record(machine, group, disks)?;
    join(machine, Group::New, group, &free)?;
    forget(machine, identities(disks))?;
    Ok(Change::Made)
}

/// vgcreate refuses the name of something below /dev, but only after the disks are cleared.
pub(super) fn ensure_name_is_free(group: &str) -> Result<(), ApplyError> {
    match observe::in_the_place_of(group) {
        Some(path) => refused(format!("the group cannot be named {group}, since there is {path} already; take another name")),
        None => Ok(()),
    }
}

pub(super) fn add_disk(machine: &mut Machine<'_>, group: &str, disk: &DiskRef) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let Some(found) = report.groups.get(group) else {
        return changed(format!("there is no group {group} any more"));
    };
    let disks = std::slice::from_ref(disk);
    if is_member(&found.members, disk) {
        return already_in(machine, disks);
    }
    let free = check(machine, group, disk)?;
    machine.lvm.ensure_durable()?;
    record(machine, group, disks)?;
    join(machine, Group::Existing, group, &[free])?;
    forget(machine, identities(disks))?;
    Ok(Change::Made)
}

/// Of a disk that is in its group since a run that was cut off right after LVM's command.
pub(super) fn settle_record(machine: &mut Machine<'_>, group: &str, disk: &DiskRef) -> Result<Change, ApplyError> {
    match the_very(machine, disk)?.use_ {
        DiskUse::Member { group: of } if of == group => {}
        DiskUse::Member { .. }
        | DiskUse::Empty
        | DiskUse::OrphanMember
        | DiskUse::Partitioned(_)
        | DiskUse::Signature(_)
        | DiskUse::Held(_)
        | DiskUse::Unreadable(_) => return changed(format!("{} is not in {group} any more", disk.node)),
    }
    already_in(machine, std::slice::from_ref(disk))
}

/// LVM writes what it goes by to every disk of the group.
pub(super) fn renew_metadata(machine: &mut Machine<'_>, group: &str) -> Result<Change, ApplyError> {
    if !machine.report()?.lagging.contains_key(group) {
        return Ok(Change::Already);
    }
    machine.lvm(&["vgck", "--updatemetadata", group])?;
    Ok(Change::Made)
}

/// What is on it is lost. wipefs itself refuses a disk whose partitions are in use.
pub(super) fn wipe(machine: &mut Machine<'_>, disk: &DiskRef, holds: &str) -> Result<Change, ApplyError> {
    let found = the_very(machine, disk)?;
    let node = &disk.node;
    match &found.use_ {
        DiskUse::Empty => return Ok(Change::Already),
        DiskUse::OrphanMember | DiskUse::Partitioned(_) | DiskUse::Signature(_) => {}
        DiskUse::Member { group } => return refused(format!("{node} belongs to the group {group}")),
        DiskUse::Held(by) => return refused(format!("{node} is in use by {by}")),
        DiskUse::Unreadable(why) => return refused(format!("{node} cannot be read: {why}")),
    }
    if let Some(now) = found.use_.that_a_wipe_loses().filter(|now| now != holds) {
        return changed(format!("{node} holds something else by now: {now}"));
    }
    // A disk that LVM then would not take keeps what it holds.
    machine.lvm.ensure_durable()?;
    begin_wiping(machine, std::iter::once(disk))?;
    machine.program(&Program::new("wipefs", &["-q", "-a", node]))?;
    // udev looks at the disk once it is closed, and LVM asks udev. Where it cannot be waited for, what comes next says what is wrong.
    let _ = Program::new("udevadm", &["settle", "--timeout=30"]).run();
    Ok(Change::Made)
}

/// Puts on record what disks hold that are to be wiped. The configuration has this word once.
pub(super) fn begin_wiping<'a>(machine: &mut Machine<'_>, disks: impl Iterator<Item = &'a DiskRef>) -> Result<(), ApplyError> {
    let known: Wipes = records::read(&machine.state)?;
    let mut next = known.clone();
    let mut names = Vec::new();
    for disk in disks {
        let Node::Block(number) = Node::at(&disk.node)? else { return changed(format!("{} is gone", disk.node)) };
        next = next.begun(&disk.identity, signatures::contents(&number)?);
        names.push(disk.node.as_str());
    }
    if next == known {
        return Ok(());
    }
    let Machine { effects, state, .. } = machine;
    effects.run(&format!("record that {} is wiped", names.join(" ")), || Ok(records::write(state, &next)?))
}

/// A device that nobody has, as far as was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Free {
    pub(super) node: String,
    /// A run of ours may have left LVM's label on it.
    pub(super) labelled: bool,
}

/// A physical volume that is in no group that LVM sees, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PhysicalVolume {
    /// Of no group.
    Orphan,
    /// Of one, which is not to be seen.
    HalfMember,
}

/// The group that devices become members of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// It is made of them.
    New,
    /// It is there.
    Existing,
}

/// Makes devices members of a group. All are cleared first: LVM waits for its locks, and what was seen of a device would be old by then.
pub(super) fn join(machine: &mut Machine<'_>, kind: Group, group: &str, devices: &[Free]) -> Result<(), ApplyError> {
    for device in devices {
        clear(machine, device)?;
    }
    let command = match kind {
        Group::New => "vgcreate",
        Group::Existing => "vgextend",
    };
    let nodes = devices.iter().map(|device| device.node.as_str());
    machine.lvm(&[command, group].into_iter().chain(nodes).collect::<Vec<&str>>())
}

/// Zeros where LVM's label and metadata are (pvcreate(8): data begin after the first MiB), for good. Looks once more before, and holds
/// the device meanwhile, so that nobody mounts it, formats it, or gives it to LVM.
pub(super) fn clear(machine: &mut Machine<'_>, Free { node, labelled }: &Free) -> Result<(), ApplyError> {
    let failed = |source| ApplyError::Write { path: node.clone(), source };
    let mut device = File::options().write(true).custom_flags(OFlag::O_EXCL.bits()).open(node).map_err(failed)?;
    let found = signatures::on(node)?;
    if let Some(other) = found.iter().find(|found| !labelled || found.kind != PHYSICAL_VOLUME) {
        return changed(format!("{node} holds something by now: {}", other.kind));
    }
    if !found.is_empty() && physical_volume_on(machine, node)?.is_none() {
        return changed(format!("{node} is in a group by now, or LVM does not show it"));
    }
    machine.effects.run(&format!("clear the first MiB of {node}"), || {
        device.write_all(&vec![0; BEFORE_DATA]).and_then(|()| device.sync_all()).map_err(failed)
    })
}

/// Makes what was written to a disk outlive a power cut. One that is missing has nothing to lose.
pub(super) fn flush(node: &str) -> Result<(), ApplyError> {
    match File::open(node).and_then(|node| node.sync_all()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        flushed => flushed.map_err(|source| ApplyError::Write { path: node.to_owned(), source }),
    }
}

fn identities(disks: &[DiskRef]) -> impl Iterator<Item = &str> + Clone {
    disks.iter().map(|disk| disk.identity.as_str())
}

/// A run that was cut off right after LVM's command leaves the record.
fn already_in(machine: &mut Machine<'_>, disks: &[DiskRef]) -> Result<Change, ApplyError> {
    if forget(machine, identities(disks))? { Ok(Change::Made) } else { Ok(Change::Already) }
}

fn is_member(members: &[Member], disk: &DiskRef) -> bool {
    let Ok(Node::Block(number)) = Node::at(&disk.node) else { return false };
    members.iter().any(|member| matches!(Node::at(&member.node), Ok(Node::Block(found)) if found == number))
}

/// It must be the very disk that was planned for, and still be free.
fn check(machine: &mut Machine<'_>, group: &str, disk: &DiskRef) -> Result<Free, ApplyError> {
    free(&the_very(machine, disk)?, group)
}

/// The device as such a physical volume, if it is one.
pub(super) fn physical_volume_on(machine: &mut Machine<'_>, node: &str) -> Result<Option<PhysicalVolume>, ApplyError> {
    let report = machine.report()?;
    let is_one_of = |nodes: &[String]| nodes.iter().any(|other| is_same(other, node));
    Ok(match (is_one_of(&report.orphans), is_one_of(&report.half_members)) {
        (true, _) => Some(PhysicalVolume::Orphan),
        (false, true) => Some(PhysicalVolume::HalfMember),
        (false, false) => None,
    })
}

/// Whether two paths lead to one device.
fn is_same(one: &str, other: &str) -> bool {
    matches!((Node::at(one), Node::at(other)), (Ok(Node::Block(one)), Ok(Node::Block(other))) if one == other)
}

pub(super) fn the_very(machine: &mut Machine<'_>, disk: &DiskRef) -> Result<Disk, ApplyError> {
    let report = machine.report()?;
    let known = Known::read(&machine.state)?;
    let node = &disk.node;
    let found = match devices::device(node, &Host::read()?, &report, &known)? {
        Device::Disk(found) => found,
        Device::Missing | Device::NotBlock | Device::Partition => return changed(format!("{node} is no disk any more")),
    };
    if found.identity != disk.identity || found.size != disk.size {
        return changed(format!("{node} is another disk by now: {}, {}", found.identity, found.size));
    }
    if found.read_only {
        return refused(format!("the kernel refuses writes to {node}; see `lsblk -o NAME,RO` and `dmesg`"));
    }
    Ok(found)
}

fn free(disk: &Disk, group: &str) -> Result<Free, ApplyError> {
    let node = &disk.node;
    let ours = disk.intended.as_deref() == Some(group);
    match &disk.use_ {
        DiskUse::Empty => Ok(Free { node: node.clone(), labelled: false }),
        DiskUse::OrphanMember if ours => Ok(Free { node: node.clone(), labelled: true }),
        DiskUse::OrphanMember => {
            refused(format!("{node} is a physical volume of no group, and not made by us; if nobody needs it: `pvremove {node}`"))
        }
        DiskUse::Member { group } => refused(format!("{node} belongs to the group {group}")),
        DiskUse::Partitioned(table) => refused(format!("{node} has a partition table ({table}); if nobody needs it: `wipefs -a {node}`")),
        DiskUse::Signature(what) => refused(format!("{node} holds {what}; if nobody needs it: `wipefs -a {node}`")),
        DiskUse::Held(by) => refused(format!("{node} is in use: {by}")),
        DiskUse::Unreadable(why) => refused(format!("{node} cannot be read: {why}")),
    }
}

pub(super) fn record(machine: &mut Machine<'_>, group: &str, disks: &[DiskRef]) -> Result<(), ApplyError> {
    let mut next: Intents = records::read(&machine.state)?;
    for disk in disks {
        next = next.with(Intent { identity: disk.identity.clone(), size: disk.size, group: group.to_owned() });
    }
    let names: Vec<&str> = disks.iter().map(|disk| disk.node.as_str()).collect();
    let Machine { effects, state, .. } = machine;
    effects.run(&format!("record that {} goes to {group}", names.join(" ")), || Ok(records::write(state, &next)?))
}

/// The disks are in: their intents go, and what was wiped for them was wiped for good. Says whether there was anything to forget.
pub(super) fn forget<'a>(machine: &mut Machine<'_>, disks: impl Iterator<Item = &'a str> + Clone) -> Result<bool, ApplyError> {
    let (intents, wipes): (Intents, Wipes) = (records::read(&machine.state)?, records::read(&machine.state)?);
    let (known, wiped) = (intents.clone(), wipes.clone());
    let intents = disks.clone().fold(intents, |left, identity| left.without(identity));
    let wipes = disks.fold(wipes, |left, identity| left.done(identity));
    if intents == known && wipes == wiped {
        return Ok(false);
    }
    let Machine { effects, state, .. } = machine;
    effects.run("forget the record, the disks are in", || {
        if wipes != wiped {
            records::write(state, &wipes)?;
        }
        Ok(records::write(state, &intents)?)
    })?;
    Ok(true)
}
