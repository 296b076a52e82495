//! What the image worker is told on standard input and says on standard output: one JSON value a line.
//!
//! One [`Order`]; any number of [`Event::Progress`] and [`Event::Effect`], then one answer.

use config::Kill;
use serde::{Deserialize, Serialize};

use crate::{DeploymentName, ImageStatus};

/// The line on standard input: a request, and seldom more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What the worker shall do.
    #[serde(flatten)]
    pub request: Request,
    /// Test hook: where to die.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<Kill>,
}

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
    /// Make this deployment boot next, and drop what is staged. Asked again, it changes nothing further.
    Rollback {
        /// Which; see [`crate::way_back`].
        to: DeploymentName,
    },
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
    /// One effect on the host is done; not an answer.
    Effect {
        /// What was done: `stage 13 (3f2a9b81c04d)`.
        what: String,
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
        /// Whether that is another deployment than the one in use.
        reboot: bool,
    },
    /// The boot order is as `Rollback` wants it.
    RolledBack {
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
        write_short(out, self.version.as_deref(), &self.commit)
    }
}

pub(crate) fn write_short(out: &mut std::fmt::Formatter<'_>, version: Option<&str>, commit: &str) -> std::fmt::Result {
    let short: String = commit.chars().take(12).collect();
    match version {
        Some(version) => write!(out, "{version} ({short})"),
        None => write!(out, "commit {short}"),
    }
}
