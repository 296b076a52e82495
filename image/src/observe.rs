//! Looks at the remotes that libostree knows: files only, no process and no library.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use config::Os;

use crate::remote::{self, DIRECTORY, Definition, REPOSITORY};

/// Everything that the planner looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whether the host has an OSTree repository.
    pub image_based: bool,
    /// Every file with definitions, by its path on the host.
    pub files: BTreeMap<String, RemoteFile>,
    /// Key files that the spec names and the host lacks.
    pub missing_keys: BTreeSet<String>,
}

/// A file with definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Whether it is ours.
    pub stamped: bool,
    /// Its text.
    pub text: String,
    /// What it defines.
    pub remotes: Vec<(String, Definition)>,
}

impl RemoteFile {
    pub(crate) fn of(text: String) -> RemoteFile {
        RemoteFile { stamped: remote::is_stamped(&text), remotes: remote::parse(&text), text }
    }
}

/// Why the remotes are not known, or could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file system refused.
    #[error("cannot {verb} {}; is /etc readable and writable?", path.display())]
    Io {
        /// What was tried: `read`, `write`, `remove`.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Between looking and writing somebody else made the file.
    #[error("{} is not atomic-host's any more; move it away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

impl ImageError {
    pub(crate) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ImageError {
        let path = path.to_owned();
        move |source| ImageError::Io { verb, path, source }
    }
}

/// Looks at the host below `root`.
///
/// # Errors
/// When a file is there but cannot be read: what is not known is not taken for absent.
pub fn observe(root: &Path, os: &Os) -> Result<Observed, ImageError> {
    let mut seen = Observed { image_based: root.join(relative(REPOSITORY)).exists(), ..Observed::default() };
    for path in paths(root)? {
        if let Some(text) = read(&root.join(relative(&path)))? {
            seen.files.insert(path, RemoteFile::of(text));
        }
    }
    let keys = os.remotes.values().filter(|remote| remote.value.gpg_verify).flat_map(|remote| &remote.value.gpg_keys);
    seen.missing_keys = keys.filter(|key| !root.join(relative(key)).exists()).cloned().collect();
    Ok(seen)
}

fn paths(root: &Path) -> Result<Vec<String>, ImageError> {
    let mut paths = vec![REPOSITORY.to_owned()];
    let directory = root.join(relative(DIRECTORY));
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(paths),
        Err(source) => return Err(ImageError::io("read", &directory)(source)),
    };
    for entry in entries {
        let name = entry.map_err(ImageError::io("read", &directory))?.file_name();
        // libostree reads no other names, and a name that is no text cannot be ours.
        paths.extend(name.to_str().filter(|name| name.ends_with(".conf")).map(|name| format!("{DIRECTORY}/{name}")));
    }
    Ok(paths)
}

/// The text of a file; `None`: there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, ImageError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ImageError::io("read", path)(source)),
    }
}

pub(crate) fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}
