//! What is to be done to the engine. Pure: the spec and what is there in, steps out.

use config::{Disruption, Engine, EngineKind, Place, Problem, Reason, Step, Undo};
use systemd::{ActiveState, LoadState};

use crate::options::{in_words, storage_words};
use crate::{Action, DOCKER, Docker, Observed, Options, Process, Reach, STORAGE_OPTIONS};

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step<Action>>,
    /// What a person should know: why something is left alone.
    pub notes: Vec<String>,
}

impl Plan {
    fn note(text: impl Into<String>) -> Plan {
        Plan { steps: Vec::new(), notes: vec![text.into()] }
    }

    fn step(action: Action, reason: Reason, disruption: Disruption) -> Plan {
        Plan { steps: vec![Step::new(action, reason, disruption, Undo::Edit, Vec::new())], notes: Vec::new() }
    }
}

/// Plans the engine.
///
/// # Errors
/// When the spec and what is installed do not say which engine to use.
pub fn plan(engine: &Engine, have: &Observed) -> Result<Plan, Vec<Problem>> {
    let asked = engine.kind.as_ref();
    match (asked.map(|kind| kind.value), &have.docker, have.podman) {
        (Some(EngineKind::Docker), Some(docker), _) | (None, Some(docker), false) => Ok(plan_docker(docker, asked.map(|kind| &kind.place))),
        // podman has no daemon: every run reads its configuration anew.
        (Some(EngineKind::Podman), _, true) | (None, None, true) => Ok(Plan::default()),
        (None, None, false) => Ok(Plan::note("no container engine is installed")),
        (None, Some(_), true) => Err(vec![problem(Place::Default, "both docker and podman are installed", "set engine.kind")]),
        (Some(EngineKind::Docker), None, _) => Err(vec![not_installed(asked.map(|kind| &kind.place), "docker")]),
        (Some(EngineKind::Podman), _, false) => Err(vec![not_installed(asked.map(|kind| &kind.place), "podman")]),
    }
}

fn not_installed(place: Option<&Place>, name: &str) -> Problem {
    let place = place.cloned().unwrap_or(Place::Default);
    problem(place, &format!("{name} is not installed"), &format!("use an OS image that has {name}, or change engine.kind"))
}

fn problem(place: Place, message: &str, hint: &str) -> Problem {
    Problem { place, key: "engine.kind".to_owned(), message: message.to_owned(), hint: Some(hint.to_owned()) }
}

fn plan_docker(docker: &Docker, asked: Option<&Place>) -> Plan {
    match &docker.unit.load {
        LoadState::Loaded => (),
        LoadState::Masked => return Plan::note(format!("{DOCKER} is masked and left alone; to change that: systemctl unmask {DOCKER}")),
        LoadState::NotFound => return Plan::note(format!("dockerd is installed, but there is no {DOCKER}; it is left alone")),
        LoadState::BadSetting | LoadState::Error | LoadState::Stub | LoadState::Merged | LoadState::Other(_) => {
            return Plan::note(format!("{DOCKER} cannot be used; see: systemctl status {DOCKER}"));
        }
    }
    // At boot systemd starts the engine by itself once storage is ready; a second job would only stand in its way.
    if docker.unit.job.is_some() {
        return Plan::note(format!("systemd has a job for {DOCKER}; it is left alone until that ends"));
    }
    match &docker.unit.active {
        ActiveState::Inactive => start(docker, asked),
        ActiveState::Active => restart(docker),
        ActiveState::Failed => {
            Plan::note(format!("{DOCKER} has failed, and starting it again is up to systemd; see: journalctl -u {DOCKER}"))
        }
        ActiveState::Reloading | ActiveState::Activating | ActiveState::Deactivating | ActiveState::Other(_) => {
            Plan::note(format!("{DOCKER} is changing its state ({}); it is left alone until that ends", docker.unit.sub))
        }
    }
}

fn start(docker: &Docker, asked: Option<&Place>) -> Plan {
    let wanted = match wanted(docker) {
        Ok(wanted) => wanted,
        Err(instead) => return instead,
    };
    let reason = asked.map_or_else(|| Reason::Drift(format!("{DOCKER} is inactive")), |place| Reason::Spec(place.clone()));
    Plan::step(Action::StartEngine { unit: DOCKER.to_owned(), options: wanted.to_vec() }, reason, Disruption::None)
}

fn restart(docker: &Docker) -> Plan {
    let (line, given) = match &docker.process {
        Process::Running { line, given } => (line, given),
        Process::None => return Plan::note(format!("{DOCKER} is active without a process; it is left alone")),
        Process::Unreadable(why) => {
            return Plan::note(format!("whether dockerd runs with the options of {STORAGE_OPTIONS} is not known: {why}"));
        }
    };
    // Without a file nothing is asked of the one that runs.
    if docker.options == Options::Absent {
        return Plan::default();
    }
    let wanted = match wanted(docker) {
        Ok(wanted) => wanted,
        Err(instead) => return instead,
    };
    if has_run(line, wanted) && (given == wanted || storage_words(line) == storage_words(wanted)) {
        return Plan::default();
    }
    let from = storage_words(line);
    let reason = Reason::Drift(format!("dockerd runs with {}, {STORAGE_OPTIONS} says {}", in_words(&from), in_words(wanted)));
    Plan::step(Action::RestartEngine { unit: DOCKER.to_owned(), from, to: wanted.to_vec() }, reason, Disruption::Restart)
}

/// The words that the file asks for, or the plan that says why they lead to nothing.
fn wanted(docker: &Docker) -> Result<&[String], Plan> {
    match (&docker.options, &docker.reach) {
        (Options::Absent, _) => Err(Plan::note(format!("{DOCKER} waits for {STORAGE_OPTIONS}, which comes with [storage]"))),
        (Options::Unreadable(why), _) => Err(Plan::note(format!("{DOCKER} is left alone, since {STORAGE_OPTIONS} cannot be read: {why}"))),
        (Options::Words(words), Reach::Passed) => Ok(words),
        // With no options to pass, it does not matter that they would not be.
        (Options::Words(words), Reach::Blocked(_)) if words.is_empty() => Ok(words),
        // Started all the same, dockerd would make its store elsewhere; restarted, it would not change.
        (Options::Words(_), Reach::Blocked(why)) => Err(Plan::note(format!("{DOCKER} is left alone: {why}"))),
    }
}

/// Whether `part` stands in `line` as a run of words, which is how systemd puts it there.
fn has_run(line: &[String], part: &[String]) -> bool {
    part.is_empty() || line.windows(part.len()).any(|run| run == part)
}

#[cfg(test)]
mod tests;
