//! Partitions that root's group lies on take the free space behind them, and physical volumes take all of their devices. Two steps,
//! since a cut between them must be seen.

use config::{Disruption, Place, Reason, StepId};

use super::draft::Draft;
use crate::{Action, Member, Root};

/// Plans the growth, if it is asked for.
pub(super) fn plan(draft: &mut Draft<'_>) {
    if !draft.want.grow_partition.value {
        return;
    }
    let place = &draft.want.grow_partition.place;
    let group = match &draft.have.root {
        Root::Logical { group, .. } => group,
        Root::Partition { .. } | Root::Other(_) => {
            let text = "the root file system is not on LVM, so that grow-partition has nothing to grow; root-size grows it";
            return draft.note(place, text.to_owned());
        }
    };
    let Some(found) = draft.have.groups.get(group) else { return };
    // The new size goes to every physical volume's metadata: a missing one would come back with the old.
    if found.missing > 0 {
        let text = format!("{group} lacks {} of its physical volumes, so that none of the others grows", found.missing);
        return draft.note(place, text);
    }
    for member in &found.members {
        grow(draft, place, group, member);
    }
}

fn grow(draft: &mut Draft<'_>, place: &Place, group: &str, member: &Member) {
    let (Some(size), Some(extent)) = (member.size, draft.spaces.get(group).map(|space| space.extent)) else { return };
    let extents = |size: config::Bytes| size.0.saturating_sub(member.start.0) / extent.0.max(1);
    let mut device = size;
    let mut after: Vec<StepId> = Vec::new();
    if let Some(partition) = draft.have.partitions.get(&member.node)
        // Less than an extent is not worth a write to a partition table.
        && extents(partition.room) > extents(partition.size)
    {
        let (disk, number, from, to) = (partition.disk.clone(), partition.number, partition.size, partition.room);
        let action = Action::GrowPartition { group: group.to_owned(), node: member.node.clone(), disk, number, from, to };
        after.push(draft.push(action, Reason::Spec(place.clone()), Disruption::None, Vec::new()));
        device = to;
    }
    let (from, to) = (member.extents, extents(device));
    if to <= from {
        return;
    }
    let action = Action::GrowMember { group: group.to_owned(), node: member.node.clone(), uuid: member.uuid.clone(), from, to, extent };
    let step = draft.push(action, Reason::Spec(place.clone()), Disruption::None, after);
    if let Some(space) = draft.spaces.get_mut(group) {
        space.gain_disk(step, to - from, false);
    }
}
