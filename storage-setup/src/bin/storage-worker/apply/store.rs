//! Data loss: what dockerd keeps below its store of a pool that goes. With these records it would take no other pool, and what they
//! name is gone with the pool: the devices, the images and the containers. Its volumes are files and stay.
//!
//! docker 20.10: devicemapper/metadata has the devices, image/devicemapper the images' layers, containers/ID/config.v2.json the driver
//! of each container.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use storage_setup::DockerRoot;
use storage_setup::docker_root::USUAL as STORE;
use storage_setup::mountinfo::is_below;

use super::error::{ApplyError, changed, refused};
use super::{Change, Machine, mounts};
use crate::docker_root;
use crate::host::Host;

const DEVICEMAPPER: &str = "/var/lib/docker/devicemapper";
/// The loop files of a pool of dockerd's own.
const LOOP_FILES: &str = "/var/lib/docker/devicemapper/devicemapper";
const LOOP_DATA: &str = "/var/lib/docker/devicemapper/devicemapper/data";

/// Removes the records of a pool of LVM. Those of a pool in loop files are another pool's.
pub(super) fn forget_pool(machine: &mut Machine<'_>) -> Result<(), ApplyError> {
    if Path::new(LOOP_DATA).exists() {
        return Ok(());
    }
    forget(machine)?;
    remove(machine, Path::new(DEVICEMAPPER)).map(drop)
}

/// Removes the pool that dockerd made in loop files. The files go last: until then the pool is there to be removed.
pub(super) fn remove_loop_files(machine: &mut Machine<'_>, inode: u64, engine_stops: bool) -> Result<Change, ApplyError> {
    not_moved()?;
    match std::fs::metadata(LOOP_DATA) {
        Ok(file) if file.ino() == inode => {}
        Ok(_) => return changed(format!("{LOOP_DATA} is another one by now")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Change::Already),
        Err(source) => return Err(ApplyError::Remove { path: LOOP_DATA.to_owned(), source }),
    }
    if engine_stops {
        mounts::stop_engine(machine)?;
    }
    if let Some(device) = attached_to(Path::new("/sys/block"), LOOP_FILES) {
        return refused(format!("/dev/{device} is still attached to a file in {LOOP_FILES}; stop docker, or reboot, and apply again"));
    }
    forget(machine)?;
    remove(machine, Path::new(LOOP_FILES))?;
    remove(machine, Path::new(DEVICEMAPPER))?;
    Ok(Change::Made)
}

/// Containers, images and devices of the driver devicemapper.
fn forget(machine: &mut Machine<'_>) -> Result<(), ApplyError> {
    not_mounted_below(DEVICEMAPPER)?;
    for container in containers(Path::new(STORE)) {
        remove(machine, &container)?;
    }
    for rest in ["image/devicemapper", "devicemapper/mnt", "devicemapper/metadata"] {
        remove(machine, &Path::new(STORE).join(rest))?;
    }
    Ok(())
}

/// The directories of the containers whose file systems are in a devicemapper pool. One whose driver cannot be read stays.
fn containers(store: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(store.join("containers")) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_on_devicemapper(path)).collect();
    found.sort();
    found
}

fn is_on_devicemapper(container: &Path) -> bool {
    let text = std::fs::read(container.join("config.v2.json")).unwrap_or_default();
    let config: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    config.get("Driver").and_then(serde_json::Value::as_str) == Some("devicemapper")
}

/// A plan holds no such step for a store that was moved; it may have been moved since.
pub(super) fn not_moved() -> Result<(), ApplyError> {
    match docker_root::look() {
        DockerRoot::Usual => Ok(()),
        DockerRoot::Moved { to, by } => changed(format!("dockerd keeps its store at {to} by now, as {by} says")),
        DockerRoot::Unknown { why } => changed(format!("where dockerd keeps its store is not known any more: {why}")),
    }
}

/// Something that is mounted there is used by somebody, and its files would be deleted.
fn not_mounted_below(directory: &str) -> Result<(), ApplyError> {
    let host = Host::read()?;
    match host.mounts.iter().find(|mount| is_below(&mount.point, directory)) {
        Some(mount) => refused(format!("{0} is still mounted; `umount {0}`, and apply again", mount.point)),
        None => Ok(()),
    }
}

/// A loop device of a file in this directory.
fn attached_to(block: &Path, directory: &str) -> Option<String> {
    let entries = std::fs::read_dir(block).ok()?;
    let below = |file: String| Path::new(file.trim_end()).starts_with(directory);
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    // Without the directory `loop` it is attached to nothing.
    names.into_iter().find(|name| std::fs::read_to_string(block.join(name).join("loop/backing_file")).is_ok_and(below))
}

fn remove(machine: &mut Machine<'_>, path: &Path) -> Result<Change, ApplyError> {
    if !path.exists() {
        return Ok(Change::Already);
    }
    let removed = || clear(path).map_err(|source| ApplyError::Remove { path: path.display().to_string(), source });
    machine.effects.run(&format!("rm -r {}", path.display()), removed)?;
    Ok(Change::Made)
}

/// dockerd killed leaves its directory mounted on itself: a mount point is emptied and stays.
fn clear(path: &Path) -> std::io::Result<()> {
    match durable::remove_tree(path) {
        Err(error) if error.kind() == ErrorKind::ResourceBusy && std::fs::read_dir(path)?.next().is_none() => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests;
