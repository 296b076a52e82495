//! Removing what is ours. Every step of such a chain loses data or serves one that does, so that without consent none of it runs.

use config::{Disruption, Reason, StepId};

use super::draft::Draft;
use super::{options, store};
use crate::mountinfo::is_below;
use crate::render::{mount_unit, profile};
use crate::{Action, Dockerd, LogicalVolume, Mount, Role, stamp};

/// A mount unit of ours, with its file.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) path: String,
    pub(super) stamped: mount_unit::Stamped,
}

impl Unit {
    fn device(&self) -> String {
        mount_unit::device(&self.stamped.group, &self.stamped.volume)
    }
}

/// All mount units that carry our stamp.
pub(super) fn units(draft: &Draft<'_>) -> Vec<Unit> {
    let read = |(path, file): (&String, &crate::OurFile)| {
        let stamped = mount_unit::read(&file.text)?;
        // A copy under another name is not the unit that we wrote.
        (mount_unit::path(&stamped.mount) == *path).then(|| Unit { path: path.clone(), stamped })
    };
    draft.have.files.iter().filter_map(read).collect()
}

/// Why unmounting would touch something that is not ours, as a clause.
pub(super) fn obstacle(draft: &Draft<'_>, unit: &Unit) -> Option<String> {
    let ours = units(draft);
    draft.have.mounts.iter().find_map(|(point, mount)| {
        let at = *point == unit.stamped.mount;
        let by_unit = ours.iter().any(|unit| unit.stamped.mount == *point && unit.device() == mount.source);
        let foreign = !by_unit && !wanted_there(draft, point, &mount.source);
        if foreign && (at || is_below(point, &unit.stamped.mount)) {
            Some(format!("{} is mounted at {point}, not by a unit of ours", mount.source))
        } else {
            None
        }
    })
}

/// A volume of ours that is mounted where the spec wants it; its unit's file may be missing.
fn wanted_there(draft: &Draft<'_>, point: &str, source: &str) -> bool {
    let Some((group, volume)) = source.strip_prefix("/dev/").and_then(|name| name.split_once('/')) else { return false };
    let wanted = draft.want.volumes.iter().any(|(name, wanted)| name.as_str() == volume && wanted.value.mount.as_str() == point);
    wanted && draft.group.as_deref() == Some(group) && draft.volume(group, volume).is_some_and(|found| stamp::is_ours(&found.tags))
}

/// Removes the unit, unmounting first.
pub(super) fn mount(draft: &mut Draft<'_>, unit: &Unit, reason: &Reason, disruption: Disruption) -> StepId {
    let point = &unit.stamped.mount;
    if let Some(step) = draft.vacated.get(point) {
        return step.clone();
    }
    let uuid = draft.volume(&unit.stamped.group, &unit.stamped.volume).map(|volume| volume.uuid.clone());
    let action = Action::RemoveMount {
        uuid,
        mount: point.clone(),
        unit: mount_unit::name(point),
        path: unit.path.clone(),
        dockerd: if draft.have.mounts.contains_key(point) { store::dockerd_around(draft, point) } else { Dockerd::Untouched },
    };
    let step = draft.push_late(action, reason.clone(), disruption, Vec::new());
    draft.vacated.insert(point.clone(), step.clone());
    step
}

/// Removes a volume of ours with its mount. The error says, as a clause, why it must not be done.
pub(super) fn volume(draft: &mut Draft<'_>, group: &str, name: &str, reason: &Reason) -> Result<StepId, String> {
    let key = (group.to_owned(), name.to_owned());
    if let Some(step) = draft.removed.get(&key) {
        return Ok(step.clone());
    }
    let found = draft.volume(group, name).ok_or_else(|| format!("{group}/{name} is not there"))?;
    check(found, group, name)?;
    if stamp::is_unfinished_pool(found) {
        return Ok(unfinished_pool(draft, group, name, found));
    }
    let units: Vec<Unit> = units(draft).into_iter().filter(|unit| unit.stamped.group == group && unit.stamped.volume == name).collect();
    let device = mount_unit::device(group, name);
    let by_hand = |(point, mount): &(&String, &Mount)| mount.source == device && !units.iter().any(|unit| unit.stamped.mount == **point);
    if let Some((point, _)) = draft.have.mounts.iter().find(by_hand) {
        return Err(format!("{device} is mounted at {point}, not by a unit of ours"));
    }
    if let Some(why) = units.iter().find_map(|unit| obstacle(draft, unit)) {
        return Err(why);
    }
    let after = units.iter().map(|unit| mount(draft, unit, reason, Disruption::DataLoss)).collect();
    let extent = draft.spaces.get(group).map(|space| space.extent).unwrap_or_default();
    let action =
        Action::RemoveVolume { group: group.to_owned(), volume: name.to_owned(), uuid: found.uuid.clone(), extents: found.extents, extent };
    let step = draft.push_late(action, reason.clone(), Disruption::DataLoss, after);
    if matches!(found.role, Role::Linear)
        && let Some(space) = draft.spaces.get_mut(group)
    {
        space.gain_removal(step.clone(), found.extents);
    }
    draft.removed.insert(key, step.clone());
    Ok(step)
}

