//! What is found at the paths of `storage.devices`: which disk, and what is on it.

use std::path::Path;
use std::time::Duration;

use config::Bytes;
use storage_setup::blkid::{self, HIDDEN_BY_LVM, PHYSICAL_VOLUME, Signatures};
use storage_setup::fullreport::FullReport;
use storage_setup::{Device, Disk, DiskUse};

use crate::apply::records::Known;
use crate::host::{Host, HostError, Node, Number, text};
use crate::observe::signatures;
use crate::program::{Program, ProgramError};

/// Looks at one path.
pub(crate) fn device(path: &str, host: &Host, report: &FullReport, known: &Known) -> Result<Device, HostError> {
    let number = match Node::at(path)? {
        Node::Missing => return Ok(Device::Missing),
        Node::NotBlock => return Ok(Device::NotBlock),
        Node::Block(number) => number,
    };
    if number.attribute("partition").is_some() {
        return Ok(Device::Partition);
    }
    let node = number.node().unwrap_or_else(|| path.to_owned());
    let identity = identity(&number, &node);
    let size = number.size().unwrap_or_default();
    let intended = known.intents.group_of(&identity, size).map(str::to_owned);
    let read_only = number.figure("ro") == Some(1);
    let use_ = disk_use(&number, (&node, size), host, report, intended.is_some());
    let wiped = signatures::wiped(&number, &identity, known.wipes.as_ref());
    Ok(Device::Disk(Disk { node, identity, size, read_only, use_, intended, wiped }))
}

/// Stable over reboots where the disk has something stable to say.
pub(crate) fn identity(number: &Number, node: &str) -> String {
    for attribute in ["wwid", "device/wwid"] {
        if let Some(wwid) = number.attribute(attribute) {
            return format!("wwn:{}", one_word(&wwid));
        }
    }
    for attribute in ["serial", "device/serial"] {
        if let Some(serial) = number.attribute(attribute) {
            return format!("serial:{}", one_word(&serial));
        }
    }
    // A multipath device has the disk's WWN in its own UUID.
    if let Some(uuid) = number.attribute("dm/uuid") {
        return format!("dm:{}", one_word(&uuid));
    }
    by_path(number).map_or_else(|| node.to_owned(), |name| format!("path:{name}"))
}

/// SCSI pads its texts with blanks.
fn one_word(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("_")
}

fn by_path(number: &Number) -> Option<String> {
    let entries = std::fs::read_dir("/dev/disk/by-path").ok()?;
    let leads_here = |path: &Path| matches!(Node::at(&path.to_string_lossy()), Ok(Node::Block(found)) if found == *number);
    let links = entries.flatten().filter(|entry| leads_here(&entry.path()));
    links.map(|entry| entry.file_name().to_string_lossy().into_owned()).min()
}

/// `ours`: a run that was cut off left it on record.
fn disk_use(number: &Number, (node, size): (&str, Bytes), host: &Host, report: &FullReport, ours: bool) -> DiskUse {
    if let Some(member) = membership(number, report, ours) {
        return member;
    }
    // docker-storage-setup lays disks out with one partition, which is the member; the disk is in the group all the same.
    if let Some(member) = number.partitions().iter().filter_map(|part| membership(part, report, ours)).find(is_of_group) {
        return member;
    }
    if let Some(holder) = held(number, node, host) {
        return DiskUse::Held(holder);
    }
    if let Some(user) = partition_in_use(number, host) {
        return DiskUse::Held(user);
    }
    if size.0 == 0 {
        return DiskUse::Unreadable("the kernel says that it has no size: no medium, or not connected".to_owned());
    }
    let unreadable = |error| DiskUse::Unreadable(crate::events::chain(&error));
    let found = match probed(node) {
        Ok(found) => found,
        Err(error) => return unreadable(error),
    };
    let parts = number.partitions();
    if !ours && (found != Signatures::default() || !parts.is_empty()) {
        match is_hidden(number, &parts, report) {
            Ok(false) => {}
            Ok(true) => return DiskUse::Held(HIDDEN_BY_LVM.to_owned()),
            Err(error) => return unreadable(error),
        }
    }
    match found {
        Signatures { content: Some(content), .. } => DiskUse::Signature(content),
        Signatures { content: None, table: Some(table) } => DiskUse::Partitioned(table),
        // The kernel still has partitions of a table that somebody wiped: they may be in use.
        Signatures { content: None, table: None } if !parts.is_empty() => DiskUse::Partitioned("wiped, but still in use".to_owned()),
        // blkid names nothing whose checksum is wrong, nor half a table; it may be somebody's data all the same.
        Signatures { content: None, table: None } => match signatures::on(node) {
            Ok(found) => found.into_iter().next().map_or(DiskUse::Empty, |signature| {
                if signature.is_table() { DiskUse::Partitioned(signature.kind) } else { DiskUse::Signature(signature.kind) }
            }),
            Err(error) => unreadable(error),
        },
    }
}

