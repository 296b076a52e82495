//! Thin pools, with what LVM takes for their metadata and its spare.

use super::{Refused, group, refused, take, volume};
use crate::plan::spare_goes_with;
use crate::{Action, Content, LogicalVolume, Observed, PoolState, Role, Watcher, stamp};

pub(super) fn grow_metadata(have: &mut Observed, of: &str, name: &str, (from, to): (u64, u64), spare: u64) -> Result<(), Refused> {
    let Role::Pool(state) = &mut volume(have, of, name)?.role else { return Err(refused(name, "not a thin pool")) };
    if state.metadata != from || to <= from {
        return Err(refused(name, "the metadata has another size than the plan says"));
    }
    state.metadata = to;
    let group = group(have, of)?;
    if spare != to.saturating_sub(group.spare) {
        return Err(refused(name, "LVM would add another number of spare extents"));
    }
    group.spare += spare;
    take(group, to - from + spare)
}

pub(super) fn create_pool(have: &mut Observed, action: &Action) -> Result<(), Refused> {
    let Action::CreatePool { group: of, pool, data, metadata, spare, chunk, profile, asked, engines, .. } = action else { return Ok(()) };
    let group = group(have, of)?;
    if group.volumes.contains_key(pool) {
        return Err(refused(pool, "the volume exists"));
    }
    if *spare != metadata.saturating_sub(group.spare) {
        return Err(refused(pool, "LVM would add another number of spare extents"));
    }
    take(group, data + metadata + spare)?;
    group.spare += spare;
    let state = PoolState {
        metadata: *metadata,
        chunk: *chunk,
        profile: Some(profile.clone()),
        data_used: Some(0),
        metadata_used: Some(0),
        watcher: Some(Watcher::Dmeventd),
    };
    let made = LogicalVolume {
        uuid: format!("uuid-of-{pool}-{data}"),
        extents: *data,
        role: Role::Pool(state),
        tags: stamp::of_pool(asked, *engines),
        active: true,
        origin: false,
        content: Content::Unknown,
    };
    group.volumes.insert(pool.clone(), made);
    Ok(())
}

pub(super) fn remove_pool(have: &mut Observed, of: &str, name: &str, uuid: &str, profile: Option<&str>) -> Result<(), Refused> {
    let group = group(have, of)?;
    if group.volumes.values().any(|volume| matches!(&volume.role, Role::Thin { pool } if pool == name)) {
        return Err(refused(name, "there are volumes in the pool"));
    }
    let found = group.volumes.get(name).filter(|found| found.uuid == uuid).ok_or_else(|| refused(name, "no such pool"))?;
    let Role::Pool(state) = &found.role else { return Err(refused(name, "not a pool")) };
    group.free += found.extents + state.metadata;
    if spare_goes_with(&group.volumes, name) {
        group.free += group.spare;
        group.spare = 0;
    }
    group.volumes.remove(name);
    if let Some(profile) = profile {
        have.files.remove(profile);
    }
    Ok(())
}

pub(super) fn adopt_pool(have: &mut Observed, of: &str, name: &str, tags: &[String]) -> Result<(), Refused> {
    let found = volume(have, of, name)?;
    if !matches!(found.role, Role::Pool(_)) || stamp::is_ours(&found.tags) {
        return Err(refused(name, "not a pool of somebody else's"));
    }
    found.tags.extend_from_slice(tags);
    found.tags.sort();
    Ok(())
}

pub(super) fn attach_profile(have: &mut Observed, of: &str, name: &str, profile: &str) -> Result<(), Refused> {
    match &mut volume(have, of, name)?.role {
        Role::Pool(state) => {
            state.profile = Some(profile.to_owned());
            Ok(())
        }
        Role::Linear | Role::Thin { .. } | Role::Other => Err(refused(name, "not a thin pool")),
    }
}
