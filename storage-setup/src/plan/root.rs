//! The root volume: grown when `root-size` asks for more, in two steps, since a cut between them must be seen.

use config::{Bytes, Disruption, Filesystem, Level, MIB, Place, Reason, Size, StepId};

use super::allocation::{self, Asker};
use super::draft::Draft;
use super::pool;
use crate::{Action, MountedFilesystem, Role, Root};

const KEY: &str = "storage.root-size";

/// How much smaller than its volume a file system may be without being cut off half way: the growers leave out a last bit that is too
/// small for them.
pub(super) fn slack(filesystem: Filesystem, volume: Bytes, extent: Bytes) -> u64 {
    let least = extent.0.max(MIB);
    match filesystem {
        Filesystem::Xfs => least,
        Filesystem::Ext4 => least.max(volume.0 / 1000),
    }
}

/// Plans the root volume or partition.
pub(super) fn plan(draft: &mut Draft<'_>) {
    let Some(wanted) = &draft.want.root_size else { return };
    let place = &wanted.place;
    match &draft.have.root {
        Root::Logical { group, volume, filesystem } => logical(draft, wanted.value, place, (group, volume), filesystem),
        Root::Partition { node, disk, number, size, room, filesystem } => match wanted.value {
            Level::Bytes(bytes) => {
                let partition = Partition { node, disk, number: *number, size: *size, room: *room };
                partitioned(draft, Bytes(bytes.get()), place, &partition, filesystem);
            }
            Level::OfGroup(_) => {
                let message = "a share of the volume group is asked, but the root file system is on a partition".to_owned();
                draft.problem(place, KEY, message, "write a size, as \"8G\"");
            }
        },
        Root::Other(what) => {
            let message = format!("the root file system is on {what}, which cannot be grown here");
            draft.problem(place, KEY, message, "remove root-size");
        }
    }
}

/// Kind and size of a file system that can be grown; else says why not.
fn growable(draft: &mut Draft<'_>, place: &Place, filesystem: &MountedFilesystem, must_grow: bool) -> Option<(Filesystem, Bytes)> {
    match (filesystem.kind, filesystem.size) {
        (Some(kind), Some(size)) => Some((kind, size)),
        (Some(_), None) => {
            draft.note(place, "the size of the root file system could not be read; it is not grown".to_owned());
            None
        }
        (None, _) if must_grow => {
            let message = "the root file system is of a kind that cannot be grown here".to_owned();
            draft.problem(place, KEY, message, "remove root-size; xfs and ext4 can be grown");
            None
        }
        (None, _) => None,
    }
}

fn logical(draft: &mut Draft<'_>, wanted: Level, place: &Place, (group, volume): (&str, &str), filesystem: &MountedFilesystem) {
    let (Some(found), Some(space)) = (draft.volume(group, volume), draft.spaces.get(group)) else {
        let message = format!("LVM does not show the root volume {group}/{volume}");
        draft.problem(place, KEY, message, "look at lvs and its warnings");
        return;
    };
    let asked = match wanted {
        Level::Bytes(bytes) => Size::Bytes(bytes),
        Level::OfGroup(share) => Size::OfGroup(share),
    };
    let (extent, target) = (space.extent, space.level(asked).unwrap_or(0));
    if target < found.extents {
        let now = space.bytes(found.extents);
        draft.note(place, format!("root-size is smaller than the root volume ({now}); file systems are not shrunk"));
    }
    let grows = target > found.extents;
    let Some((kind, size)) = growable(draft, place, filesystem, grows) else { return };
    let mut after = Vec::new();
    let mut extents = found.extents;
    if grows {
        let kind = match &found.role {
            Role::Linear => None,
            Role::Thin { pool } => Some(format!("a thin volume in the pool {pool}")),
            Role::Pool(_) | Role::Other => Some("no plain volume (mirrors, snapshots, caches)".to_owned()),
        };
        if let Some(kind) = kind {
            let message = format!("the root volume {group}/{volume} is {kind}, which is not grown here");
            let hint = format!("by hand: lvextend -r -L SIZE {group}/{volume}");
            match wanted {
                Level::Bytes(_) => draft.problem(place, KEY, message, format!("remove root-size; {hint}")),
                // It comes to more with each disk, which shall not keep anything else from being done.
                Level::OfGroup(_) => draft.note(place, format!("{message}; {hint}")),
            }
            return;
        }
        let missing = draft.have.groups.get(group).is_some_and(|group| group.missing > 0);
        if missing {
            let message = format!("{group} lacks physical volumes, so the root volume is not grown");
            draft.problem(place, KEY, message, format!("attach the missing disks; pvs -o+pv_missing {group}"));
            return;
        }
        pool::give_to_root(draft, group, target - found.extents, place);
        let asker = Asker { place, key: KEY, what: "the root volume", now: found.extents };
        let Some(steps) = allocation::draw(draft, group, &asker, asked, target, &[]) else { return };
        let action = Action::GrowRootVolume { group: group.to_owned(), volume: volume.to_owned(), from: found.extents, to: target, extent };
        let step = draft.push(action, Reason::Spec(place.clone()), Disruption::None, steps);
        draft.root_growth.insert(group.to_owned(), step.clone());
        after.push(step);
        extents = target;
    }
    let device = format!("/dev/{group}/{volume}");
    let to = Bytes::of_extents(extents, extent).unwrap_or(size);
    grow_filesystem(draft, place, &device, (kind, size), (to, extent), after);
}

fn grow_filesystem(
    draft: &mut Draft<'_>,
    place: &Place,
    device: &str,
    (kind, size): (Filesystem, Bytes),
    (to, extent): (Bytes, Bytes),
    after: Vec<StepId>,
) {
    let lags = to.0.saturating_sub(size.0) >= slack(kind, to, extent);
    if after.is_empty() && !lags {
        return;
    }
    let reason = if after.is_empty() {
        Reason::Resumed("the root file system is smaller than what it lies on".to_owned())
    } else {
        Reason::Spec(place.clone())
    };
    let action = Action::GrowRootFilesystem { filesystem: kind, device: device.to_owned(), to };
    draft.push(action, reason, Disruption::None, after);
}

struct Partition<'a> {
    node: &'a str,
    disk: &'a str,
    number: u32,
    size: Bytes,
    room: Bytes,
}

fn partitioned(draft: &mut Draft<'_>, wanted: Bytes, place: &Place, partition: &Partition<'_>, filesystem: &MountedFilesystem) {
    let Partition { node, disk, number, size: now, room } = *partition;
    let grows = wanted > now;
    if wanted < now {
        draft.note(place, format!("root-size is smaller than the root partition ({now}); file systems are not shrunk"));
    }
    if wanted > room.max(now) {
        let message = format!("{wanted} are asked for the root partition {node}, but it can become {} at most", room.max(now));
        draft.problem(place, KEY, message, "ask for less, or enlarge the disk");
        return;
    }
    let Some((kind, size)) = growable(draft, place, filesystem, grows) else { return };
    let mut after = Vec::new();
    let mut to = now;
    if grows {
        // Partition tools align to MiB.
        to = Bytes(wanted.0.next_multiple_of(MIB)).min(room);
        let action = Action::GrowRootPartition { disk: disk.to_owned(), number, from: now, to };
        after.push(draft.push(action, Reason::Spec(place.clone()), Disruption::None, Vec::new()));
    }
    grow_filesystem(draft, place, node, (kind, size), (to, Bytes(MIB)), after);
}
