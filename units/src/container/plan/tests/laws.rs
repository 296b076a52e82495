//! The laws over generated specs: whatever was there and wherever a run was cut off, the next one gets to the same end.

use std::num::NonZeroU64;

use config::Restart;
use proptest::prelude::*;

use super::machine::{Machine, Spec, spec};
use super::*;

const NAMES: [&str; 4] = ["alpha", "b-c", "d_e", "foxtrot"];
const IMAGES: [&str; 3] = [
    "docker.io/library/redis:7.4",
    "registry.example.com:5000/site/web:2",
    "registry.example.com/site/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];

prop_compose! {
    fn any_container()(image in 0..IMAGES.len(), command in 0..3, memory in 0..3_u64, restart in 0..3_usize) -> Container {
        let mut made = container(IMAGES[image]);
        made.command = vec![format!("command-{command}")];
        made.limits.memory = NonZeroU64::new(memory << 24);
        made.restart = [Restart::Always, Restart::OnFailure, Restart::No][restart];
        made
    }
}

fn any_spec() -> impl Strategy<Value = Spec> {
    prop::collection::btree_map(0..NAMES.len(), any_container(), 0..=NAMES.len())
        .prop_map(|chosen| spec(&chosen.into_iter().map(|(index, container)| (NAMES[index], container)).collect::<Vec<_>>()))
}

/// What the spec asks for runs, from what it says; nothing else of ours is left.
fn is_as_asked(machine: &Machine, spec: &Spec) {
    let names: Vec<String> = spec.keys().map(ToString::to_string).collect();
    let mut there: Vec<String> = machine.containers().iter().map(|container| container.name.clone()).collect();
    there.sort();
    assert_eq!(there, names);
    for (name, container) in spec {
        let stamp = machine.find(name.as_str()).unwrap().stamp.as_ref().unwrap();
        let service = super::machine::service(name, container);
        assert_eq!(stamp.blueprint, blueprint(&service, &unit_text::service_name(name)).hash());
        let unit = &machine.have.units[name];
        assert!(unit.enabled && !unit.state.need_reload);
        assert_eq!(unit.state.active, ActiveState::Active);
    }
    for (name, unit) in &machine.have.units {
        assert_eq!(unit.service.text().is_some(), spec.contains_key(name));
        assert_eq!(unit.slice.text().is_some(), spec.contains_key(name));
    }
}

proptest! {
    #[test]
    fn a_second_plan_is_empty_from_wherever_the_first_began(specs in prop::collection::vec(any_spec(), 1..4)) {
        let mut machine = Machine::empty();
        for spec in &specs {
            machine.converge(spec);
            is_as_asked(&machine, spec);
        }
    }

    #[test]
    fn a_run_that_is_cut_off_anywhere_is_finished_by_the_next(before in any_spec(), after in any_spec(), cuts in prop::collection::vec(0..30_usize, 1..4)) {
        let mut machine = Machine::empty();
        machine.converge(&before);
        for cut in cuts {
            let plan = machine.plan(&after).unwrap();
            plan.steps.iter().take(cut).for_each(|step| machine.carry_out(&step.action));
        }
        machine.converge(&after);
        is_as_asked(&machine, &after);
    }

    #[test]
    fn only_what_changed_is_stopped(before in any_spec(), after in any_spec()) {
        let mut machine = Machine::empty();
        machine.converge(&before);
        let plan = machine.plan(&after).unwrap();
        for step in &plan.steps {
            let Action::StopUnit { unit, .. } = &step.action else {
                prop_assert!(step.disruption <= Disruption::Restart);
                continue;
            };
            let name = unit_text::name_of_file(unit).unwrap();
            let same = |spec: &Spec| spec.get(&name).map(|container| blueprint(&super::machine::service(&name, container), unit).hash());
            prop_assert_ne!(same(&before), same(&after), "{} was stopped for nothing", name);
        }
    }

    #[test]
    fn an_image_that_cannot_be_had_holds_up_what_needs_it_and_nothing_else(before in any_spec(), after in any_spec()) {
        let mut machine = Machine::empty();
        machine.converge(&before);
        let mut waiting: Vec<StepId> = Vec::new();
        // Two rounds: what waits in the first waits in the second, and nothing else is left for it.
        for round in 0..2 {
            let plan = machine.plan(&after).unwrap();
            let mut open = 0;
            for step in &plan.steps {
                let is_pull = matches!(step.action, Action::PullImage { .. });
                if is_pull || step.after.iter().any(|id| waiting.contains(id)) {
                    waiting.push(step.id.clone());
                } else {
                    open += 1;
                    machine.carry_out(&step.action);
                }
            }
            prop_assert!(round == 0 || open == 0, "{:?}", plan.steps);
        }
    }

    #[test]
    fn every_step_stands_behind_those_that_it_needs(before in any_spec(), after in any_spec()) {
        let mut machine = Machine::empty();
        machine.converge(&before);
        let plan = machine.plan(&after).unwrap();
        for (index, step) in plan.steps.iter().enumerate() {
            for needed in &step.after {
                prop_assert!(plan.steps[..index].iter().any(|earlier| earlier.id == *needed));
            }
        }
    }
}
