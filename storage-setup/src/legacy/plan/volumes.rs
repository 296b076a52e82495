//! The extra volume, and docker's root volume: made, formatted, mounted. One that is there is only mounted.

use config::Bytes;
use config::sysconfig::size::{self, Asked};

use super::Deed;
use super::draft::Draft;
use crate::legacy::Refusal;
use crate::plan::LEAST_XFS;
use crate::render::mount_unit;
use crate::{Role, stamp};

/// A volume and how it is mounted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra<'a> {
    pub(super) name: &'a str,
    pub(super) point: &'a str,
    /// The key of its size.
    pub(super) key: &'static str,
    /// By a mount unit, which stays.
    pub(super) by_unit: bool,
}

/// docker's own volume.
pub(super) const DOCKER_ROOT: &str = "docker-root-lv";

/// Plans one volume.
pub(super) fn plan(draft: &mut Draft<'_>, group: &str, extra: Extra<'_>) -> Result<(), Refusal> {
    let (name, point) = (extra.name.to_owned(), extra.point.to_owned());
    let group = group.to_owned();
    let source = format!("/dev/{group}/{name}");
    let seen = draft.have.mounts.iter().rev().find(|(_, at)| *at == point);
    let mounted = seen.is_some_and(|(from, _)| *from == source);
    // `/var` and the like may be mounts of their own: only what was put there for the engine is in the way.
    if let Some((from, _)) = seen.filter(|_| !mounted) {
        let from = from.clone();
        return draft.refuse(format!("Failed to mount volume {name} on {point}: {from} is mounted there"));
    }
    let labels = draft.have.labels;
    // Cut off between the mount and restorecon, with SELinux on.
    let mut is_done = mounted;
    match draft.have.groups.get(&group).and_then(|found| found.volumes.get(&name)) {
        Some(found) => {
            match &found.role {
                Role::Linear | Role::Thin { .. } => {}
                Role::Pool(_) | Role::Other => return draft.refuse(format!("{group}/{name} exists already and cannot be mounted.")),
            }
            if !found.active {
                draft.push(Deed::Activate { group: group.clone(), volume: name.clone(), on_demand: false });
            }
            if stamp::is_unformatted(&found.tags) {
                draft.push(Deed::Format { group: group.clone(), volume: name.clone(), labels });
            }
            is_done &= !(labels && stamp::is_unlabelled(&found.tags));
        }
        None => create(draft, &group, extra)?,
    }
    if extra.by_unit {
        by_unit(draft, &group, extra, is_done);
    } else {
        directly(draft, &group, extra, is_done);
    }
    Ok(())
}

fn create(draft: &mut Draft<'_>, group: &str, extra: Extra<'_>) -> Result<(), Refusal> {
    let Extra { name, key, .. } = extra;
    let text = draft.want.raw.get(key).to_owned();
    if text.is_empty() {
        return draft.refuse(format!("Specify a valid value for {key}."));
    }
    let asked = size::asked(&text).or_else(|wrong| draft.refuse(wrong.sentence(key, &text)))?;
    let Some(space) = draft.space else { return draft.refuse("No valid volume group found. Exiting.") };
    if let Some(missing) = draft.have.groups.get(group).map(|found| found.missing).filter(|missing| *missing > 0) {
        return draft.refuse(format!("Volume group {group} lacks {missing} of its physical volumes. Attach the missing disks and retry."));
    }
    let extents = match asked {
        Asked::Bytes(bytes) => bytes.extents_up(space.extent),
        Asked::OfFree(share) => share.of(space.free),
        Asked::OfGroup(share) => share.of(space.total),
    };
    let bytes = Bytes::of_extents(extents, space.extent);
    let least = Bytes(LEAST_XFS);
    if bytes.is_some_and(|bytes| extents > 0 && bytes < least) {
        return draft.refuse(format!("Failed to create volume {name} of size {text}: mkfs.xfs makes no file system below {least}."));
    }
    if extents == 0 || extents > space.free || bytes.is_none() {
        return draft.refuse(format!("Failed to create volume {name} of size {text}: {group} has {} free extents.", space.free));
    }
    draft.push(Deed::CreateVolume {
        group: group.to_owned(),
        volume: name.to_owned(),
        extents,
        extent: space.extent,
        asked: asked.as_tag(),
    });
    draft.push(Deed::Format { group: group.to_owned(), volume: name.to_owned(), labels: draft.have.labels });
    if let Some(space) = &mut draft.space {
        space.free -= extents;
    }
    Ok(())
}

/// A unit that is there already stays as it is.
fn by_unit(draft: &mut Draft<'_>, group: &str, extra: Extra<'_>, is_done: bool) {
    let path = mount_unit::path(extra.point);
    let there = draft.have.files.contains_key(&path);
    if !there {
        let text = mount_unit::text_of_the_shell_tool(group, extra.name, extra.point);
        draft.push(Deed::Write { path, text });
    }
    if !there || !is_done {
        let (group, volume, point) = (group.to_owned(), extra.name.to_owned(), extra.point.to_owned());
        let labels = draft.have.labels;
        draft.push(Deed::StartMount { group, volume, point, labels });
    }
}

/// Earlier versions left units, which go.
fn directly(draft: &mut Draft<'_>, group: &str, extra: Extra<'_>, is_done: bool) {
    let unit = draft.have.files.contains_key(&mount_unit::path(extra.point));
    if unit {
        draft.push(Deed::RemoveMount { point: extra.point.to_owned() });
    }
    if unit || !is_done {
        let (group, volume, point) = (group.to_owned(), extra.name.to_owned(), extra.point.to_owned());
        let labels = draft.have.labels;
        draft.push(Deed::Mount { group, volume, point, labels });
    }
}
