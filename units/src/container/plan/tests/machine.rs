//! A host for tests: steps change it as the real one would change, and each look finds what the real one would show.

use std::collections::BTreeMap;

use config::{Container, ContainerName, ImageRef, Mount, MountSource, Place, Placed, Problem, Relabel};
use engine_api::{ContainerState, OwnVolume, SeenContainer, SeenImage, Stamp, Store};
use systemd::{ActiveState, LoadState, UnitState};

use super::super::super::tests::{name, placed};
use super::super::*;

pub(super) type Spec = BTreeMap<ContainerName, Placed<Container>>;

pub(super) fn spec(containers: &[(&str, Container)]) -> Spec {
    containers.iter().map(|(text, container)| (name(text), placed(container.clone()))).collect()
}

pub(super) fn service<'a>(name: &'a ContainerName, container: &'a Placed<Container>) -> Service<'a> {
    Service {
        name,
        key: format!("container.{name}"),
        place: &container.place,
        container: &container.value,
        files: String::new(),
        needs: Vec::new(),
    }
}

pub(super) fn bind(path: &str) -> Placed<Mount> {
    let source = MountSource::Path(path.to_owned());
    let value = Mount { source, target: "/data".to_owned(), read_only: false, relabel: Relabel::None, follow_mounts: false };
    Placed { value, place: Place::Default }
}

#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) have: Containers,
}

impl Machine {
    pub(super) fn empty() -> Machine {
        let store = Store::Known { containers: Vec::new(), images: Vec::new() };
        Machine { have: Containers { store, units: BTreeMap::new(), sources: BTreeMap::new() } }
    }

    /// Looks as `observe` does: units of the spec, and all that carry our stamp.
    fn look(&self, spec: &Spec) -> Containers {
        let mut seen = self.have.clone();
        if let Store::Known { containers, .. } = &self.have.store {
            let stamped: Vec<&str> = containers.iter().filter_map(|container| Some(container.stamp.as_ref()?.unit.as_str())).collect();
            seen.units.retain(|name, unit| {
                let ours = unit.service.text().is_some() || stamped.contains(&unit_text::service_name(name).as_str());
                ours || spec.contains_key(name)
            });
        }
        for name in spec.keys() {
            seen.units.entry(name.clone()).or_insert_with(|| absent(name));
        }
        seen
    }

    pub(super) fn plan(&self, spec: &Spec) -> Result<Plan, Vec<Problem>> {
        let services: Vec<Service<'_>> = spec.iter().map(|(name, container)| service(name, container)).collect();
        plan(EngineKind::Docker, &services, &[], &self.look(spec))
    }

    /// Plans and carries out; the plan after it has to be empty.
    pub(super) fn converge(&mut self, spec: &Spec) {
        let plan = self.plan(spec).unwrap();
        for step in &plan.steps {
            self.carry_out(&step.action);
        }
        let again = self.plan(spec).unwrap();
        assert_eq!(again.steps, Vec::new(), "a second plan is empty");
    }

    pub(super) fn carry_out(&mut self, action: &Action) {
        match action {
            Action::PullImage { image, .. } => self.pull(image),
            Action::CreateContainer { called, blueprint, pin, keep, .. } => self.create(called, blueprint, pin.as_deref(), keep),
            Action::RemoveContainer { id, .. } => self.containers_mut().retain(|container| container.id != *id),
            Action::RenameContainer { called, name, .. } => {
                assert!(self.find(name.as_str()).is_none(), "{name} is taken");
                self.find_mut(called).expect("it was made").name = name.to_string();
            }
            Action::WriteFile { path, text, .. } => self.file(path, OwnFile::Ours(text.clone())),
            Action::RemoveFile { path } => self.file(path, OwnFile::Absent),
            Action::ReloadUnits { .. } => self.have.units.values_mut().for_each(reload),
            Action::EnableUnit { unit } => self.unit(unit).enabled = true,
            Action::DisableUnit { unit } => self.unit(unit).enabled = false,
            Action::StartUnit { unit, .. } => self.turn(unit, ActiveState::Active, ContainerState::Running),
            Action::StopUnit { unit, .. } => self.turn(unit, ActiveState::Inactive, ContainerState::Exited),
            Action::StartEngine { .. } | Action::RestartEngine { .. } | Action::MakeDirectory { .. } | Action::ConfigureJournal { .. } => {
                panic!("not of a container: {action:?}")
            }
        }
    }

    fn pull(&mut self, image: &ImageRef) {
        let digest = image.digest().unwrap_or("sha256:1111").to_owned();
        let names = image.tag().map(|tag| format!("{}:{tag}", image.name())).into_iter().collect();
        let seen = SeenImage { id: format!("sha256:configuration-{image}"), names, digests: vec![image.at(&digest)] };
        self.images_mut().push(seen);
    }

