//! The file that the engine is started with: what it says now, and the one line that it shall say.
//!
//! Bytes as the shell tool writes them: overlay's line keeps the extra options as they are, with a trailing blank when there are none;
//! devicemapper's has its blanks collapsed.

use crate::dm_name;

/// What docker and this kernel can do with devices that are still in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// docker 1.7 or later.
    pub removal: bool,
    /// docker 1.9 or later, and a mount point in another mount namespace can be removed.
    pub deletion: bool,
}

/// The one line, with its newline. `pool`: group and name of the thin pool that devicemapper gets.
#[must_use]
pub fn line(variable: &str, driver: &str, extra: &str, pool: Option<(&str, &str)>, deferred: Deferred) -> String {
    let Some((group, pool)) = pool else { return format!("{variable}=\"--storage-driver {driver} {extra}\"\n") };
    let mut words = vec!["--storage-driver", driver];
    if !extra_has_filesystem(extra) {
        words.extend(["--storage-opt", "dm.fs=xfs"]);
    }
    let device = format!("dm.thinpooldev=/dev/mapper/{}", dm_name::of(group, pool));
    words.extend(["--storage-opt", &device]);
    if deferred.removal {
        words.extend(["--storage-opt", "dm.use_deferred_removal=true"]);
    }
    if deferred.deletion {
        words.extend(["--storage-opt", "dm.use_deferred_deletion=true"]);
    }
    let extra = extra.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    format!("{variable}=\"{} {extra}\"\n", words.join(" "))
}

/// Whether the extra options choose the file system of containers.
#[must_use]
pub fn extra_has_filesystem(extra: &str) -> bool {
    extra.split_ascii_whitespace().any(|word| word.contains("dm.fs="))
}

/// What the variable holds, without its outer quotes; `None` when the file does not set it or sets it to nothing.
#[must_use]
pub fn current_options<'a>(text: &'a str, variable: &str) -> Option<&'a str> {
    let value = text.lines().filter_map(|line| line.strip_prefix(variable)?.strip_prefix('=')).next_back()?;
    let value = value.trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some(unquoted.unwrap_or(value).trim()).filter(|value| !value.is_empty())
}

/// The driver that options name; `None` when it cannot be told.
#[must_use]
pub fn current_driver(options: &str) -> Option<&str> {
    let mut words = options.split_ascii_whitespace();
    let mut found = None;
    while let Some(word) = words.next() {
        if word == "--storage-driver" || word == "-s" {
            found = words.next().or(found);
        } else if let Some(name) = word.strip_prefix("--storage-driver=").or_else(|| word.strip_prefix("-s=")) {
            found = Some(name);
        }
    }
    // Some versions named the pool alone.
    found.or_else(|| thin_pool(options).map(|_| "devicemapper"))
}

/// The thin pool's device that options name.
#[must_use]
pub fn thin_pool(options: &str) -> Option<&str> {
    options.split_ascii_whitespace().find_map(|word| word.split_once("dm.thinpooldev=").map(|(_, device)| device))
}
