//! The drop-in's pool and volumes. They carry the agent's stamp; those that the shell tool made do not, and are its own by their names.

use config::KIB;
use storage_setup::legacy::Deed;
use storage_setup::{LogicalVolume, Role, stamp};

use super::super::error::{ApplyError, changed, refused};
use super::super::volumes::free_parts;
use super::super::{Change, Machine, files, pool};

pub(super) fn create_pool(machine: &mut Machine<'_>, deed: &Deed) -> Result<Change, ApplyError> {
    let Deed::CreatePool { group, pool, data, metadata, chunk, profile, asked, on_demand } = deed else { return Ok(Change::Already) };
    let (data, chunk, metadata) = (data.to_string(), format!("{}k", chunk.0 / KIB), format!("{}b", metadata.0));
    let tags = stamp::of_pool(asked, true);
    let mut words = vec!["lvcreate", "--type", "thin-pool", "--zero", "n", "-c", &chunk, "--poolmetadatasize", &metadata];
    if let Some(profile) = profile {
        // From the first table on, so that the kernel's low-water mark is set.
        words.extend(["--metadataprofile", profile]);
    }
    for tag in &tags {
        words.extend(["--addtag", tag]);
    }
    words.extend(["-l", &data, "-n", pool, "-y", group]);
    machine.lvm(&words)?;
    if *on_demand {
        machine.lvm(&["lvchange", "-k", "y", &format!("{group}/{pool}")])?;
    }
    Ok(Change::Made)
}

/// A pool that has gone or is inactive gets its table with the profile when it comes.
pub(super) fn renew_profile(machine: &mut Machine<'_>, (group, name): (&str, &str), path: &str, text: &str) -> Result<Change, ApplyError> {
    let from = files::text_of(path)?;
    if find(machine, group, name)?.is_some_and(|found| found.active) {
        pool::renew(machine, &format!("{group}/{name}"), path, from.as_deref(), text)
    } else {
        files::write(machine, path, from.as_deref(), text)
    }
}

pub(super) fn set_profile(machine: &mut Machine<'_>, group: &str, name: &str, profile: Option<&str>) -> Result<Change, ApplyError> {
    let found = find(machine, group, name)?;
    let Some(LogicalVolume { role: Role::Pool(state), active, .. }) = &found else {
        return changed(format!("there is no thin pool {group}/{name}"));
    };
    if state.profile.as_deref() == profile {
        return Ok(Change::Already);
    }
    let name = format!("{group}/{name}");
    let Some(profile) = profile else {
        machine.lvm(&["lvchange", "--detachprofile", &name])?;
        if *active {
            // The low-water mark is part of the kernel's table, which lvchange leaves as it was.
            machine.lvm_in_kernel(&["lvchange", "--refresh", &name])?;
        }
        return Ok(Change::Made);
    };
    pool::attach(machine, &name, profile, *active)?;
    Ok(Change::Made)
}

pub(super) fn mark(machine: &mut Machine<'_>, group: &str, volume: &str, tag: &str, drop: &[String]) -> Result<Change, ApplyError> {
    let name = format!("{group}/{volume}");
    let mut words = vec!["lvchange", "--addtag", tag];
    for old in drop {
        words.extend(["--deltag", old]);
    }
    words.push(&name);
    machine.lvm(&words)?;
    Ok(Change::Made)
}

pub(super) fn activate(machine: &mut Machine<'_>, group: &str, volume: &str, on_demand: bool) -> Result<Change, ApplyError> {
    match find(machine, group, volume)? {
        None => return changed(format!("there is no volume {group}/{volume}")),
        Some(found) if found.active => return Ok(Change::Already),
        Some(found) => free_parts(machine, group, volume, &found.role)?,
    }
    let name = format!("{group}/{volume}");
    let mut words = vec!["lvchange", "-a", "y"];
    if on_demand {
        words.push("-K");
    }
    words.push(&name);
    machine.lvm_in_kernel(&words)?;
    Ok(Change::Made)
}

pub(super) fn deactivate(machine: &mut Machine<'_>, group: &str, volume: &str) -> Result<Change, ApplyError> {
    if find(machine, group, volume)?.is_none_or(|found| !found.active) {
        return Ok(Change::Already);
    }
    machine.lvm_in_kernel(&["lvchange", "-a", "n", &format!("{group}/{volume}")])?;
    Ok(Change::Made)
}

/// LVM refuses one that is in use.
pub(super) fn remove(machine: &mut Machine<'_>, group: &str, volume: &str) -> Result<Change, ApplyError> {
    let Some(found) = find(machine, group, volume)? else { return Ok(Change::Already) };
    match found.role {
        Role::Linear | Role::Thin { .. } | Role::Pool(_) => {}
        Role::Other => return refused(format!("{group}/{volume} is no volume that this program makes")),
    }
    if found.origin {
        return refused(format!("snapshots of {group}/{volume} would go with it; remove them first"));
    }
    machine.lvm(&["lvremove", "-y", &format!("{group}/{volume}")])?;
    Ok(Change::Made)
}

pub(super) fn find(machine: &mut Machine<'_>, group: &str, volume: &str) -> Result<Option<LogicalVolume>, ApplyError> {
    Ok(machine.report()?.groups.get(group).and_then(|group| group.volumes.get(volume)).cloned())
}
