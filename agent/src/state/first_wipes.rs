//! The mark that the spec's own word to wipe was used: `/var/lib/atomic-host/first-wipes-done`, an empty file. A host whose storage is set
//! up may still never commit a generation, when something else of its spec never comes about.

use std::path::PathBuf;

use super::{StateError, durable};
use crate::host::Host;

/// Whether it is set. What cannot be looked at counts as set: a person is asked then.
#[must_use]
pub fn is_there(host: &Host) -> bool {
    path(host).try_exists().unwrap_or(true)
}

/// Sets it.
///
/// # Errors
/// When /var cannot be written.
pub fn set(host: &Host) -> Result<(), StateError> {
    durable::make_directory(&host.state)?;
    durable::replace_file(&path(host), b"")
}

fn path(host: &Host) -> PathBuf {
    host.state.join("first-wipes-done")
}