fn check(found: &LogicalVolume, group: &str, name: &str) -> Result<(), String> {
    if !stamp::is_ours(&found.tags) {
        return Err(format!("{group}/{name} does not carry the tag {}", stamp::OURS));
    }
    if found.origin {
        return Err(format!("snapshots of {group}/{name} would go with it; remove them first, see: lvs -o +lv_role,origin {group}"));
    }
    match found.role {
        Role::Linear | Role::Thin { .. } => Ok(()),
        Role::Pool(_) | Role::Other => Err(format!("{group}/{name} is not a volume as they are made here")),
    }
}

/// Removes what an lvcreate that was killed left of a pool. Nobody has ever used it.
pub(super) fn unfinished_pool(draft: &mut Draft<'_>, group: &str, name: &str, found: &LogicalVolume) -> StepId {
    let key = (group.to_owned(), name.to_owned());
    if let Some(step) = draft.removed.get(&key) {
        return step.clone();
    }
    let extent = draft.spaces.get(group).map(|space| space.extent).unwrap_or_default();
    let action =
        Action::RemoveVolume { group: group.to_owned(), volume: name.to_owned(), uuid: found.uuid.clone(), extents: found.extents, extent };
    let reason = Reason::Resumed("an lvcreate that was killed left it in the place of the pool".to_owned());
    let step = draft.push(action, reason, Disruption::None, Vec::new());
    if let Some(space) = draft.spaces.get_mut(group) {
        space.gain_remnant(step.clone(), found.extents);
    }
    draft.removed.insert(key, step.clone());
    step
}

/// Removes a pool of ours with the volumes in it, each by a step of its own. `for_good`: no other pool of that name comes.
pub(super) fn pool(draft: &mut Draft<'_>, group: &str, name: &str, reason: &Reason, for_good: bool) -> Result<StepId, String> {
    let have = draft.have;
    let volumes = have.groups.get(group).map(|found| &found.volumes).ok_or_else(|| format!("{group} is not there"))?;
    let Some((found, Role::Pool(state))) = volumes.get(name).map(|found| (found, &found.role)) else {
        return Err(format!("{group}/{name} is no thin pool"));
    };
    let inside: Vec<&String> =
        volumes.iter().filter(|(_, volume)| matches!(&volume.role, Role::Thin { pool } if pool == name)).map(|(name, _)| name).collect();
    for volume in &inside {
        if let Some(found) = volumes.get(*volume) {
            check(found, group, volume)?;
        }
    }
    let mut after: Vec<StepId> =
        draft.pool_adopted.clone().filter(|_| name == super::POOL && draft.group.as_deref() == Some(group)).into_iter().collect();
    for inner in &inside {
        after.push(volume(draft, group, inner, reason)?);
    }
    let has_records = stamp::is_engines(&found.tags) || options::names_pool(draft, group, name);
    // What dockerd knows is of the pool that it is told to use, if that is there.
    let records = has_records && options::named_pool(draft).is_none_or(|named| named == (group, name));
    let Some(space) = draft.spaces.get_mut(group) else { return Err(format!("{group} is not there")) };
    let action = Action::RemovePool {
        group: group.to_owned(),
        pool: name.to_owned(),
        uuid: found.uuid.clone(),
        extent: space.extent,
        data: found.extents,
        profile_path: for_good.then(|| profile::path(group, name)),
        // After a run that was cut off it may still run on a pool that its options do not name any more.
        engine_stops: have.engine.running && (records || have.engine.driver == Some(config::Driver::Devicemapper)),
        records,
    };
    let mut freed = found.extents + state.metadata;
    if spare_goes_with(volumes, name) {
        freed += space.spare;
        space.spare = 0;
    }
    let step = draft.push_late(action, reason.clone(), Disruption::DataLoss, after);
    if let Some(space) = draft.spaces.get_mut(group) {
        space.gain_removal(step.clone(), freed);
    }
    draft.removed.insert((group.to_owned(), name.to_owned()), step.clone());
    Ok(step)
}

/// LVM removes the spare metadata volume with the last pool, and a cache has a pool too.
pub(crate) fn spare_goes_with(volumes: &std::collections::BTreeMap<String, LogicalVolume>, pool: &str) -> bool {
    !volumes.iter().any(|(name, volume)| name != pool && matches!(volume.role, Role::Pool(_) | Role::Other))
}