    fn create(&mut self, called: &str, blueprint: &Blueprint, pin: Option<&str>, keep: &[OwnVolume]) {
        assert!(self.find(called).is_none(), "{called} is taken");
        let (image, tagged) = (&blueprint.image, format!("{}:{}", blueprint.image.name(), blueprint.image.tag().unwrap_or_default()));
        let Store::Known { images, .. } = &self.have.store else { panic!("the engine is down") };
        let is_it = |seen: &&SeenImage| {
            seen.names.contains(&tagged) || image.digest().is_some_and(|digest| seen.digests.contains(&image.at(digest)))
        };
        let seen = images.iter().find(is_it).expect("the image was fetched");
        let own = seen.digests[0].rsplit_once('@').unwrap().1;
        let stamp = Stamp {
            unit: blueprint.unit.clone(),
            blueprint: blueprint.hash(),
            image: image.to_string(),
            digest: pin.unwrap_or(own).to_owned(),
        };
        let id = format!("id-{called}-{}", blueprint.hash());
        self.containers_mut().push(SeenContainer {
            id,
            name: called.to_owned(),
            stamp: Some(stamp),
            state: ContainerState::Created,
            volumes: keep.to_vec(),
        });
    }

    fn file(&mut self, path: &str, file: OwnFile) {
        let unit = path.strip_prefix("/etc/systemd/system/").expect("a unit").to_owned();
        let is_slice = unit.ends_with(".slice");
        let name = unit_text::name_of_file(&unit.replace(".slice", ".service").replace("\\x2d", "-")).expect("of a container");
        let seen = self.have.units.entry(name.clone()).or_insert_with(|| absent(&name));
        *(if is_slice { &mut seen.slice } else { &mut seen.service }) = file;
        seen.state.need_reload = true;
    }

    fn unit(&mut self, unit: &str) -> &mut SeenUnit {
        self.have.units.get_mut(&unit_text::name_of_file(unit).unwrap()).expect("a unit with a file")
    }

    fn turn(&mut self, unit: &str, active: ActiveState, state: ContainerState) {
        let name = unit_text::name_of_file(unit).unwrap();
        self.set(name.as_str(), active, state);
    }

    /// As the host is after something happened to it.
    pub(super) fn set(&mut self, text: &str, active: ActiveState, state: ContainerState) {
        self.have.units.get_mut(&name(text)).expect("a unit").state.active = active;
        if let Some(container) = self.find_mut(text) {
            container.state = state;
        }
    }

    pub(super) fn digest(&self, name: &str) -> String {
        self.find(name).unwrap().stamp.as_ref().unwrap().digest.clone()
    }

    /// What somebody's `pull` does to a tag that has moved: the old image stays without its name.
    pub(super) fn move_tag(&mut self, tag: &str, digest: &str) {
        let images = self.images_mut();
        images.iter_mut().for_each(|image| image.names.retain(|name| name != tag));
        let name = tag.rsplit_once(':').unwrap().0;
        images.push(SeenImage { id: "sha256:other".to_owned(), names: vec![tag.to_owned()], digests: vec![format!("{name}@{digest}")] });
    }

    /// What an engine does for an image that declares a volume.
    pub(super) fn give_volume(&mut self, name: &str, volume: &OwnVolume) {
        self.find_mut(name).expect("a container").volumes.push(volume.clone());
    }

    pub(super) fn foreign_container(&mut self, name: &str) {
        let state = ContainerState::Running;
        self.containers_mut().push(SeenContainer {
            id: "theirs".to_owned(),
            name: name.to_owned(),
            stamp: None,
            state,
            volumes: Vec::new(),
        });
    }

    pub(super) fn foreign_unit(&mut self, text: &str, path: &str) {
        let mut unit = absent(&name(text));
        unit.state.load = LoadState::Loaded;
        unit.state.fragment = Some(path.to_owned());
        self.have.units.insert(name(text), unit);
    }

    pub(super) fn containers(&self) -> &[SeenContainer] {
        match &self.have.store {
            Store::Known { containers, .. } => containers,
            Store::Unknown(why) => panic!("{why}"),
        }
    }

    fn containers_mut(&mut self) -> &mut Vec<SeenContainer> {
        match &mut self.have.store {
            Store::Known { containers, .. } => containers,
            Store::Unknown(why) => panic!("{why}"),
        }
    }

    fn images_mut(&mut self) -> &mut Vec<SeenImage> {
        match &mut self.have.store {
            Store::Known { images, .. } => images,
            Store::Unknown(why) => panic!("{why}"),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&SeenContainer> {
        self.containers().iter().find(|container| container.name == name)
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut SeenContainer> {
        self.containers_mut().iter_mut().find(|container| container.name == name)
    }
}

fn absent(name: &ContainerName) -> SeenUnit {
    let state = UnitState {
        name: unit_text::service_name(name),
        load: LoadState::NotFound,
        active: ActiveState::Inactive,
        sub: "dead".to_owned(),
        fragment: None,
        need_reload: false,
        main_pid: None,
        job: None,
        condition_ok: None,
        assert_ok: None,
    };
    SeenUnit { service: OwnFile::Absent, slice: OwnFile::Absent, enabled: false, state }
}

fn reload(unit: &mut SeenUnit) {
    unit.state.need_reload = false;
    let path = unit_text::path(&unit.state.name);
    let loaded = unit.service.text().is_some();
    unit.state.load = if loaded { LoadState::Loaded } else { LoadState::NotFound };
    unit.state.fragment = loaded.then_some(path);
}
