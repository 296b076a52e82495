//! The plan of a whole host: the families' steps in order, gated. Pure: values in, values out.

use std::collections::{BTreeMap, BTreeSet};

use config::{Ceiling, Describe, Desired, Disruption, Drift, Problem, Reason, StepId, Undo};
use serde::{Deserialize, Serialize};
use storage_setup::Action;

use super::gate::{Gated, Rules, Wait, gate};

/// What each family saw; `None`: it was not asked, and nothing is planned for it.
#[derive(Debug)]
pub struct Survey {
    /// Disks, LVM, mounts.
    pub storage: storage_setup::Observed,
    /// Engines, containers, logs.
    pub units: Option<units::Observed>,
    /// Remotes of the OS.
    pub image: Option<image::Observed>,
}

/// The plan of a host.
#[derive(Debug, Default)]
pub struct HostPlan {
    /// First.
    pub storage: Vec<Gated<Action>>,
    /// Second.
    pub units: Vec<Gated<units::Action>>,
    /// Third.
    pub image: Vec<Gated<image::Action>>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// Whether something is changing or does not answer, so that another look soon may find more to do.
    pub again: bool,
}

/// What a person said about this run.
#[derive(Clone, Debug, Default)]
pub struct Consent {
    /// Steps agreed to, by id.
    pub steps: BTreeSet<StepId>,
    /// A ceiling for this run in place of the spec's.
    pub ceiling: Option<Ceiling>,
}

/// Plans every family; `put_off` are the steps that were tried in this cycle and wait, `drift` is what to do about drift now.
///
/// # Errors
/// All problems of all families; then nothing may be touched.
pub fn plan(
    desired: &Desired,
    survey: &Survey,
    consent: &Consent,
    put_off: &BTreeMap<StepId, Wait>,
    drift: Drift,
) -> Result<HostPlan, Vec<Problem>> {
    let rules =
        Rules { ceiling: consent.ceiling.unwrap_or(desired.agent.allow), drift, consents: consent.steps.clone(), put_off: put_off.clone() };
    let storage = super::storage::plan(desired, &survey.storage);
    let (storage, mut problems) = match storage {
        Ok(storage) => (storage, Vec::new()),
        Err(problems) => (storage_setup::Plan { steps: Vec::new(), notes: Vec::new() }, problems),
    };
    let gated = gate(storage.steps, &rules);
    let seen = survey.units.as_ref().map(|units| units.after_options(options_to_come(&gated)));
    let units = seen.map_or_else(|| Ok(units::Plan::default()), |seen| units::plan(desired, &seen)).unwrap_or_else(|more| {
        problems.extend(more);
        units::Plan::default()
    });
    let image = survey.image.as_ref().map_or_else(|| Ok(image::Plan::default()), |seen| super::image::plan(desired, seen));
    let image = image.unwrap_or_else(|more| {
        problems.extend(more);
        image::Plan::default()
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut notes: Vec<String> = storage.notes.iter().map(ToString::to_string).collect();
    notes.extend(units.notes.into_iter().chain(image.notes));
    let again = units.again;
    Ok(HostPlan { storage: gated, units: gate(units.steps, &rules), image: gate(image.steps, &rules), notes, again })
}

/// The engine's options as they will be once the open storage steps are done; the units family plans on that.
fn options_to_come(storage: &[Gated<Action>]) -> Option<&str> {
    storage.iter().filter(|gated| gated.waits.is_none()).find_map(|gated| {
        let Action::WriteFile { path, text, .. } = &gated.step.action else { return None };
        (path == units::STORAGE_OPTIONS).then_some(text.as_str())
    })
}

/// One step as people and `--json` see it, whatever its family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Stable over plans.
    pub id: StepId,
    /// `storage`
    pub family: String,
    /// `create-pool`
    pub kind: String,
    /// `atomicos/docker-pool`
    pub target: String,
    /// What is there.
    pub from: String,
    /// What will be.
    pub to: String,
    /// Why.
    pub reason: Reason,
    /// What it costs.
    pub disruption: Disruption,
    /// Whether it can be taken back.
    pub undo: Undo,
    /// Steps before it.
    pub after: Vec<StepId>,
    /// What it waits for; absent: it is next.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waits: Option<Wait>,
}

impl HostPlan {
    /// All steps of all families in order.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.storage.iter().map(row).chain(self.units.iter().map(row)).chain(self.image.iter().map(row)).collect()
    }

    /// Whether any step may run now.
    #[must_use]
    pub fn has_open_steps(&self) -> bool {
        self.rows().iter().any(|row| row.waits.is_none())
    }
}

fn row<A: Describe>(gated: &Gated<A>) -> Row {
    let step = &gated.step;
    Row {
        id: step.id.clone(),
        family: A::FAMILY.to_owned(),
        kind: step.action.kind().to_owned(),
        target: step.action.target(),
        from: step.action.from(),
        to: step.action.to(),
        reason: step.reason.clone(),
        disruption: step.disruption,
        undo: step.undo,
        after: step.after.clone(),
        waits: gated.waits.clone(),
    }
}
