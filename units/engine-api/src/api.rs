//! The calls themselves, each with a time limit: connect, look, create, remove, rename.
//!
//! In: what the planner decided. Out: over the engine's socket. bollard tells bodies and answers, environments among them, to whoever
//! listens to the `log` crate at level debug; nobody in this workspace does.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use bollard::container::{CreateContainerOptions, ListContainersOptions, RemoveContainerOptions, RenameContainerOptions};
use bollard::errors::Error as Wire;
use bollard::{API_DEFAULT_VERSION, Docker};
use config::{EngineKind, MountSource};

use crate::{ApiError, Blueprint, OwnVolume, Store, body, image, seen};

/// podman may have to be started by its socket first.
const PING_LIMIT: Duration = Duration::from_secs(15);
/// One call. A new container's volumes are filled from the image before the answer comes.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(120);
/// bollard's own limit ends before bodies are read; ours hold for whole calls, so that its own never does.
const WIRE_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A connection to an engine. Wants a tokio runtime with I/O and time.
pub struct EngineApi {
    pub(crate) docker: Docker,
    pub(crate) kind: EngineKind,
}

impl EngineApi {
    /// Connects, and asks for a sign of life within 15 s.
    ///
    /// # Errors
    /// [`ApiError::Unreachable`] or [`ApiError::TooLate`] when there is none.
    pub async fn connect(kind: EngineKind) -> Result<EngineApi, ApiError> {
        let socket = match kind {
            EngineKind::Docker => "/run/docker.sock",
            EngineKind::Podman => "/run/podman/podman.sock",
        };
        EngineApi::connect_to(kind, Path::new(socket)).await
    }

    /// Connects to the engine behind this socket; for the runner and tests.
    ///
    /// # Errors
    /// As [`EngineApi::connect`].
    pub async fn connect_to(kind: EngineKind, socket: &Path) -> Result<EngineApi, ApiError> {
        let reach = || "see whether it is up".to_owned();
        // Calls go without a version, since this bollard never sends one: both engines then speak their newest, 1.41 for docker 20.10 and
        // podman 4.3.
        let docker = Docker::connect_with_unix(&socket.to_string_lossy(), WIRE_LIMIT.as_secs(), API_DEFAULT_VERSION)
            .map_err(|error| failed(kind, reach(), error))?;
        let api = EngineApi { docker, kind };
        api.within(PING_LIMIT, reach, api.docker.ping()).await?;
        Ok(api)
    }

    /// All containers, and all images.
    ///
    /// # Errors
    /// When the engine does not answer, or in a form not known here.
    pub async fn look(&self) -> Result<Store, ApiError> {
        let (containers, images) = self.known().await?;
        Ok(Store::Known { containers, images })
    }

    async fn known(&self) -> Result<(Vec<crate::SeenContainer>, Vec<crate::SeenImage>), ApiError> {
        let all = ListContainersOptions::<String> { all: true, ..ListContainersOptions::default() };
        let list = self.docker.list_containers(Some(all));
        let containers = self.within(CALL_LIMIT, || "list its containers".to_owned(), list).await?;
        // podman refuses to be asked for digests, and tells them anyway, as docker does.
        let list = self.docker.list_images::<String>(None);
        let images = self.within(CALL_LIMIT, || "list its images".to_owned(), list).await?;
        Ok((containers.into_iter().map(seen::container).collect(), images.into_iter().filter_map(seen::image).collect()))
    }

    /// Makes a container called so, from an image of the store alone; gives its id. Nothing is fetched. One that is there already and was
    /// made from the same blueprint is the answer as well. `keep` are the volumes of the container before that it takes over.
    ///
    /// # Errors
    /// [`ApiError::NoImage`], [`ApiError::NoSource`] and [`ApiError::Taken`] when something is missing or in the way, before anything is
    /// made.
    pub async fn create(&self, called: &str, blueprint: &Blueprint, pin: Option<&str>, keep: &[OwnVolume]) -> Result<String, ApiError> {
        let (containers, images) = self.known().await?;
        if let Some(there) = containers.into_iter().find(|container| container.name == called) {
            let same = there.stamp.is_some_and(|stamp| stamp.blueprint == blueprint.hash());
            let taken = || ApiError::Taken { engine: word(self.kind), called: called.to_owned() };
            return if same { Ok(there.id) } else { Err(taken()) };
        }
        check_sources(blueprint)?;
        let no_image = || ApiError::NoImage { engine: word(self.kind), image: blueprint.image.to_string() };
        let pick = image::pick(&images, &blueprint.image, pin).ok_or_else(no_image)?;
        let options = CreateContainerOptions { name: called, platform: None };
        let create = self.docker.create_container(Some(options), body::body(blueprint, &pick, keep));
        let made = self.within(CALL_LIMIT, || format!("make container {called}"), create).await;
        made.map(|made| made.id).map_err(|error| without_values(error, blueprint))
    }

