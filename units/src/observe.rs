//! Looks at all that the units family is about. Changes nothing; asks an engine only when it runs already.

use std::path::Path;

use config::{ContainerName, Desired, Engine, EngineKind};
use systemd::{ActiveState, Systemd, UnitState};

use crate::container::{self, Containers};
use crate::engine::{self, Engines};
use crate::journal::{self, SeenJournal};
use crate::{OwnFile, UnitsError, file, rsyslog};

/// Everything that the planner looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The engines.
    pub engines: Engines,
    /// Containers and their units.
    pub containers: Containers,
    /// The journal.
    pub journal: SeenJournal,
    /// What the logs' container needs of the host.
    pub rsyslog: SeenRsyslog,
}

/// What the logs' container needs of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRsyslog {
    /// Our rules.
    pub rules: OwnFile,
    /// Those of its directories that are not there.
    pub missing: Vec<String>,
    /// Whether the host has /etc/localtime.
    pub localtime: bool,
}

impl Observed {
    /// The same host once the file of storage options has this text; `None`: the file stays as it is.
    #[must_use]
    pub fn after_options(&self, text: Option<&str>) -> Observed {
        Observed { engines: self.engines.after_options(text), ..self.clone() }
    }

    /// The engine that can be asked without being started, or why none can.
    ///
    /// # Errors
    /// One clause for people.
    pub fn engine(&self, engine: &Engine) -> Result<EngineKind, String> {
        reachable(&self.engines, engine)
    }

    /// The engine in a few words, for `status`.
    #[must_use]
    pub fn engine_text(&self, engine: &Engine) -> String {
        self.engines.engine_text(engine)
    }
}

/// Looks at the host.
///
/// # Errors
/// When systemd cannot be asked, or a file cannot be looked at. An engine that does not answer is no error.
pub async fn observe(desired: &Desired) -> Result<Observed, UnitsError> {
    let root = Path::new("/");
    let systemd = Systemd::connect().await?;
    let engines = engine::observe(root).await?;
    let logs = look_at_rsyslog(root)?;
    let bundle = desired.rsyslog.as_ref().map(|want| rsyslog::container(&want.value, logs.localtime));
    let name = rsyslog::name();
    let mut wanted: Vec<(&ContainerName, &config::Container)> =
        desired.containers.iter().map(|(name, container)| (name, &container.value)).collect();
    wanted.extend(name.as_ref().zip(bundle.as_ref()));
    let containers = container::observe(root, &systemd, reachable(&engines, &desired.engine), &wanted).await?;
    Ok(Observed { engines, containers, journal: journal::observe(root)?, rsyslog: logs })
}

fn look_at_rsyslog(root: &Path) -> Result<SeenRsyslog, UnitsError> {
    let there = |path: &str| file::below(root, path).try_exists().map_err(UnitsError::file("look at", path));
    let mut missing = Vec::new();
    for directory in rsyslog::DIRECTORIES {
        if !there(directory)? {
            missing.push(directory.to_owned());
        }
    }
    Ok(SeenRsyslog { rules: OwnFile::read_stamped(root, rsyslog::RULES), missing, localtime: there(rsyslog::LOCALTIME)? })
}

/// The engine that can be asked without being started, or why none can.
fn reachable(engines: &Engines, engine: &Engine) -> Result<EngineKind, String> {
    let running = |kind, unit: &UnitState| {
        if unit.active == ActiveState::Active { Ok(kind) } else { Err(format!("{} is not running", unit.name)) }
    };
    match (engine.kind.as_ref().map(|kind| kind.value), &engines.docker, &engines.podman) {
        (Some(EngineKind::Docker), Some(docker), _) | (None, Some(docker), None) => running(EngineKind::Docker, &docker.unit),
        (Some(EngineKind::Podman), _, Some(podman)) | (None, None, Some(podman)) => running(EngineKind::Podman, &podman.socket),
        (Some(_), _, _) | (None, None, None) | (None, Some(_), Some(_)) => Err("there is no engine to ask".to_owned()),
    }
}
