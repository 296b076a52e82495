//! The recorded size of a volume or of the pool, when the spec asks for another one that it has already: without that, a share of a
//! group that grows later would rise above what is asked by then, and what is asked would look like a wish for less.

use config::{Disruption, Place, Reason, Size, StepId};

use super::draft::Draft;
use crate::{Action, LogicalVolume, stamp};

/// Records what is asked, unless that is recorded or is no level; answers the step.
pub(super) fn size(
    draft: &mut Draft<'_>,
    (group, volume): (&str, &str),
    found: &LogicalVolume,
    asked: Size,
    place: &Place,
) -> Option<StepId> {
    let is_level = draft.spaces.get(group).is_some_and(|space| space.level(asked).is_some());
    if !is_level || stamp::asked(&found.tags) == Some(asked) {
        return None;
    }
    let from = stamp::asked_text(&found.tags).map(str::to_owned);
    let action = Action::RecordSize { group: group.to_owned(), volume: volume.to_owned(), from, to: asked.as_tag() };
    Some(draft.push(action, Reason::Spec(place.clone()), Disruption::None, Vec::new()))
}
