//! Mount units started and removed, with the engine out of the way while the directory under it changes.
//!
//! Every wait has a limit. Nothing is started that did not run before: at boot the engine is ordered after the storage service, and
//! starting it from there would wait for ever.

use std::path::Path;
use std::time::Duration;

use storage_setup::Dockerd;
use storage_setup::mountinfo::is_below;
use storage_setup::render::mount_unit;
use systemd::{Systemd, SystemdError};

use super::error::{ApplyError, changed, refused};
use super::{Change, Machine, files};
use crate::bus;
use crate::host::Host;

const MOUNT_LIMIT: Duration = Duration::from_secs(90);
const ENGINE_LIMIT: Duration = Duration::from_mins(5);

/// Socket first: dockerd would be started again by the next client.
const ENGINE: [&str; 2] = ["docker.socket", "docker.service"];

pub(super) fn start(machine: &mut Machine<'_>, device: &str, mount: &str, unit: &str, dockerd: Dockerd) -> Result<Change, ApplyError> {
    let host = Host::read()?;
    let there = host.mounted_at(mount).map(Host::source);
    match there {
        Some(source) if source != device => return refused(format!("{source} is mounted on {mount}; unmount it first")),
        Some(_) | None => {}
    }
    if !Path::new(&mount_unit::path(mount)).exists() {
        return changed(format!("there is no {}", mount_unit::path(mount)));
    }
    job(machine, &format!("systemctl enable {unit}"), async |systemd| systemd.enable(&[unit]).await.map(drop))?;
    job(machine, "systemctl daemon-reload", Systemd::reload)?;
    if there.is_some() {
        return Ok(Change::Made);
    }
    around_engine(machine, dockerd, |machine| {
        job(machine, &format!("systemctl start {unit}"), async |systemd| systemd.start(unit, MOUNT_LIMIT).await)
    })?;
    Ok(Change::Made)
}

/// Mounts it anew where its options are not in force; with anything mounted below it, nobody else's is unmounted.
pub(super) fn again(
    machine: &mut Machine<'_>,
    device: &str,
    (mount, unit): (&str, &str),
    quota: bool,
    dockerd: Dockerd,
) -> Result<Change, ApplyError> {
    let host = Host::read()?;
    let Some(there) = host.mounted_at(mount) else { return start(machine, device, mount, unit, dockerd) };
    if Host::source(there) != device {
        return refused(format!("{} is mounted on {mount}; unmount it first", Host::source(there)));
    }
    if there.quota == quota {
        return Ok(Change::Already);
    }
    if let Some(inner) = host.mounts.iter().find(|other| is_below(&other.point, mount)) {
        return changed(format!("{} is mounted by now, below {mount}", inner.point));
    }
    job(machine, &format!("systemctl enable {unit}"), async |systemd| systemd.enable(&[unit]).await.map(drop))?;
    job(machine, "systemctl daemon-reload", Systemd::reload)?;
    around_engine(machine, dockerd, |machine| {
        job(machine, &format!("systemctl stop {unit}"), async |systemd| systemd.stop(unit, MOUNT_LIMIT).await)?;
        job(machine, &format!("systemctl start {unit}"), async |systemd| systemd.start(unit, MOUNT_LIMIT).await)
    })?;
    Ok(Change::Made)
}

pub(super) fn remove(machine: &mut Machine<'_>, mount: &str, unit: &str, path: &str, dockerd: Dockerd) -> Result<Change, ApplyError> {
    let text = std::fs::read_to_string(path).ok();
    let mounted = Host::read()?.mounted_at(mount).map(Host::source);
    let Some(text) = text else {
        return match mounted {
            Some(source) => refused(format!("{source} is still mounted on {mount}, but {path} is gone; unmount it")),
            None => Ok(Change::Already),
        };
    };
    let Some(stamped) = mount_unit::read(&text).filter(|stamped| stamped.mount == mount) else {
        return refused(format!("{path} was not written by us and is left alone"));
    };
    let device = mount_unit::device(&stamped.group, &stamped.volume);
    if let Some(other) = mounted.as_ref().filter(|source| **source != device) {
        return changed(format!("{other} is mounted on {mount} by now, and not {device}"));
    }
    // The engine comes back when the unit is gone: it requires what is mounted at its store, and would have it mounted again.
    let dockerd = if mounted.is_some() { dockerd } else { Dockerd::Untouched };
    around_engine(machine, dockerd, |machine| {
        if mounted.is_some() {
            job(machine, &format!("systemctl stop {unit}"), async |systemd| systemd.stop(unit, MOUNT_LIMIT).await)?;
        }
        forget(machine, unit, path)
    })?;
    Ok(Change::Made)
}

/// Removes the unit from systemd, and its file.
pub(super) fn forget(machine: &mut Machine<'_>, unit: &str, path: &str) -> Result<(), ApplyError> {
    job(machine, &format!("systemctl disable {unit}"), async |systemd| systemd.disable(&[unit]).await.map(drop))?;
    let removed = || files::remove(Path::new(path)).map_err(|source| ApplyError::Remove { path: path.to_owned(), source });
    machine.effects.run(&format!("rm {path}"), removed)?;
    job(machine, "systemctl daemon-reload", Systemd::reload)
}

fn job(machine: &mut Machine<'_>, what: &str, with: impl AsyncFnOnce(&Systemd) -> Result<(), SystemdError>) -> Result<(), ApplyError> {
    machine.effects.run(what, || Ok(bus::talk(with)?))
}

/// Stops what runs of the engine. It is not started again here.
pub(super) fn stop_engine(machine: &mut Machine<'_>) -> Result<(), ApplyError> {
    let ran = running_engine()?;
    stop(machine, &ran)
}

/// Stops what runs of the engine, does the work, and starts again what ran, also when the work failed: then it finds what it had.
fn around_engine(
    machine: &mut Machine<'_>,
    dockerd: Dockerd,
    work: impl FnOnce(&mut Machine<'_>) -> Result<(), ApplyError>,
) -> Result<(), ApplyError> {
    let stays_down = match dockerd {
        Dockerd::Untouched => return work(machine),
        Dockerd::Restarts => false,
        Dockerd::Stops => true,
    };
    let ran = running_engine()?;
    let done = stop(machine, &ran).and_then(|()| work(machine));
    if stays_down && done.is_ok() {
        return Ok(());
    }
    let started = ran
        .iter()
        .try_for_each(|unit| job(machine, &format!("systemctl start {unit}"), async |systemd| systemd.start(unit, ENGINE_LIMIT).await));
    done.and(started)
}

fn running_engine() -> Result<Vec<&'static str>, ApplyError> {
    let mut ran = Vec::new();
    for unit in ENGINE {
        if bus::is_up(unit)? {
            ran.push(unit);
        }
    }
    Ok(ran)
}

fn stop(machine: &mut Machine<'_>, units: &[&str]) -> Result<(), ApplyError> {
    units
        .iter()
        .try_for_each(|unit| job(machine, &format!("systemctl stop {unit}"), async |systemd| systemd.stop(unit, ENGINE_LIMIT).await))
}
