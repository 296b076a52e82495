//! Where the engines keep their store, and what a mount there means to them.

use config::EngineKind;

use super::draft::Draft;
use crate::mountinfo::is_below;
use crate::{Dockerd, Kept, Observed};

/// dockerd's.
const DOCKER: &str = "/var/lib/docker";
/// What dockerd knows of the pool that it uses.
const RECORDS: &str = "/var/lib/docker/devicemapper";
/// podman's.
const PODMAN: &str = "/var/lib/containers";

/// Whether a mount there holds the whole store of the engine.
pub(super) fn holds_store(mount: &str, engine: Option<EngineKind>) -> bool {
    let store = match engine {
        Some(EngineKind::Podman) => PODMAN,
        Some(EngineKind::Docker) | None => DOCKER,
    };
    mount == store || is_below(store, mount)
}

/// Whether a mount there holds what dockerd knows of the pool that it uses, or a part of that.
pub(super) fn holds_records(mount: &str) -> bool {
    holds_store(mount, Some(EngineKind::Docker)) || mount == RECORDS || is_below(mount, RECORDS)
}

/// Whether mounting or unmounting there changes what is seen at the store or a part of it.
fn touches(mount: &str, store: &str) -> bool {
    mount == store || is_below(store, mount) || is_below(mount, store)
}

/// What becomes of dockerd when something is mounted or unmounted there.
pub(super) fn dockerd_around(draft: &Draft<'_>, mount: &str) -> Dockerd {
    if !(draft.have.engine.running && touches(mount, DOCKER)) {
        Dockerd::Untouched
    } else if draft.options_change {
        Dockerd::Stops
    } else {
        Dockerd::Restarts
    }
}

/// Whether an engine, also one that is not the one of the spec, has something to lose from sight there.
pub(super) fn hides_data(have: &Observed, mount: &str) -> bool {
    let stores = [(have.engine.docker, DOCKER), (have.engine.podman, PODMAN)];
    stores.iter().any(|(kept, store)| *kept != Kept::Nothing && touches(mount, store))
}
