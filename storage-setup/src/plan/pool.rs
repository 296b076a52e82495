//! The thin pool: made once, taken over, given up for root's sake; what becomes of one of ours that is there is in `kept`.

mod kept;
mod shares;

use config::{Bytes, Disruption, Driver, Place, Placed, Pool, Reason, Size, StepId};

use super::allocation::{self, Asker};
use super::draft::Draft;
use super::space::Space;
use super::{POOL, options, remove};
use crate::render::profile;
use crate::{Action, LogicalVolume, PoolState, Role, stamp};

pub(super) use shares::shares;

const KEY: &str = "storage.pool";
const SIZE: &str = "storage.pool.size";
const METADATA: &str = "storage.pool.metadata";
const MINIMUM: &str = "storage.pool.minimum";

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
        Role::Pool(state) if stamp::is_ours(&found.tags) => kept::keep_or_replace(draft, group, wanted, found, state),
        Role::Pool(state) => adopt(draft, group, wanted, found, state),
        Role::Linear if stamp::is_unfinished_pool(found) => {
            let removal = remove::unfinished_pool(draft, group, POOL, found);
            let profile = write_profile(draft, group, wanted);
            create(draft, group, wanted, profile.into_iter().collect(), &[removal]);
        }
        Role::Linear | Role::Thin { .. } | Role::Other => {
            let message = format!("{group}/{POOL} is there already and is no thin pool");
            draft.problem(&wanted.place, KEY, message, format!("rename or remove it: lvrename {group} {POOL} NEWNAME"));
        }
    }
}

/// Takes over a pool without our stamp: one that dockerd is told to use, as docker-storage-setup leaves it, or one without volumes
/// that are somebody's. Tags alone change; whatever the spec wants otherwise is then planned as for one of ours.
fn adopt(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, found: &LogicalVolume, state: &PoolState) {
    let named = options::names_pool(draft, group, POOL);
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
    kept::keep_or_replace(draft, group, wanted, &adopted, state);
}

/// The profile comes before the pool: a pool made without it has no low-water mark until its next table is loaded. One that is in use
/// with it has its table loaded again.
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
    let in_use = |found: &LogicalVolume| {
        found.active && matches!(&found.role, Role::Pool(state) if state.profile.as_deref() == Some(&*profile::name(group, POOL)))
    };
    let (action, after) = if draft.volume(group, POOL).is_some_and(in_use) {
        let action = Action::RenewProfile { group: group.to_owned(), pool: POOL.to_owned(), what, path, from, text };
        (action, draft.pool_adopted.iter().cloned().collect())
    } else {
        // The profile of a group that is not there is the trace of one that was.
        let group_is_made = draft.spaces.get(group).filter(|_| !draft.have.groups.contains_key(group)).map(Space::disks);
        (Action::WriteFile { what, path, from, text }, group_is_made.unwrap_or_default())
    };
    Some(draft.push(action, Reason::Spec(wanted.place.clone()), Disruption::None, after))
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
