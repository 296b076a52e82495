//! Mount points that go through a symbolic link, as below `/srv` of an OSTree host: systemd mounts nothing there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Those that lead elsewhere, each with where it leads.
pub(super) fn read(points: &[String]) -> BTreeMap<String, String> {
    let elsewhere = |point: &String| {
        let target = target(Path::new(point)).to_string_lossy().into_owned();
        (target != *point).then(|| (point.clone(), target))
    };
    points.iter().filter_map(elsewhere).collect()
}

/// The path without links; the part of it that is not there yet is kept as it is.
pub(crate) fn target(path: &Path) -> PathBuf {
    let Some(there) = path.ancestors().find(|part| part.symlink_metadata().is_ok()) else { return path.to_owned() };
    let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
    let real = match (there.canonicalize(), there.parent(), there.read_link()) {
        (Ok(real), ..) => real,
        // A link to what is not there yet.
        (Err(_), Some(parent), Ok(link)) => parent.join(link),
        (Err(_), ..) => there.to_owned(),
    };
    if rest.as_os_str().is_empty() { real } else { real.join(rest) }
}

#[cfg(test)]
mod tests;
