//! Where the engines keep their store, and what a mount there means to them.

use config::{EngineKind, Volume};

use super::draft::Draft;
use crate::docker_root::USUAL;
use crate::mountinfo::is_below;
use crate::{DockerRoot, Dockerd, Kept, Mount, Observed, PODMAN_STORAGE};

/// podman's store, and what else it keeps of containers.
const PODMAN: &str = "/var/lib/containers";

/// The engine's store.
pub(super) fn of(have: &Observed, engine: Option<EngineKind>) -> &str {
    match engine {
        Some(EngineKind::Podman) => PODMAN,
        Some(EngineKind::Docker) | None => have.engine.root.path(),
    }
}

/// Whether a mount there holds the whole store of the engine.
pub(super) fn holds_store(have: &Observed, mount: &str, engine: Option<EngineKind>) -> bool {
    let store = of(have, engine);
    mount == store || is_below(store, mount)
}

/// Whether a mount there holds what dockerd knows of the pool that it uses, or a part of that.
pub(super) fn holds_records(have: &Observed, mount: &str) -> bool {
    let records = format!("{}/devicemapper", have.engine.root.path());
    holds_store(have, mount, Some(EngineKind::Docker)) || mount == records || is_below(mount, &records)
}

/// Whether mounting or unmounting there changes what is seen at the store or a part of it.
fn touches(mount: &str, store: &str) -> bool {
    mount == store || is_below(store, mount) || is_below(mount, store)
}

/// What the engine's store will lie on.
#[derive(Clone, Copy)]
pub(super) enum Carrier<'a> {
    /// A volume of the spec.
    Volume(&'a Volume),
    /// What is mounted there, and stays.
    Mount(&'a str, &'a Mount),
}

/// The engine's store, and what carries it.
pub(super) fn carrier<'a>(draft: &Draft<'a>) -> Option<(&'a str, Carrier<'a>)> {
    let have = draft.have;
    let store = match draft.engine {
        Some(EngineKind::Podman) => PODMAN_STORAGE,
        Some(EngineKind::Docker) | None => have.engine.root.path(),
    };
    let carries = |point: &str| point == store || point == "/" || is_below(store, point);
    let volumes = draft.want.volumes.values().map(|volume| &volume.value);
    if let Some(volume) = volumes.filter(|volume| carries(volume.mount.as_str())).max_by_key(|volume| volume.mount.as_str().len()) {
        return Some((store, Carrier::Volume(volume)));
    }
    let stay = have.mounts.iter().filter(|(point, _)| carries(point) && !draft.vacated.contains_key(*point));
    stay.max_by_key(|(point, _)| point.len()).map(|(point, mount)| (store, Carrier::Mount(point, mount)))
}

/// What becomes of dockerd when something is mounted or unmounted there.
pub(super) fn dockerd_around(draft: &Draft<'_>, mount: &str) -> Dockerd {
    if !(draft.have.engine.running && touches(mount, draft.have.engine.root.path())) {
        Dockerd::Untouched
    } else if draft.options_change {
        Dockerd::Stops
    } else {
        Dockerd::Restarts
    }
}

/// Whether an engine, also one that is not the one of the spec, has something to lose from sight there.
pub(super) fn hides_data(have: &Observed, mount: &str) -> bool {
    let stores = [(have.engine.docker, have.engine.root.path()), (have.engine.docker, USUAL), (have.engine.podman, PODMAN)];
    stores.iter().any(|(kept, store)| *kept != Kept::Nothing && touches(mount, store))
}

/// Removing from a store is done at the usual place alone: a directory that somebody else chose may hold more than a store.
pub(super) fn check_root(draft: &mut Draft<'_>) {
    let place = &draft.want.driver.place;
    let why = match &draft.have.engine.root {
        DockerRoot::Usual => return,
        DockerRoot::Moved { to, by } => format!("it keeps its store at {to}, as {by} says"),
        DockerRoot::Unknown { why } => {
            if draft.engine != Some(EngineKind::Podman) {
                draft.note(place, format!("where dockerd keeps its store is not known, so it counts as filled: {why}"));
            }
            format!("where it keeps its store is not known: {why}")
        }
    };
    if draft.removes_from_store() {
        let message = format!("what dockerd knows of its pool is to be removed from {USUAL}, but {why}");
        let hint = format!("bring docker's store back to {USUAL} first; or leave driver and pool as they are");
        draft.problem(place, "storage.driver", message, hint);
    }
}
