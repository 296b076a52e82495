//! One container, from what there is of it to what there should be: enabled, made, in its place, started.

use config::{Disruption, Reason, Restart, StepId};
use engine_api::{Blueprint, ContainerState, OwnVolume, SeenContainer};
use systemd::ActiveState;

use super::{Draft, Service, is_up};
use crate::Action;
use crate::container::unit_text;

/// What there is of a container, beside what there should be.
pub(super) struct Made<'a> {
    pub(super) blueprint: Blueprint,
    pub(super) main: Option<&'a SeenContainer>,
    /// The main one was made from the blueprint.
    pub(super) current: bool,
    pub(super) next: Option<&'a SeenContainer>,
    pub(super) next_is_current: bool,
    pub(super) next_name: String,
}

impl Made<'_> {
    fn reason(&self, service: &Service<'_>) -> Reason {
        match self.next.filter(|_| self.next_is_current) {
            Some(next) => Reason::Resumed(format!("container {}, made and not in its place", next.name)),
            None => Reason::Spec(service.place.clone()),
        }
    }

    /// What its image keeps goes on from container to container.
    fn keep(&self) -> Vec<OwnVolume> {
        self.main.map(|main| main.volumes.clone()).unwrap_or_default()
    }
}

impl Draft<'_> {
    /// Enables, makes and starts one container, as far as it is not. `written` are the steps that it waits for.
    pub(super) fn run(&mut self, service: &Service<'_>, written: &[StepId]) {
        let unit = unit_text::service_name(service.name);
        let seen = self.units.get(service.name);
        let made = self.made(service);
        let mut after = written.to_vec();
        let first = self.plan.steps.len();
        if !seen.is_some_and(|unit| unit.enabled) {
            // With everything else in place, somebody has disabled it.
            let drifted = made.current && written.is_empty();
            let reason = if drifted { Reason::Drift(format!("{unit} is disabled")) } else { Reason::Spec(service.place.clone()) };
            after.push(self.step(Action::EnableUnit { unit }, &reason, Disruption::None, &after.clone()));
        }
        if made.current {
            self.remove_leftover(&made, &after);
            self.start_again(service, &made, &after);
        } else {
            self.make(service, &made, after);
        }
        if let Some(last) = self.plan.steps.get(first..).and_then(<[_]>::last) {
            self.plan.up.insert(service.name.clone(), last.id.clone());
        }
    }

    /// A container made beside the one that turned out to be right.
    fn remove_leftover(&mut self, made: &Made<'_>, after: &[StepId]) {
        if let Some(next) = made.next {
            let action = Action::RemoveContainer { engine: self.engine, called: next.name.clone(), id: next.id.clone() };
            self.step(action, &Reason::Resumed(format!("container {}", next.name)), Disruption::None, after);
        }
    }

    fn make(&mut self, service: &Service<'_>, made: &Made<'_>, mut after: Vec<StepId>) {
        let reason = made.reason(service);
        let called = if made.main.is_some() { made.next_name.clone() } else { service.name.to_string() };
        if let Some(next) = made.next.filter(|_| !made.next_is_current) {
            let action = Action::RemoveContainer { engine: self.engine, called: next.name.clone(), id: next.id.clone() };
            after.push(self.step(action, &Reason::Resumed(format!("container {}", next.name)), Disruption::None, &after.clone()));
        }
        if !made.next_is_current {
            let action = Action::CreateContainer {
                engine: self.engine,
                called,
                from: made.main.map_or_else(|| "absent".to_owned(), made_from),
                blueprint: Box::new(made.blueprint.clone()),
                pin: self.pin(made, &service.container.image.value),
                keep: made.keep(),
            };
            after.push(self.step(action, &reason, Disruption::None, &after.clone()));
        }
        self.swap(service, made, &reason, after);
    }

    /// The old container goes, the new one, which is there by now, takes its place and starts.
    fn swap(&mut self, service: &Service<'_>, made: &Made<'_>, reason: &Reason, mut after: Vec<StepId>) {
        let unit = unit_text::service_name(service.name);
        let seen = self.units.get(service.name);
        let up = seen.is_some_and(|unit| is_up(&unit.state.active));
        // Without an old container a unit that is up runs what another engine has.
        if up {
            let action = Action::StopUnit { unit: unit.clone(), why: "its container is replaced".to_owned() };
            after.push(self.step(action, reason, Disruption::Restart, &after.clone()));
        }
        if let Some(main) = made.main {
            let action = Action::RemoveContainer { engine: self.engine, called: main.name.clone(), id: main.id.clone() };
            let disruption = if !up && main.state == ContainerState::Running { Disruption::Restart } else { Disruption::None };
            after.push(self.step(action, reason, disruption, &after.clone()));
        }
        if made.main.is_some() || made.next_is_current {
            let action = Action::RenameContainer { engine: self.engine, called: made.next_name.clone(), name: service.name.clone() };
            after.push(self.step(action, reason, Disruption::None, &after.clone()));
        }
        let from = seen.map_or_else(|| "absent".to_owned(), |unit| unit.state.active.to_string());
        self.step(Action::StartUnit { unit, from }, reason, Disruption::None, &after);
    }

    /// Starts the unit of a container that is right, when it should run and does not.
    fn start_again(&mut self, service: &Service<'_>, made: &Made<'_>, after: &[StepId]) {
        let (Some(main), Some(seen)) = (made.main, self.units.get(service.name)) else { return };
        let unit = unit_text::service_name(service.name);
        if seen.state.job.is_some() {
            return;
        }
        let never = main.state == ContainerState::Created;
        let reason = match (&seen.state.active, service.container.restart) {
            (ActiveState::Inactive | ActiveState::Failed, _) if never => {
                Reason::Resumed(format!("container {}, made and not started", service.name))
            }
            (ActiveState::Inactive, Restart::Always) => Reason::Drift(format!("{unit} is inactive")),
            // It ended, which its spec allows.
            (ActiveState::Inactive, Restart::OnFailure | Restart::No) => return,
            (ActiveState::Failed, _) => {
                self.plan.notes.push(format!("{unit} has failed; see: journalctl -u {unit}"));
                return;
            }
            (
                ActiveState::Active | ActiveState::Reloading | ActiveState::Activating | ActiveState::Deactivating | ActiveState::Other(_),
                _,
            ) => return,
        };
        self.step(Action::StartUnit { unit, from: seen.state.active.to_string() }, &reason, Disruption::None, after);
    }
}

fn made_from(container: &SeenContainer) -> String {
    container.stamp.as_ref().map_or_else(String::new, |stamp| format!("from {}", stamp.image))
}
