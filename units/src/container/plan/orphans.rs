//! What goes since no section asks for it any more: first the unit stops, then its container goes, and the files last.

use config::{Disruption, Reason};
use engine_api::{ContainerState, SeenContainer};

use super::{Draft, Reload, Service, is_up};
use crate::container::{SeenUnit, unit_text};
use crate::{Action, OwnFile};

impl Draft<'_> {
    /// Everything of ours that no section asks for.
    pub(super) fn remove_orphans(&mut self, services: &[Service<'_>]) {
        let units = self.units;
        for (name, unit) in units.iter().filter(|(name, _)| !services.iter().any(|service| service.name == *name)) {
            match &unit.service {
                OwnFile::Ours(_) | OwnFile::Absent => self.remove_orphan(name, unit),
                OwnFile::Foreign | OwnFile::Unreadable(_) => {
                    let service = unit_text::service_name(name);
                    self.plan.notes.push(format!("{service} is not ours any more; it is left alone, and so is its container"));
                }
            }
        }
    }

    fn remove_orphan(&mut self, name: &config::ContainerName, unit: &SeenUnit) {
        let service = unit_text::service_name(name);
        let reason = Reason::Orphan(format!("container {name}"));
        let mut after = Vec::new();
        if is_up(&unit.state.active) {
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
            for volume in &container.volumes {
                let (what, target) = (&volume.name, &volume.target);
                self.plan.notes.push(format!("what container {name} kept at {target} stays in volume {what} of the engine"));
            }
        }
        // The files go last: as long as they are there, a run that is cut off knows what is left to do.
        let mut reload = Reload::default();
        for (file, part) in [(&unit.slice, unit_text::slice_name(name)), (&unit.service, service)] {
            if file.text().is_some() {
                let action = Action::RemoveFile { path: unit_text::path(&part) };
                let removed = self.step(action, &reason, Disruption::None, &after);
                reload.of(part, &reason, Some(removed));
            }
        }
        self.reloads.push(reload);
    }

    fn of_unit(&self, service: &str) -> Vec<SeenContainer> {
        let ours = |container: &&SeenContainer| container.stamp.as_ref().is_some_and(|stamp| stamp.unit == service);
        self.containers.iter().filter(ours).cloned().collect()
    }
}
