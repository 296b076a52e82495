//! The thin pool: made once, grown to its least size, its autoextend profile kept.

use config::{Bytes, Disruption, Driver, Place, Placed, Pool, PoolMetadata, Reason, Size, StepId};

use super::allocation::{self, Asker};
use super::draft::Draft;
use super::space::Space;
use super::{POOL, remove};
use crate::render::{options, profile};
use crate::{Action, LogicalVolume, PoolState, Role, Watcher, dm_name, stamp};

const KEY: &str = "storage.pool";
const SIZE: &str = "storage.pool.size";
const METADATA: &str = "storage.pool.metadata";
const MINIMUM: &str = "storage.pool.minimum";

/// How a pool's extents are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) data: u64,
    pub(super) metadata: u64,
    /// What LVM adds to the spare metadata volume, so that it can hold this pool's.
    pub(super) spare: u64,
}

/// Divides `total` extents: some for the metadata, as many for its spare if there is none yet, the rest for the data.
pub(super) fn shares(total: u64, metadata: PoolMetadata, extent: Bytes, spare: u64) -> Option<Shares> {
    let bytes = match metadata {
        PoolMetadata::Thousandth => Bytes::of_extents(total, extent)?.0.div_ceil(1000).max(Pool::LEAST_METADATA.0),
        PoolMetadata::Bytes(bytes) => bytes.get(),
    };
    let metadata = Bytes(bytes).extents_up(extent).min(most_metadata(extent));
    let added = metadata.saturating_sub(spare);
    let data = total.checked_sub(metadata)?.checked_sub(added)?;
    (data > 0).then_some(Shares { data, metadata, spare: added })
}

fn most_metadata(extent: Bytes) -> u64 {
    (Pool::MOST_METADATA.0 / extent.0.max(1)).max(1)
}

/// A pool that goes, and is made anew once the volumes that need no consent are planned: its share of the free space is then the same
/// before and after they were made.
#[derive(Debug)]
pub(super) struct Replaced {
    removal: StepId,
    profile: Option<StepId>,
    /// It goes for the root volume's sake, and comes back after that has grown: cut off in between, what it left is still free.
    for_root: bool,
}

/// Takes the pool away when the root volume cannot grow otherwise; it is made anew, smaller, of what the root volume leaves. Only with
/// the spec's word for a pool, only a pool of ours, and nothing of it without consent.
pub(super) fn give_to_root(draft: &mut Draft<'_>, group: &str, needed: u64, place: &Place) {
    let Some(wanted) = &draft.want.pool else { return };
    let (Some(space), Some(found)) = (draft.spaces.get(group), draft.volume(group, POOL)) else { return };
    let Role::Pool(state) = &found.role else { return };
    let theirs = !stamp::is_ours(&found.tags) || draft.group.as_deref() != Some(group);
    let gives = found.extents + state.metadata;
    if theirs || space.uncertain || space.all() >= needed || space.all() + gives < needed {
        return;
    }
    let missing = space.bytes(needed - space.all());
    // What stands in the way of that is told as what does not fit.
    let Ok(removal) = remove::pool(draft, group, POOL, &Reason::Spec(place.clone()), false) else { return };
    let profile = write_profile(draft, group, wanted);
    draft.pool_replaced = Some(Replaced { removal, profile, for_root: true });
    let text =
        format!("the root volume lacks {missing}, which only the pool has: it is removed, with all that is in it, and made anew smaller");
    draft.note(place, text);
}

/// Makes the pool that [`plan`] removes.
pub(super) fn make_anew(draft: &mut Draft<'_>, group: &str) {
    let Some(Replaced { removal, profile, for_root }) = draft.pool_replaced.take() else { return };
    let root = draft.root_growth.get(group).filter(|_| for_root).cloned();
    if let Some(wanted) = &draft.want.pool {
        create(draft, group, wanted, profile.into_iter().chain(root).collect(), &[removal]);
    }
}

