//! Growth of root: once for each value of `ROOT_SIZE`, whatever it is, and never smaller.
//!
//! What grew is on record in a tag of the volume, which is written first and says how large: a run that is cut off goes on, and
//! the next one does not add another `+5G`.

use config::Bytes;
use config::sysconfig::size::{self, Asked};

use super::Deed;
use super::draft::Draft;
use crate::legacy::{Refusal, RootVolume};

const GROWN: &str = "atomic-host/grown=";

/// Plans `GROWPART` and `ROOT_SIZE`.
pub(super) fn plan(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let Some(root) = draft.have.root.clone() else { return Ok(()) };
    if draft.want.raw.get("GROWPART") == "true" {
        grow_members(draft, &root);
    }
    let text = draft.want.raw.get("ROOT_SIZE").to_owned();
    if text.is_empty() { Ok(()) } else { grow(draft, &root, &text) }
}

fn grow_members(draft: &mut Draft<'_>, root: &RootVolume) {
    let members = draft.have.groups.get(&root.group).map(|group| group.members.clone()).unwrap_or_default();
    for member in members {
        draft.push(Deed::GrowMember { node: member.node });
    }
}

fn grow(draft: &mut Draft<'_>, root: &RootVolume, text: &str) -> Result<(), Refusal> {
    let asked = match size::root_size(text) {
        Ok(asked) => asked,
        Err(wrong) => return draft.refuse(wrong.sentence("ROOT_SIZE", text)),
    };
    if root.filesystem.is_none() {
        draft.info(format!(
            "ROOT_SIZE={text} is not done: the file system of / is neither XFS nor ext4, and would not grow with its volume."
        ));
        return Ok(());
    }
    let Some(group) = draft.have.groups.get(&root.group) else { return Ok(()) };
    let Some(volume) = group.volumes.get(&root.volume) else { return Ok(()) };
    // Disks that this plan adds count only in the group that they go to.
    let same = draft.plan.group == root.group;
    let (total, free) = match draft.space.filter(|_| same) {
        Some(space) => (space.total, space.free),
        None => (group.extents, group.free),
    };
    let count = match asked.asked {
        Asked::Bytes(bytes) => bytes.extents_up(group.extent),
        Asked::OfFree(share) => share.of(free),
        Asked::OfGroup(share) => share.of(total),
    };
    let mut wanted = if asked.step { volume.extents.saturating_add(count) } else { count };
    let word = text.replace('%', "p");
    let recorded = volume.tags.iter().filter_map(|tag| tag.strip_prefix(GROWN)).find_map(|tag| {
        let (of, to) = tag.rsplit_once(':')?;
        (of == word).then(|| to.parse::<u64>().ok())?
    });
    if let Some(to) = recorded {
        wanted = to;
    }
    let now = volume.extents;
    if wanted > now {
        if wanted - now > free {
            let short = format!("ROOT_SIZE={text} is not done: volume group {} has not enough free space for it.", root.group);
            draft.info(short);
            return Ok(());
        }
        if asked.step && recorded.is_none() {
            let drop = volume.tags.iter().filter(|tag| tag.starts_with(GROWN)).cloned().collect();
            let tag = format!("{GROWN}{word}:{wanted}");
            draft.push(Deed::MarkRoot { group: root.group.clone(), volume: root.volume.clone(), tag, drop });
        }
        draft.push(Deed::GrowRoot { group: root.group.clone(), volume: root.volume.clone(), to: wanted });
        if let Some(space) = draft.space.as_mut().filter(|_| same) {
            space.free -= wanted - now;
        }
    }
    grow_filesystem(draft, root, wanted.max(now), group.extent);
    Ok(())
}

fn grow_filesystem(draft: &mut Draft<'_>, root: &RootVolume, extents: u64, extent: Bytes) {
    let (Some(filesystem), Some(size), Some(to)) = (root.filesystem, root.size, Bytes::of_extents(extents, extent)) else { return };
    // A file system leaves out what does not fill a block of its own.
    const GRAIN: u64 = 64 << 10;
    if size.0.saturating_add(GRAIN) < to.0 {
        let device = format!("/dev/{}/{}", root.group, root.volume);
        draft.push(Deed::GrowRootFilesystem { device, filesystem, to: Bytes(to.0.saturating_sub(GRAIN)) });
    }
}
