//! Copies of a group's metadata that a power cut left behind the others: written anew, so that the group does not stand on fewer disks
//! than it has. Only where something is ours or asked for.

use config::{Disruption, Reason};

use super::draft::Draft;
use crate::{Action, Root, VolumeGroup, stamp};

/// Plans it; comes once the group is settled.
pub(super) fn plan(draft: &mut Draft<'_>) {
    let have = draft.have;
    for (name, nodes) in &have.lagging {
        let Some(group) = have.groups.get(name) else { continue };
        // A missing disk may have the newest copy, and comes back with it.
        if group.missing > 0 || !concerns_us(draft, name, group) {
            continue;
        }
        let reason = Reason::Resumed("a write to LVM's metadata was cut off before all disks had it".to_owned());
        let action = Action::RenewMetadata { group: name.clone(), nodes: nodes.clone() };
        draft.push(action, reason, Disruption::None, Vec::new());
    }
}

fn concerns_us(draft: &Draft<'_>, name: &str, group: &VolumeGroup) -> bool {
    let wanted = draft.group.as_deref() == Some(name);
    let holds_root = matches!(&draft.have.root, Root::Logical { group, .. } if group == name);
    let grows_root = draft.want.root_size.is_some() || draft.want.grow_partition.value;
    wanted || (holds_root && grows_root) || group.volumes.values().any(|volume| stamp::is_ours(&volume.tags))
}
