//! Carries out one action: files, systemd over D-Bus, the engine over its socket. Every wait has a limit.

use std::path::Path;
use std::time::Duration;

use engine_api::EngineApi;
use systemd::{ActiveState, Systemd};

use crate::{Action, UnitsError, file, journal};

/// As long as a job may take. dockerd starts in seconds, but takes minutes over a large store after a power cut; a container may have
/// up to an hour to stop, which its own unit limits.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);
const STOP_LIMIT: Duration = Duration::from_secs(3700);
/// For a container that runs without its unit.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What an action came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was so already.
    Already,
    /// Done.
    Made,
}

impl Applied {
    fn if_changed(changed: bool) -> Applied {
        if changed { Applied::Made } else { Applied::Already }
    }
}

/// Carries out the action; `tell` hears how a long one goes on.
///
/// # Errors
/// When systemd, the engine or the file system does not do it.
pub async fn apply(action: &Action, tell: &mut (dyn FnMut(String) + Send)) -> Result<Applied, UnitsError> {
    let root = Path::new("/");
    match action {
        Action::StartEngine { unit, .. } => start(unit).await,
        Action::RestartEngine { unit, .. } => {
            let systemd = fresh(unit).await?;
            systemd.restart(unit, LIMIT).await?;
            Ok(Applied::Made)
        }
        Action::WriteFile { path, text, .. } => file::write(root, path, text).map(Applied::if_changed),
        Action::RemoveFile { path } => file::remove(root, path).map(Applied::if_changed),
        Action::MakeDirectory { path } => {
            durable::make_directory(Path::new(path), 0o755).map_err(UnitsError::file("make", path))?;
            Ok(Applied::Made)
        }
        Action::ConfigureJournal { text, .. } => {
            journal::configure(root, &Systemd::connect().await?, text).await?;
            Ok(Applied::Made)
        }
        Action::PullImage { engine, image } => {
            EngineApi::connect(*engine).await?.pull(image, tell).await?;
            Ok(Applied::Made)
        }
        Action::CreateContainer { engine, called, blueprint, pin, keep, .. } => {
            EngineApi::connect(*engine).await?.create(called, blueprint, pin.as_deref(), keep).await?;
            Ok(Applied::Made)
        }
        Action::RemoveContainer { engine, id, .. } => {
            let engine = EngineApi::connect(*engine).await?;
            engine.stop(id, STOP_TIMEOUT).await?;
            engine.remove(id).await?;
            Ok(Applied::Made)
        }
        Action::RenameContainer { engine, called, name } => {
            EngineApi::connect(*engine).await?.rename(called, name.as_str()).await?;
            Ok(Applied::Made)
        }
        Action::ReloadUnits { .. } => {
            Systemd::connect().await?.reload().await?;
            Ok(Applied::Made)
        }
        Action::EnableUnit { unit } => Ok(Applied::if_changed(Systemd::connect().await?.enable(&[unit]).await?)),
        Action::DisableUnit { unit } => Ok(Applied::if_changed(Systemd::connect().await?.disable(&[unit]).await?)),
        Action::StartUnit { unit, .. } => start(unit).await,
        Action::StopUnit { unit, .. } => {
            fresh(unit).await?.stop(unit, STOP_LIMIT).await?;
            Ok(Applied::Made)
        }
    }
}

async fn start(unit: &str) -> Result<Applied, UnitsError> {
    let systemd = fresh(unit).await?;
    if systemd.unit(unit).await?.active == ActiveState::Active {
        return Ok(Applied::Already);
    }
    systemd.start(unit, LIMIT).await?;
    Ok(Applied::Made)
}

/// systemd, after it has read what is on disk of the unit.
async fn fresh(unit: &str) -> Result<Systemd, UnitsError> {
    let systemd = Systemd::connect().await?;
    if systemd.unit(unit).await?.need_reload {
        systemd.reload().await?;
    }
    Ok(systemd)
}
