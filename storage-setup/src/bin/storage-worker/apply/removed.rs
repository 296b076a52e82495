//! Data loss: a volume or the pool goes. Only the very one that was consented to, only with our tag, never while mounted.

use std::path::Path;

use storage_setup::fullreport::FullReport;
use storage_setup::{LogicalVolume, Role};

use super::error::{ApplyError, changed, refused};
use super::{Change, Machine, files, mounts, store, volumes};
use crate::host::{Host, Number};

pub(super) fn volume(machine: &mut Machine<'_>, group: &str, volume: &str, uuid: &str) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let Some(found) = the_very(&report, group, volume, uuid)? else { return Ok(Change::Already) };
    match found.role {
        Role::Linear | Role::Thin { .. } => {}
        Role::Pool(_) | Role::Other => return refused(format!("{group}/{volume} is no plain or thin volume")),
    }
    if found.origin {
        return changed(format!("snapshots of {group}/{volume} would go with it"));
    }
    not_mounted(group, volume)?;
    remove(machine, group, volume)
}

/// `engine_stops`: dockerd runs on it; `records`: dockerd has had it.
pub(super) fn pool(
    machine: &mut Machine<'_>,
    (group, pool): (&str, &str),
    uuid: &str,
    (engine_stops, records): (bool, bool),
) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    if the_very(&report, group, pool, uuid)?.is_none() {
        return Ok(Change::Already);
    }
    // Each volume in it that was to go went by a step of its own.
    let in_pool = |volume: &LogicalVolume| matches!(&volume.role, Role::Thin { pool: its } if its == pool);
    let mut volumes = report.groups.get(group).into_iter().flat_map(|group| &group.volumes);
    if let Some((name, _)) = volumes.find(|(_, volume)| in_pool(volume)) {
        return changed(format!("there is a volume in the pool by now, {group}/{name}"));
    }
    if records {
        store::not_moved()?;
    }
    if engine_stops {
        mounts::stop_engine(machine)?;
    }
    // First: cut off after this the pool is still there, and its removal is planned again.
    if records {
        store::forget_pool(machine)?;
    }
    remove(machine, group, pool)
}

/// The pool's profile, when no other pool needs it.
pub(super) fn profile(machine: &mut Machine<'_>, path: Option<&str>) -> Result<Change, ApplyError> {
    let Some(path) = path.filter(|path| Path::new(path).exists()) else { return Ok(Change::Already) };
    let removed = || files::remove(Path::new(path)).map_err(|source| ApplyError::Remove { path: path.to_owned(), source });
    machine.effects.run(&format!("rm {path}"), removed)?;
    Ok(Change::Made)
}

fn the_very<'a>(report: &'a FullReport, group: &str, volume: &str, uuid: &str) -> Result<Option<&'a LogicalVolume>, ApplyError> {
    if !report.groups.contains_key(group) {
        return Ok(None);
    }
    match volumes::find(report, group, volume)? {
        Some(found) if found.uuid != uuid => changed(format!("{group}/{volume} is another one by now, with the UUID {}", found.uuid)),
        found => Ok(found),
    }
}

fn not_mounted(group: &str, volume: &str) -> Result<(), ApplyError> {
    let host = Host::read()?;
    let mount = Number::of_volume(group, volume).and_then(|number| host.mount_of(&number).cloned());
    match mount {
        Some(mount) => refused(format!("{group}/{volume} is mounted on {}", mount.point)),
        None => Ok(()),
    }
}

fn remove(machine: &mut Machine<'_>, group: &str, volume: &str) -> Result<Change, ApplyError> {
    machine.lvm(&["lvremove", "-y", &format!("{group}/{volume}")])?;
    Ok(Change::Made)
}
