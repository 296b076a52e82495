//! /etc/sysconfig/docker-storage: which storage driver dockerd is started with.
//!
//! The worker reads the file; its text comes here; the driver goes into [`crate::EngineStore`].

use config::Driver;

/// The driver that `DOCKER_STORAGE_OPTIONS` names, as `--storage-driver X`, `--storage-driver=X`, `-s X` or `-s=X`.
///
/// A driver that the spec has no word for is [`Driver::None`]: it is there, and it is none of ours.
#[must_use]
pub fn driver(text: &str) -> Option<Driver> {
    let options = text.lines().filter_map(value).next_back()?;
    let mut words = options.split_whitespace().map(unquote);
    let mut found = None;
    while let Some(word) = words.next() {
        if word == "--storage-driver" || word == "-s" {
            found = words.next().map(named);
        } else if let Some(name) = word.strip_prefix("--storage-driver=").or_else(|| word.strip_prefix("-s=")) {
            found = Some(named(unquote(name)));
        }
    }
    found
}

fn value(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    line.strip_prefix("DOCKER_STORAGE_OPTIONS=").map(|value| unquote(value.trim()))
}

fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

fn named(name: &str) -> Driver {
    [Driver::Devicemapper, Driver::Overlay2, Driver::Overlay].into_iter().find(|driver| driver.as_str() == name).unwrap_or(Driver::None)
}

#[cfg(test)]
mod tests;
