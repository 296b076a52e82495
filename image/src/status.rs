//! The deployments of a host.
//!
//! Made by the worker; what libostree does not say is absent.

use serde::{Deserialize, Serialize};

use crate::protocol::write_short;

/// All deployments, in boot order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageStatus {
    /// Whether the host runs from one of them.
    pub booted: bool,
    /// The first is what boots next; none on a host that is not image-based.
    pub deployments: Vec<Deployment>,
}

impl ImageStatus {
    /// What boots next as things are: the first of the stateroot in use. `None`: the host runs from no deployment.
    #[must_use]
    pub fn next(&self) -> Option<&Deployment> {
        let booted = self.deployments.iter().find(|deployment| deployment.booted)?;
        self.deployments.iter().find(|deployment| deployment.stateroot == booted.stateroot)
    }
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its place in the boot order, from 0.
    pub index: u32,
    /// The stateroot, which has its own /var.
    pub stateroot: String,
    /// The commit, 64 hex digits.
    pub commit: String,
    /// Tells deployments of one commit apart.
    pub serial: u32,
    /// The `version` of the commit.
    pub version: Option<String>,
    /// When the commit was made, in seconds since 1970; `None`: the commit is not in the repository any more.
    pub timestamp: Option<u64>,
    /// What it follows, as `edge:atomic/12/x86_64/host`.
    pub origin: Option<String>,
    /// Another program looks after it; the text says which and how that is known.
    pub managed_elsewhere: Option<String>,
    /// The host runs from it.
    pub booted: bool,
    /// Prepared, and made bootable only when the host goes down.
    pub staged: bool,
    /// Boots next, in place of the booted one.
    pub pending: bool,
    /// Boots when the booted one is taken away.
    pub rollback: bool,
    /// Kept whatever comes after it.
    pub pinned: bool,
    /// Its /usr is writable; `None`: it is not, as it should be.
    pub unlocked: Option<Unlocked>,
}

impl Deployment {
    /// Its name, which stays whatever its place in the boot order.
    #[must_use]
    pub fn name(&self) -> DeploymentName {
        DeploymentName { commit: self.commit.clone(), serial: self.serial, version: self.version.clone() }
    }
}

/// A deployment as it is remembered and asked for. Two names that differ in the version alone are the same.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
pub struct DeploymentName {
    /// The commit, 64 hex digits.
    pub commit: String,
    /// Tells deployments of one commit apart.
    pub serial: u32,
    /// The `version` of the commit, for people.
    pub version: Option<String>,
}

impl PartialEq for DeploymentName {
    fn eq(&self, other: &DeploymentName) -> bool {
        (&self.commit, self.serial) == (&other.commit, other.serial)
    }
}

/// `13 (3f2a9b81c04d)`
impl std::fmt::Display for DeploymentName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_short(out, self.version.as_deref(), &self.commit)
    }
}

/// How a /usr came to be writable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlocked {
    /// Until the next boot, on an overlay; `ostree admin unlock`.
    Development,
    /// For good, on an overlay; `ostree admin unlock --hotfix`.
    Hotfix,
    /// Until the next boot, for what asks for it; `ostree admin unlock --transient`.
    Transient,
    /// A way that later versions of libostree may bring.
    Other(String),
}

impl Unlocked {
    /// From libostree's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Unlocked> {
        match word {
            "none" => None,
            "development" => Some(Unlocked::Development),
            "hotfix" => Some(Unlocked::Hotfix),
            "transient" => Some(Unlocked::Transient),
            other => Some(Unlocked::Other(other.to_owned())),
        }
    }
}
