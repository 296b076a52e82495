//! What may run, as tables and as laws over generated plans.

use std::collections::{BTreeMap, BTreeSet};

use config::{Ceiling, Describe, Disruption, Drift, Place, Reason, Step, StepId, Undo};
use proptest::prelude::*;

use super::{Rules, Wait, gate};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Named(String);

impl Describe for Named {
    const FAMILY: &'static str = "test";
    fn kind(&self) -> &'static str {
        "do"
    }
    fn target(&self) -> String {
        self.0.clone()
    }
    fn from(&self) -> String {
        String::new()
    }
    fn to(&self) -> String {
        String::new()
    }
}

fn step(name: &str, disruption: Disruption, after: &[&Step<Named>]) -> Step<Named> {
    let after = after.iter().map(|step| step.id.clone()).collect();
    Step::new(Named(name.to_owned()), Reason::Spec(Place::Default), disruption, Undo::Edit, after)
}

fn rules(ceiling: Ceiling, consents: &[&StepId]) -> Rules {
    Rules { ceiling, drift: Drift::Repair, consents: consents.iter().map(|id| (*id).clone()).collect(), put_off: BTreeMap::new() }
}

#[test]
fn a_step_behind_a_waiting_one_waits_too() {
    let removal = step("remove", Disruption::DataLoss, &[]);
    let making = step("make", Disruption::None, &[&removal]);
    let last = step("mount", Disruption::None, &[&making]);
    let gated = gate(vec![removal.clone(), making.clone(), last], &rules(Ceiling::Reboot, &[]));
    assert_eq!(gated[0].waits, Some(Wait::Consent));
    assert_eq!(gated[1].waits, Some(Wait::Behind { step: removal.id }));
    assert_eq!(gated[2].waits, Some(Wait::Behind { step: making.id }));
}

#[test]
fn consent_opens_the_very_step_and_what_is_behind_it() {
    let removal = step("remove", Disruption::DataLoss, &[]);
    let other = step("remove another", Disruption::DataLoss, &[]);
    let making = step("make", Disruption::None, &[&removal]);
    let gated = gate(vec![removal.clone(), other, making], &rules(Ceiling::None, &[&removal.id]));
    let waits: Vec<_> = gated.into_iter().map(|gated| gated.waits).collect();
    assert_eq!(waits, [None, Some(Wait::Consent), None]);
}

#[test]
fn drift_that_is_only_to_be_told_is_not_repaired() {
    let mut drifted = step("profile", Disruption::None, &[]);
    drifted.reason = Reason::Drift("the profile was edited".to_owned());
    let told = Rules { ceiling: Ceiling::Restart, drift: Drift::Report, consents: BTreeSet::new(), put_off: BTreeMap::new() };
    assert_eq!(gate(vec![drifted.clone()], &told)[0].waits, Some(Wait::Told));
    assert_eq!(gate(vec![drifted], &rules(Ceiling::Restart, &[]))[0].waits, None);
}

#[test]
fn what_was_put_off_waits_even_with_consent_and_what_is_behind_it_too() {
    let pull = step("pull", Disruption::None, &[]);
    let making = step("make", Disruption::None, &[&pull]);
    let other = step("another", Disruption::None, &[]);
    let later = Wait::Later { why: "the registry does not answer".to_owned() };
    let mut rules = rules(Ceiling::Reboot, &[&pull.id]);
    rules.put_off.insert(pull.id.clone(), later.clone());
    let waits: Vec<_> = gate(vec![pull.clone(), making, other], &rules).into_iter().map(|gated| gated.waits).collect();
    assert_eq!(waits, [Some(later), Some(Wait::Behind { step: pull.id }), None]);
}

fn disruption() -> impl Strategy<Value = Disruption> {
    prop::sample::select(vec![Disruption::None, Disruption::Reload, Disruption::Restart, Disruption::Reboot, Disruption::DataLoss])
}

proptest! {
    #[test]
    fn nothing_above_the_ceiling_is_open_without_consent(
        kinds in prop::collection::vec((disruption(), any::<prop::sample::Index>()), 1..12),
        ceiling in prop::sample::select(vec![Ceiling::None, Ceiling::Reload, Ceiling::Restart, Ceiling::Reboot]),
    ) {
        let mut steps: Vec<Step<Named>> = Vec::new();
        for (number, (disruption, behind)) in kinds.iter().enumerate() {
            let after: Vec<&Step<Named>> = if steps.is_empty() { Vec::new() } else { vec![behind.get(&steps)] };
            let fresh = step(&number.to_string(), *disruption, &after);
            steps.push(fresh);
        }
        let gated = gate(steps, &rules(ceiling, &[]));
        let open: BTreeSet<_> = gated.iter().filter(|gated| gated.waits.is_none()).map(|gated| gated.step.id.clone()).collect();
        for gated in gated.iter().filter(|gated| gated.waits.is_none()) {
            prop_assert!(ceiling.permits(gated.step.disruption));
            prop_assert!(gated.step.disruption != Disruption::DataLoss);
            prop_assert!(gated.step.after.iter().all(|id| open.contains(id)));
        }
    }
}
