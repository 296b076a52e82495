//! What comes of a cycle, as values: told as it happens, kept with the generation, shown by `apply` and `status`.

use config::StepId;
use serde::{Deserialize, Serialize};
use storage_setup::protocol;

use super::gate::Wait;
use super::plan::{HostPlan, Row, Survey};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The host was as it should be already.
    Already,
    /// Done.
    Made,
    /// Not done, and it may pass by itself: a registry that does not answer. Tried again later.
    Later {
        /// Why.
        why: String,
    },
    /// Not done.
    Failed {
        /// Why, with all causes.
        why: String,
    },
    /// Not tried, since a step before it did not succeed.
    Skipped {
        /// That step.
        because: StepId,
    },
}

impl From<protocol::Outcome> for Outcome {
    fn from(outcome: protocol::Outcome) -> Outcome {
        match outcome {
            protocol::Outcome::Already => Outcome::Already,
            protocol::Outcome::Made => Outcome::Made,
            protocol::Outcome::Failed { why } => Outcome::Failed { why },
            protocol::Outcome::Skipped { because } => Outcome::Skipped { because },
        }
    }
}

/// What happens, as it happens.
#[derive(Debug)]
pub enum Progress<'a> {
    /// What the host is, before each round.
    Seen(&'a Survey),
    /// The plan of a round, before its first effect.
    Planned(&'a HostPlan),
    /// One effect on the machine is done.
    Effect(&'a str),
    /// How a long step goes on.
    Running(&'a Row, &'a str),
    /// A step ended.
    Step(&'a Row, &'a Outcome),
}

/// A step that was tried, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The step.
    pub step: Row,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The host is as the spec says.
    Converged,
    /// It is, but for what waits.
    Waiting,
    /// Something failed.
    Failed,
}

/// What came of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Format.
    pub version: u32,
    /// How it ended.
    pub ending: Ending,
    /// The generation in force, when there is one.
    pub generation: Option<u32>,
    /// What was tried, in order.
    pub tried: Vec<Tried>,
    /// What waits, and for what.
    pub waiting: Vec<Row>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// Whether something was changing or did not answer, so that another look soon may find more to do.
    pub again: bool,
    /// Every effect, in order: what a run cut off at any point may have left half done.
    pub effects: Vec<String>,
}

impl Report {
    /// Whether another cycle soon may get further, though nobody does anything.
    #[must_use]
    pub fn is_put_off(&self) -> bool {
        self.again || self.waiting.iter().any(|row| matches!(row.waits, Some(Wait::Later { .. })))
    }
}
