//! An engine's images and volumes, kept in a directory around a change of storage that loses them, and brought back after it.
//!
//! In the directory: `manifest.json`, `images.tar` in docker's form, `volumes/NAME.tar` by tar(1). It is whole once it has its name: it is
//! written as `NAME.partial` beside it. Containers are not in it: the spec makes them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use config::EngineKind;
use engine_api::{ApiError, ContainerState, EngineApi, SeenContainer, SeenImage, SeenVolume, Store};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
const MANIFEST: &str = "manifest.json";
const IMAGES: &str = "images.tar";
const VOLUMES: &str = "volumes";
/// What is kept is data of containers, secrets among it.
const MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// Why images and volumes were not kept, or did not come back.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The engine says so.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The engine does not tell.
    #[error("the engine does not say what it has, so that nothing was kept: {why}")]
    Unknown {
        /// Its words.
        why: String,
    },
    /// Containers write while they are copied.
    #[error("these containers run, and what they write meanwhile would be torn: {}; stop them first, as: systemctl stop container-NAME", .names.join(" "))]
    Running {
        /// Their names.
        names: Vec<String>,
    },
    /// There is something already.
    #[error("{} is there already; name another directory, or move it away", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// It is not what an export makes.
    #[error("{} is not a whole export: {why}", path.display())]
    NotExport {
        /// The directory.
        path: PathBuf,
        /// What is odd.
        why: String,
    },
    /// tar(1) says no.
    #[error("tar cannot keep or bring back the volume {volume}: {why}")]
    Tar {
        /// The volume.
        volume: String,
        /// Its words.
        why: String,
    },
    /// The file system says no.
    #[error("cannot {verb} {}", path.display())]
    File {
        /// `write`
        verb: &'static str,
        /// What.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// What is in an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    version: u32,
    /// Names with tags of the images.
    pub images: Vec<String>,
    /// Names of the volumes.
    pub volumes: Vec<String>,
    /// What is not in it, for people.
    pub left_out: Vec<String>,
}

impl Manifest {
    /// What is to be kept of a store; what cannot be is said.
    fn of(containers: &[SeenContainer], images: &[SeenImage], volumes: &[SeenVolume]) -> Manifest {
        let mut names: Vec<String> = images.iter().flat_map(|image| image.names.clone()).collect();
        names.sort();
        names.dedup();
        let mut left_out: Vec<String> = Vec::new();
        let nameless = images.iter().filter(|image| image.names.is_empty());
        left_out.extend(nameless.map(|image| format!("image {}: it has no tag", image.digests.first().unwrap_or(&image.id))));
        let foreign = containers.iter().filter(|container| container.stamp.is_none());
        left_out.extend(foreign.map(|container| format!("container {}: the spec does not make it", container.name)));
        let mut kept = Vec::new();
        for volume in volumes {
            match not_here(volume) {
                Some(why) => left_out.push(format!("volume {}: {why}", volume.name)),
                None => kept.push(volume.name.clone()),
            }
        }
        Manifest { version: VERSION, images: names, volumes: kept, left_out }
    }

    fn read(from: &Path) -> Result<Manifest, ExportError> {
        let not = |why: String| ExportError::NotExport { path: from.to_owned(), why };
        let text = fs::read_to_string(from.join(MANIFEST)).map_err(|error| not(format!("{MANIFEST}: {error}")))?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| not(format!("{MANIFEST}: {error}")))?;
        if manifest.version > VERSION {
            return Err(not(format!("it has version {}, this program knows {VERSION}", manifest.version)));
        }
        if let Some(odd) = manifest.volumes.iter().find(|name| !is_file_name(name)) {
            return Err(not(format!("{odd:?} is no name of a volume")));
        }
        Ok(manifest)
    }
}

/// Why a volume's files are not in the engine's own directory for it, as a clause.
fn not_here(volume: &SeenVolume) -> Option<String> {
    if volume.driver != "local" {
        return Some(format!("{} keeps it", volume.driver));
    }
    if let Some(device) = &volume.device {
        return Some(format!("it is a mount of {device}"));
    }
    (!is_file_name(&volume.name)).then(|| "engines make none of such a name".to_owned())
}

/// Engines take `[a-zA-Z0-9][a-zA-Z0-9_.-]*`; what is something else becomes no path.
fn is_file_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|other| other.is_ascii_alphanumeric() || matches!(other, '_' | '.' | '-'))
}

