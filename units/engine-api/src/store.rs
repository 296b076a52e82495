//! What an engine has, as values, and the labels by which containers of ours are known.
//!
//! Made by [`crate::EngineApi::look`]; read by the planner of the units family and by `status`. What could not be read is told as such,
//! never as empty.

use serde::{Deserialize, Serialize};

/// What the engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// It was not asked, or did not answer; the text says why.
    Unknown(String),
    /// It told.
    Known {
        /// All containers, running or not, ours or not.
        containers: Vec<SeenContainer>,
        /// All images with a name or a digest.
        images: Vec<SeenImage>,
    },
}

/// A container of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenContainer {
    /// The engine's id.
    pub id: String,
    /// Without the slash that docker puts before it.
    pub name: String,
    /// What our labels say; `None`: it is not ours.
    pub stamp: Option<Stamp>,
    /// What it does.
    pub state: ContainerState,
    /// Volumes without a name that its image asked for; a container that takes its place takes them over.
    pub volumes: Vec<OwnVolume>,
}

/// A volume that an engine made for one container, since its image asks for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnVolume {
    /// The engine's name of it: 64 hexadecimal digits.
    pub name: String,
    /// Where the container sees it.
    pub target: String,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Up.
    Running,
    /// It was up.
    Exited,
    /// `paused`, `restarting`, `removing`, `dead` and what engines may bring.
    Other(String),
}

/// As engines write it.
impl std::fmt::Display for ContainerState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            ContainerState::Created => "created",
            ContainerState::Running => "running",
            ContainerState::Exited => "exited",
            ContainerState::Other(other) => other,
        })
    }
}

/// What the labels of a container of ours say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// `io.atomic-host.unit`: the unit that runs it.
    pub unit: String,
    /// `io.atomic-host.blueprint`: [`crate::Blueprint::hash`] of what it was made from.
    pub blueprint: String,
    /// `io.atomic-host.image`: the image as the spec names it.
    pub image: String,
    /// `io.atomic-host.digest`: which image that was: `sha256:...` of its manifest, or of its configuration when it was loaded from a file.
    pub digest: String,
}

/// Label: the unit that runs the container. What has it is ours.
pub const LABEL_UNIT: &str = "io.atomic-host.unit";
/// Label: [`crate::Blueprint::hash`].
pub const LABEL_BLUEPRINT: &str = "io.atomic-host.blueprint";
/// Label: the image as the spec names it.
pub const LABEL_IMAGE: &str = "io.atomic-host.image";
/// Label: which image that was.
pub const LABEL_DIGEST: &str = "io.atomic-host.digest";

/// An image of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenImage {
    /// `sha256:...` of its configuration.
    pub id: String,
    /// Full names with tags: `docker.io/library/redis:7.4`.
    pub names: Vec<String>,
    /// Full names with digests: `docker.io/library/redis@sha256:...`. Empty for one loaded from a file.
    pub digests: Vec<String>,
}
