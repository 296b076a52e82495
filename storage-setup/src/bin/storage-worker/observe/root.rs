//! What `/` lies on: a logical volume, a partition with room behind it, or neither.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{Bytes, MIB};
use storage_setup::mountinfo::MountEntry;
use storage_setup::{Root, VolumeGroup};

use crate::host::{Host, Node, Number, text};
use crate::observe::devices;

const SECTOR: u64 = 512;

pub(super) fn root(host: &Host, groups: &BTreeMap<String, VolumeGroup>) -> Root {
    let Some(mount) = host.mounted_at("/") else {
        return Root::Other("nothing that /proc/self/mountinfo tells".to_owned());
    };
    let number = Number(mount.device.clone());
    if let Some((group, volume)) = number.logical_volume()
        && groups.get(&group).is_some_and(|found| found.volumes.contains_key(&volume))
    {
        return Root::Logical { group, volume, filesystem: Host::mounted_filesystem(mount) };
    }
    let other = || Root::Other(format!("{} ({})", mount.source, mount.kind));
    partition(&number, mount).unwrap_or_else(other)
}

/// Those that physical volumes lie on; what cannot be read is left out, and does not grow.
pub(super) fn partitions(groups: &BTreeMap<String, VolumeGroup>) -> BTreeMap<String, storage_setup::Partition> {
    let members = groups.values().flat_map(|group| &group.members);
    let read = |node: &str| {
        let Ok(Node::Block(number)) = Node::at(node) else { return None };
        let found = Partition::read(&number)?;
        let (size, room) = (found.size(), found.room());
        Some(storage_setup::Partition { disk: found.disk, number: found.number, size, room })
    };
    members.filter_map(|member| Some((member.node.clone(), read(&member.node)?))).collect()
}

fn partition(number: &Number, mount: &MountEntry) -> Option<Root> {
    let found = Partition::read(number)?;
    Some(Root::Partition {
        node: number.node()?,
        disk: found.disk.clone(),
        number: found.number,
        size: found.size(),
        room: found.room(),
        filesystem: Host::mounted_filesystem(mount),
    })
}

/// A partition and its surroundings, in sectors of 512 bytes.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) disk: String,
    pub(crate) number: u32,
    start: u64,
    sectors: u64,
    /// Where the space behind it ends.
    end: u64,
}

impl Partition {
    /// `None` when this is no partition, or not everything about it can be read.
    pub(crate) fn read(number: &Number) -> Option<Partition> {
        let disk_directory = number.sysfs().join("..");
        let disk = Number(text(&disk_directory.join("dev"))?);
        let (start, sectors) = (number.figure("start")?, number.figure("size")?);
        let index = u32::try_from(number.figure("partition")?).ok()?;
        let node = disk.node()?;
        let table = devices::probed(&node).ok()?.table?;
        let next = starts_of(&disk_directory).into_iter().filter(|other| *other > start).min();
        let end = next.unwrap_or(usable_end(&disk, &table)?);
        // A logical partition ends with the extended one around it, which we do not grow.
        let end = if table == "dos" && index > 4 { start + sectors } else { end };
        Some(Partition { disk: node, number: index, start, sectors, end })
    }

    pub(crate) fn size(&self) -> Bytes {
        Bytes(self.sectors * SECTOR)
    }

    /// The size with all of the space behind it, its end on a whole MiB of the disk.
    pub(crate) fn room(&self) -> Bytes {
        let grain = MIB / SECTOR;
        let end = self.end / grain * grain;
        Bytes(end.saturating_sub(self.start).max(self.sectors) * SECTOR)
    }
}

/// Where the last partition may end.
fn usable_end(disk: &Number, table: &str) -> Option<u64> {
    let sectors = disk.figure("size")?;
    match table {
        "dos" => Some(sectors.min(u64::from(u32::MAX))),
        "gpt" => {
            // The backup at the end: 16 KiB of entries and a header of one logical block.
            const ENTRIES: u64 = 16 * 1024;
            let header = disk.figure("queue/logical_block_size")?;
            Some(sectors.saturating_sub((ENTRIES + header).div_ceil(SECTOR)))
        }
        _ => None,
    }
}

fn starts_of(disk: &Path) -> Vec<u64> {
    let Ok(entries) = std::fs::read_dir(disk) else { return Vec::new() };
    let partitions = entries.flatten().map(|entry| entry.path()).filter(|path: &PathBuf| path.join("partition").exists());
    partitions.filter_map(|path| text(&path.join("start"))?.parse().ok()).collect()
}
