//! Where the engines keep their store, and what a mount there means to them.

use config::EngineKind;

use crate::Observed;
use crate::mountinfo::is_below;

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

/// Whether mounting or unmounting there changes what dockerd sees: it holds its store, or a part of it.
pub(super) fn touches_dockerd(mount: &str) -> bool {
    holds_store(mount, Some(EngineKind::Docker)) || is_below(mount, DOCKER)
}

/// dockerd runs and would see the change.
pub(super) fn restarts_dockerd(have: &Observed, mount: &str) -> bool {
    have.engine.running && touches_dockerd(mount)
}

/// dockerd has something to lose from sight there.
pub(super) fn hides_data(have: &Observed, mount: &str) -> bool {
    have.engine.filled && touches_dockerd(mount)
}
