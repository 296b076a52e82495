//! Room for the root file system: its partition or its volume. The file system itself is `filesystems`.

use config::Bytes;
use storage_setup::Member;
use storage_setup::fullreport::FullReport;

use super::error::{ApplyError, changed};
use super::{Change, Machine};
use crate::host::{Host, Node, Number};
use crate::observe::root::Partition;
use crate::program::Program;

pub(super) fn grow_volume(machine: &mut Machine<'_>, group: &str, volume: &str, to: u64) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let Some(found) = report.groups.get(group).and_then(|group| group.volumes.get(volume)) else {
        return changed(format!("there is no volume {group}/{volume}"));
    };
    if found.extents >= to {
        return Ok(Change::Already);
    }
    machine.lvm(&["lvextend", "-l", &to.to_string(), &format!("{group}/{volume}")])?;
    Ok(Change::Made)
}

/// The partition that the root file system is on.
pub(super) fn grow_partition(machine: &mut Machine<'_>, disk: &str, number: u32, to: Bytes) -> Result<Change, ApplyError> {
    let host = Host::read()?;
    let root = host.mounted_at("/").map(|mount| Number(mount.device.clone()));
    grow_to(machine, "the root file system", root.as_ref(), (disk, number), to)
}

/// The same for a partition that holds a physical volume.
pub(super) fn grow_member_partition(
    machine: &mut Machine<'_>,
    group: &str,
    node: &str,
    (disk, number): (&str, u32),
    to: Bytes,
) -> Result<Change, ApplyError> {
    member(&machine.report()?, group, node)?;
    let found = match Node::at(node)? {
        Node::Block(found) => Some(found),
        Node::Missing | Node::NotBlock => None,
    };
    grow_to(machine, node, found.as_ref(), (disk, number), to)
}

/// Grows the partition that `device` is; `what` is that to a person.
fn grow_to(
    machine: &mut Machine<'_>,
    what: &str,
    device: Option<&Number>,
    (disk, number): (&str, u32),
    to: Bytes,
) -> Result<Change, ApplyError> {
    let partition = device.and_then(Partition::read);
    let Some(partition) = partition.filter(|found| found.disk == disk && found.number == number) else {
        return changed(format!("{what} is not at partition {number} of {disk}"));
    };
    if partition.size() >= to {
        return Ok(Change::Already);
    }
    if partition.room() < to {
        return changed(format!("partition {number} of {disk} can only become {}", partition.room()));
    }
    resize(machine, disk, number, to)?;
    Ok(Change::Made)
}

pub(super) fn grow_member(machine: &mut Machine<'_>, group: &str, node: &str, to: u64) -> Result<Change, ApplyError> {
    if member(&machine.report()?, group, node)?.extents >= to {
        return Ok(Change::Already);
    }
    machine.lvm(&["pvresize", node])?;
    Ok(Change::Made)
}

fn member(report: &FullReport, group: &str, node: &str) -> Result<Member, ApplyError> {
    let members = report.groups.get(group).map(|group| group.members.as_slice()).unwrap_or_default();
    match members.iter().find(|member| member.node == node) {
        Some(member) => Ok(member.clone()),
        None => changed(format!("{node} is not in the group {group}")),
    }
}

/// sfdisk writes the table of the disk in use; the kernel would refuse to read it all again, so partx tells it of the one partition.
pub(super) fn resize(machine: &mut Machine<'_>, disk: &str, number: u32, to: Bytes) -> Result<(), ApplyError> {
    let number = number.to_string();
    let table = format!(", {}KiB\n", to.0 / config::KIB);
    machine.program(&Program::new("sfdisk", &["--no-reread", "--no-tell-kernel", "-N", &number, disk]).input(&table))?;
    machine.program(&Program::new("partx", &["--update", "--nr", &number, disk]))
}
