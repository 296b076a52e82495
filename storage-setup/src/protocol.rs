//! What the storage worker is told on standard input and says on standard output: one JSON value a line.
//!
//! One request; any number of [`Event::Effect`] and [`Event::Step`]; last one [`Event::Observed`], [`Event::Done`] or [`Event::Failed`].

use std::time::Duration;

pub use config::Kill;
use config::{Driver, StepId};
use serde::{Deserialize, Serialize};

use crate::{Action, Observed};

/// What the worker shall do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// Look, and change nothing.
    Observe(Look),
    /// Carry out these, in this order. A step whose `after` did not succeed is skipped; independent ones go on.
    Apply {
        /// In order.
        steps: Vec<Task>,
        /// Where intents are kept.
        state: String,
        /// Test hook: SIGKILL the whole process group before or after the effect of that number, counted from 1.
        kill: Option<Kill>,
    },
}

/// What to look at beside LVM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// `storage.devices` as written.
    pub devices: Vec<String>,
    /// How long those that are not there are waited for first.
    pub wait: Duration,
    /// Whether partitions that physical volumes lie on are looked at.
    pub partitions: bool,
    /// The mount points of the volumes as written.
    pub mounts: Vec<String>,
    /// Files whose text is wanted. The last part of a path may hold one `*`; then every regular file of that form is meant.
    pub files: Vec<String>,
    /// Where intents are kept.
    pub state: String,
    /// The driver asked for, for the engine's store.
    pub driver: Driver,
}

/// One step for the worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id in the plan.
    pub id: StepId,
    /// What to do.
    pub action: Action,
    /// Steps that must have succeeded.
    pub after: Vec<StepId>,
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// One effect on the machine is done: one LVM command, one file, one mkfs, one unit job.
    Effect {
        /// Counted from 1 over the request.
        number: u32,
        /// The step it belongs to.
        step: StepId,
        /// What was done, as a person would type it: `lvextend -l 1024 atomicos/root`.
        what: String,
    },
    /// A step ended.
    Step {
        /// Which.
        id: StepId,
        /// How.
        outcome: Outcome,
    },
    /// The answer to `Observe`.
    Observed(Box<Observed>),
    /// The end of `Apply`: all steps have been told of.
    Done,
    /// The request as a whole failed (bad request, LVM unusable).
    Failed {
        /// Why, with what to do.
        why: String,
    },
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was so already.
    Already,
    /// Done.
    Made,
    /// Not done.
    Failed {
        /// Why.
        why: String,
    },
    /// Not tried, since that step did not succeed.
    Skipped {
        /// The first step that it waited for in vain.
        because: StepId,
    },
}
