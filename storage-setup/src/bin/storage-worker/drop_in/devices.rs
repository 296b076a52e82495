//! The disks of `DEVS`: waited for, found by their names, and looked at as far as it matters.

use std::path::Path;
use std::time::{Duration, Instant};

use config::Bytes;
use storage_setup::blkid::PHYSICAL_VOLUME;
use storage_setup::fullreport::FullReport;
use storage_setup::legacy::{Found, LegacyDisk, Membership, Mode, Options, Part};

use super::error::DropInError;
use super::info;
use crate::apply::records::Known;
use crate::host::{Host, Node, Number};
use crate::observe::devices::{held, identity};
use crate::observe::signatures;
use crate::program::{Program, ProgramError};

/// What is needed to look at disks.
#[derive(Debug)]
pub(super) struct Eyes<'a> {
    pub(super) host: &'a Host,
    pub(super) report: &'a FullReport,
    pub(super) known: &'a Known,
}

/// Waits for devices that are not there yet, with the shell tool's words. One that does not come is found missing afterwards.
pub(super) fn wait(options: &Options) {
    let patience = options.patience();
    for word in &options.devices {
        let path = if word.starts_with('/') { word.clone() } else { format!("/dev/{word}") };
        let there = || candidates(word, options.mode).iter().any(|path| matches!(Node::at(path), Ok(Node::Block(_))));
        // What is there and is no block device does not become one.
        if patience == 0 || there() || Path::new(word).exists() {
            continue;
        }
        wait_for(&path, patience, there);
    }
}

