//! The recorded size of a volume or of the pool, when the spec asks for another one that it has already, or when a share of the group is
//! on record and the group grows: without that, the share would rise above what is asked, which would look like a wish for less.

use std::num::NonZeroU64;

use config::{Bytes, Disruption, Place, Reason, Size, Step, StepId};

use super::draft::Draft;
use super::space::Space;
use crate::{Action, LogicalVolume, stamp};

/// Whether a level is less than what was asked for before: in the group as it is, since a share of one that gets more disks is more than
/// it ever was. Of one that nothing is recorded of, less than what it has: `now`.
pub(super) fn is_above(space: &Space, found: &LogicalVolume, now: u64, level: u64) -> bool {
    let recorded = match stamp::asked(&found.tags) {
        Some(size) => space.level_now(size),
        None => Some(now),
    };
    recorded.is_some_and(|recorded| level < recorded)
}

/// Whether the recorded size would come to more than a level once the group has its disks, or is not known.
pub(super) fn will_be_above(space: &Space, found: &LogicalVolume, level: u64) -> bool {
    stamp::asked(&found.tags).is_none_or(|size| space.level(size).is_some_and(|recorded| level < recorded))
}

/// Records what was asked as what it comes to now: true however far a run gets, and when the edit is taken back.
pub(super) fn as_it_is(draft: &mut Draft<'_>, (group, volume): (&str, &str), found: &LogicalVolume, now: u64, place: &Place) {
    let Some(space) = draft.spaces.get(group) else { return };
    let level = stamp::asked(&found.tags).map_or(Some(now), |size| space.level_now(size));
    let bytes = level.and_then(|level| Bytes::of_extents(level, space.extent)).and_then(|bytes| NonZeroU64::new(bytes.0));
    if let Some(bytes) = bytes {
        size(draft, (group, volume), found, Size::Bytes(bytes), place);
    }
}

/// Records a size, unless that is recorded or is no level.
pub(super) fn size(draft: &mut Draft<'_>, (group, volume): (&str, &str), found: &LogicalVolume, asked: Size, place: &Place) {
    let is_level = draft.spaces.get(group).is_some_and(|space| space.level(asked).is_some());
    if !is_level || stamp::asked(&found.tags) == Some(asked) {
        return;
    }
    let from = stamp::asked_text(&found.tags).map(str::to_owned);
    let action = Action::RecordSize { group: group.to_owned(), volume: volume.to_owned(), from, to: asked.as_tag() };
    draft.push(action, Reason::Spec(place.clone()), Disruption::None, Vec::new());
}

/// The record comes before the pool grows, and before its group does. In the front of all: a disk that waited for it would be overtaken
/// by what takes from the space that a share was drawn from before.
pub(super) fn comes_first(steps: &mut [Step<Action>]) {
    steps.sort_by_key(|step| !matches!(step.action, Action::RecordSize { .. }));
    let mut records: Vec<(String, String, StepId)> = Vec::new();
    for step in steps.iter() {
        if let Action::RecordSize { group, volume, .. } = &step.action {
            records.push((group.clone(), volume.clone(), step.id.clone()));
        }
    }
    for step in steps {
        let before = |of: &str, grows: Option<&str>| -> Vec<StepId> {
            let counts = |(group, volume, _): &&(String, String, StepId)| group == of && grows.is_none_or(|grows| grows == volume);
            records.iter().filter(counts).map(|(_, _, id)| id.clone()).collect()
        };
        if let Action::AddDisk { group, .. } | Action::GrowMember { group, .. } = &step.action {
            step.after.extend(before(group, None));
        } else if let Action::GrowPool { group, pool, .. } | Action::GrowPoolMetadata { group, pool, .. } = &step.action {
            step.after.extend(before(group, Some(pool)));
        }
    }
}
