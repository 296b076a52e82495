//! The ledger: one JSON line for each step that was tried, kept over reboots and OS rollbacks.
//!
//! Written by the reconciler after each family's apply; read by people and by `status`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use config::StepId;
use serde::{Deserialize, Serialize};

use super::{StateError, durable};
use crate::host::Host;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Format of the line.
    pub version: u32,
    /// Seconds since 1970.
    pub time: u64,
    /// The step.
    pub step: StepId,
    /// `storage`
    pub family: String,
    /// `create-pool`
    pub kind: String,
    /// `atomicos/docker-pool`
    pub target: String,
    /// What was there.
    pub from: String,
    /// What shall be.
    pub to: String,
    /// Why.
    pub reason: String,
    /// `made`, `already`, `failed: ...`, `skipped`.
    pub outcome: String,
}

/// Appends lines and waits until they are on the disk.
///
/// # Errors
/// When /var cannot be written.
pub fn append(host: &Host, entries: &[Entry]) -> Result<(), StateError> {
    if entries.is_empty() {
        return Ok(());
    }
    durable::make_directory(&host.state)?;
    let path = host.state.join("ledger.jsonl");
    let mut text = String::new();
    for entry in entries {
        text.push_str(&serde_json::to_string(entry).map_err(|source| StateError::Damaged { path: path.clone(), source })?);
        text.push('\n');
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_data()
        })
        .map_err(StateError::io("write", &path))
}

/// Now, as the ledger counts.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
