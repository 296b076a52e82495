//! What is to be done to the engine. Pure: the spec and what is there in, steps out.
//!
//! `docker` and `podman` plan one engine each, on a [`Draft`]; files of ours for the engine that is not in use go.

mod docker;
mod podman;

use std::collections::BTreeMap;

use config::{Disruption, Engine, EngineKind, Place, Placed, Problem, Reason, Registry, RegistryHost, Step, StepId, Undo};
use systemd::{ActiveState, LoadState, UnitState};

use super::{CONTAINERS, Engines, OWN, REGISTRIES};
use crate::{Action, OwnFile};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnginePlan {
    /// The engine in use; `None`: none is installed.
    pub(crate) kind: Option<EngineKind>,
    /// Whether its API answers now, as far as can be told, and no step interrupts that.
    pub(crate) ready: bool,
    /// In order.
    pub(crate) steps: Vec<Step<Action>>,
    /// What a person should know: why something is left alone.
    pub(crate) notes: Vec<String>,
}

/// What the spec says of engines.
#[derive(Clone, Copy, Debug)]
struct Want<'a> {
    engine: &'a Engine,
    registries: &'a BTreeMap<RegistryHost, Placed<Registry>>,
}

/// Plans the engine.
///
/// # Errors
/// When the spec and what is installed do not say which engine to use, when that engine cannot do what is asked, and when something of
/// the admin's is in the way.
pub(crate) fn plan(
    engine: &Engine,
    registries: &BTreeMap<RegistryHost, Placed<Registry>>,
    have: &Engines,
) -> Result<EnginePlan, Vec<Problem>> {
    let asked = engine.kind.as_ref();
    let want = Want { engine, registries };
    match (asked.map(|kind| kind.value), &have.docker, &have.podman) {
        (Some(EngineKind::Docker), Some(docker), _) | (None, Some(docker), None) => docker::plan(want, docker, &have.files),
        (Some(EngineKind::Podman), _, Some(podman)) | (None, None, Some(podman)) => podman::plan(want, podman, &have.files),
        (None, None, None) => {
            let notes = vec!["no container engine is installed".to_owned()];
            Ok(EnginePlan { kind: None, ready: false, steps: Vec::new(), notes })
        }
        (None, Some(_), Some(_)) => Err(vec![kind_problem(&Place::Default, "both docker and podman are installed", "set engine.kind")]),
        (Some(EngineKind::Docker), None, _) => Err(vec![not_installed(asked.map(|kind| &kind.place), "docker")]),
        (Some(EngineKind::Podman), _, None) => Err(vec![not_installed(asked.map(|kind| &kind.place), "podman")]),
    }
}

fn not_installed(place: Option<&Place>, name: &str) -> Problem {
    let hint = format!("use an OS image that has {name}, or change engine.kind");
    kind_problem(place.unwrap_or(&Place::Default), &format!("{name} is not installed"), &hint)
}

fn kind_problem(place: &Place, message: &str, hint: &str) -> Problem {
    problem(place, "engine.kind", message.to_owned(), hint)
}

fn problem(place: &Place, key: &str, message: String, hint: &str) -> Problem {
    Problem { place: place.clone(), key: key.to_owned(), message, hint: Some(hint.to_owned()) }
}

/// Whether the unit is up, and nothing is under way.
///
/// # Errors
/// Why it is left alone, when it is neither up nor down, or not to be used.
fn is_up(unit: &UnitState, name: &str, program: &str) -> Result<bool, String> {
    match &unit.load {
        LoadState::Loaded => (),
        LoadState::Masked => return Err(format!("{name} is masked and left alone; to change that: systemctl unmask {name}")),
        LoadState::NotFound => return Err(format!("{program} is installed, but there is no {name}; it is left alone")),
        LoadState::BadSetting | LoadState::Error | LoadState::Stub | LoadState::Merged | LoadState::Other(_) => {
            return Err(format!("{name} cannot be used; see: systemctl status {name}"));
        }
    }
    // At boot systemd starts the engine by itself once storage is ready; a second job would only stand in its way.
    if unit.job.is_some() {
        return Err(format!("systemd has a job for {name}; it is left alone until that ends"));
    }
    match &unit.active {
        ActiveState::Inactive => Ok(false),
        ActiveState::Active => Ok(true),
        ActiveState::Failed => Err(format!("{name} has failed, and starting it again is up to systemd; see: journalctl -u {name}")),
        ActiveState::Reloading | ActiveState::Activating | ActiveState::Deactivating | ActiveState::Other(_) => {
            Err(format!("{name} is changing its state ({}); it is left alone until that ends", unit.sub))
        }
    }
}

/// A file of ours.
#[derive(Clone, Copy, Debug)]
struct File {
    path: &'static str,
    /// What it is to a person.
    what: &'static str,
}

const DOCKER_FILE: File = File { path: OWN.file, what: "options of dockerd" };
const REGISTRIES_FILE: File = File { path: REGISTRIES, what: "registries of podman" };
const CONTAINERS_FILE: File = File { path: CONTAINERS, what: "name servers of podman's containers" };

/// What a file of ours shall hold, and who asks for it.
#[derive(Clone, Debug)]
struct Content {
    text: String,
    key: String,
    place: Place,
}

/// A file that changes.
#[derive(Clone, Debug)]
struct Change {
    step: StepId,
    reason: Reason,
}

/// A plan in the making.
#[derive(Debug, Default)]
struct Draft {
    steps: Vec<Step<Action>>,
    notes: Vec<String>,
    problems: Vec<Problem>,
}

impl Draft {
    fn step(&mut self, action: Action, reason: Reason, disruption: Disruption, after: Vec<StepId>) -> StepId {
        let step = Step::new(action, reason, disruption, Undo::Edit, after);
        let id = step.id.clone();
        self.steps.push(step);
        id
    }

    /// Makes a file of ours what it shall be; `None`: it goes, if it is ours.
    fn settle(&mut self, file: File, seen: &OwnFile, content: Option<Content>) -> Option<Change> {
        let File { path, what } = file;
        let (action, reason) = match (seen, content) {
            (OwnFile::Absent | OwnFile::Foreign | OwnFile::Unreadable(_), None) => return None,
            (OwnFile::Ours(now), Some(content)) if *now == content.text => return None,
            (OwnFile::Absent | OwnFile::Ours(_), Some(Content { text, key: _, place })) => {
                let from = seen.text().map(str::to_owned);
                (Action::WriteFile { what: what.to_owned(), path: path.to_owned(), from, text }, Reason::Spec(place))
            }
            (OwnFile::Ours(_), None) => (Action::RemoveFile { path: path.to_owned() }, Reason::Orphan(what.to_owned())),
            (OwnFile::Foreign, Some(Content { text: _, key, place })) => {
                let hint = "move that file away, or take this out of the spec";
                self.problems.push(problem(&place, &key, format!("it belongs into {path}, which is there and is not ours"), hint));
                return None;
            }
            (OwnFile::Unreadable(why), Some(Content { text: _, key, place })) => {
                let message = format!("it belongs into {path}, which cannot be read: {why}");
                self.problems.push(problem(&place, &key, message, &format!("look at it: ls -l {path}")));
                return None;
            }
        };
        let step = self.step(action, reason.clone(), Disruption::None, Vec::new());
        Some(Change { step, reason })
    }

    fn finish(self, kind: EngineKind, ready: bool) -> Result<EnginePlan, Vec<Problem>> {
        let Draft { steps, notes, problems } = self;
        if problems.is_empty() { Ok(EnginePlan { kind: Some(kind), ready, steps, notes }) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests;
