//! docker: the file of its options, and dockerd, which has to run with what its files say.

use config::{Disruption, EngineKind, Place, Problem, Reason};
use systemd::ActiveState;

use super::{CONTAINERS_FILE, Change, Content, DOCKER_FILE, Draft, EnginePlan, REGISTRIES_FILE, Want, is_up, problem};
use crate::engine::asked::{self, Asked, DOCKER_IO};
use crate::engine::options::{Variable, arrived, has_run, in_words, storage_words};
use crate::engine::{DAEMON_JSON, DOCKER, DaemonJson, Docker, EngineFiles, OWN, Options, Process, Reach, STORAGE};
use crate::{Action, OwnFile};

pub(super) fn plan(want: Want<'_>, docker: &Docker, files: &EngineFiles) -> Result<EnginePlan, Vec<Problem>> {
    let asked = asked::asked(&want.engine.options, want.registries);
    let words: Vec<String> = asked.iter().map(|asked| asked.word.clone()).collect();
    let mut draft = Draft { problems: foreign_mirrors(want), ..Draft::default() };
    check_daemon_json(docker, &asked, &mut draft);
    draft.settle(REGISTRIES_FILE, &files.registries, None);
    draft.settle(CONTAINERS_FILE, &files.containers, None);
    let content = asked.first().map(|first| Content { text: asked::render(&words), key: first.key.clone(), place: first.place.clone() });
    let change = draft.settle(DOCKER_FILE, &files.docker, content);
    let own = match files.docker {
        OwnFile::Absent | OwnFile::Ours(_) => Some(words),
        // Nothing is asked for, or there is a problem: what somebody else writes there is theirs.
        OwnFile::Foreign | OwnFile::Unreadable(_) => None,
    };
    let kind = want.engine.kind.as_ref().map(|kind| &kind.place);
    let mut ready = docker.unit.active == ActiveState::Active && docker.unit.job.is_none();
    match (Dockerd { docker, own, change: change.as_ref(), kind }).decide() {
        Ok(Some((action, reason, disruption))) => {
            ready = false;
            draft.step(action, reason, disruption, change.into_iter().map(|change| change.step).collect());
        }
        Ok(None) => {}
        Err(why) => draft.notes.push(why),
    }
    draft.finish(EngineKind::Docker, ready)
}

/// Mirrors that docker cannot have. `config` finds them where the spec has engine.kind.
fn foreign_mirrors(want: Want<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (host, registry) in want.registries {
        for mirror in &registry.value.mirrors {
            let location = mirror.value.split_once("://").map_or(mirror.value.as_str(), |(_scheme, location)| location);
            let (message, hint) = if host.as_str() != DOCKER_IO {
                ("docker has mirrors of docker.io alone, and docker is the engine".to_owned(), "remove it")
            } else if location.trim_end_matches('/').contains('/') {
                let message = format!("{:?} has a path, which docker refuses, and docker is the engine", mirror.value);
                (message, "write the host alone, as \"https://mirror.example.com\"")
            } else {
                continue;
            };
            problems.push(problem(&mirror.place, &asked::key_of(host, "mirrors"), message, hint));
        }
    }
    problems
}

/// dockerd does not start when a key of daemon.json is an option of its command line too, even with the same value.
fn check_daemon_json(docker: &Docker, asked: &[Asked], draft: &mut Draft) {
    let DaemonJson::Keys(keys) = &docker.daemon_json else { return };
    for key in keys {
        if let Some(asked) = asked.iter().find(|asked| asked.json == key.as_str()) {
            let message = format!("{DAEMON_JSON} has {key:?} too, and dockerd does not start with both");
            draft.problems.push(problem(&asked.place, &asked.key, message, "take it out of one of the two"));
        }
    }
    if let (Options::Words(words), Reach::Passed) = (&docker.options, &docker.reach) {
        let storage = storage_words(words);
        for (key, option) in [("storage-driver", "--storage-driver="), ("storage-opts", "--storage-opt=")] {
            if keys.contains(key) && storage.iter().any(|word| word.starts_with(option)) {
                let says = in_words(&storage);
                let message = format!("{DAEMON_JSON} has {key:?}, {} says {says}, and dockerd does not start with both", STORAGE.file);
                draft.problems.push(problem(&Place::Default, "storage.driver", message, &format!("take it out of {DAEMON_JSON}")));
            }
        }
    }
}