/// Plans the pool, if one is wanted.
pub(super) fn plan(draft: &mut Draft<'_>, group: &str) {
    let Some(wanted) = &draft.want.pool else { return };
    if draft.pool_replaced.is_some() {
        return;
    }
    let Some(found) = draft.volume(group, POOL) else {
        let profile = write_profile(draft, group, wanted);
        create(draft, group, wanted, profile.into_iter().collect(), &[]);
        return;
    };
    match &found.role {
        Role::Pool(state) if stamp::is_ours(&found.tags) => keep_or_replace(draft, group, wanted, found, state),
        Role::Pool(state) => adopt(draft, group, wanted, found, state),
        Role::Linear | Role::Thin { .. } | Role::Other => {
            let message = format!("{group}/{POOL} is there already and is no thin pool");
            draft.problem(&wanted.place, KEY, message, format!("rename or remove it: lvrename {group} {POOL} NEWNAME"));
        }
    }
}

/// Takes over a pool without our stamp: one that dockerd is told to use, as docker-storage-setup leaves it, or one without volumes
/// that are somebody's. Tags alone change; whatever the spec wants otherwise is then planned as for one of ours.
fn adopt(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, found: &LogicalVolume, state: &PoolState) {
    let device = format!("/dev/mapper/{}", dm_name::of(group, POOL));
    let named = draft.have.files.get(options::PATH).and_then(|file| options::pool_device(&file.text)) == Some(&device);
    let volumes = draft.have.groups.get(group).into_iter().flat_map(|group| &group.volumes);
    let inside = |volume: &LogicalVolume| matches!(&volume.role, Role::Thin { pool } if pool == POOL);
    let theirs = volumes.filter(|(_, volume)| inside(volume) && !stamp::is_ours(&volume.tags)).map(|(name, _)| name.clone()).next();
    if let Some(name) = theirs.filter(|_| !named) {
        let message =
            format!("{group}/{POOL} is there already, does not carry the tag {}, and holds {name}, which is not ours", stamp::OURS);
        draft.problem(
            &wanted.place,
            KEY,
            message,
            format!("if the pool may be taken over: lvchange --addtag {} {group}/{name}", stamp::OURS),
        );
        return;
    }
    let engines = named || is_for_engine(draft);
    let asked = wanted.value.size.as_tag();
    let action =
        Action::AdoptPool { group: group.to_owned(), pool: POOL.to_owned(), uuid: found.uuid.clone(), asked: asked.clone(), engines };
    let step = draft.push(action, Reason::Spec(wanted.place.clone()), Disruption::None, Vec::new());
    draft.pool_adopted = Some(step.clone());
    draft.pool_ready = vec![step];
    let adopted = LogicalVolume { tags: stamp::of_pool(&asked, engines), ..found.clone() };
    keep_or_replace(draft, group, wanted, &adopted, state);
}

/// The profile comes before the pool: a pool made without it has no low-water mark until its next table is loaded.
fn write_profile(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>) -> Option<StepId> {
    let path = profile::path(group, POOL);
    let text = profile::text(wanted.value.autoextend);
    let from = draft.have.files.get(&path).map(|file| file.text.clone());
    if from.as_ref() == Some(&text) {
        return None;
    }
    let what = match wanted.value.autoextend {
        Some(growth) => format!("autoextend profile, {} % at {} % used", growth.percent.get(), growth.threshold.get()),
        None => "autoextend profile, never".to_owned(),
    };
    let action = Action::WriteFile { what, path, from, text };
    Some(draft.push(action, Reason::Spec(wanted.place.clone()), Disruption::None, Vec::new()))
}

fn asker(place: &Place, now: u64) -> Asker<'_> {
    Asker { place, key: SIZE, what: "the pool", now }
}

