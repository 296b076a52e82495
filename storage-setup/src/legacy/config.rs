//! Where the keys come from: the environment, the shipped defaults, the operator's file. Later ones win, as in the shell tool.
//!
//! The edge reads the files, with [`super::shell`] or with bash; [`super::Options`] makes sense of the values.

use std::collections::BTreeMap;

/// Every key that counts.
pub const KEYS: [&str; 22] = [
    "STORAGE_DRIVER",
    "DEVS",
    "VG",
    "ROOT_SIZE",
    "DATA_SIZE",
    "MIN_DATA_SIZE",
    "POOL_META_SIZE",
    "CHUNK_SIZE",
    "GROWPART",
    "AUTO_EXTEND_POOL",
    "POOL_AUTOEXTEND_THRESHOLD",
    "POOL_AUTOEXTEND_PERCENT",
    "DEVICE_WAIT_TIMEOUT",
    "WIPE_SIGNATURES",
    "CONTAINER_THINPOOL",
    "EXTRA_STORAGE_OPTIONS",
    "EXTRA_DOCKER_STORAGE_OPTIONS",
    "CONTAINER_ROOT_LV_NAME",
    "CONTAINER_ROOT_LV_MOUNT_PATH",
    "CONTAINER_ROOT_LV_SIZE",
    "DOCKER_ROOT_VOLUME",
    "DOCKER_ROOT_VOLUME_SIZE",
];

/// The keys' values; a key that is not there is unset, which the shell tool takes for empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// These, with those assignments of known keys over them.
    #[must_use]
    pub fn with(mut self, assignments: impl IntoIterator<Item = (String, String)>) -> Variables {
        let known = assignments.into_iter().filter(|(key, _)| KEYS.contains(&key.as_str()));
        self.0.extend(known);
        self
    }

    /// A value; empty when unset.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// All that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
