//! What the engines are, as values: made by `observe`, read by the planner and by `status`.
//!
//! What could not be read is told as such, never as empty.

use std::collections::BTreeSet;

use config::{Engine, EngineKind};
use systemd::{ActiveState, UnitState};

use super::STORAGE;
use super::options::{arrived, in_words, storage_words, value, words};
use crate::OwnFile;

/// Everything about engines that the planner looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engines {
    /// docker; `None`: dockerd is not installed.
    pub docker: Option<Docker>,
    /// podman; `None`: it is not installed.
    pub podman: Option<Podman>,
    /// The files that we write for them, whichever is installed.
    pub files: EngineFiles,
}

/// docker as it is installed and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Docker {
    /// docker.service.
    pub unit: UnitState,
    /// What the file of storage options says.
    pub options: Options,
    /// Whether that gets to dockerd.
    pub reach: Reach,
    /// Whether what we write gets to dockerd.
    pub own_reach: Reach,
    /// What daemon.json sets.
    pub daemon_json: DaemonJson,
    /// dockerd itself.
    pub process: Process,
}

/// podman, which has no daemon: only its API is a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Podman {
    /// podman.socket.
    pub socket: UnitState,
}

/// The files of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFiles {
    /// dockerd's options.
    pub docker: OwnFile,
    /// podman's registries.
    pub registries: OwnFile,
    /// podman's name servers.
    pub containers: OwnFile,
}

/// What a file of options says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Options {
    /// There is no file: storage has not been set up.
    Absent,
    /// It cannot be read; the text says why.
    Unreadable(String),
    /// The words that dockerd is to be started with, maybe none.
    Words(Vec<String>),
}

impl Options {
    /// What a file of storage options with this text says.
    pub(crate) fn from_text(text: &str) -> Options {
        Options::Words(value(text, STORAGE.name).map(|value| words(&value)).unwrap_or_default())
    }
}

/// Whether the options of a file get to dockerd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// docker.service reads the file and passes the variable on.
    Passed,
    /// They do not; the text says why and what to do.
    Blocked(String),
}

/// What daemon.json sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DaemonJson {
    /// It cannot be read, or is not JSON; the text says why.
    Unreadable(String),
    /// Its keys; none when there is no file.
    Keys(BTreeSet<String>),
}

/// dockerd's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Process {
    /// There is none.
    None,
    /// There is one that cannot be looked into; the text says why.
    Unreadable(String),
    /// It runs.
    Running {
        /// Its command line.
        line: Vec<String>,
        /// What the variable of the storage options said when it started.
        given: Vec<String>,
        /// What our variable said when it started.
        given_own: Vec<String>,
    },
}

impl Engines {
    /// The same host once the file of storage options has this text; `None`: the file stays as it is.
    #[must_use]
    pub fn after_options(&self, text: Option<&str>) -> Engines {
        let mut after = self.clone();
        if let (Some(docker), Some(text)) = (&mut after.docker, text) {
            docker.options = Options::from_text(text);
        }
        after
    }

    /// The engine in a few words, for `status`.
    #[must_use]
    pub fn engine_text(&self, engine: &Engine) -> String {
        match (engine.kind.as_ref().map(|kind| kind.value), &self.docker, &self.podman) {
            (Some(EngineKind::Docker) | None, Some(docker), None) | (Some(EngineKind::Docker), Some(docker), Some(_)) => docker.text(),
            (Some(EngineKind::Podman) | None, None, Some(_)) | (Some(EngineKind::Podman), Some(_), Some(_)) => "podman".to_owned(),
            (None, Some(_), Some(_)) => "docker or podman: both are installed, and engine.kind does not say which".to_owned(),
            (None, None, None) => "none is installed".to_owned(),
            (Some(EngineKind::Docker), None, _) => "docker, which is not installed".to_owned(),
            (Some(EngineKind::Podman), _, None) => "podman, which is not installed".to_owned(),
        }
    }
}

impl Docker {
    fn text(&self) -> String {
        let state = match &self.unit.active {
            ActiveState::Active => "running",
            ActiveState::Reloading => "reloading",
            ActiveState::Inactive => "inactive",
            ActiveState::Failed => "failed",
            ActiveState::Activating => "starting",
            ActiveState::Deactivating => "stopping",
            ActiveState::Other(other) => other,
        };
        match &self.process {
            Process::Running { line, given: _, given_own } => {
                let options = [&storage_words(line), arrived(line, given_own)].concat();
                format!("docker, {state} with {}", in_words(&options))
            }
            Process::None | Process::Unreadable(_) => format!("docker, {state}"),
        }
    }
}
