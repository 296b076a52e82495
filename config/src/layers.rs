//! The files that make up the spec: which there are, in which order, and their text.
//!
//! Reads below a given root directory; the texts go to [`crate::parse`].
//! A file that cannot be read is a problem of its own and does not hide the problems of the others.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::tree::line_and_column;
use crate::{Place, Problem, sysconfig};

/// A spec is written by people; past this size it is something else.
const MOST_BYTES: u64 = 256 * 1024;

/// Below the root directory: what the OS image says.
pub(crate) const IMAGE_LAYERS: &str = "usr/lib/atomic-host.d";

/// One file of the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The path, as it shall be shown.
    pub file: String,
    /// What is in it.
    pub text: String,
}

/// The files of the spec below a root directory, lowest first, not read yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The files; a later one wins.
    pub files: Vec<PathBuf>,
    /// The file of docker-storage-setup, which is below all of them if it counts.
    pub legacy: Option<PathBuf>,
    /// Directories that could not be listed.
    pub problems: Vec<Problem>,
}

/// Finds the layers: `etc/sysconfig/docker-storage-setup`, `usr/lib/atomic-host.d`, `run/atomic-host.d`, `etc/atomic-host.toml`, `etc/atomic-host.d`.
///
/// Within a directory the files named `*.toml` count, in byte order of their names; hidden files do not.
#[must_use]
pub fn layer_paths(root: &Path) -> Sources {
    let mut sources = Sources { legacy: Some(root.join(sysconfig::FILE)).filter(|file| is_there(file)), ..Sources::default() };
    sources.add_directory(&root.join(IMAGE_LAYERS));
    sources.add_directory(&root.join("run/atomic-host.d"));
    sources.add_file(root.join("etc/atomic-host.toml"));
    sources.add_directory(&root.join("etc/atomic-host.d"));
    sources
}

impl Sources {
    fn add_file(&mut self, file: PathBuf) {
        if is_there(&file) {
            self.files.push(file);
        }
    }

    fn add_directory(&mut self, directory: &Path) {
        match drop_ins(directory) {
            Ok(files) => self.files.extend(files),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.problems.push(of_file(directory, format!("the directory cannot be listed: {error}"))),
        }
    }
}

/// A dangling link is there, and so is found to be unreadable later.
fn is_there(file: &Path) -> bool {
    !fs::symlink_metadata(file).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn drop_ins(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.ends_with(b".toml") && !bytes.starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

/// Reads every file it can; what it cannot read is a problem each.
pub(crate) fn load(files: &[PathBuf]) -> (Vec<Layer>, Vec<Problem>) {
    let mut layers = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        match load_one(file) {
            Ok(layer) => layers.push(layer),
            Err(problem) => problems.push(problem),
        }
    }
    (layers, problems)
}

/// Reads one file.
pub(crate) fn load_one(file: &Path) -> Result<Layer, Problem> {
    let bytes = read_bytes(file).map_err(|what| of_file(file, what))?;
    String::from_utf8(bytes).map(|text| Layer { file: shown(file), text }).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default());
        let (line, column) = line_and_column(&before, good);
        Problem {
            place: Place::File { file: shown(file), line, column },
            key: String::new(),
            message: "the file is not text: there is a byte here that is not UTF-8".to_owned(),
            hint: Some("write the file again in UTF-8, or remove it".to_owned()),
        }
    })
}

/// Says why not, as a sentence. Looks before it opens: opening a FIFO would wait for its writer.
fn read_bytes(file: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: io::Error| format!("the file cannot be read: {error}");
    let metadata = fs::metadata(file).map_err(cannot)?;
    if metadata.is_dir() {
        return Err("a directory is in the place of the file".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(file).and_then(|open| open.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(cannot)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("the file is larger than {} KiB, which no spec is", MOST_BYTES / 1024));
    }
    Ok(bytes)
}

fn of_file(file: &Path, message: String) -> Problem {
    Problem {
        place: Place::File { file: shown(file), line: 1, column: 1 },
        key: String::new(),
        message,
        hint: Some(format!("make it a readable {} file, or move it away", if sysconfig::is_named_so(file) { "text" } else { "TOML" })),
    }
}

fn shown(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}
