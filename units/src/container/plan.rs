//! What is to be done to containers and their units. Pure: the spec and what is there in, steps out.
//!
//! In order: images are fetched, what nobody asks for any more goes, unit files are written and read by systemd, then each container is made
//! and started behind those that it names in `after`. A container whose blueprint changed is made beside the old one (`NAME.new`) before
//! that is stopped, so that what cannot be made leaves the old one running.

mod orphans;
mod run;

use std::collections::BTreeMap;

use config::{Container, ContainerName, Disruption, EngineKind, ImageRef, Place, Reason, Step, StepId, Undo};
use engine_api::{Blueprint, SeenContainer, SeenImage, Store, pick};
use systemd::ActiveState;

use super::{Containers, SeenUnit, check, unit_text};
use crate::{Action, OwnFile};
use run::Made;

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
        Draft { engine, containers, images, units: &have.units, pulls: BTreeMap::new(), reloads: Vec::new(), plan: Plan::default() };
    draft.pull_images(services);
    draft.remove_orphans(services);
    let mut shared = Reload::default();
    let written: Vec<Vec<StepId>> = services.iter().map(|service| draft.write_units(service, &mut shared)).collect();
    draft.reloads.insert(0, shared);
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

/// What systemd has to read again, behind which steps, and why. One for all that need not wait, and one for each that may: a reload that
/// came before what it is for would be wanted again.
#[derive(Default)]
struct Reload {
    units: Vec<String>,
    after: Vec<StepId>,
    reason: Option<Reason>,
}

impl Reload {
    fn of(&mut self, unit: String, reason: &Reason, after: Option<StepId>) {
        if !self.units.contains(&unit) {
            self.units.push(unit);
        }
        self.after.extend(after);
        self.reason.get_or_insert_with(|| reason.clone());
    }
}

/// The plan as it is drawn up.
struct Draft<'a> {
    engine: EngineKind,
    containers: &'a [SeenContainer],
    images: &'a [SeenImage],
    units: &'a BTreeMap<ContainerName, SeenUnit>,
    pulls: BTreeMap<ImageRef, StepId>,
    reloads: Vec<Reload>,
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

    /// Writes what differs; gives the steps that its container waits for.
    fn write_units(&mut self, service: &Service<'_>, shared: &mut Reload) -> Vec<StepId> {
        let name = service.name;
        let mut after = service.needs.clone();
        after.extend(self.pulls.get(&service.container.image.value).cloned());
        let waits = !after.is_empty();
        let mut reload = Reload::default();
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
            after.push(id.clone());
            let reload = if waits { &mut reload } else { &mut *shared };
            reload.of(unit, &reason, Some(id));
        }
        self.reloads.push(reload);
        if seen.is_some_and(|unit| unit.state.need_reload) {
            shared.of(unit_text::service_name(name), &Reason::Resumed("unit files that systemd has not read".to_owned()), None);
        }
        after
    }

    fn reload_units(&mut self) {
        for Reload { units, after, reason } in std::mem::take(&mut self.reloads) {
            if let Some(reason) = reason {
                self.step(Action::ReloadUnits { units }, &reason, Disruption::None, &after);
            }
        }
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
