//! The engines' stores: which driver dockerd is told, what they hold, whether dockerd runs.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use storage_setup::docker_root::USUAL;
use storage_setup::render::options;
use storage_setup::{DockerRoot, EngineStore, Kept, PODMAN_STORAGE, docker_options};

use crate::host::Host;
use crate::{bus, docker_root};

/// dockerd makes it when it has devicemapper and no pool.
const LOOP_FILE: &str = "devicemapper/devicemapper/data";

/// Both stores are looked into, whatever the spec says of engine and driver: what is in them may be hidden all the same.
pub(super) fn engine(host: &Host) -> EngineStore {
    let driver = std::fs::read_to_string(options::PATH).ok().and_then(|text| docker_options::driver(&text));
    let root = docker_root::look();
    // A store on a device that somebody suspended in a group of theirs cannot be looked into: it may hold anything.
    let unread = |store: &str| host.is_suspended(store);
    let docker = if unread(USUAL) || unread(root.path()) { Kept::Images } else { docker_keeps(Path::new(USUAL), &root) };
    let podman = if unread(PODMAN_STORAGE) { Kept::Images } else { in_podman(Path::new(PODMAN_STORAGE)) };
    // Without a bus there is no systemd, and so no service of it that runs.
    let running = bus::is_up("docker.service").unwrap_or(false);
    let loop_file = Path::new(root.path()).join(LOOP_FILE);
    let loopback = if unread(root.path()) { None } else { std::fs::metadata(loop_file).ok().map(|file| file.ino()) };
    let carriers = [root.path(), PODMAN_STORAGE].into_iter().flat_map(|store| host.carriers(store));
    let flat = carriers.filter(|mount| Host::is_flat_xfs(mount)).map(|mount| mount.point.clone()).collect();
    EngineStore { driver, root, docker, podman, loopback, flat, running }
}

/// What there is at the usual place and where the store was moved to. A store that nobody knows where to find may hold anything.
fn docker_keeps(usual: &Path, root: &DockerRoot) -> Kept {
    match root {
        DockerRoot::Usual => in_docker(usual),
        DockerRoot::Moved { to, .. } => in_docker(usual).max(in_docker(Path::new(to))),
        DockerRoot::Unknown { .. } => Kept::Images,
    }
}

/// What cannot be read counts as there: it may be data.
fn in_docker(store: &Path) -> Kept {
    let mut images = vec![store.join("containers")];
    match std::fs::read_dir(store.join("image")) {
        Ok(entries) => images.extend(entries.flatten().map(|entry| entry.path().join("imagedb/content/sha256"))),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(_) => return Kept::Images,
    }
    kept(images.iter().any(|place| has_entries(place)), has_entries(&store.join("volumes")))
}

/// containers/storage: a directory for each image and container in DRIVER-images and DRIVER-containers, beside files of its own.
fn in_podman(store: &Path) -> Kept {
    let drivers = match std::fs::read_dir(store) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(_) => return Kept::Images,
    };
    let holds = |place: &&PathBuf| {
        let name = place.to_string_lossy();
        (name.ends_with("-images") || name.ends_with("-containers")) && has_directories(place)
    };
    kept(drivers.iter().any(|place| holds(&place)), has_directories(&store.join("volumes")))
}

fn kept(images: bool, volumes: bool) -> Kept {
    match (images, volumes) {
        (true, _) => Kept::Images,
        (false, true) => Kept::Volumes,
        (false, false) => Kept::Nothing,
    }
}

fn has_directories(directory: &Path) -> bool {
    match std::fs::read_dir(directory) {
        Ok(entries) => entries.into_iter().any(|entry| entry.is_ok_and(|entry| entry.path().is_dir())),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

fn has_entries(directory: &Path) -> bool {
    /// dockerd makes these in `volumes` before there is any volume.
    const BOOKKEEPING: [&str; 2] = ["metadata.db", "backingFsBlockDev"];
    match std::fs::read_dir(directory) {
        Ok(entries) => entries.into_iter().any(|entry| match entry {
            Ok(entry) => !BOOKKEEPING.iter().any(|name| entry.file_name() == *name),
            Err(_) => true,
        }),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

#[cfg(test)]
mod tests;
