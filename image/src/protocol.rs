//! What the image worker is told on standard input and says on standard output: one JSON value a line.
//!
//! One request; any number of [`Event::Progress`], then one answer.

use serde::{Deserialize, Serialize};

use crate::ImageStatus;

/// What the worker shall do: `{"request":"status"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// Tell the deployments, and change nothing.
    Status,
    /// Tell what an upgrade would stage; fetches the newest commit's metadata, and stages nothing.
    Check {
        /// `None`: what the deployment in use follows.
        follow: Option<Branch>,
    },
    /// Pull the newest commit of a branch and stage it.
    Upgrade {
        /// `None`: what the deployment in use follows.
        follow: Option<Branch>,
        /// Whether an older commit than the one in use is welcome.
        allow_downgrade: bool,
    },
    /// Stage this commit of the branch, whatever its age.
    Deploy {
        /// `None`: what the deployment in use follows.
        follow: Option<Branch>,
        /// A commit of 64 hex digits, or a version.
        revision: String,
    },
    /// Stage the newest commit of another branch, and follow that from then on.
    Rebase {
        /// What to follow.
        to: Branch,
    },
    /// Make the deployment in use boot next; if it does already, the one before it.
    Rollback,
}

/// A branch at a remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Left of the colon.
    pub remote: String,
    /// Right of the colon.
    pub branch: String,
}

impl Branch {
    /// From `REMOTE:BRANCH`.
    #[must_use]
    pub fn from_refspec(text: &str) -> Option<Branch> {
        let (remote, branch) = text.split_once(':')?;
        let good = !remote.is_empty() && !branch.is_empty() && !branch.contains(':');
        good.then(|| Branch { remote: remote.to_owned(), branch: branch.to_owned() })
    }
}

/// `REMOTE:BRANCH`, which OSTree calls a refspec.
impl std::fmt::Display for Branch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.remote, self.branch)
    }
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// It goes on; not an answer.
    Progress {
        /// What it does.
        text: String,
        /// Objects fetched.
        fetched: u32,
        /// Objects asked for, as far as is known yet; 0: nothing is fetched now.
        total: u32,
    },
    /// The answer to `Status`.
    Status(ImageStatus),
    /// There is something to stage; the answer to `Check`.
    Available {
        /// What there is.
        new: Commit,
        /// What is in use.
        now: Commit,
        /// Bytes that would be fetched, when the commit tells.
        size: Option<u64>,
    },
    /// It is prepared and becomes bootable when the host goes down.
    Staged {
        /// What was staged.
        new: Commit,
        /// What is in use.
        now: Commit,
    },
    /// There is nothing to stage: this boots next already.
    NothingNew {
        /// What boots next.
        commit: Commit,
    },
    /// The boot order is changed; the answer to `Rollback`.
    RolledBack {
        /// What boots next now.
        next: Commit,
        /// What would have booted.
        from: Commit,
        /// Whether another deployment than the one in use boots next.
        reboot: bool,
    },
    /// It cannot be done.
    Failed {
        /// Why, with what to do.
        why: String,
    },
}

/// A commit as people tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// 64 hex digits.
    pub commit: String,
    /// Its `version`.
    pub version: Option<String>,
    /// When it was made, in seconds since 1970; `None`: it is not in the repository any more.
    pub timestamp: Option<u64>,
}

/// `13 (3f2a9b81c04d)`
impl std::fmt::Display for Commit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short: String = self.commit.chars().take(12).collect();
        match &self.version {
            Some(version) => write!(out, "{version} ({short})"),
            None => write!(out, "commit {short}"),
        }
    }
}
