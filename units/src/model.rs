//! What the engines are, as values: made by `observe`, read by the planner and by `status`.
//!
//! What could not be read is told as such, never as empty.

use config::{Engine, EngineKind};
use systemd::{ActiveState, UnitState};

use crate::options::{in_words, storage_words, value, words};

/// Everything that the planner looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// docker; `None`: dockerd is not installed.
    pub docker: Option<Docker>,
    /// Whether podman is installed.
    pub podman: bool,
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
    /// dockerd itself.
    pub process: Process,
}

/// What the file of storage options says.
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
    /// What a file with this text says.
    pub(crate) fn from_text(text: &str) -> Options {
        Options::Words(value(text).map(|value| words(&value)).unwrap_or_default())
    }
}

/// Whether the storage options get to dockerd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// docker.service reads the file and passes the variable on.
    Passed,
    /// They do not; the text says why and what to do.
    Blocked(String),
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
        /// What the file's variable said when it started.
        given: Vec<String>,
    },
}

impl Observed {
    /// The same host once the options file has this text; `None`: the file stays as it is.
    #[must_use]
    pub fn after_options(&self, text: Option<&str>) -> Observed {
        let mut after = self.clone();
        if let (Some(docker), Some(text)) = (&mut after.docker, text) {
            docker.options = Options::from_text(text);
        }
        after
    }

    /// The engine in a few words, for `status`.
    #[must_use]
    pub fn engine_text(&self, engine: &Engine) -> String {
        match (engine.kind.as_ref().map(|kind| kind.value), &self.docker, self.podman) {
            (Some(EngineKind::Docker) | None, Some(docker), false) | (Some(EngineKind::Docker), Some(docker), true) => docker.text(),
            (Some(EngineKind::Podman) | None, None, true) | (Some(EngineKind::Podman), Some(_), true) => "podman".to_owned(),
            (None, Some(_), true) => "docker or podman: both are installed, and engine.kind does not say which".to_owned(),
            (None, None, false) => "none is installed".to_owned(),
            (Some(EngineKind::Docker), None, _) => "docker, which is not installed".to_owned(),
            (Some(EngineKind::Podman), _, false) => "podman, which is not installed".to_owned(),
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
            Process::Running { line, .. } => format!("docker, {state} with {}", in_words(&storage_words(line))),
            Process::None | Process::Unreadable(_) => format!("docker, {state}"),
        }
    }
}
