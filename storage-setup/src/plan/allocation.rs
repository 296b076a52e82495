//! Taking extents for something, and saying what would fit when they are too few.

use config::{Place, Size, StepId};

use super::draft::Draft;

/// For whom extents are taken.
pub(super) struct Asker<'a> {
    /// Who asks.
    pub(super) place: &'a Place,
    /// Its key.
    pub(super) key: &'a str,
    /// Its name to a person.
    pub(super) what: &'a str,
    /// Extents that it has already.
    pub(super) now: u64,
}

/// Takes what `asker` lacks of `target` extents; answers the steps that this presupposes. `None`: a problem was noted.
pub(super) fn draw(draft: &mut Draft<'_>, group: &str, asker: &Asker<'_>, asked: Size, target: u64, own: &[StepId]) -> Option<Vec<StepId>> {
    let root = draft.root_growth.get(group).cloned();
    let space = draft.spaces.get_mut(group)?;
    let mut after = own.to_vec();
    after.extend_from_slice(space.behind());
    match asked {
        Size::Bytes(_) => {}
        Size::OfGroup(_) => after.extend(space.disks()),
        Size::OfFree(_) => {
            after.extend(space.disks());
            after.extend(root);
            space.wait_with_share();
        }
    }
    let needed = target.saturating_sub(asker.now);
    if let Some(given) = space.draw(needed, own) {
        after.extend(given);
        return Some(after);
    }
    if space.uncertain {
        return None;
    }
    let (target, free, fits) = (space.bytes(target), space.bytes(space.all()), space.bytes(asker.now + space.all()));
    let (place, key, what) = (asker.place, asker.key, asker.what);
    let message = format!("{target} are asked for {what}, but {group} has {free} free");
    draft.problem(place, key, message, format!("at most {fits} fit; ask for less, or add a disk to storage.devices"));
    None
}

/// A share of the free space that comes to nothing.
pub(super) fn nothing_free(draft: &mut Draft<'_>, group: &str, asker: &Asker<'_>, asked: Size) {
    if draft.spaces.get(group).is_some_and(|space| space.uncertain) {
        return;
    }
    let message = format!("{asked} are asked for {}, but {group} has nothing free", asker.what);
    draft.problem(asker.place, asker.key, message, "add a disk to storage.devices");
}