/// Keeps the engine's images and volumes in `to`, which must not be there; `tell` hears what is being done.
///
/// # Errors
/// See [`ExportError`]; nothing is left of it then but `NAME.partial`.
pub async fn export(kind: EngineKind, to: &Path, tell: &mut (dyn FnMut(&str) + Send)) -> Result<Manifest, ExportError> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(ExportError::Exists { path: to.to_owned() });
    }
    let api = EngineApi::connect(kind).await?;
    let (containers, images) = match api.look().await? {
        Store::Known { containers, images } => (containers, images),
        Store::Unknown(why) => return Err(ExportError::Unknown { why }),
    };
    let running: Vec<String> = containers.iter().filter(|one| runs(&one.state)).map(|one| one.name.clone()).collect();
    if !running.is_empty() {
        return Err(ExportError::Running { names: running });
    }
    let volumes = api.volumes().await?;
    let manifest = Manifest::of(&containers, &images, &volumes);
    let partial = partial(to);
    make_empty(&partial)?;
    if !manifest.images.is_empty() {
        tell(&format!("saving {} images", manifest.images.len()));
        save_images(&api, &manifest.images, &partial.join(IMAGES)).await?;
    }
    for volume in volumes.iter().filter(|volume| manifest.volumes.contains(&volume.name)) {
        tell(&format!("saving volume {}", volume.name));
        let file = partial.join(VOLUMES).join(format!("{}.tar", volume.name));
        tar(&volume.name, &["--create", "--file"], &file, Path::new(&volume.path))?;
    }
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    let file = partial.join(MANIFEST);
    durable::replace(&file, text.as_bytes(), MODE).map_err(file_error("write", &file))?;
    sync(&partial)?;
    fs::rename(&partial, to).map_err(file_error("rename", &partial))?;
    durable::sync_directory_of(to).map_err(file_error("sync", to))?;
    Ok(manifest)
}

/// Brings images and volumes back into the engine's store. A volume that holds anything already is left as it is; answers those.
///
/// # Errors
/// See [`ExportError`]; what was brought back by then stays, and another run goes on.
pub async fn import(kind: EngineKind, from: &Path, tell: &mut (dyn FnMut(&str) + Send)) -> Result<(Manifest, Vec<String>), ExportError> {
    let manifest = Manifest::read(from)?;
    let api = EngineApi::connect(kind).await?;
    if !manifest.images.is_empty() {
        tell(&format!("loading {} images", manifest.images.len()));
        let path = from.join(IMAGES);
        let file = File::open(&path).map_err(file_error("read", &path))?;
        api.load(file).await?;
    }
    let mut filled = Vec::new();
    for name in &manifest.volumes {
        let volume = api.make_volume(name).await?;
        let path = Path::new(&volume.path);
        // tar makes files before their content: only one that it has finished with is taken for filled.
        let begun = path.join(BEGUN);
        let is_empty = fs::read_dir(path).map_err(file_error("read", path))?.next().is_none();
        if !is_empty && !begun.exists() {
            filled.push(name.clone());
            continue;
        }
        tell(&format!("loading volume {name}"));
        File::create(&begun).map_err(file_error("write", &begun))?;
        tar(name, &["--extract", "--file"], &from.join(VOLUMES).join(format!("{name}.tar")), path)?;
        // A power cut after the mark is gone must find the files whole.
        sync(path)?;
        fs::remove_file(&begun).map_err(file_error("remove", &begun))?;
    }
    Ok((manifest, filled))
}

/// In a volume while it is being filled, so that one that was cut off is filled again.
const BEGUN: &str = ".atomic-host-import";

fn runs(state: &ContainerState) -> bool {
    match state {
        ContainerState::Running | ContainerState::Other(_) => true,
        ContainerState::Created | ContainerState::Exited => false,
    }
}

/// Beside the target, also when that is written with a slash at its end.
fn partial(to: &Path) -> PathBuf {
    let mut name = to.components().collect::<PathBuf>().into_os_string();
    name.push(".partial");
    PathBuf::from(name)
}

/// An empty directory there, whatever a run that was cut off has left.
fn make_empty(path: &Path) -> Result<(), ExportError> {
    match fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(file_error("remove", path)(error)),
    }
    durable::make_directory(&path.join(VOLUMES), DIRECTORY_MODE).map_err(file_error("make", path))
}

async fn save_images(api: &EngineApi, names: &[String], path: &Path) -> Result<(), ExportError> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path).map_err(file_error("write", path))?;
    api.save(names, &mut |piece| file.write_all(piece)).await?;
    Ok(())
}

/// One volume into an archive or out of one: owners by number, extended attributes, no other file system.
fn tar(volume: &str, what: &[&str], archive: &Path, directory: &Path) -> Result<(), ExportError> {
    let failed = |why: String| ExportError::Tar { volume: volume.to_owned(), why };
    let mut command = Command::new("/usr/bin/tar");
    command.args(what).arg(archive).args([
        "--xattrs",
        "--xattrs-include=*",
        "--acls",
        "--numeric-owner",
        "--preserve-permissions",
        "--one-file-system",
    ]);
    if what.contains(&"--create") {
        command.arg(format!("--exclude=./{BEGUN}"));
    }
    command.arg("--directory").arg(directory);
    if what.contains(&"--create") {
        command.arg(".");
    }
    let ended = command.stdin(Stdio::null()).env_clear().env("LC_ALL", "C").output().map_err(|error| failed(error.to_string()))?;
    if ended.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&ended.stderr).trim().replace('\n', "; ")))
}

/// All of it on disk, before it gets its name.
fn sync(directory: &Path) -> Result<(), ExportError> {
    let open = File::open(directory).map_err(file_error("open", directory))?;
    nix::unistd::syncfs(&open).map_err(|error| file_error("sync", directory)(error.into()))
}

fn file_error(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::File { verb, path, source }
}

#[cfg(test)]
mod tests;
