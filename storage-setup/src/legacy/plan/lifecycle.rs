//! `activate` and `deactivate`: what a configuration has comes up and goes down, and nothing is lost.

use super::{Deed, Plan, Task};
use crate::legacy::{Metadata, Refusal, Seen};
use crate::{Role, stamp};

/// Plans `activate`; pool and volume are there by now. `point`: the mount point, links resolved.
///
/// # Errors
/// When something else is mounted there, or the volume never got its file system.
pub fn activate(stored: &Metadata, point: Option<&str>, have: &Seen) -> Result<Plan, Refusal> {
    let group = || stored.group.clone();
    let mut deeds = Vec::new();
    if stored.driver == "devicemapper" {
        deeds.push(Deed::Activate { group: group(), volume: stored.pool.clone(), on_demand: true });
    }
    if let Some(point) = point {
        let (name, source) = (&stored.volume, source(stored));
        let there = have.mounts.iter().rev().find(|(_, at)| at == point).map(|(from, _)| from);
        if let Some(from) = there.filter(|from| **from != source) {
            return Err(Refusal::new(format!("Failed to mount volume {name} on {point}: {from} is mounted there")));
        }
        let found = have.groups.get(&stored.group).and_then(|group| group.volumes.get(name));
        if found.is_some_and(|found| stamp::is_unformatted(&found.tags)) {
            return Err(Refusal::new(format!("Volume {}/{name} has no file system yet; remove the configuration", stored.group)));
        }
        deeds.push(Deed::Activate { group: group(), volume: name.clone(), on_demand: false });
        if there.is_none() {
            deeds.push(Deed::Mount { group: group(), volume: name.clone(), point: point.to_owned(), labels: false });
        }
    }
    Ok(plan(stored, deeds))
}

/// Plans `deactivate`. What is mounted goes first: nothing has changed yet when it is busy.
///
/// # Errors
/// When somebody holds the pool or the volume.
pub fn deactivate(stored: &Metadata, have: &Seen) -> Result<Plan, Refusal> {
    let group = || stored.group.clone();
    let mut deeds = Vec::new();
    if !stored.volume.is_empty() {
        free(have, &stored.group, &stored.volume)?;
        deeds.extend(unmounts(have, &source(stored)));
        deeds.push(Deed::Deactivate { group: group(), volume: stored.volume.clone() });
    }
    if stored.driver == "devicemapper" {
        free(have, &stored.group, &stored.pool)?;
        deeds.push(Deed::Deactivate { group: group(), volume: stored.pool.clone() });
    }
    Ok(plan(stored, deeds))
}

/// Everything that is mounted from there, the last first.
pub(super) fn unmounts<'a>(have: &'a Seen, source: &'a str) -> impl Iterator<Item = Deed> + 'a {
    let mounts = have.mounts.iter().rev().filter(move |(from, _)| from == source);
    mounts.map(move |(_, point)| Deed::Unmount { source: source.to_owned(), point: point.clone() })
}

/// Nobody but LVM and mounts may use a volume that goes down or away.
pub(super) fn free(have: &Seen, group: &str, volume: &str) -> Result<(), Refusal> {
    let inside = have.groups.get(group).into_iter().flat_map(|found| &found.volumes);
    let user = inside
        .filter(|(_, other)| other.active && matches!(&other.role, Role::Thin { pool } if pool == volume))
        .map(|(name, _)| format!("{group}/{name}"))
        .next();
    match user.or_else(|| have.holders.get(&format!("{group}/{volume}")).cloned()) {
        Some(user) => Err(Refusal::new(format!("{group}/{volume} is in use by {user}"))),
        None => Ok(()),
    }
}

fn source(stored: &Metadata) -> String {
    format!("/dev/{}/{}", stored.group, stored.volume)
}

fn plan(stored: &Metadata, deeds: Vec<Deed>) -> Plan {
    Plan { tasks: deeds.into_iter().map(Task::Do).collect(), group: stored.group.clone(), ..Plan::default() }
}