    /// Removes a container; one that is gone already is fine. Its volumes stay, those without a name too: they may hold data.
    ///
    /// # Errors
    /// [`ApiError::Refused`] for one that runs.
    pub async fn remove(&self, id: &str) -> Result<(), ApiError> {
        let options = RemoveContainerOptions { v: false, force: false, link: false };
        let remove = self.docker.remove_container(id, Some(options));
        match self.within(CALL_LIMIT, || format!("remove container {id}"), remove).await {
            Err(error) if error.is_absent() => Ok(()),
            result => result,
        }
    }

    /// Renames a container.
    ///
    /// # Errors
    /// [`ApiError::Refused`] when it is not there, or the name is taken.
    pub async fn rename(&self, called: &str, name: &str) -> Result<(), ApiError> {
        let rename = self.docker.rename_container(called, RenameContainerOptions { name });
        self.within(CALL_LIMIT, || format!("rename container {called} to {name}"), rename).await
    }

    /// Waits for a call, but not for ever. `doing` completes "docker cannot ...".
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        doing: impl Fn() -> String,
        call: impl Future<Output = Result<T, Wire>>,
    ) -> Result<T, ApiError> {
        match tokio::time::timeout(limit, call).await {
            Ok(answer) => answer.map_err(|error| failed(self.kind, doing(), error)),
            Err(_elapsed) => Err(ApiError::TooLate { engine: word(self.kind), doing: doing(), unit: unit(self.kind), limit }),
        }
    }
}

impl fmt::Debug for EngineApi {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EngineApi").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The engine's name, as its program is called.
pub(crate) fn word(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Docker => "docker",
        EngineKind::Podman => "podman",
    }
}

pub(crate) fn unit(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Docker => "docker.service",
        EngineKind::Podman => "podman.socket",
    }
}

/// What bollard's error means to us. Its enum is open: what is neither an answer nor about one is of the connection.
pub(crate) fn failed(kind: EngineKind, doing: String, error: Wire) -> ApiError {
    let engine = word(kind);
    if let Wire::DockerResponseServerError { status_code: status, message } = error {
        return ApiError::Refused { engine, doing, status, why: message.trim().to_owned() };
    }
    if let Wire::JsonDataError { .. } | Wire::JsonSerdeError { .. } = error {
        return ApiError::Garbled { engine, doing, source: Box::new(error) };
    }
    let unit = unit(kind);
    // Its own text repeats what it comes from.
    if let Wire::HyperLegacyError { err } = error {
        return ApiError::Unreachable { engine, doing, unit, source: Box::new(err) };
    }
    ApiError::Unreachable { engine, doing, unit, source: Box::new(error) }
}

/// Engines make a directory of what is missing, and the container then sees that.
fn check_sources(blueprint: &Blueprint) -> Result<(), ApiError> {
    for mount in &blueprint.mounts {
        match &mount.source {
            MountSource::Path(path) if !Path::new(path).exists() => {
                return Err(ApiError::NoSource { name: blueprint.name.to_string(), path: path.clone() });
            }
            MountSource::Path(_) | MountSource::Volume(_) => {}
        }
    }
    Ok(())
}

/// The error without the values of the environment, should the engine have quoted one.
fn without_values(error: ApiError, blueprint: &Blueprint) -> ApiError {
    let ApiError::Refused { engine, doing, status, mut why } = error else { return error };
    for value in blueprint.env.values().filter(|value| !value.is_empty()) {
        why = why.replace(value.as_str(), "***");
    }
    ApiError::Refused { engine, doing, status, why }
}
