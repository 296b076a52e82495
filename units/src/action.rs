//! What can be done to units: each action is one thing that a person would call one thing.
//!
//! Made by the planner, carried out by `apply`.

use config::Describe;
use serde::{Deserialize, Serialize};

use crate::options::in_words;

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// Start an engine that is down.
    StartEngine {
        /// `docker.service`
        unit: String,
        /// The storage options that it will run with.
        options: Vec<String>,
    },
    /// Restart an engine that runs with other storage options than its file says.
    RestartEngine {
        /// `docker.service`
        unit: String,
        /// The storage options that it runs with.
        from: Vec<String>,
        /// Those that the file says.
        to: Vec<String>,
    },
}

impl Describe for Action {
    const FAMILY: &'static str = "units";

    fn kind(&self) -> &'static str {
        match self {
            Action::StartEngine { .. } => "start-engine",
            Action::RestartEngine { .. } => "restart-engine",
        }
    }

    fn target(&self) -> String {
        match self {
            Action::StartEngine { unit, .. } | Action::RestartEngine { unit, .. } => unit.clone(),
        }
    }

    fn from(&self) -> String {
        match self {
            Action::StartEngine { .. } => "inactive".to_owned(),
            Action::RestartEngine { from, .. } => in_words(from),
        }
    }

    fn to(&self) -> String {
        match self {
            Action::StartEngine { options, .. } => format!("running with {}", in_words(options)),
            Action::RestartEngine { to, .. } => in_words(to),
        }
    }
}
