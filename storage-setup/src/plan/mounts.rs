//! The mount unit of a volume: written, then started.

use config::{Disruption, Placed, Reason, StepId, Volume};

use super::draft::Draft;
use super::remove::{self, Unit};
use super::{orphans, store};
use crate::mountinfo::is_below;
use crate::render::mount_unit;
use crate::{Action, Dockerd};

/// Removes the units of a volume that stays but belongs elsewhere now. Comes before any mount is planned, since two volumes may
/// change places.
pub(super) fn leave(draft: &mut Draft<'_>, group: &str, name: &str, volume: &Placed<Volume>) {
    let wanted = volume.value.mount.as_str();
    let elsewhere = |unit: &Unit| {
        let stamped = &unit.stamped;
        stamped.group == group && stamped.volume == name && stamped.mount != wanted
    };
    for unit in remove::units(draft).into_iter().filter(elsewhere) {
        if let Some(why) = remove::obstacle(draft, &unit) {
            let message = format!("{name} cannot be unmounted from {}: {why}", unit.stamped.mount);
            draft.problem(&volume.place, &format!("storage.volume.{name}.mount"), message, "unmount that, or take back the change");
            continue;
        }
        let reason = Reason::Spec(volume.place.clone());
        let disruption = orphans::unmounting(draft, &unit);
        let step = remove::mount(draft, &unit, &reason, disruption);
        draft.unmounted.entry((group.to_owned(), name.to_owned())).or_default().push(step);
    }
}

/// What is at the mount point now.
enum Now {
    Ours,
    Nothing,
    Foreign(String),
}

fn now(draft: &Draft<'_>, point: &str, device: &str) -> Now {
    match draft.have.mounts.get(point) {
        Some(_) if draft.vacated.contains_key(point) || !above(draft, point).is_empty() => Now::Nothing,
        Some(mount) if mount.source == device => Now::Ours,
        Some(mount) => Now::Foreign(mount.source.clone()),
        None => Now::Nothing,
    }
}

/// Removals of mounts above: systemd unmounts what is below with them.
fn above(draft: &Draft<'_>, point: &str) -> Vec<StepId> {
    draft.vacated.iter().filter(|(above, _)| is_below(point, above)).map(|(_, step)| step.clone()).collect()
}

