//! Reads the files that may say where dockerd keeps its store, and follows links: mounts are compared by where they really are.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use storage_setup::DockerRoot;
use storage_setup::docker_root::{self, USUAL};

use crate::observe::links;

/// Where dockerd keeps its store, as of now.
pub(crate) fn look() -> DockerRoot {
    let mut texts = BTreeMap::new();
    for file in docker_root::files() {
        match std::fs::read(file) {
            Ok(bytes) => drop(texts.insert(file, String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return DockerRoot::Unknown { why: format!("{file} cannot be read: {error}") },
        }
    }
    real(docker_root::find(&texts), |path| links::target(Path::new(path)).to_string_lossy().into_owned())
}

/// The same without links on the way.
fn real(found: DockerRoot, target: impl Fn(&str) -> String) -> DockerRoot {
    let real = target(found.path());
    match found {
        DockerRoot::Usual if real == USUAL => DockerRoot::Usual,
        DockerRoot::Usual => DockerRoot::Moved { to: real, by: format!("a link on the way to {USUAL}") },
        DockerRoot::Moved { .. } if real == USUAL => DockerRoot::Usual,
        DockerRoot::Moved { by, .. } => DockerRoot::Moved { to: real, by },
        DockerRoot::Unknown { why } => DockerRoot::Unknown { why },
    }
}

#[cfg(test)]
mod tests;
