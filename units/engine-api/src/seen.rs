//! What the engines say they have, as our values. Pure.
//!
//! docker shortens the names of images and puts a slash before those of containers; podman has states of its own. Told apart nowhere else.

use std::collections::HashMap;

use bollard::models::{ContainerSummary, ImageSummary, MountPoint};

use crate::image::full_name;
use crate::{ContainerState, LABEL_BLUEPRINT, LABEL_DIGEST, LABEL_IMAGE, LABEL_UNIT, OwnVolume, SeenContainer, SeenImage, Stamp};

/// A container of `GET /containers/json`.
pub(crate) fn container(told: ContainerSummary) -> SeenContainer {
    let names = told.names.unwrap_or_default();
    // docker's links add names with another slash inside.
    let own = names.iter().map(|name| name.trim_start_matches('/')).find(|name| !name.contains('/'));
    SeenContainer {
        id: told.id.unwrap_or_default(),
        name: own.unwrap_or_default().to_owned(),
        stamp: stamp(&told.labels.unwrap_or_default()),
        state: state(&told.state.unwrap_or_default()),
        volumes: told.mounts.unwrap_or_default().into_iter().filter_map(own_volume).collect(),
    }
}

/// A volume with a name that no person would give.
fn own_volume(told: MountPoint) -> Option<OwnVolume> {
    let (name, target) = (told.name?, told.destination?);
    let is_made_up = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_made_up.then_some(OwnVolume { name, target })
}

/// An image of `GET /images/json`; `None` when it has neither a name nor a digest.
pub(crate) fn image(told: ImageSummary) -> Option<SeenImage> {
    let full = |names: Vec<String>| -> Vec<String> {
        let known = names.into_iter().filter(|name| !name.contains("<none>"));
        known.map(|name| full_name(&name)).collect()
    };
    let (names, digests) = (full(told.repo_tags), full(told.repo_digests));
    (!names.is_empty() || !digests.is_empty()).then_some(SeenImage { id: told.id, names, digests })
}

/// Any container with our first label is ours, whatever became of the others.
fn stamp(labels: &HashMap<String, String>) -> Option<Stamp> {
    let label = |key: &str| labels.get(key).cloned();
    Some(Stamp {
        unit: label(LABEL_UNIT)?,
        blueprint: label(LABEL_BLUEPRINT).unwrap_or_default(),
        image: label(LABEL_IMAGE).unwrap_or_default(),
        digest: label(LABEL_DIGEST).unwrap_or_default(),
    })
}

/// podman calls a container `initialized` while it is being started, and `stopped` until it has cleaned up behind it.
fn state(word: &str) -> ContainerState {
    match word {
        "created" | "configured" | "initialized" => ContainerState::Created,
        "running" => ContainerState::Running,
        "exited" | "stopped" => ContainerState::Exited,
        other => ContainerState::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests;
