//! Volumes of ours that are there: found, activated, grown.

use config::Bytes;
use storage_setup::fullreport::FullReport;
use storage_setup::{LogicalVolume, Role, stamp};

use super::error::{ApplyError, changed, refused};
use super::{Change, Machine, created};
use crate::host::Number;

/// The volume, which must carry our tag.
pub(super) fn ours<'a>(report: &'a FullReport, group: &str, volume: &str) -> Result<&'a LogicalVolume, ApplyError> {
    match find(report, group, volume)? {
        Some(found) => Ok(found),
        None => changed(format!("there is no volume {group}/{volume}")),
    }
}

/// The volume if it is there; an error when it is there and not ours.
pub(super) fn find<'a>(report: &'a FullReport, group: &str, volume: &str) -> Result<Option<&'a LogicalVolume>, ApplyError> {
    let Some(in_group) = report.groups.get(group) else {
        return changed(format!("there is no group {group}"));
    };
    match in_group.volumes.get(volume) {
        Some(found) if !stamp::is_ours(&found.tags) => {
            refused(format!("{group}/{volume} was not made by us (it has no tag {}) and is left alone", stamp::OURS))
        }
        found => Ok(found),
    }
}

pub(super) fn activate(machine: &mut Machine<'_>, group: &str, volume: &str) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let found = ours(&report, group, volume)?;
    if found.active {
        return Ok(Change::Already);
    }
    free_parts(machine, group, volume, &found.role)?;
    let name = format!("{group}/{volume}");
    match (machine.lvm_in_kernel(&["lvchange", "-a", "y", &name]), &found.role) {
        (Err(error), Role::Thin { pool }) if stamp::is_unformatted(&found.tags) && is_unknown_to_the_pool(&error) => {
            make_anew(machine, (group, volume), pool, found, extent_of(&report, group))?;
        }
        (done, _) => done?,
    }
    Ok(Change::Made)
}

/// An lvcreate that was killed may leave a part of the pool active, which it was wiping; LVM makes no such pool active.
pub(super) fn free_parts(machine: &mut Machine<'_>, group: &str, volume: &str, role: &Role) -> Result<(), ApplyError> {
    if matches!(role, Role::Pool(_)) {
        for part in ["tmeta", "tdata"].map(|part| format!("{volume}_{part}")) {
            if Number::of_volume(group, &part).is_some() {
                machine.lvm_in_kernel(&["lvchange", "-a", "n", &format!("{group}/{part}")])?;
            }
        }
    }
    Ok(())
}

/// ENODATA, as LVM prints it: the kernel's pool has no thin device of that number. Whatever else keeps a volume from being made active, it
/// may come back.
fn is_unknown_to_the_pool(error: &ApplyError) -> bool {
    crate::events::chain(error).contains("No data available")
}

/// An lvcreate that was killed may leave a thin volume that the kernel's pool was never told of. Nothing is on it; its removal has LVM
/// tell the kernel first.
fn make_anew(
    machine: &mut Machine<'_>,
    (group, volume): (&str, &str),
    pool: &str,
    found: &LogicalVolume,
    extent: Bytes,
) -> Result<(), ApplyError> {
    machine.lvm(&["lvremove", "-y", &format!("{group}/{volume}")])?;
    let asked = stamp::asked_text(&found.tags).unwrap_or_default();
    created::create(machine, group, volume, Some(pool), (found.extents, extent), asked).map(drop)
}

fn extent_of(report: &FullReport, group: &str) -> Bytes {
    report.groups.get(group).map(|found| found.extent).unwrap_or_default()
}

/// A pool's data, a thin volume's virtual size or a plain volume; then the tag that says what was asked.
pub(super) fn grow(machine: &mut Machine<'_>, group: &str, volume: &str, to: u64, asked: &str) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let found = ours(&report, group, volume)?;
    let name = format!("{group}/{volume}");
    let mut change = Change::Already;
    if found.extents < to {
        machine.lvm(&["lvextend", "-l", &to.to_string(), &name])?;
        change = Change::Made;
    }
    Ok(change.or(record(machine, found, &name, asked)?))
}

/// Only the tag that says what was asked.
pub(super) fn record_size(machine: &mut Machine<'_>, group: &str, volume: &str, asked: &str) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    record(machine, ours(&report, group, volume)?, &format!("{group}/{volume}"), asked)
}

fn record(machine: &mut Machine<'_>, found: &LogicalVolume, name: &str, asked: &str) -> Result<Change, ApplyError> {
    if stamp::asked_text(&found.tags) == Some(asked) {
        return Ok(Change::Already);
    }
    let wanted = stamp::asked_tag(asked);
    let old = stamp::asked_text(&found.tags).map(stamp::asked_tag);
    let mut words = vec!["lvchange", "--addtag", &wanted];
    if let Some(old) = &old {
        words.extend(["--deltag", old]);
    }
    words.push(name);
    machine.lvm(&words)?;
    Ok(Change::Made)
}
