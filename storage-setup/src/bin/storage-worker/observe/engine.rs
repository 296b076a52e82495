//! The engine's store: which driver dockerd is told, whether it holds anything, whether dockerd runs.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use config::Driver;
use storage_setup::render::options;
use storage_setup::{EngineStore, docker_options};

use crate::bus;

const STORE: &str = "/var/lib/docker";
/// dockerd makes it when it has devicemapper and no pool.
const LOOP_FILE: &str = "devicemapper/devicemapper/data";

/// A store for a driver that the agent leaves alone is not looked into.
pub(super) fn engine(asked: Driver) -> EngineStore {
    let driver = std::fs::read_to_string(options::PATH).ok().and_then(|text| docker_options::driver(&text));
    let filled = match asked {
        Driver::Devicemapper | Driver::Overlay2 | Driver::Overlay => is_filled(Path::new(STORE)),
        Driver::None => false,
    };
    // Without a bus there is no systemd, and so no service of it that runs.
    let running = bus::is_up("docker.service").unwrap_or(false);
    let loopback = std::fs::metadata(Path::new(STORE).join(LOOP_FILE)).ok().map(|file| file.ino());
    EngineStore { driver, filled, loopback, running }
}

/// Whether there is an image, a container or a volume. What cannot be read counts as there: it may be data.
fn is_filled(store: &Path) -> bool {
    let mut places = vec![store.join("containers"), store.join("volumes")];
    match std::fs::read_dir(store.join("image")) {
        Ok(entries) => places.extend(entries.flatten().map(|entry| entry.path().join("imagedb/content/sha256"))),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(_) => return true,
    }
    places.iter().any(|place| has_entries(place))
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
