//! The engines' HTTP API over their sockets: what they have, and the few things that we ask of them.
//!
//! docker's at /run/docker.sock, podman's compatible one at /run/podman/podman.sock (podman.socket). Used by the units family to look and
//! to make containers, and by the runner that a docker container's unit starts (`src/bin/container-runner`). What is to be done is decided
//! elsewhere.

mod api;
mod archive;
mod blueprint;
mod body;
mod error;
mod image;
mod pull;
mod run;
mod seen;
mod store;

pub use api::EngineApi;
pub use archive::SeenVolume;
pub use blueprint::Blueprint;
pub use error::ApiError;
pub use image::{Pick, pick};
pub use run::{Chunk, Found, Output};
pub use store::{
    ContainerState, LABEL_BLUEPRINT, LABEL_DIGEST, LABEL_IMAGE, LABEL_UNIT, OwnVolume, SeenContainer, SeenImage, Stamp, Store,
};
