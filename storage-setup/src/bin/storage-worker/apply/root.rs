//! Room for the root file system: its partition or its volume. The file system itself is `filesystems`.

use config::Bytes;

use super::error::{ApplyError, changed};
use super::{Change, Machine};
use crate::host::{Host, Number};
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

/// sfdisk writes the table of the disk in use; the kernel would refuse to read it all again, so partx tells it of the one partition.
pub(super) fn grow_partition(machine: &mut Machine<'_>, disk: &str, number: u32, to: Bytes) -> Result<Change, ApplyError> {
    let host = Host::read()?;
    let root = host.mounted_at("/").map(|mount| Number(mount.device.clone()));
    let partition = root.as_ref().and_then(Partition::read);
    let Some(partition) = partition.filter(|found| found.disk == disk && found.number == number) else {
        return changed(format!("the root file system is not on partition {number} of {disk}"));
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

pub(super) fn resize(machine: &mut Machine<'_>, disk: &str, number: u32, to: Bytes) -> Result<(), ApplyError> {
    let number = number.to_string();
    let table = format!(", {}KiB\n", to.0 / config::KIB);
    machine.program(&Program::new("sfdisk", &["--no-reread", "--no-tell-kernel", "-N", &number, disk]).input(&table))?;
    machine.program(&Program::new("partx", &["--update", "--nr", &number, disk]))
}
