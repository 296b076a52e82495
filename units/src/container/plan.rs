//! What is to be done to containers and their units. Pure: the spec and what is there in, steps out.
//!
//! In order: images are fetched, what nobody asks for any more goes, unit files are written and read by systemd, then each container is made
//! and started behind those that it names in `after`. A container whose blueprint changed is made beside the old one (`NAME.new`) before
//! that is stopped, so that what cannot be made leaves the old one running.

use std::collections::BTreeMap;

use config::{Container, ContainerName, Disruption, EngineKind, ImageRef, Place, Reason, Step, StepId, Undo};
use engine_api::{Blueprint, ContainerState, SeenContainer, SeenImage, Store, pick};
use systemd::ActiveState;

use super::{Containers, SeenUnit, check, unit_text};
use crate::{Action, OwnFile};

/// A container that shall run, wherever in the spec it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Service<'a> {
    /// Its name.
    pub(crate) name: &'a ContainerName,
    /// `container.redis`, `rsyslog`
    pub(crate) key: String,
    /// The section.
    pub(crate) place: &'a Place,
    /// What is asked.
    pub(crate) container: &'a Container,
    /// Changes with the files that it reads at its start; empty: none that we know.
    pub(crate) files: String,
    /// Steps that must have succeeded before it is made.
    pub(crate) needs: Vec<StepId>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// In order.
    pub(crate) steps: Vec<Step<Action>>,
    /// What a person should know.
    pub(crate) notes: Vec<String>,
    /// The last step of each container that has steps: once it succeeded, the container runs.
    pub(crate) up: BTreeMap<ContainerName, StepId>,
    /// Whether the engine did not answer, so that another look soon may find more to do.
    pub(crate) again: bool,
}

