//! The container engine: docker with its options, or podman with its registries, as `[engine]` and `[registry.HOST]` want them.
//!
//! [`observe`] looks (file system, D-Bus and /proc), [`plan`] decides (pure). dockerd's storage options come from the file that the
//! storage family writes, all others from a file of ours; daemon.json is the admin's and only read.

mod asked;
#[cfg(test)]
mod cases;
mod model;
mod observe;
mod options;
mod plan;
mod podman_conf;

pub use model::{DaemonJson, Docker, EngineFiles, Engines, Options, Podman, Process, Reach};
pub(crate) use observe::observe;
pub(crate) use options::in_words;
pub(crate) use plan::plan;

use options::Variable;

/// The file that holds dockerd's storage options; its variable is `DOCKER_STORAGE_OPTIONS`.
pub const STORAGE_OPTIONS: &str = "/etc/sysconfig/docker-storage";

/// dockerd's storage options, which the storage family writes.
const STORAGE: Variable = Variable { name: "DOCKER_STORAGE_OPTIONS", file: STORAGE_OPTIONS };
/// dockerd's other options, which we write; docker.service puts them last, where they win.
const OWN: Variable = Variable { name: "ATOMIC_HOST_OPTIONS", file: "/etc/sysconfig/docker-atomic-host" };
/// dockerd's own configuration file.
const DAEMON_JSON: &str = "/etc/docker/daemon.json";
/// podman's registries.
const REGISTRIES: &str = "/etc/containers/registries.conf.d/50-atomic-host.conf";
/// What podman gives its containers.
const CONTAINERS: &str = "/etc/containers/containers.conf.d/50-atomic-host.conf";

/// docker's unit.
const DOCKER: &str = "docker.service";
/// What podman's API listens on.
const PODMAN_SOCKET: &str = "podman.socket";
/// podman's API itself, started by its socket; it ends by itself soon after its last client.
const PODMAN_SERVICE: &str = "podman.service";
