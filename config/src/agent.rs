//! `[agent]`: keys in, [`Agent`] out.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Findings, Written};
use crate::{Agent, Ceiling, Drift};

/// How the agent behaves.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// The highest disruption allowed unattended. Default: restart.
    allow: Option<Written<Ceiling>>,
    /// What to do when a host that was brought to the spec no longer matches: `report` tells of it alone. Default: repair.
    drift: Option<Written<Drift>>,
}

pub(crate) fn check(keys: Keys, findings: &mut Findings) -> Option<Agent> {
    let allow = findings.or_default(keys.allow, Ceiling::Restart, Ok);
    let drift = findings.or_default(keys.drift, Drift::Repair, Ok);
    Some(Agent { allow: allow?.value, drift: drift?.value })
}
