//! Which steps of a plan may run now, and what the others wait for. Values in, values out.

use std::collections::{BTreeMap, BTreeSet};

use config::{Ceiling, Disruption, Drift, Reason, Step, StepId};
use serde::{Deserialize, Serialize};

/// What is permitted.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The highest disruption that needs nobody's word.
    pub ceiling: Ceiling,
    /// Whether drift is repaired or only told.
    pub drift: Drift,
    /// Steps that a person agreed to by their id.
    pub consents: BTreeSet<StepId>,
    /// Steps that were tried in this cycle and put off.
    pub put_off: BTreeMap<StepId, Wait>,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wait {
    /// A higher ceiling, or a person.
    Ceiling {
        /// What it would take.
        needs: Disruption,
    },
    /// A person's consent to this very step.
    Consent,
    /// Drift is only told (`agent.drift = "report"`).
    Told,
    /// What passes by itself, maybe; it is tried again later.
    Later {
        /// What was in the way.
        why: String,
    },
    /// It failed in this cycle.
    Failed,
    /// Another step that waits itself.
    Behind {
        /// That step.
        step: StepId,
    },
}

/// A step and whether it may run; `None`: it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gated<A> {
    /// The step.
    pub step: Step<A>,
    /// What it waits for.
    pub waits: Option<Wait>,
}

/// Decides for each step of a family, in order. A step behind a waiting one waits too.
pub fn gate<A>(steps: Vec<Step<A>>, rules: &Rules) -> Vec<Gated<A>> {
    let mut waiting: BTreeSet<StepId> = BTreeSet::new();
    steps
        .into_iter()
        .map(|step| {
            let waits = own_wait(&step, rules).or_else(|| {
                let behind = step.after.iter().find(|id| waiting.contains(*id))?;
                Some(Wait::Behind { step: behind.clone() })
            });
            if waits.is_some() {
                waiting.insert(step.id.clone());
            }
            Gated { step, waits }
        })
        .collect()
}

fn own_wait<A>(step: &Step<A>, rules: &Rules) -> Option<Wait> {
    if let Some(wait) = rules.put_off.get(&step.id) {
        return Some(wait.clone());
    }
    if rules.consents.contains(&step.id) {
        return None;
    }
    match step.disruption {
        Disruption::DataLoss => return Some(Wait::Consent),
        Disruption::None | Disruption::Reload | Disruption::Restart | Disruption::Reboot => {}
    }
    if !rules.ceiling.permits(step.disruption) {
        return Some(Wait::Ceiling { needs: step.disruption });
    }
    match (&step.reason, rules.drift) {
        (Reason::Drift(_), Drift::Report) => Some(Wait::Told),
        (Reason::Drift(_), Drift::Repair) | (Reason::Spec(_) | Reason::Resumed(_) | Reason::Orphan(_), _) => None,
    }
}

#[cfg(test)]
mod tests;
