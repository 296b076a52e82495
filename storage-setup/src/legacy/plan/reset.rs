//! `--reset` and `remove`: what was made goes, data included. Group and disks stay, but for those that `create` made.

use super::lifecycle::{free, unmounts};
use super::volumes::DOCKER_ROOT;
use super::{Deed, Plan, Task, compat};
use crate::legacy::{Metadata, Options, Refusal, Seen, current_options, thin_pool};
use crate::render::{mount_unit, profile};
use crate::{Role, dm_name, stamp};

/// Plans `--reset`.
///
/// # Errors
/// When something that would go is in use.
pub fn plan(want: &Options, have: &Seen) -> Result<Plan, Refusal> {
    let mut deeds = Vec::new();
    let group =
        if want.group.is_empty() { have.root.as_ref().map(|root| root.group.clone()).unwrap_or_default() } else { want.group.clone() };
    if let Some((name, point)) = &want.volume {
        volume(have, &group, name, point, &mut deeds)?;
    }
    if want.docker_root {
        volume(have, &group, DOCKER_ROOT, &have.docker_root, &mut deeds)?;
    }
    // By what the engine was told, even if the driver was changed since.
    let options = have.output.as_deref().and_then(|text| current_options(text, want.variable()));
    let told = options.and_then(thin_pool).and_then(|device| dm_name::split(device.strip_prefix("/dev/mapper/")?));
    let pool_of = told.filter(|(_, name)| *name == want.pool).map(|(group, _)| group);
    match pool_of {
        Some(group) => pool(have, &group, &want.pool, &mut deeds)?,
        None if want.driver == "devicemapper" => pool(have, &group, &want.pool, &mut deeds)?,
        None => {}
    }
    if have.output.is_some() {
        deeds.push(Deed::Delete { path: compat::OUTPUT.to_owned() });
    }
    Ok(Plan { tasks: deeds.into_iter().map(Task::Do).collect(), group, ..Plan::default() })
}

/// Plans `remove` of a configuration.
///
/// # Errors
/// When something that would go is in use.
pub fn remove(stored: &Metadata, have: &Seen) -> Result<Plan, Refusal> {
    let mut deeds = Vec::new();
    if !stored.volume.is_empty() {
        volume(have, &stored.group, &stored.volume, &stored.mount, &mut deeds)?;
    }
    if stored.driver == "devicemapper" {
        pool(have, &stored.group, &stored.pool, &mut deeds)?;
    }
    if stored.group_created {
        let goes = |name: &String| *name == stored.volume || *name == stored.pool;
        let volumes = have.groups.get(&stored.group).into_iter().flat_map(|group| group.volumes.keys());
        if let Some(other) = { volumes }.find(|name| !goes(name)) {
            return Err(Refusal::new(format!("Volume group {} has another volume, {other}; it is not removed", stored.group)));
        }
        deeds.push(Deed::RemoveGroup { group: stored.group.clone(), disks: stored.devices.clone() });
    }
    Ok(Plan { tasks: deeds.into_iter().map(Task::Do).collect(), group: stored.group.clone(), ..Plan::default() })
}

fn volume(have: &Seen, group: &str, name: &str, point: &str, deeds: &mut Vec<Deed>) -> Result<(), Refusal> {
    let there = have.groups.get(group).is_some_and(|found| found.volumes.contains_key(name));
    let unit = have.files.get(&mount_unit::path(point));
    // A unit of ours whose volume is gone would be waited for at every boot.
    let unit = unit.filter(|text| there || **text == mount_unit::text_of_the_shell_tool(group, name, point)).is_some();
    if unit {
        deeds.push(Deed::RemoveMount { point: point.to_owned() });
    }
    if there {
        free(have, group, name)?;
        if have.groups.get(group).and_then(|found| found.volumes.get(name)).is_some_and(|volume| volume.origin) {
            return Err(Refusal::new(format!("Snapshots of {group}/{name} would go with it; remove them first")));
        }
        let by_unit = |deed: &Deed| matches!(deed, Deed::Unmount { point: at, .. } if unit && at == point);
        deeds.extend(unmounts(have, &format!("/dev/{group}/{name}")).filter(|deed| !by_unit(deed)));
        deeds.push(Deed::RemoveVolume { group: group.to_owned(), volume: name.to_owned() });
    }
    Ok(())
}

/// The pool and what LVM has in it; thin devices that docker made in it are docker's to close.
fn pool(have: &Seen, group: &str, name: &str, deeds: &mut Vec<Deed>) -> Result<(), Refusal> {
    let Some(found) = have.groups.get(group) else { return Ok(()) };
    if let Some(pool) = found.volumes.get(name) {
        match &pool.role {
            Role::Pool(_) => {}
            // lvcreate was killed over it.
            Role::Linear if stamp::is_unfinished_pool(pool) => {}
            // No pool: not ours to remove.
            Role::Linear | Role::Thin { .. } | Role::Other => return Ok(()),
        }
        let inside = found.volumes.iter().find(|(_, volume)| matches!(&volume.role, Role::Thin { pool } if pool == name));
        if let Some((volume, _)) = inside {
            return Err(Refusal::new(format!("Thin pool {group}/{name} holds the volume {volume}; remove that first")));
        }
        free(have, group, name)?;
        deeds.push(Deed::RemoveVolume { group: group.to_owned(), volume: name.to_owned() });
    }
    // Also when an earlier run was cut off right before this.
    let path = profile::path(group, name);
    if have.files.contains_key(&path) {
        deeds.push(Deed::Delete { path });
    }
    Ok(())
}
