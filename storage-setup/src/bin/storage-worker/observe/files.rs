//! Texts of the files that a plan may write, and of those that the request names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use storage_setup::OurFile;
use storage_setup::render::{mount_unit, options, profile};

/// Far more than any file that we write; what is larger is not ours.
const LIMIT: u64 = 1 << 20;

/// `further` may have a `*` in its last part.
pub(crate) fn read(further: &[String]) -> BTreeMap<String, OurFile> {
    let patterns = [mount_unit::EVERY, options::PATH, profile::EVERY];
    let mut files = BTreeMap::new();
    for pattern in patterns.into_iter().chain(further.iter().map(String::as_str)) {
        for path in matching(pattern) {
            if let Some(text) = whole(&path) {
                files.insert(path.to_string_lossy().into_owned(), OurFile { text });
            }
        }
    }
    files
}

fn matching(pattern: &str) -> Vec<PathBuf> {
    let path = Path::new(pattern);
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else { return Vec::new() };
    let Some((start, end)) = name.split_once('*') else { return vec![path.to_owned()] };
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let fits = |name: &str| name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end);
    entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(fits)).map(|entry| entry.path()).collect()
}

/// Links are followed: a unit masked by a link to /dev/null is an empty file here, not an absent one.
fn whole(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if metadata.is_dir() || metadata.len() > LIMIT {
        return None;
    }
    if !metadata.is_file() {
        return Some(String::new());
    }
    let bytes = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