/// Says how long it still waits, every five seconds.
pub(super) fn wait_for(path: &str, patience: u64, there: impl Fn() -> bool) {
    const STEP: u64 = 5;
    let mut left = patience;
    while left > 0 {
        info(format!("Waiting for device {path} to be available. Wait time remaining is {left} seconds"));
        let until = Instant::now() + Duration::from_secs(left.min(STEP));
        while Instant::now() < until {
            if there() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        left = left.saturating_sub(STEP);
    }
    info(format!("Timed out waiting for device {path}"));
}

/// `sdb` is /dev/sdb where the file is of docker-storage-setup.
fn candidates(word: &str, mode: Mode) -> Vec<String> {
    match mode {
        Mode::Compat => vec![word.to_owned(), format!("/dev/{word}")],
        Mode::Create => vec![word.to_owned()],
    }
}

/// What is at each word of `DEVS`.
pub(super) fn look(options: &Options, eyes: &Eyes<'_>) -> Result<Vec<(String, Found)>, DropInError> {
    options.devices.iter().map(|word| Ok((word.clone(), found(word, options, eyes)?))).collect()
}

fn found(word: &str, options: &Options, eyes: &Eyes<'_>) -> Result<Found, DropInError> {
    let path = match options.mode {
        Mode::Compat => {
            let link = Path::new(word).is_symlink();
            let target = if link { std::fs::canonicalize(word).ok() } else { Some(word.into()) };
            let Some(target) = target.and_then(|target| target.to_str().map(str::to_owned)) else { return Ok(Found::Broken) };
            if matches!(Node::at(&target), Ok(Node::Block(_))) { target } else { format!("/dev/{target}") }
        }
        Mode::Create => match std::fs::canonicalize(word).ok().and_then(|target| target.to_str().map(str::to_owned)) {
            Some(target) => target,
            None => return Ok(Found::Broken),
        },
    };
    let Node::Block(number) = Node::at(&path).unwrap_or(Node::Missing) else { return Ok(Found::Missing { path }) };
    if number.attribute("partition").is_some() || is_made_of_others(&number) {
        return Ok(Found::Partition);
    }
    Ok(Found::Disk(Box::new(disk(path, &number, options.wipes(), eyes)?)))
}

/// Volumes of LVM, RAID and encrypted devices; a multipath device is a disk.
fn is_made_of_others(number: &Number) -> bool {
    let below = std::fs::read_dir(number.sysfs().join("slaves")).is_ok_and(|mut entries| entries.next().is_some());
    below && !number.is_multipath()
}

fn disk(path: String, number: &Number, wipes: bool, eyes: &Eyes<'_>) -> Result<LegacyDisk, DropInError> {
    let node = number.node().unwrap_or_else(|| path.clone());
    let identity = identity(number, &node);
    let size = number.size().unwrap_or_default();
    let numbers = number.partitions();
    let intended = eyes.known.intents.group_of(&identity, size).map(str::to_owned);
    let parts: Vec<Part> = numbers.iter().map(|part| self::part(part, eyes.report, intended.is_some())).collect();
    let mut disk = LegacyDisk {
        wiped: false,
        read_only: number.figure("ro") == Some(1),
        member: member(number, eyes.report, intended.is_some()),
        intended,
        held: None,
        signature: None,
        unreadable: None,
        path,
        node,
        identity,
        size,
        parts,
    };
    let is_member = |member: &Membership| matches!(member, Membership::Of(_));
    if is_member(&disk.member) || disk.parts.iter().any(|part| is_member(&part.member)) {
        return Ok(disk);
    }
    let all = std::iter::once(number).chain(&numbers);
    disk.held = all.filter_map(|number| held(number, &number.node()?, eyes.host)).next();
    if size.0 == 0 {
        disk.unreadable = Some("the kernel says that it has no size".to_owned());
    } else if number.is_multipath() {
        // kpartx, and not the kernel, would have to show what sfdisk makes.
        disk.unreadable =
            Some("it is a multipath device; make it a physical volume of the group by hand, as it is or by a partition".to_owned());
    } else if disk.held.is_none() {
        if wipes {
            disk.wiped = signatures::wiped(number, &disk.identity, eyes.known.wipes.as_ref());
        }
        let failed = look_into(&mut disk, wipes).err().map(|error| crate::events::chain(&error));
        disk.unreadable = failed.or_else(|| if wipes { unseen_partitions(&disk) } else { None });
    }
    Ok(disk)
}

/// The disk's own signature, and those of partitions which are about to be wiped or which a run of ours may have made.
fn look_into(disk: &mut LegacyDisk, wipes: bool) -> Result<(), ProgramError> {
    if wipes || disk.parts.is_empty() {
        disk.signature = counting(&disk.node)?;
        if disk.intended.is_some() && disk.parts.is_empty() && is_torn_table(&disk.node)? {
            disk.signature = None;
        }
    }
    if wipes || (disk.intended.is_some() && disk.parts.len() == 1) {
        for part in &mut disk.parts {
            part.signature = counting(&part.node)?;
        }
    }
    Ok(())
}

/// A loop device's partitions are shown by the kernel only where it was asked to look; a group may stand on one. Those of a table that a
/// run of ours has just made do not count.
fn unseen_partitions(disk: &LegacyDisk) -> Option<String> {
    if disk.intended.is_some() || !disk.parts.is_empty() || disk.signature.is_none() {
        return None;
    }
    let node = disk.node.as_str();
    match Program::new("sfdisk", &["--dump", node]).run() {
        // Otherwise it says that it knows no table.
        Ok(said) if said.stdout.lines().any(|line| line.starts_with(node)) => Some(format!(
            "it has partitions that the kernel does not show; let it look with partx -a {node}, or wipe them with wipefs -a {node}"
        )),
        Ok(_) => None,
        Err(error) => Some(crate::events::chain(&error)),
    }
}

/// Nothing but parts of a table, without a partition that the kernel shows: a run of ours was cut off by the power while it wrote it.
fn is_torn_table(node: &str) -> Result<bool, ProgramError> {
    Ok(signatures::on(node)?.iter().all(signatures::Signature::is_table))
}

/// LVM's where there are several: a group may stand on it.
fn counting(node: &str) -> Result<Option<(String, String)>, ProgramError> {
    let found = signatures::on(node)?;
    let counts = found.iter().find(|signature| signature.kind == PHYSICAL_VOLUME).or(found.first());
    Ok(counts.map(|signature| (signature.kind.clone(), signature.offset.clone())))
}

fn part(number: &Number, report: &FullReport, ours: bool) -> Part {
    let node = number.node().unwrap_or_default();
    Part { member: member(number, report, ours), size: number.size().unwrap_or(Bytes(0)), node, signature: None }
}

/// By LVM's own report; names are compared by what they lead to. A member whose group LVM does not see is free only when a run of ours
/// took it.
fn member(number: &Number, report: &FullReport, ours: bool) -> Membership {
    let leads_here = |node: &String| matches!(Node::at(node), Ok(Node::Block(found)) if found == *number);
    for (name, group) in &report.groups {
        if group.members.iter().any(|member| leads_here(&member.node)) {
            return Membership::Of(name.clone());
        }
    }
    let free = report.orphans.iter().any(leads_here) || (ours && report.half_members.iter().any(leads_here));
    if free { Membership::Orphan } else { Membership::None }
}