/// Plans the containers. `coming` are mount points of the spec: what lies below one may come with it.
///
/// # Errors
/// When what is there is in the way of what is asked.
pub(crate) fn plan(engine: EngineKind, services: &[Service<'_>], coming: &[&str], have: &Containers) -> Result<Plan, Vec<config::Problem>> {
    let problems: Vec<_> = services.iter().flat_map(|service| check::problems(service, coming, have)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let Store::Known { containers, images } = &have.store else {
        return Ok(waiting(services, have));
    };
    let mut draft =
        Draft { engine, containers, images, units: &have.units, pulls: BTreeMap::new(), reload: Reload::default(), plan: Plan::default() };
    draft.pull_images(services);
    draft.remove_orphans(services);
    let written: Vec<Vec<StepId>> = services.iter().map(|service| draft.write_units(service)).collect();
    draft.reload_units();
    for index in in_order(services) {
        draft.run(&services[index], &written[index]);
    }
    Ok(draft.plan)
}

/// An engine that does not answer tells nothing of its containers, and nothing is concluded from that.
fn waiting(services: &[Service<'_>], have: &Containers) -> Plan {
    let Store::Unknown(why) = &have.store else { return Plan::default() };
    let ours = have.units.values().any(|unit| unit.service.text().is_some());
    if services.is_empty() && !ours {
        return Plan::default();
    }
    Plan { notes: vec![format!("containers are looked at once the engine answers: {why}")], again: true, ..Plan::default() }
}

/// Indices of the services, each behind those that it comes after. The spec has no cycles; a name that is not there holds nothing up.
fn in_order(services: &[Service<'_>]) -> Vec<usize> {
    fn visit(index: usize, services: &[Service<'_>], order: &mut Vec<usize>, seen: &mut [bool]) {
        if std::mem::replace(&mut seen[index], true) {
            return;
        }
        for other in &services[index].container.after {
            if let Some(before) = services.iter().position(|service| service.name == other) {
                visit(before, services, order, seen);
            }
        }
        order.push(index);
    }
    let (mut order, mut seen) = (Vec::new(), vec![false; services.len()]);
    for index in 0..services.len() {
        visit(index, services, &mut order, &mut seen);
    }
    order
}

/// What systemd has to read again, and why.
#[derive(Default)]
struct Reload {
    units: Vec<String>,
    reason: Option<Reason>,
}

impl Reload {
    fn of(&mut self, unit: String, reason: Reason) {
        if !self.units.contains(&unit) {
            self.units.push(unit);
        }
        self.reason.get_or_insert(reason);
    }
}

/// The plan as it is drawn up.
struct Draft<'a> {
    engine: EngineKind,
    containers: &'a [SeenContainer],
    images: &'a [SeenImage],
    units: &'a BTreeMap<ContainerName, SeenUnit>,
    pulls: BTreeMap<ImageRef, StepId>,
    reload: Reload,
    plan: Plan,
}

impl<'a> Draft<'a> {
    fn step(&mut self, action: Action, reason: &Reason, disruption: Disruption, after: &[StepId]) -> StepId {
        let step = Step::new(action, reason.clone(), disruption, Undo::Edit, after.to_vec());
        let id = step.id.clone();
        self.plan.steps.push(step);
        id
    }

    fn pull_images(&mut self, services: &[Service<'_>]) {
        for service in services {
            let image = &service.container.image;
            let made = self.made(service);
            if made.current || made.next_is_current || self.pin(&made, &image.value).is_some() || self.is_local(&image.value) {
                continue;
            }
            if !self.pulls.contains_key(&image.value) {
                let action = Action::PullImage { engine: self.engine, image: image.value.clone() };
                let id = self.step(action, &Reason::Spec(image.place.clone()), Disruption::None, &[]);
                self.pulls.insert(image.value.clone(), id);
            }
        }
    }

    fn is_local(&self, image: &ImageRef) -> bool {
        pick(self.images, image, None).is_some()
    }

    /// The digest that the old container of the same image has: whatever else changes, the image does not.
    fn pin(&self, made: &Made<'_>, image: &ImageRef) -> Option<String> {
        let stamp = made.main?.stamp.as_ref().filter(|stamp| stamp.image == image.to_string())?;
        let picked = pick(self.images, image, Some(&stamp.digest))?;
        (picked.digest == stamp.digest).then_some(picked.digest)
    }

    /// Everything of ours that no section asks for: its unit stops, and goes with its container.
    fn remove_orphans(&mut self, services: &[Service<'_>]) {
        let units = self.units;
        for (name, unit) in units.iter().filter(|(name, _)| !services.iter().any(|service| service.name == *name)) {
            let service = unit_text::service_name(name);
            let reason = Reason::Orphan(format!("container {name}"));
            let mut after = Vec::new();
            if unit.service == OwnFile::Foreign {
                self.plan.notes.push(format!("{service} is not ours any more and is left alone"));
            } else if is_up(&unit.state.active) {
                let action = Action::StopUnit { unit: service.clone(), why: "nobody asks for it any more".to_owned() };
                after.push(self.step(action, &reason, Disruption::Restart, &[]));
            }
            if unit.service.text().is_some() && unit.enabled {
                after.push(self.step(Action::DisableUnit { unit: service.clone() }, &reason, Disruption::None, &after.clone()));
            }
            for container in self.of_unit(&service) {
                let action = Action::RemoveContainer { engine: self.engine, called: container.name.clone(), id: container.id.clone() };
                let disruption = if container.state == ContainerState::Running { Disruption::Restart } else { Disruption::None };
                after.push(self.step(action, &reason, disruption, &after.clone()));
            }
            // The files go last: as long as they are there, a run that is cut off knows what is left to do.
            for (file, part) in [(&unit.slice, unit_text::slice_name(name)), (&unit.service, service.clone())] {
                if file.text().is_some() {
                    self.step(Action::RemoveFile { path: unit_text::path(&part) }, &reason, Disruption::None, &after);
                    self.reload.of(part, reason.clone());
                }
            }
        }
    }

    fn of_unit(&self, service: &str) -> Vec<SeenContainer> {
        let ours = |container: &&SeenContainer| container.stamp.as_ref().is_some_and(|stamp| stamp.unit == service);
        self.containers.iter().filter(ours).cloned().collect()
    }

    /// Writes what differs; gives the steps that its container waits for.
    fn write_units(&mut self, service: &Service<'_>) -> Vec<StepId> {
        let name = service.name;
        let mut after = service.needs.clone();
        after.extend(self.pulls.get(&service.container.image.value).cloned());
        let reason = Reason::Spec(service.place.clone());
        let seen = self.units.get(name);
        let parts = [
            ("slice", unit_text::slice_name(name), unit_text::slice(name, service.container.limits), seen.map(|unit| &unit.slice)),
            (
                "unit",
                unit_text::service_name(name),
                unit_text::service(self.engine, name, service.container),
                seen.map(|unit| &unit.service),
            ),
        ];
        for (what, unit, text, now) in parts {
            let from = now.and_then(OwnFile::text).map(str::to_owned);
            if from.as_deref() == Some(&text) {
                continue;
            }
            let action = Action::WriteFile { what: format!("{what} of container {name}"), path: unit_text::path(&unit), from, text };
            let id = self.step(action, &reason, Disruption::None, &after.clone());
            after.push(id);
            self.reload.of(unit, reason.clone());
        }
        if seen.is_some_and(|unit| unit.state.need_reload) {
            self.reload.of(unit_text::service_name(name), Reason::Resumed("unit files that systemd has not read".to_owned()));
        }
        after
    }

    fn reload_units(&mut self) {
        let Reload { units, reason } = std::mem::take(&mut self.reload);
        if let Some(reason) = reason {
            self.step(Action::ReloadUnits { units }, &reason, Disruption::None, &[]);
        }
    }

    /// Enables, makes and starts one container, as far as it is not.
    fn run(&mut self, service: &Service<'_>, written: &[StepId]) {
        let unit = unit_text::service_name(service.name);
        let seen = self.units.get(service.name);
        let mut after = written.to_vec();
        let first = self.plan.steps.len();
        if !seen.is_some_and(|unit| unit.enabled) {
            let id = self.step(Action::EnableUnit { unit: unit.clone() }, &Reason::Spec(service.place.clone()), Disruption::None, &after);
            after.push(id);
        }
        let made = self.made(service);
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
            };
            after.push(self.step(action, &reason, Disruption::None, &after.clone()));
        }
        let unit = unit_text::service_name(service.name);
        if let Some(main) = made.main {
            self.replace(service, &unit, main, &reason, &mut after);
        }
        if made.main.is_some() || made.next_is_current {
            let action = Action::RenameContainer { engine: self.engine, called: made.next_name.clone(), name: service.name.clone() };
            after.push(self.step(action, &reason, Disruption::None, &after.clone()));
        }
        let from = self.units.get(service.name).map_or_else(|| "absent".to_owned(), |unit| unit.state.active.to_string());
        self.step(Action::StartUnit { unit, from }, &reason, Disruption::None, &after);
    }

    /// The old container goes; the new one is there already.
    fn replace(&mut self, service: &Service<'_>, unit: &str, main: &SeenContainer, reason: &Reason, after: &mut Vec<StepId>) {
        let seen = self.units.get(service.name);
        let up = seen.is_some_and(|unit| is_up(&unit.state.active));
        if up {
            let action = Action::StopUnit { unit: unit.to_owned(), why: "its container is replaced".to_owned() };
            after.push(self.step(action, reason, Disruption::Restart, &after.clone()));
        }
        let action = Action::RemoveContainer { engine: self.engine, called: main.name.clone(), id: main.id.clone() };
        let disruption = if !up && main.state == ContainerState::Running { Disruption::Restart } else { Disruption::None };
        after.push(self.step(action, reason, disruption, &after.clone()));
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
            (ActiveState::Inactive, config::Restart::Always) => Reason::Drift(format!("{unit} is inactive")),
            // It ended, which its spec allows.
            (ActiveState::Inactive, config::Restart::OnFailure | config::Restart::No) => return,
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

    fn made(&self, service: &Service<'_>) -> Made<'a> {
        let unit = unit_text::service_name(service.name);
        let blueprint = blueprint(service, &unit);
        let hash = blueprint.hash();
        let next_name = format!("{}.new", service.name);
        let containers = self.containers;
        let find = |name: &str| containers.iter().find(|container| container.name == name);
        let is_current = |container: Option<&SeenContainer>| {
            container.and_then(|container| container.stamp.as_ref()).is_some_and(|stamp| stamp.blueprint == hash)
        };
        let (main, next) = (find(service.name.as_str()), find(&next_name));
        Made { current: is_current(main), next_is_current: is_current(next), main, next, next_name, blueprint }
    }
}

/// What there is of a container, beside what there should be.
struct Made<'a> {
    blueprint: Blueprint,
    main: Option<&'a SeenContainer>,
    /// The main one was made from the blueprint.
    current: bool,
    next: Option<&'a SeenContainer>,
    next_is_current: bool,
    next_name: String,
}

impl Made<'_> {
    fn reason(&self, service: &Service<'_>) -> Reason {
        match self.next.filter(|_| self.next_is_current) {
            Some(next) => Reason::Resumed(format!("container {}, made and not in its place", next.name)),
            None => Reason::Spec(service.place.clone()),
        }
    }
}

fn made_from(container: &SeenContainer) -> String {
    container.stamp.as_ref().map_or_else(String::new, |stamp| format!("from {} ({})", stamp.image, stamp.blueprint))
}

fn blueprint(service: &Service<'_>, unit: &str) -> Blueprint {
    let Container {
        image,
        command,
        env,
        publish,
        volumes,
        network,
        privileged,
        pid,
        ipc,
        limits: _,
        restart: _,
        stop_timeout: _,
        after: _,
    } = service.container;
    Blueprint {
        name: service.name.clone(),
        unit: unit.to_owned(),
        slice: unit_text::slice_name(service.name),
        image: image.value.clone(),
        command: command.clone(),
        env: env.clone(),
        publish: publish.iter().map(|port| port.value).collect(),
        mounts: volumes.iter().map(|mount| mount.value.clone()).collect(),
        network: *network,
        privileged: *privileged,
        pid: *pid,
        ipc: *ipc,
        files: service.files.clone(),
    }
}

/// Whether a stop would end something.
fn is_up(active: &ActiveState) -> bool {
    match active {
        ActiveState::Active | ActiveState::Reloading | ActiveState::Activating | ActiveState::Deactivating | ActiveState::Other(_) => true,
        ActiveState::Inactive | ActiveState::Failed => false,
    }
}

#[cfg(test)]
mod tests;
