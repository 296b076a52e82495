//! The thin pool: made with its profile, so that the kernel's low-water mark is set from the first table on.

use std::path::Path;

use config::{Bytes, KIB};
use storage_setup::render::profile as form;
use storage_setup::{Role, stamp};

use super::error::{ApplyError, changed, refused};
use super::{Change, Machine, files, volumes};

/// A pool to be made, sizes in extents.
#[derive(Debug)]
pub(super) struct NewPool<'a> {
    pub(super) group: &'a str,
    pub(super) pool: &'a str,
    pub(super) data: u64,
    pub(super) metadata: u64,
    pub(super) chunk: Bytes,
    pub(super) profile: &'a str,
    pub(super) asked: &'a str,
    pub(super) engines: bool,
    pub(super) extent: Bytes,
}

pub(super) fn create(machine: &mut Machine<'_>, new: &NewPool<'_>) -> Result<Change, ApplyError> {
    let NewPool { group, pool, data, metadata, chunk, profile, asked, engines, extent } = *new;
    if let Some(found) = volumes::find(&machine.report()?, group, pool)? {
        return match found.role {
            Role::Pool(_) => Ok(Change::Already),
            Role::Linear | Role::Thin { .. } | Role::Other => refused(format!("{group}/{pool} is there and is no thin pool")),
        };
    }
    check_profile(profile)?;
    let Some(metadata) = Bytes::of_extents(metadata, extent) else {
        return refused(format!("{metadata} extents of {extent} are more than LVM can count"));
    };
    let (chunk, metadata, data) = (format!("{}k", chunk.0 / KIB), format!("{}b", metadata.0), data.to_string());
    let tags = stamp::of_pool(asked, engines);
    // Without zeroing, as docker-storage-setup: the engine and thin volumes' file systems never read what they have not written.
    // LVM adds the spare metadata volume itself.
    let mut words = vec!["lvcreate", "--type", "thin-pool", "--zero", "n", "-c", &chunk, "--poolmetadatasize", &metadata];
    words.extend(["--metadataprofile", profile, "-l", &data, "-n", pool]);
    for tag in &tags {
        words.extend(["--addtag", tag]);
    }
    words.extend(["-y", group]);
    machine.lvm(&words)?;
    Ok(Change::Made)
}

/// The tags are put on by one command, so that a pool has all of them or none.
pub(super) fn adopt(machine: &mut Machine<'_>, (group, pool): (&str, &str), uuid: &str, tags: &[String]) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let found = report.groups.get(group).and_then(|group| group.volumes.get(pool));
    let Some(found) = found.filter(|found| found.uuid == uuid && matches!(found.role, Role::Pool(_))) else {
        return changed(format!("{group}/{pool} is not the pool that it was"));
    };
    if tags.iter().all(|tag| found.tags.contains(tag)) {
        return Ok(Change::Already);
    }
    if stamp::is_ours(&found.tags) {
        return changed(format!("{group}/{pool} carries our tags by now"));
    }
    let mut words = vec!["lvchange"];
    for tag in tags {
        words.extend(["--addtag", tag]);
    }
    let name = format!("{group}/{pool}");
    words.push(&name);
    machine.lvm(&words)?;
    Ok(Change::Made)
}

pub(super) fn grow_metadata(machine: &mut Machine<'_>, group: &str, pool: &str, to: u64, extent: Bytes) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    match &volumes::ours(&report, group, pool)?.role {
        Role::Pool(state) if state.metadata >= to => return Ok(Change::Already),
        Role::Pool(_) => {}
        Role::Linear | Role::Thin { .. } | Role::Other => return refused(format!("{group}/{pool} is no thin pool")),
    }
    let Some(size) = Bytes::of_extents(to, extent) else {
        return refused(format!("{to} extents of {extent} are more than LVM can count"));
    };
    machine.lvm(&["lvextend", "--poolmetadatasize", &format!("{}b", size.0), &format!("{group}/{pool}")])?;
    Ok(Change::Made)
}

pub(super) fn attach_profile(machine: &mut Machine<'_>, group: &str, pool: &str, profile: &str) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let found = volumes::ours(&report, group, pool)?;
    match &found.role {
        Role::Pool(state) if state.profile.as_deref() == Some(profile) => return Ok(Change::Already),
        Role::Pool(_) => {}
        Role::Linear | Role::Thin { .. } | Role::Other => return refused(format!("{group}/{pool} is no thin pool")),
    }
    let active = found.active;
    check_profile(profile)?;
    attach(machine, &format!("{group}/{pool}"), profile, active)?;
    Ok(Change::Made)
}

/// The profile says of itself that the table is behind until that is loaded: cut off in between, the next plan renews it.
pub(super) fn attach(machine: &mut Machine<'_>, name: &str, profile: &str, active: bool) -> Result<(), ApplyError> {
    let words = ["lvchange", "--metadataprofile", profile, name];
    let path = path_of(profile);
    match files::text_of(&path)? {
        Some(text) if active => {
            files::write(machine, &path, Some(&text), &form::pending(&text))?;
            machine.lvm(&words)?;
            settle(machine, name, &path, form::settled(&text))
        }
        Some(_) | None => machine.lvm(&words),
    }
}

/// A pool that has gone or is inactive gets its table with the profile when it comes.
pub(super) fn renew_profile(
    machine: &mut Machine<'_>,
    (group, pool): (&str, &str),
    path: &str,
    from: Option<&str>,
    text: &str,
) -> Result<Change, ApplyError> {
    if files::text_of(path)?.as_deref() == Some(text) {
        return Ok(Change::Already);
    }
    let active = volumes::find(&machine.report()?, group, pool)?.is_some_and(|found| found.active);
    if !active {
        return files::write(machine, path, from, text);
    }
    renew(machine, &format!("{group}/{pool}"), path, from, text)
}

/// Writes the profile and loads the table of an active pool with it.
pub(super) fn renew(machine: &mut Machine<'_>, name: &str, path: &str, from: Option<&str>, text: &str) -> Result<Change, ApplyError> {
    files::write(machine, path, from, &form::pending(text))?;
    settle(machine, name, path, text)?;
    Ok(Change::Made)
}

/// The low-water mark is part of the kernel's table, which lvchange leaves as it was.
fn settle(machine: &mut Machine<'_>, name: &str, path: &str, text: &str) -> Result<(), ApplyError> {
    machine.lvm_in_kernel(&["lvchange", "--refresh", name])?;
    files::write(machine, path, Some(&form::pending(text)), text).map(drop)
}

fn path_of(profile: &str) -> String {
    format!("/etc/lvm/profile/{profile}.profile")
}

/// LVM says of an absent profile only that it failed to load it.
fn check_profile(profile: &str) -> Result<(), ApplyError> {
    let path = path_of(profile);
    if Path::new(&path).is_file() { Ok(()) } else { refused(format!("there is no {path}, which says when the pool grows")) }
}
