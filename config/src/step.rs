//! The vocabulary of plans that the families and the agent share.
//!
//! A family's planner makes [`Step`]s; the agent gates, shows, applies and records them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Place;

/// What a step costs those who use the host, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disruption {
    /// Nobody notices.
    None,
    /// A service reads its configuration again.
    Reload,
    /// A service restarts.
    Restart,
    /// The host reboots.
    Reboot,
    /// Data is gone for good. Never unattended: it takes consent for the very step.
    DataLoss,
}

impl Disruption {
    /// As written in plans: `data-loss`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Disruption::None => "none",
            Disruption::Reload => "reload",
            Disruption::Restart => "restart",
            Disruption::Reboot => "reboot",
            Disruption::DataLoss => "data-loss",
        }
    }
}

/// Why a step is in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The spec asks for it there.
    Spec(Place),
    /// It was so before and is not any more; the text says what was seen.
    Drift(String),
    /// An earlier run was cut off half way; the text says what it left.
    Resumed(String),
    /// It carries our stamp and no layer asks for it any more.
    Orphan(String),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Spec(place) => place.fmt(out),
            Reason::Drift(seen) => write!(out, "drift: {seen}"),
            Reason::Resumed(left) => write!(out, "resumed: {left}"),
            Reason::Orphan(what) => write!(out, "no longer asked for: {what}"),
        }
    }
}

/// How a step is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// Changing the spec back makes the opposite step.
    Edit,
    /// It cannot be taken back.
    Never,
}

/// A step's stable name: the same step on the same host has the same id, whatever the usage figures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(String);

impl StepId {
    /// The text, as `1-9f2c03ab5d11`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes an id as a person typed it.
    #[must_use]
    pub fn from_text(text: &str) -> StepId {
        StepId(text.to_owned())
    }
}

impl std::fmt::Display for StepId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a family's action says of itself. None of the texts holds usage figures.
pub trait Describe {
    /// `storage`, `units` or `image`.
    const FAMILY: &'static str;
    /// The verb in kebab case: `create-pool`.
    fn kind(&self) -> &'static str;
    /// What it acts on, by its stable identity where there is one: `atomicos/docker-pool`.
    fn target(&self) -> String;
    /// What is there now, in a few words.
    fn from(&self) -> String;
    /// What will be there, in a few words.
    fn to(&self) -> String;
}

/// One action in its place in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step<A> {
    /// Stable over plans.
    pub id: StepId,
    /// What to do.
    pub action: A,
    /// Why.
    pub reason: Reason,
    /// What it costs.
    pub disruption: Disruption,
    /// Whether it can be taken back.
    pub undo: Undo,
    /// Steps of the same family that must have succeeded before.
    pub after: Vec<StepId>,
    /// How long it may take.
    pub timeout: Duration,
}

impl<A: Describe> Step<A> {
    /// A step named after what its action says of itself.
    pub fn new(action: A, reason: Reason, disruption: Disruption, undo: Undo, after: Vec<StepId>) -> Step<A> {
        let id = step_id(A::FAMILY, action.kind(), &action.target(), &action.from(), &action.to());
        Step { id, action, reason, disruption, undo, after, timeout: Duration::from_secs(300) }
    }
}

/// The leading `1-` is the version of this recipe; a new recipe takes a new number and so voids old consents.
fn step_id(family: &str, kind: &str, target: &str, from: &str, to: &str) -> StepId {
    let mut hash = Sha256::new();
    for part in [family, kind, target, from, to] {
        // Length first, so that no two lists of parts run together.
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    StepId(format!("1-{hex}"))
}
