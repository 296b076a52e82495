//! What can be done so that the OS may be followed. Staging and rebooting are verbs of their own, not steps of a plan.
//!
//! Made by the planner, carried out by `apply`.

use config::Describe;
use serde::{Deserialize, Serialize};

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// Tell libostree of a remote, or tell it anew.
    WriteRemote {
        /// As in `[os.remote.NAME]`.
        name: String,
        /// What is said of it now.
        from: String,
        /// What will be.
        to: String,
        /// The file's whole text.
        text: String,
    },
    /// Take back what libostree was told of a remote.
    RemoveRemote {
        /// As it was in `[os.remote.NAME]`.
        name: String,
        /// What is said of it now.
        from: String,
    },
}

impl Describe for Action {
    const FAMILY: &'static str = "image";

    fn kind(&self) -> &'static str {
        match self {
            Action::WriteRemote { .. } => "write-remote",
            Action::RemoveRemote { .. } => "remove-remote",
        }
    }

    fn target(&self) -> String {
        match self {
            Action::WriteRemote { name, .. } | Action::RemoveRemote { name, .. } => name.clone(),
        }
    }

    fn from(&self) -> String {
        match self {
            Action::WriteRemote { from, .. } | Action::RemoveRemote { from, .. } => from.clone(),
        }
    }

    fn to(&self) -> String {
        match self {
            Action::WriteRemote { to, .. } => to.clone(),
            Action::RemoveRemote { .. } => "absent".to_owned(),
        }
    }
}
