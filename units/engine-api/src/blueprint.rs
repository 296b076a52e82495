//! What a container is made from, and the hash that tells whether one that is there was made from the same.
//!
//! Made by the planner from the spec; the Engine API makes the container of it.

use std::collections::BTreeMap;

use config::{ContainerName, ImageRef, Mount, Namespace, Network, Publish};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Everything that takes a new container to change. Limits are the slice's, restarts the unit's: neither is here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blueprint {
    /// The container's name.
    pub name: ContainerName,
    /// The unit that runs it: the label [`crate::LABEL_UNIT`].
    pub unit: String,
    /// Its cgroup's parent, which has the limits.
    pub slice: String,
    /// What it is made from.
    pub image: ImageRef,
    /// What it runs; empty: what the image says.
    pub command: Vec<String>,
    /// Its environment, over the image's own.
    pub env: BTreeMap<String, String>,
    /// Ports.
    pub publish: Vec<Publish>,
    /// Files of the host, and volumes.
    pub mounts: Vec<Mount>,
    /// How it is connected.
    pub network: Network,
    /// Whether it has root's rights on the host.
    pub privileged: bool,
    /// Whose processes it sees.
    pub pid: Namespace,
    /// Whose shared memory it sees.
    pub ipc: Namespace,
    /// Changes with the files that it reads at its start; empty: none that we know.
    pub files: String,
}

impl Blueprint {
    /// Twelve hexadecimal digits, led by the version of this recipe: a new recipe makes every container anew, so take one with care.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        // Maps are sorted and every part is delimited, so that equal blueprints have equal text and others do not.
        hash.update(serde_json::to_string(self).unwrap_or_default());
        let digest = hash.finalize();
        let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("1-{hex}")
    }
}

/// Without the values of the environment, which may be secrets.
impl std::fmt::Debug for Blueprint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.env.keys().collect();
        out.debug_struct("Blueprint")
            .field("name", &self.name)
            .field("image", &self.image)
            .field("command", &self.command)
            .field("env", &names)
            .field("publish", &self.publish)
            .field("mounts", &self.mounts)
            .field("network", &self.network)
            .field("privileged", &self.privileged)
            .field("pid", &self.pid)
            .field("ipc", &self.ipc)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
