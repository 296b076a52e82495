//! Generations: each applied spec with its plan and result, in `/var/lib/atomic-host/generations/N/`.
//!
//! `spec.toml` is the merged text, `plan.json` and `result.json` are what `atomic host plan --json` and `apply --json` print.
//! The link `committed` names the one in force: what a boot falls back to when the file is bad.

use std::fs;
use std::path::PathBuf;

use super::{StateError, durable};
use crate::host::Host;

/// How many are kept beside the committed one.
const KEPT: usize = 10;

/// One applied spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Counted from 1.
    pub number: u32,
    /// The merged text.
    pub spec: String,
}

/// The generation in force; `None` on a host that never converged.
///
/// # Errors
/// When it is there but cannot be read.
pub fn committed(host: &Host) -> Result<Option<Generation>, StateError> {
    let link = directory(host).join("committed");
    let target = match fs::read_link(&link) {
        Ok(target) => target,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StateError::Io { verb: "read", path: link, source }),
    };
    let Some(number) = target.to_str().and_then(|text| text.parse().ok()) else {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{} is no generation", target.display()));
        return Err(StateError::Io { verb: "read", path: link, source });
    };
    let path = directory(host).join(target).join("spec.toml");
    let spec = fs::read_to_string(&path).map_err(StateError::io("read", &path))?;
    Ok(Some(Generation { number, spec }))
}

/// Whether a merged text is another than the one in force.
///
/// # Errors
/// As [`committed`].
pub fn is_news(host: &Host, spec: &str) -> Result<bool, StateError> {
    Ok(committed(host)?.is_none_or(|generation| generation.spec != spec))
}

/// Writes a new generation, not yet in force, before the first effect of its plan.
///
/// # Errors
/// When /var cannot be written.
pub fn begin(host: &Host, spec: &str, plan: &str) -> Result<Generation, StateError> {
    let number = numbers(host)?.last().copied().unwrap_or(0) + 1;
    let own = directory(host).join(number.to_string());
    durable::make_directory(&own)?;
    durable::replace_file(&own.join("spec.toml"), spec.as_bytes())?;
    durable::replace_file(&own.join("plan.json"), plan.as_bytes())?;
    durable::sync_directory_of(&own)?;
    Ok(Generation { number, spec: spec.to_owned() })
}

/// Writes what came of a generation.
///
/// # Errors
/// When /var cannot be written.
pub fn record_result(host: &Host, generation: &Generation, result: &str) -> Result<(), StateError> {
    let path = directory(host).join(generation.number.to_string()).join("result.json");
    durable::replace_file(&path, result.as_bytes())
}

/// Puts a generation in force and forgets the oldest.
///
/// # Errors
/// When /var cannot be written.
pub fn commit(host: &Host, generation: &Generation) -> Result<(), StateError> {
    durable::replace_link(&directory(host).join("committed"), &generation.number.to_string())?;
    let old = numbers(host)?;
    for number in old.iter().rev().skip(KEPT).filter(|number| **number != generation.number) {
        let path = directory(host).join(number.to_string());
        fs::remove_dir_all(&path).map_err(StateError::io("remove", &path))?;
    }
    Ok(())
}

fn directory(host: &Host) -> PathBuf {
    host.state.join("generations")
}

/// All numbers, ascending.
fn numbers(host: &Host) -> Result<Vec<u32>, StateError> {
    let path = directory(host);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StateError::Io { verb: "read", path, source }),
    };
    let mut numbers: Vec<u32> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests;
