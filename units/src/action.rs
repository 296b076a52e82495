//! What can be done to units: each action is one thing that a person would call one thing.
//!
//! Made by the planners, carried out by `apply`. What an action says of itself never holds an environment: it may hold secrets.

use config::{ContainerName, Describe, EngineKind, ImageRef};
use engine_api::{Blueprint, OwnVolume};
use serde::{Deserialize, Serialize};

use crate::engine::in_words;

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// Start an engine, or its socket, that is down.
    StartEngine {
        /// `docker.service`, `podman.socket`
        unit: String,
        /// The options that it will run with.
        options: Vec<String>,
    },
    /// Restart an engine that runs with other options than its files say.
    RestartEngine {
        /// `docker.service`
        unit: String,
        /// The options that it runs with.
        from: Vec<String>,
        /// Those that the files say.
        to: Vec<String>,
    },
    /// Write a whole file of ours, through a temporary beside it; owner root, mode 0644.
    WriteFile {
        /// What it is to a person: `unit of container redis`.
        what: String,
        /// Absolute.
        path: String,
        /// The text there now, if any.
        from: Option<String>,
        /// The whole text.
        text: String,
    },
    /// Remove a file of ours.
    RemoveFile {
        /// Absolute.
        path: String,
    },
    /// Make a directory of ours, and those above it.
    MakeDirectory {
        /// Absolute.
        path: String,
    },
    /// Write journald's configuration and restart it, which keeps what it has: it reads that only at its start.
    ConfigureJournal {
        /// The text there now, if any.
        from: Option<String>,
        /// The whole text.
        text: String,
        /// What it says, in a few words.
        to: String,
    },
    /// Fetch an image into the engine's store.
    PullImage {
        /// Which engine.
        engine: EngineKind,
        /// What.
        image: ImageRef,
    },
    /// Make a container, without starting it.
    CreateContainer {
        /// Which engine.
        engine: EngineKind,
        /// `NAME`, or `NAME.new` while the old one runs.
        called: String,
        /// What is there: `absent`, or what differs.
        from: String,
        /// From what.
        blueprint: Box<Blueprint>,
        /// The digest that the container before it had, of the same image; `None`: that of the name in the store.
        pin: Option<String>,
        /// Volumes without a name of the container before, which this one takes over.
        keep: Vec<OwnVolume>,
    },
    /// Remove a container of ours that does not run.
    RemoveContainer {
        /// Which engine.
        engine: EngineKind,
        /// `NAME` or `NAME.new`
        called: String,
        /// The engine's id of it.
        id: String,
    },
    /// Give a new container the name of the one that is gone.
    RenameContainer {
        /// Which engine.
        engine: EngineKind,
        /// `NAME.new`
        called: String,
        /// `NAME`
        name: ContainerName,
    },
    /// Let systemd read the unit files again.
    ReloadUnits {
        /// The units that changed, by name.
        units: Vec<String>,
    },
    /// Start a unit at boot from now on.
    EnableUnit {
        /// `container-redis.service`
        unit: String,
    },
    /// Do not start a unit at boot any more.
    DisableUnit {
        /// `container-redis.service`
        unit: String,
    },
    /// Start a unit and wait for it.
    StartUnit {
        /// `container-redis.service`
        unit: String,
        /// What it is: `inactive`, `failed`.
        from: String,
    },
    /// Stop a unit and wait for it.
    StopUnit {
        /// `container-redis.service`
        unit: String,
        /// Why, in a few words: `its container is replaced`.
        why: String,
    },
}

impl Action {
    /// Whether it sets an engine going, which needs its storage whole.
    #[must_use]
    pub fn is_of_an_engine(&self) -> bool {
        matches!(self, Action::StartEngine { .. } | Action::RestartEngine { .. })
    }

    /// Whether it may be left half-way: nothing is lost with a pull, layers that are there are not fetched again.
    #[must_use]
    pub fn may_be_left(&self) -> bool {
        matches!(self, Action::PullImage { .. })
    }
}

impl Describe for Action {
    const FAMILY: &'static str = "units";

