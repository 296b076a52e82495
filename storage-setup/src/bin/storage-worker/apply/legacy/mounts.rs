//! Mounts of the drop-in's volumes: direct ones with quotas, or by the unit that the shell tool writes.

use std::path::Path;
use std::time::Duration;

use nix::mount::{MsFlags, umount};
use storage_setup::render::mount_unit;
use storage_setup::{Dockerd, dm_name, stamp};

use super::super::error::{ApplyError, changed, refused};
use super::super::{Change, Machine, mounts};
use super::volumes;
use crate::bus;
use crate::host::{Host, Number};
use crate::program::Program;

const LIMIT: Duration = Duration::from_mins(30);

pub(super) fn mount(machine: &mut Machine<'_>, group: &str, volume: &str, point: &str, labels: bool) -> Result<Change, ApplyError> {
    let source = format!("/dev/{group}/{volume}");
    let there = Host::read()?.mounted_at(point).map(Host::source);
    if let Some(other) = there.as_ref().filter(|other| **other != source) {
        return refused(format!("{other} is mounted on {point}; unmount it first"));
    }
    if there.is_none() {
        let Some(node) = Number::of_volume(group, volume).and_then(|number| number.node()) else {
            return changed(format!("{group}/{volume} is not active"));
        };
        // By the name that people and findmnt(8) know, where udev made it.
        let named = format!("/dev/mapper/{}", dm_name::of(group, volume));
        let node = if Path::new(&named).exists() { named } else { node };
        directory(point)?;
        let failed = |source| ApplyError::Mount { point: point.to_owned(), source };
        machine.effects.run(&format!("mount -o pquota {source} {point}"), || {
            nix::mount::mount(Some(node.as_str()), point, Some("xfs"), MsFlags::empty(), Some("pquota")).map_err(failed)
        })?;
    }
    relabel(machine, (group, volume), point, labels)?;
    Ok(Change::Made)
}

pub(super) fn start(machine: &mut Machine<'_>, group: &str, volume: &str, point: &str, labels: bool) -> Result<Change, ApplyError> {
    directory(point)?;
    let (device, unit) = (mount_unit::device(group, volume), mount_unit::name(point));
    mounts::start(machine, &device, point, &unit, Dockerd::Untouched)?;
    relabel(machine, (group, volume), point, labels)?;
    Ok(Change::Made)
}

pub(super) fn unmount(machine: &mut Machine<'_>, source: &str, point: &str) -> Result<Change, ApplyError> {
    if Host::read()?.mounted_at(point).map(Host::source).as_deref() != Some(source) {
        return Ok(Change::Already);
    }
    let failed = |source| ApplyError::Mount { point: point.to_owned(), source };
    machine.effects.run(&format!("umount {point}"), || umount(point).map_err(failed))?;
    Ok(Change::Made)
}

pub(super) fn remove_unit(machine: &mut Machine<'_>, point: &str) -> Result<Change, ApplyError> {
    let unit = mount_unit::name(point);
    if Host::read()?.mounted_at(point).is_some() {
        let stopped = || Ok(bus::talk(async |systemd| systemd.stop(&unit, LIMIT).await)?);
        machine.effects.run(&format!("systemctl stop {unit}"), stopped)?;
    }
    mounts::forget(machine, &unit, &mount_unit::path(point))?;
    Ok(Change::Made)
}

fn directory(point: &str) -> Result<(), ApplyError> {
    std::fs::create_dir_all(Path::new(point)).map_err(|source| ApplyError::Write { path: point.to_owned(), source })
}

/// A new file system has no label of its own. It is marked until it has: a run may be cut off between the mount and this.
fn relabel(machine: &mut Machine<'_>, (group, volume): (&str, &str), point: &str, labels: bool) -> Result<(), ApplyError> {
    if !labels {
        return Ok(());
    }
    machine.program(&Program::new("restorecon", &["-R", point]).limit(LIMIT))?;
    if volumes::find(machine, group, volume)?.is_some_and(|found| stamp::is_unlabelled(&found.tags)) {
        machine.lvm(&["lvchange", "--deltag", stamp::UNLABELLED, &format!("{group}/{volume}")])?;
    }
    Ok(())
}
