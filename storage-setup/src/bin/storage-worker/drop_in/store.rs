//! Which disks were wiped because `WIPE_SIGNATURES` asked for it: once each, ever.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::apply::ApplyError;

const VERSION: u32 = 1;

/// By identity.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Wiped {
    version: u32,
    disks: BTreeSet<String>,
}

impl Wiped {
    /// Those on record. A record that cannot be read counts as one that names every disk.
    pub(crate) fn read(state: &Path) -> Result<Wiped, ApplyError> {
        let path = file(state);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Wiped { version: VERSION, disks: BTreeSet::new() }),
            Err(source) => return Err(ApplyError::Write { path: path.display().to_string(), source }),
        };
        serde_json::from_str(&text).map_err(|source| ApplyError::Write { path: path.display().to_string(), source: source.into() })
    }

    /// Whether it was.
    pub(crate) fn has(&self, identity: &str) -> bool {
        self.disks.contains(identity)
    }

    /// These too; durable when it returns.
    pub(crate) fn add(mut self, state: &Path, identities: impl IntoIterator<Item = String>) -> Result<(), ApplyError> {
        self.disks.extend(identities);
        let path = file(state);
        let failed = |source| ApplyError::Write { path: path.display().to_string(), source };
        let text = serde_json::to_string_pretty(&self).map_err(|source| failed(source.into()))?;
        durable::make_directory(state, 0o700).map_err(failed)?;
        durable::replace(&path, (text + "\n").as_bytes(), 0o600).map_err(failed)
    }
}

fn file(state: &Path) -> PathBuf {
    state.join("wiped.json")
}
