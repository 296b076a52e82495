//! What there is of containers, as values: made by `observe`, read by the planner and by `status`.
//!
//! What could not be read is told as such, never as empty.

use std::collections::BTreeMap;

use config::ContainerName;
use engine_api::Store;
use systemd::UnitState;

use crate::OwnFile;

/// Everything about containers that the planner looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containers {
    /// The engine's store.
    pub store: Store,
    /// The units of the spec's containers, and all others that carry our stamp.
    pub units: BTreeMap<ContainerName, SeenUnit>,
    /// What the host has at the paths that containers shall see.
    pub sources: BTreeMap<String, Source>,
}

/// A unit `container-NAME.service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUnit {
    /// Its file in /etc/systemd/system.
    pub service: OwnFile,
    /// The file of its slice there.
    pub slice: OwnFile,
    /// Whether it starts at boot.
    pub enabled: bool,
    /// What systemd says of it.
    pub state: UnitState,
}

/// What is at a path of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nothing.
    Missing,
    /// Nothing, and there cannot be: a part of the path is a file.
    BelowFile,
    /// A directory, a file or a socket.
    There,
    /// A device or a pipe, which a container gets by other ways.
    Unfit,
    /// It is not known; the text says why.
    Unreadable(String),
}
