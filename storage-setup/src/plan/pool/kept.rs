//! A pool of ours that is there: its profile and size followed up, or, where it cannot become what is asked, taken away with consent.

use config::{Bytes, Disruption, Placed, Pool, PoolMetadata, Reason, Size};

use super::shares::most_metadata;
use super::{METADATA, POOL, Replaced, SIZE, asker, is_for_engine, note_overcommit, write_profile};
use crate::plan::allocation::{self, Asker};
use crate::plan::draft::Draft;
use crate::plan::{record, remove};
use crate::render::profile;
use crate::{Action, LogicalVolume, PoolState, Watcher, stamp};

pub(super) fn keep_or_replace(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, found: &LogicalVolume, state: &PoolState) {
    let Some(space) = draft.spaces.get(group) else { return };
    let now = found.extents + state.metadata + space.spare;
    let level = space.level(wanted.value.size);
    let shrinks = level.is_some_and(|level| level < now && record::is_above(space, found, now, level));
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
    let will_look_so = level.is_some_and(|level| record::will_be_above(space, found, level));
    keep(draft, group, wanted, found, state);
    let larger = now + grow_metadata(draft, group, wanted, state);
    let level = level.unwrap_or(larger);
    // Before it grows, or the group does: a pool that is larger than asked while the old size is on record looks like a wish for less.
    if level <= larger {
        record::size(draft, (group, POOL), found, wanted.value.size, &wanted.place);
    } else if will_look_so {
        record::as_it_is(draft, (group, POOL), found, now, &wanted.place);
    }
    let grown = if level > larger { grow(draft, group, wanted, found, level, larger) } else { found.extents };
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
        let after = written.iter().cloned().chain(draft.pool_adopted.clone()).collect();
        draft.push(action, reason, Disruption::None, after);
    }
    if !found.active {
        let action = Action::ActivateVolume { group: group.to_owned(), volume: POOL.to_owned() };
        // Its first table is then loaded with that profile.
        let after = written.into_iter().chain(draft.pool_ready.iter().cloned()).collect();
        let step = draft.push(action, Reason::Drift("the pool is inactive".to_owned()), Disruption::None, after);
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

/// Grows the metadata and its spare, if they lack something; answers the extents that this takes from the group.
fn grow_metadata(draft: &mut Draft<'_>, group: &str, wanted: &Placed<Pool>, state: &PoolState) -> u64 {
    let (PoolMetadata::Bytes(asked), Some(space)) = (wanted.value.metadata, draft.spaces.get(group)) else { return 0 };
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