/// dockerd beside the files that say what it runs with.
struct Dockerd<'a> {
    docker: &'a Docker,
    /// The words of our file as it will be; `None`: the file is not ours.
    own: Option<Vec<String>>,
    /// What makes it so.
    change: Option<&'a Change>,
    /// The line that asks for docker.
    kind: Option<&'a Place>,
}

type Deed = (Action, Reason, Disruption);

impl Dockerd<'_> {
    /// What is to be done.
    ///
    /// # Errors
    /// Why it is left alone.
    fn decide(&self) -> Result<Option<Deed>, String> {
        let up = is_up(&self.docker.unit, DOCKER, "dockerd")?;
        if let DaemonJson::Unreadable(why) = &self.docker.daemon_json {
            return Err(format!("{DOCKER} is left alone: dockerd would not start, since {DAEMON_JSON} cannot be read: {why}"));
        }
        if up { self.restart() } else { self.start().map(Some) }
    }

    fn start(&self) -> Result<Deed, String> {
        let options = [self.storage()?, self.own()?].concat();
        let inactive = || Reason::Drift(format!("{DOCKER} is inactive"));
        let reason = self.kind.map_or_else(inactive, |place| Reason::Spec(place.clone()));
        Ok((Action::StartEngine { unit: DOCKER.to_owned(), options }, reason, Disruption::None))
    }

    fn restart(&self) -> Result<Option<Deed>, String> {
        let (line, given, given_own) = match &self.docker.process {
            Process::Running { line, given, given_own } => (line, given, given_own),
            Process::None => return Err(format!("{DOCKER} is active without a process; it is left alone")),
            Process::Unreadable(why) => {
                return Err(format!("whether dockerd runs with the options of {} is not known: {why}", STORAGE.file));
            }
        };
        let own = self.own()?;
        let own_differs = self.own.is_some() && !(has_run(line, own) && given_own == own);
        // Without a file nothing is asked of the one that runs. It would not come up again: its unit asserts that file.
        if self.docker.options == Options::Absent {
            let waits = format!("{DOCKER} takes the options of {} once there is {}, which comes with [storage]", OWN.file, STORAGE.file);
            return if own_differs { Err(waits) } else { Ok(None) };
        }
        let storage = self.storage()?;
        let (runs, asked) = (storage_words(line), storage_words(storage));
        let storage_differs = !(has_run(line, storage) && (given == storage || runs == asked));
        if !storage_differs && !own_differs {
            return Ok(None);
        }
        let runs_own = if self.own.is_some() { arrived(line, given_own) } else { &[] };
        let mut drift = Vec::new();
        drift.extend(storage_differs.then(|| differs(STORAGE, &runs, storage)));
        drift.extend(own_differs.then(|| differs(OWN, runs_own, own)));
        let reason = match self.change.filter(|_| own_differs) {
            Some(change) => change.reason.clone(),
            None => Reason::Drift(drift.join("; ")),
        };
        let action = Action::RestartEngine { unit: DOCKER.to_owned(), from: [&runs, runs_own].concat(), to: [storage, own].concat() };
        Ok(Some((action, reason, Disruption::Restart)))
    }

    /// The storage options that dockerd shall have.
    fn storage(&self) -> Result<&[String], String> {
        match &self.docker.options {
            Options::Absent => Err(format!("{DOCKER} waits for {}, which comes with [storage]", STORAGE.file)),
            Options::Unreadable(why) => Err(format!("{DOCKER} is left alone, since {} cannot be read: {why}", STORAGE.file)),
            Options::Words(words) => passed(words, &self.docker.reach),
        }
    }

    /// Ours.
    fn own(&self) -> Result<&[String], String> {
        passed(self.own.as_deref().unwrap_or_default(), &self.docker.own_reach)
    }
}

/// The words, when they get to dockerd.
fn passed<'a>(words: &'a [String], reach: &Reach) -> Result<&'a [String], String> {
    match reach {
        Reach::Passed => Ok(words),
        // With no options to pass, it does not matter that they would not be.
        Reach::Blocked(_) if words.is_empty() => Ok(words),
        // Started all the same, dockerd would make its store elsewhere; restarted, it would not change.
        Reach::Blocked(why) => Err(format!("{DOCKER} is left alone: {why}")),
    }
}

fn differs(variable: Variable, runs: &[String], says: &[String]) -> String {
    format!("dockerd runs with {}, {} says {}", in_words(runs), variable.file, in_words(says))
}