/// Mounts the volume once the steps in `ready` are done. Answers the step after which it is mounted as it should be.
pub(super) fn plan(draft: &mut Draft<'_>, group: &str, name: &str, volume: &Placed<Volume>, ready: Vec<StepId>) -> Option<StepId> {
    let point = volume.value.mount.as_str();
    let place = &volume.place;
    let key = format!("storage.volume.{name}.mount");
    let device = mount_unit::device(group, name);
    let path = mount_unit::path(point);
    let vacated = draft.vacated.get(point).cloned();
    let there = draft.have.files.get(&path).map(|file| file.text.clone());
    let is_ours = |text: &String| {
        *text == mount_unit::text_of_the_shell_tool(group, name, point)
            || mount_unit::read(text).is_some_and(|stamped| stamped.mount == point)
    };
    if there.as_ref().is_some_and(|text| !is_ours(text)) {
        let message = format!("{path} is there already and is not ours");
        draft.problem(place, &key, message, format!("remove it, or mount {name} elsewhere"));
        return None;
    }
    // Its volume is no longer asked for, but stays, as a note says: with the unit that would be forgotten.
    let others =
        there.as_deref().and_then(mount_unit::read).filter(|stamped| (stamped.group.as_str(), stamped.volume.as_str()) != (group, name));
    if let Some(other) = others.filter(|other| vacated.is_none() && draft.volume(&other.group, &other.volume).is_some()) {
        let message = format!("{path} mounts {}, which stays", mount_unit::device(&other.group, &other.volume));
        draft.problem(place, &key, message, format!("remove what keeps that there, or mount {name} elsewhere"));
        return None;
    }
    let now = now(draft, point, &device);
    if let Now::Foreign(source) = &now {
        let message = format!("{source} is mounted at {point}");
        draft.problem(place, &key, message, format!("unmount it, or mount {name} elsewhere"));
        return None;
    }
    let mounted = matches!(now, Now::Ours);
    let text = mount_unit::text(group, name, point, volume.value.filesystem, volume.value.quota);
    let again = if mounted { again(draft, name, volume) } else { None };
    // The removal that clears the mount point takes the unit's file with it.
    let from = if vacated.is_some() { None } else { there };
    if mounted && from.as_ref() == Some(&text) && again.is_none() {
        return None;
    }
    // A unit that goes without being mounted leaves what lies under its mount point in sight.
    let unmounted = vacated.is_some() && draft.have.mounts.contains_key(point);
    let disruption = starting(draft, point, mounted, unmounted);
    let mut after = ready;
    after.extend(vacated.iter().cloned());
    after.extend(above(draft, point));
    after.extend(draft.unmounted.get(&(group.to_owned(), name.to_owned())).into_iter().flatten().cloned());
    let drifted = from.is_some();
    if from.as_ref() != Some(&text) {
        // A unit that lies there may be started by whatever needs the path, so it takes the same consent as its start.
        let cost = if disruption == Disruption::DataLoss { disruption } else { Disruption::None };
        let waits = after.clone();
        let action = Action::WriteFile { what: format!("mount unit of {device}"), path, from, text };
        let written = draft.push(action, Reason::Spec(place.clone()), cost, waits);
        after.push(written);
    }
    if let Some(cleared) = again {
        after.extend(cleared);
        return Some(mount_again(draft, group, name, volume, after));
    }
    let reason = if drifted && !mounted { Reason::Drift(format!("{device} is not mounted")) } else { Reason::Spec(place.clone()) };
    let action = Action::StartMount {
        group: group.to_owned(),
        volume: name.to_owned(),
        mount: point.to_owned(),
        unit: mount_unit::name(point),
        dockerd: if mounted { Dockerd::Untouched } else { store::dockerd_around(draft, point) },
    };
    let step = draft.push(action, reason, disruption, after);
    if mounted {
        draft.already_mounted.insert(step.clone());
    }
    if store::holds_store(draft.have, point, draft.engine) {
        draft.store_ready.push(step.clone());
    }
    Some(step)
}

/// Whether a mounted volume has to be mounted anew, since no file system takes up quotas while it is mounted; with the steps that
/// clear what is mounted below it. What stays there keeps it from being unmounted: then the next boot does it.
fn again(draft: &mut Draft<'_>, name: &str, volume: &Placed<Volume>) -> Option<Vec<StepId>> {
    let point = volume.value.mount.as_str();
    if draft.have.mounts.get(point)?.quota == volume.value.quota {
        return None;
    }
    let mut cleared = Vec::new();
    for (below, mount) in draft.have.mounts.iter().filter(|(below, _)| is_below(below, point)) {
        let Some(step) = draft.vacated.get(below) else {
            let what = if volume.value.quota { "quotas" } else { "doing without quotas" };
            let text = format!("{name} takes up {what} at the next boot: {} is mounted below it, at {below}", mount.source);
            draft.note(&volume.place, text);
            return None;
        };
        cleared.push(step.clone());
    }
    Some(cleared)
}

fn mount_again(draft: &mut Draft<'_>, group: &str, name: &str, volume: &Placed<Volume>, after: Vec<StepId>) -> StepId {
    let point = volume.value.mount.as_str();
    let action = Action::Remount {
        group: group.to_owned(),
        volume: name.to_owned(),
        mount: point.to_owned(),
        unit: mount_unit::name(point),
        quota: volume.value.quota,
        dockerd: store::dockerd_around(draft, point),
    };
    // Whoever uses the files there must stop.
    let step = draft.push(action, Reason::Spec(volume.place.clone()), Disruption::Restart, after);
    if store::holds_store(draft.have, point, draft.engine) {
        draft.store_ready.push(step.clone());
    }
    step
}

/// What the start costs: a store that lies under the mount point is hidden by it. `unmounted`: what is seen there now goes before.
fn starting(draft: &Draft<'_>, point: &str, mounted: bool, unmounted: bool) -> Disruption {
    if mounted {
        return Disruption::None;
    }
    if !unmounted && store::hides_data(draft.have, point) {
        return Disruption::DataLoss;
    }
    match store::dockerd_around(draft, point) {
        Dockerd::Untouched => Disruption::None,
        Dockerd::Restarts | Dockerd::Stops => Disruption::Restart,
    }
}
