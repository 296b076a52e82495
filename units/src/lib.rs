//! The units family: what runs on the host as systemd units. So far that is the container engine.
//!
//! The agent calls [`observe`] (D-Bus and /proc), [`plan`] (pure) and [`apply`] (D-Bus) in turn;
//! the spec comes from `config`, the engine's options from the file that the storage family writes.

mod action;
mod apply;
mod model;
mod observe;
mod options;
mod plan;

pub use action::Action;
pub use apply::{Applied, apply};
pub use model::{Docker, Observed, Options, Process, Reach};
pub use observe::{UnitsError, observe};
pub use plan::{Plan, plan};

/// The file that holds dockerd's storage options; its variable is `DOCKER_STORAGE_OPTIONS`.
pub const STORAGE_OPTIONS: &str = "/etc/sysconfig/docker-storage";

/// docker's unit.
const DOCKER: &str = "docker.service";