    fn kind(&self) -> &'static str {
        match self {
            Action::StartEngine { .. } => "start-engine",
            Action::RestartEngine { .. } => "restart-engine",
            Action::WriteFile { .. } => "write-file",
            Action::RemoveFile { .. } => "remove-file",
            Action::MakeDirectory { .. } => "make-directory",
            Action::ConfigureJournal { .. } => "configure-journal",
            Action::PullImage { .. } => "pull-image",
            Action::CreateContainer { .. } => "create-container",
            Action::RemoveContainer { .. } => "remove-container",
            Action::RenameContainer { .. } => "rename-container",
            Action::ReloadUnits { .. } => "reload-units",
            Action::EnableUnit { .. } => "enable-unit",
            Action::DisableUnit { .. } => "disable-unit",
            Action::StartUnit { .. } => "start-unit",
            Action::StopUnit { .. } => "stop-unit",
        }
    }

    fn target(&self) -> String {
        match self {
            Action::StartEngine { unit, .. }
            | Action::RestartEngine { unit, .. }
            | Action::EnableUnit { unit }
            | Action::DisableUnit { unit }
            | Action::StartUnit { unit, .. }
            | Action::StopUnit { unit, .. } => unit.clone(),
            Action::WriteFile { path, .. } | Action::RemoveFile { path } | Action::MakeDirectory { path } => path.clone(),
            Action::ConfigureJournal { .. } => "systemd-journald.service".to_owned(),
            Action::PullImage { image, .. } => image.to_string(),
            Action::CreateContainer { called, .. } | Action::RemoveContainer { called, .. } | Action::RenameContainer { called, .. } => {
                called.clone()
            }
            Action::ReloadUnits { units } => units.join(" "),
        }
    }

    fn from(&self) -> String {
        match self {
            Action::StartEngine { .. } => "inactive".to_owned(),
            Action::RestartEngine { from, .. } => in_words(from),
            Action::WriteFile { from: Some(_), .. } | Action::ConfigureJournal { from: Some(_), .. } => "other text".to_owned(),
            Action::WriteFile { from: None, .. } | Action::ConfigureJournal { from: None, .. } => "absent".to_owned(),
            Action::CreateContainer { from, .. } | Action::StartUnit { from, .. } => from.clone(),
            Action::RemoveFile { .. } => "there".to_owned(),
            Action::MakeDirectory { .. } | Action::PullImage { .. } => "absent".to_owned(),
            // The first digits tell a person enough; the engine's own tools show as many.
            Action::RemoveContainer { id, .. } => id.chars().take(12).collect(),
            Action::RenameContainer { called, .. } => called.clone(),
            Action::ReloadUnits { .. } => "read before".to_owned(),
            Action::EnableUnit { .. } => "disabled".to_owned(),
            Action::DisableUnit { .. } => "enabled".to_owned(),
            Action::StopUnit { .. } => "running".to_owned(),
        }
    }

    fn to(&self) -> String {
        match self {
            Action::StartEngine { options, .. } => format!("running with {}", in_words(options)),
            Action::RestartEngine { to, .. } => in_words(to),
            Action::WriteFile { what, .. } => what.clone(),
            Action::RemoveFile { .. } | Action::RemoveContainer { .. } => "absent".to_owned(),
            Action::MakeDirectory { .. } => "a directory".to_owned(),
            Action::ConfigureJournal { to, .. } => to.clone(),
            Action::PullImage { .. } => "in the store".to_owned(),
            // Not the hash: it is of secrets too, and what is told leaves the host with the logs.
            Action::CreateContainer { blueprint, .. } => format!("from {}", blueprint.image),
            Action::RenameContainer { name, .. } => name.to_string(),
            Action::ReloadUnits { .. } => "read again".to_owned(),
            Action::EnableUnit { .. } => "enabled".to_owned(),
            Action::DisableUnit { .. } => "disabled".to_owned(),
            Action::StartUnit { .. } => "running".to_owned(),
            Action::StopUnit { why, .. } => format!("stopped, since {why}"),
        }
    }
}