fn create(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, before: Vec<StepId>, own: &[StepId]) {
    let Some(space) = draft.spaces.get(group) else { return };
    let (asked, chunk, extent, spare) = (wanted.value.size, wanted.value.chunk, space.extent, space.spare);
    let total = space.resolve(asked, own);
    let asker = asker(&wanted.place, 0);
    if total == 0 {
        return allocation::nothing_free(draft, group, &asker, asked);
    }
    let parts = shares(total, wanted.value.metadata, extent, spare).filter(|parts| space.bytes(parts.data) >= chunk);
    let shown = space.bytes(total);
    let uncertain = space.uncertain;
    // First, so that "does not fit" is said rather than "too small".
    let Some(mut after) = allocation::draw(draft, group, &asker, asked, total, own) else { return };
    let Some(parts) = parts else {
        if !(uncertain && matches!(asked, Size::OfFree(_) | Size::OfGroup(_))) {
            let message = format!("a pool of {shown} is too small for its metadata, the spare of that, and one chunk of {chunk}");
            draft.problem(&wanted.place, SIZE, message, "ask for more, or add a disk to storage.devices");
        }
        return;
    };
    if !large_enough(draft, wanted, parts.data, extent) {
        return;
    }
    if let Some(space) = draft.spaces.get_mut(group) {
        space.spare += parts.spare;
    }
    after.extend(before);
    let action = Action::CreatePool {
        group: group.to_owned(),
        pool: POOL.to_owned(),
        data: parts.data,
        metadata: parts.metadata,
        spare: parts.spare,
        chunk,
        profile: crate::render::profile::name(group, POOL),
        asked: asked.as_tag(),
        engines: is_for_engine(draft),
        extent,
    };
    let step = draft.push(action, Reason::Spec(wanted.place.clone()), Disruption::None, after);
    draft.pool_ready = vec![step];
    note_overcommit(draft, wanted, parts.data, extent);
}

/// Before anything is touched: a pool that is too small from the start would only be noticed when it is full.
fn large_enough(draft: &mut Draft<'_>, wanted: &Placed<Pool>, data: u64, extent: Bytes) -> bool {
    let Some(least) = wanted.value.minimum.map(|bytes| Bytes(bytes.get())) else { return true };
    let data = Bytes::of_extents(data, extent).unwrap_or(Bytes(u64::MAX));
    if data >= least {
        return true;
    }
    let message = format!("the pool would have {data} for data, which is less than its minimum of {least}");
    draft.problem(&wanted.place, MINIMUM, message, "ask for a larger pool, add a disk to storage.devices, or lower the minimum");
    false
}

/// The devicemapper driver has the whole pool to itself.
fn is_for_engine(draft: &Draft<'_>) -> bool {
    draft.want.driver.value == Driver::Devicemapper
}

/// What the recorded size comes to; `None` when it was a share of the free space, which is no level.
fn recorded(space: &Space, found: &LogicalVolume, now: u64) -> Option<u64> {
    match stamp::asked(&found.tags) {
        Some(size) => space.level(size),
        None => Some(now),
    }
}

fn keep_or_replace(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, found: &LogicalVolume, state: &PoolState) {
    let Some(space) = draft.spaces.get(group) else { return };
    let now = found.extents + state.metadata + space.spare;
    let level = space.level(wanted.value.size);
    let shrinks = level.is_some_and(|level| level < now && recorded(space, found, now).is_some_and(|recorded| level < recorded));
    // Whoever had it has numbered what is in it, and the other would not take it over.
    let changes_hands = stamp::is_engines(&found.tags) != is_for_engine(draft);
    if shrinks || changes_hands {
        let profile = write_profile(draft, group, wanted);
        let reason = Reason::Spec(wanted.place.clone());
        match remove::pool(draft, group, POOL, &reason, false) {
            Ok(removal) => draft.pool_replaced = Some(Replaced { removal, profile, for_root: false }),
            Err(why) => {
                let (what, otherwise) = if changes_hands {
                    ("pass between the engine and volumes", "take back the change of the driver".to_owned())
                } else {
                    ("be made smaller", format!("ask for {}", config_size(found)))
                };
                let message = format!("the pool cannot {what} without removing it, and {why}");
                draft.problem(&wanted.place, SIZE, message, format!("remove that by hand, or {otherwise}"));
            }
        }
        return;
    }
    keep(draft, group, wanted, found, state);
    let now = now + grow_metadata(draft, group, wanted, state);
    let grown = grow(draft, group, wanted, found, level.unwrap_or(now), now);
    if let Some(extent) = draft.spaces.get(group).map(|space| space.extent) {
        note_overcommit(draft, wanted, grown, extent);
    }
}

fn config_size(found: &LogicalVolume) -> String {
    stamp::asked(&found.tags).map_or_else(|| "the old size".to_owned(), |size| size.to_string())
}

