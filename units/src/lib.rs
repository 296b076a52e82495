//! The units family: what runs on the host as systemd units. The container engine, the containers, the logs.
//!
//! The agent calls [`observe`] (files, D-Bus, the engine's socket), [`plan`] (pure) and [`apply`] in turn. `engine` knows the engines,
//! `container` the containers and their units, `rsyslog` and `journal` the sections of these names.

mod action;
mod apply;
mod container;
mod engine;
mod error;
mod export;
mod file;
mod journal;
mod observe;
mod plan;
mod rsyslog;

pub use action::Action;
pub use apply::{Applied, apply};
pub use container::{Containers, SeenUnit, Source};
pub use engine::{DaemonJson, Docker, EngineFiles, Engines, Options, Podman, Process, Reach, STORAGE_OPTIONS};
pub use engine_api::Store;
pub use error::UnitsError;
pub use export::{ExportError, Manifest, export, import};
pub use file::OwnFile;
pub use journal::SeenJournal;
pub use observe::{Observed, observe};
pub use plan::{Plan, plan};
