//! What the storage worker is told on standard input and says on standard output: one JSON value a line.
//!
//! One request; any number of [`Event::Effect`] and [`Event::Step`]; last one [`Event::Observed`], [`Event::Done`] or [`Event::Failed`].
//! A worker started with the word [`READY`] loads LVM first, says [`Event::Ready`], and then waits for its request: a pool that is about
//! to be full does not wait for that. A worker whose standard input ends without a request ends too.

use std::time::Duration;

pub use config::Kill;
use config::{Bytes, StepId};
use serde::{Deserialize, Serialize};

use crate::extender::Growth;
use crate::{Action, Observed};

/// The argument of a worker that is to be waited for; see above.
pub const READY: &str = "ready";

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
    /// Do one thing for a pool, without looking at the rest of the host. Answered by [`Event::Taken`] or [`Event::Extended`] when it is
    /// that, by [`Event::Room`] in any case, and by [`Event::Done`] or [`Event::Failed`].
    Pool {
        /// Its group.
        group: String,
        /// The pool.
        pool: String,
        /// What to do.
        task: PoolTask,
    },
}

/// What is done for a pool while it is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolTask {
    /// Say how much room its group has.
    Look,
    /// Take it over from dmeventd.
    Take {
        /// Load its table again too: the kernel's has no low-water mark, or has been told of once.
        refresh: bool,
    },
    /// Give it back to dmeventd.
    GiveBack,
    /// Let it grow.
    Extend(Growth),
}

/// What to look at beside LVM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// `storage.devices` as written.
    pub devices: Vec<String>,
    /// A volume group that may come late, when no device is listed that it could be made from.
    pub group: Option<String>,
    /// The volume group that the spec names.
    pub named: Option<String>,
    /// How long those of them that are not there are waited for first.
    pub wait: Duration,
    /// Whether partitions that physical volumes lie on are looked at.
    pub partitions: bool,
    /// The mount points of the volumes as written.
    pub mounts: Vec<String>,
    /// Files whose text is wanted. The last part of a path may hold one `*`; then every regular file of that form is meant.
    pub files: Vec<String>,
    /// Where intents are kept.
    pub state: String,
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
    /// LVM is loaded; the request is waited for.
    Ready,
    /// Dmeventd watches the pool no more.
    Taken,
    /// The pool has grown.
    Extended,
    /// How much room a pool's group has, after what was done.
    Room {
        /// Free extents.
        free: u64,
        /// All extents.
        extents: u64,
        /// Bytes of an extent.
        extent: Bytes,
        /// LVM's count of changes of the group.
        seqno: u64,
    },
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