/// Whether LVM's label is on the disk or on a partition of it that LVM's report does not have.
fn is_hidden(disk: &Number, parts: &[Number], report: &FullReport) -> Result<bool, ProgramError> {
    let unknown = std::iter::once(disk).chain(parts).filter(|number| membership(number, report, false).is_none());
    for node in unknown.filter_map(Number::node) {
        if signatures::on(&node)?.iter().any(|signature| signature.kind == PHYSICAL_VOLUME) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_of_group(found: &DiskUse) -> bool {
    matches!(found, DiskUse::Member { .. })
}

/// By LVM's own report; names are compared by what they lead to. A member whose group LVM does not see is free only when a run of ours
/// took it.
fn membership(number: &Number, report: &FullReport, ours: bool) -> Option<DiskUse> {
    let leads_here = |node: &String| matches!(Node::at(node), Ok(Node::Block(found)) if found == *number);
    for (name, group) in &report.groups {
        if group.members.iter().any(|member| leads_here(&member.node)) {
            return Some(DiskUse::Member { group: name.clone() });
        }
    }
    let free = report.orphans.iter().any(leads_here) || (ours && report.half_members.iter().any(leads_here));
    free.then_some(DiskUse::OrphanMember)
}

pub(crate) fn held(number: &Number, node: &str, host: &Host) -> Option<String> {
    if let Some(mount) = host.mount_of(number) {
        return Some(format!("mounted on {}", mount.point));
    }
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_default();
    if swaps.lines().any(|line| line.split_whitespace().next() == Some(node)) {
        return Some("swap".to_owned());
    }
    if let Some(holder) = first_entry(&number.sysfs().join("holders")) {
        let name = text(&Path::new("/sys/block").join(&holder).join("dm/name"));
        return Some(name.unwrap_or(holder));
    }
    // A volume of LVM, an encrypted or a RAID device stands on disks of its own; only multipath devices are disks.
    if let Some(uuid) = number.attribute("dm/uuid") {
        return (!uuid.starts_with("mpath-")).then(|| "device-mapper, it is not a disk itself".to_owned());
    }
    number.attribute("md/level").map(|_| "md, it is a RAID array and not a disk itself".to_owned())
}

/// The first partition that is mounted, swapped to, or held.
fn partition_in_use(number: &Number, host: &Host) -> Option<String> {
    number.partitions().into_iter().find_map(|partition| {
        let node = partition.node()?;
        held(&partition, &node, host).map(|user| format!("{user}, by its partition {node}"))
    })
}

fn first_entry(directory: &Path) -> Option<String> {
    let entries = std::fs::read_dir(directory).ok()?;
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).min()
}

/// What blkid finds on a device by reading it.
pub(crate) fn probed(node: &str) -> Result<Signatures, ProgramError> {
    const NOTHING: i32 = 2;
    const AMBIVALENT: i32 = 8;
    let program = Program::new("blkid", &["-p", "-o", "export", node]).limit(Duration::from_secs(30));
    let ended = program.run()?.expect(&[0, NOTHING, AMBIVALENT])?;
    if ended.code == Some(AMBIVALENT) {
        return Ok(Signatures { content: Some("several signatures at once".to_owned()), table: None });
    }
    // It ends with the same code when it could not read the device, but then it says so.
    if ended.code == Some(NOTHING) && !ended.stderr.trim().is_empty() {
        ended.expect(&[0])?;
        return Ok(Signatures::default());
    }
    Ok(blkid::parse(&ended.stdout))
}
