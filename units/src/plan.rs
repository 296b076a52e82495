//! What is to be done to the units. Pure: the spec and what is there in, steps out.
//!
//! In order: the engine's own configuration, the logs' files, images, containers and their units, and the journal last, so that logs
//! that leave the disk have their new home by then.

use config::{Desired, Disruption, EngineKind, JournalStorage, Place, Placed, Problem, Reason, Rsyslog, Step, StepId, Undo};
use systemd::ActiveState;

use crate::container::{self, Service};
use crate::{Action, Observed, OwnFile, engine, journal, rsyslog};

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step<Action>>,
    /// What a person should know: why something is left alone.
    pub notes: Vec<String>,
    /// Whether something did not answer, so that another look soon may find more to do.
    pub again: bool,
}

/// Plans the units.
///
/// # Errors
/// Everything on this host that is in the way of what the spec asks.
pub fn plan(desired: &Desired, have: &Observed) -> Result<Plan, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut plan = Plan::default();
    let engine = match engine::plan(&desired.engine, &desired.registries, &have.engines) {
        Ok(engine) => {
            plan.steps.extend(engine.steps);
            plan.notes.extend(engine.notes);
            let asked = !desired.containers.is_empty() || desired.rsyslog.is_some();
            plan.again = asked && !engine.ready;
            engine.kind.map(Ok)
        }
        Err(more) => {
            problems.extend(more);
            Some(Err(()))
        }
    };
    let logs =
        desired.rsyslog.as_ref().map_or_else(|| Ok(remove_rules(have)), |want| prepare_rsyslog(want, have)).unwrap_or_else(|problem| {
            problems.push(problem);
            Vec::new()
        });
    let needs: Vec<StepId> = logs.iter().map(|step| step.id.clone()).collect();
    plan.steps.extend(logs);
    let containers = plan_containers(engine, desired, have, &needs).unwrap_or_else(|more| {
        problems.extend(more);
        container::Plan::default()
    });
    let home = home_of_logs(desired, have, &containers);
    plan.again |= containers.again;
    plan.steps.extend(containers.steps);
    plan.notes.extend(containers.notes);
    match (journal::plan(&desired.journal, &have.journal, home.as_deref().unwrap_or_default()), home.is_some()) {
        (Ok(Some(_)), false) => plan.notes.push("the journal stays on disk until rsyslog runs".to_owned()),
        (Ok(step), _) => plan.steps.extend(step),
        (Err(problem), _) => problems.push(problem),
    }
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

/// The steps behind which the journal may be changed; `None`: not now, since it is to leave the disk and logs have no other home yet.
fn home_of_logs(desired: &Desired, have: &Observed, containers: &container::Plan) -> Option<Vec<StepId>> {
    let leaves_disk = desired.journal.storage.as_ref().is_some_and(|storage| storage.value == JournalStorage::Volatile);
    if !leaves_disk {
        return Some(Vec::new());
    }
    let name = rsyslog::name()?;
    let comes_up = containers.up.get(&name).cloned();
    let runs = have.containers.units.get(&name).is_some_and(|unit| unit.state.active == ActiveState::Active);
    comes_up.map(|step| vec![step]).or_else(|| runs.then(Vec::new))
}

fn plan_containers(
    engine: Option<Result<EngineKind, ()>>,
    desired: &Desired,
    have: &Observed,
    needs: &[StepId],
) -> Result<container::Plan, Vec<Problem>> {
    let bundle = desired.rsyslog.as_ref().map(|want| rsyslog::container(&want.value, have.rsyslog.localtime));
    let name = rsyslog::name();
    let mut services: Vec<Service<'_>> = Vec::new();
    for (name, container) in &desired.containers {
        services.push(Service {
            name,
            key: format!("container.{name}"),
            place: &container.place,
            container: &container.value,
            files: String::new(),
            needs: Vec::new(),
        });
    }
    if let (Some(name), Some(container), Some(want)) = (&name, &bundle, &desired.rsyslog) {
        let files = rsyslog::files_hash(&want.value);
        services.push(Service { name, key: "rsyslog".to_owned(), place: &want.place, container, files, needs: needs.to_vec() });
    }
    let engine = match (engine, services.first()) {
        (Some(Ok(engine)), _) => engine,
        (None, Some(service)) => return Err(vec![no_engine(service)]),
        // Which engine it is, is a problem already.
        (Some(Err(())), _) | (None, None) => return Ok(container::Plan::default()),
    };
    let volumes = desired.storage.iter().flat_map(|storage| storage.volumes.values());
    // Made by the steps before.
    let coming: Vec<&str> = volumes.map(|volume| volume.value.mount.as_str()).chain(rsyslog::DIRECTORIES).collect();
    container::plan(engine, &services, &coming, &have.containers)
}

fn no_engine(service: &Service<'_>) -> Problem {
    Problem {
        place: service.place.clone(),
        key: service.key.clone(),
        message: "this host has no container engine".to_owned(),
        hint: Some("use an OS image that has docker or podman".to_owned()),
    }
}

/// The directories and the rules that the logs' container reads.
fn prepare_rsyslog(want: &Placed<Rsyslog>, have: &Observed) -> Result<Vec<Step<Action>>, Problem> {
    let reason = Reason::Spec(want.place.clone());
    let make = |path: &String| Action::MakeDirectory { path: path.clone() };
    let mut actions: Vec<Action> = have.rsyslog.missing.iter().map(make).collect();
    let text = rsyslog::rules(&want.value);
    let from = match &have.rsyslog.rules {
        OwnFile::Absent => None,
        OwnFile::Ours(now) => Some(now.clone()),
        OwnFile::Foreign => return Err(rules_in_the_way(&want.place, "is not ours")),
        OwnFile::Unreadable(why) => return Err(rules_in_the_way(&want.place, &format!("cannot be read: {why}"))),
    };
    if from.as_ref() != Some(&text) {
        actions.push(Action::WriteFile { what: "rules of rsyslog".to_owned(), path: rsyslog::RULES.to_owned(), from, text });
    }
    Ok(actions.into_iter().map(|action| Step::new(action, reason.clone(), Disruption::None, Undo::Edit, Vec::new())).collect())
}

fn rules_in_the_way(place: &Place, what: &str) -> Problem {
    Problem {
        place: place.clone(),
        key: "rsyslog".to_owned(),
        message: format!("{} {what}", rsyslog::RULES),
        hint: Some("move that file away; other files in its directory are welcome".to_owned()),
    }
}

/// Rules that nobody asks for any more.
fn remove_rules(have: &Observed) -> Vec<Step<Action>> {
    let there = have.rsyslog.rules.text().is_some();
    let action = || Action::RemoveFile { path: rsyslog::RULES.to_owned() };
    let reason = Reason::Orphan("rules of rsyslog".to_owned());
    there.then(|| Step::new(action(), reason, Disruption::None, Undo::Edit, Vec::new())).into_iter().collect()
}

#[cfg(test)]
mod tests;