/// Profile, activation, and what can only be told.
fn keep(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, found: &LogicalVolume, state: &PoolState) {
    let written = write_profile(draft, group, wanted);
    let profile = profile::name(group, POOL);
    let place = &wanted.place;
    if state.profile.as_ref() != Some(&profile) {
        let action = Action::AttachProfile { group: group.to_owned(), pool: POOL.to_owned(), from: state.profile.clone(), profile };
        let reason = Reason::Drift("the pool's metadata profile is another one".to_owned());
        let after = written.into_iter().chain(draft.pool_adopted.clone()).collect();
        draft.push(action, reason, Disruption::None, after);
    }
    if !found.active {
        let action = Action::ActivateVolume { group: group.to_owned(), volume: POOL.to_owned() };
        let step = draft.push(action, Reason::Drift("the pool is inactive".to_owned()), Disruption::None, draft.pool_ready.clone());
        draft.pool_ready = vec![step];
    }
    if state.chunk != wanted.value.chunk {
        let (now, asked) = (state.chunk, wanted.value.chunk);
        draft.note(place, format!("the pool's chunks are {now}, not {asked}; they cannot be changed after the pool is made"));
    }
    if state.watcher == Some(Watcher::Nobody) {
        draft.note(
            place,
            format!("neither the agent's daemon nor dmeventd watches {group}/{POOL}; without that the pool does not grow by itself"),
        );
    }
    if let (Size::OfFree(_), Some(asked)) = (wanted.value.size, stamp::asked(&found.tags))
        && asked != wanted.value.size
    {
        let text = format!("the pool was made as {asked}; {} is no level that it could be grown to and changes nothing", wanted.value.size);
        draft.note(place, text);
    }
}

/// Grows the metadata to what the spec says; answers the extents that this takes, its spare included.
fn grow_metadata(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, state: &PoolState) -> u64 {
    let PoolMetadata::Bytes(asked) = wanted.value.metadata else { return 0 };
    let Some(space) = draft.spaces.get(group) else { return 0 };
    let extent = space.extent;
    let to = Bytes(asked.get()).extents_up(extent).min(most_metadata(extent));
    let Some(more) = to.checked_sub(state.metadata).filter(|more| *more > 0) else { return 0 };
    let spare = to.saturating_sub(space.spare);
    let asker = Asker { place: &wanted.place, key: METADATA, what: "the pool's metadata and its spare", now: 0 };
    let Some(mut after) = allocation::draw(draft, group, &asker, Size::Bytes(asked), more + spare, &[]) else { return 0 };
    if let Some(space) = draft.spaces.get_mut(group) {
        space.spare += spare;
    }
    after.extend(draft.pool_ready.iter().cloned());
    let action = Action::GrowPoolMetadata { group: group.to_owned(), pool: POOL.to_owned(), from: state.metadata, to, spare, extent };
    draft.push(action, Reason::Spec(wanted.place.clone()), Disruption::None, after);
    more + spare
}

/// Grows the data so that data, metadata and spare come to the level; answers the extents of data.
fn grow(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, found: &LogicalVolume, level: u64, now: u64) -> u64 {
    if level <= now {
        return found.extents;
    }
    let asked = wanted.value.size;
    let ready = draft.pool_ready.clone();
    let Some(mut after) = allocation::draw(draft, group, &asker(&wanted.place, now), asked, level, &[]) else { return found.extents };
    let Some(extent) = draft.spaces.get(group).map(|space| space.extent) else { return found.extents };
    let to = found.extents + (level - now);
    after.extend(ready);
    let action =
        Action::GrowPool { group: group.to_owned(), pool: POOL.to_owned(), from: found.extents, to, asked: asked.as_tag(), extent };
    draft.push(action, Reason::Spec(wanted.place.clone()), Disruption::None, after);
    to
}

fn note_overcommit(draft: &mut Draft<'_>, wanted: &Placed<Pool>, data: u64, extent: Bytes) {
    let sizes = draft.want.volumes.values().map(|volume| match volume.value.kind {
        config::VolumeKind::Thin { size } => size.get(),
        config::VolumeKind::Plain { .. } => 0,
    });
    let promised = Bytes(sizes.fold(0, u64::saturating_add));
    let data = Bytes::of_extents(data, extent).unwrap_or(Bytes(u64::MAX));
    if promised > data {
        let text = format!("the thin volumes may grow to {promised} together, but the pool has {data}; watch how full it gets");
        draft.note(&wanted.place, text);
    }
}
