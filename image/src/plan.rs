//! What libostree is to be told of remotes. Pure: the spec and what is there in, steps out.

use config::{Disruption, Os, Place, Placed, Problem, Reason, Remote, Step, Undo};

use crate::Action;
use crate::observe::Observed;
use crate::remote::{self, Definition, REPOSITORY};

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step<Action>>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Plans the remotes.
///
/// # Errors
/// When a remote of the spec is defined elsewhere in another way: libostree then refuses to work at all.
pub fn plan(os: &Os, have: &Observed) -> Result<Plan, Vec<Problem>> {
    let mut plan = Plan::default();
    if !have.image_based {
        if !os.remotes.is_empty() {
            plan.notes.push("this host is not image-based; [os.remote] is left alone".to_owned());
        }
        return Ok(plan);
    }
    let mut problems = Vec::new();
    plan.steps.extend(orphans(os, have));
    for (name, remote) in &os.remotes {
        match plan_remote(name, remote, have) {
            Ok(step) => plan.steps.extend(step),
            Err(problem) => problems.push(problem),
        }
    }
    plan.notes.extend(have.missing_keys.iter().map(|key| format!("the key {key} is not there; upgrades that need it will be refused")));
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

/// Files of ours for remotes that no layer has any more.
fn orphans(os: &Os, have: &Observed) -> Vec<Step<Action>> {
    let mut steps = Vec::new();
    for (path, file) in have.files.iter().filter(|(_, file)| file.stamped) {
        for (name, definition) in &file.remotes {
            if *path == remote::path(name) && !os.remotes.contains_key(name) {
                steps.push(remove(name, definition, format!("[os.remote.{name}]")));
            }
        }
    }
    steps
}

fn plan_remote(name: &str, wanted: &Placed<Remote>, have: &Observed) -> Result<Option<Step<Action>>, Problem> {
    let own = remote::path(name);
    let definition = Definition::from(&wanted.value);
    let ours = have.files.get(&own);
    if ours.is_some_and(|file| !file.stamped) {
        return Err(problem(&wanted.place, name, format!("{own} is there and is not atomic-host's"), "move it away".to_owned()));
    }
    let said = ours.and_then(|file| file.remotes.iter().find(|(said, _)| said == name)).map(|(_, said)| said);
    if let Some((path, other)) = elsewhere(name, &own, have) {
        // libostree gives up on a remote that two files define, even when they agree.
        return match said {
            _ if *other != definition => Err(contradiction(&wanted.place, name, path, other)),
            Some(said) => Ok(Some(remove(name, said, format!("{path} defines {name} too")))),
            None => Ok(None),
        };
    }
    let text = remote::render(name, &definition);
    if ours.is_some_and(|file| file.text == text) {
        return Ok(None);
    }
    let from = said.map_or_else(|| "absent".to_owned(), ToString::to_string);
    let action = Action::WriteRemote { name: name.to_owned(), from, to: definition.to_string(), text };
    Ok(Some(Step::new(action, Reason::Spec(wanted.place.clone()), Disruption::None, Undo::Edit, Vec::new())))
}

/// Who else defines a remote of this name.
fn elsewhere<'a>(name: &str, own: &str, have: &'a Observed) -> Option<(&'a str, &'a Definition)> {
    let others = have.files.iter().filter(|(path, _)| *path != own);
    let mut all = others.flat_map(|(path, file)| file.remotes.iter().map(move |(named, definition)| (path.as_str(), named, definition)));
    all.find(|(_, named, _)| *named == name).map(|(path, _, definition)| (path, definition))
}

fn remove(name: &str, said: &Definition, why: String) -> Step<Action> {
    let action = Action::RemoveRemote { name: name.to_owned(), from: said.to_string() };
    Step::new(action, Reason::Orphan(why), Disruption::None, Undo::Edit, Vec::new())
}

fn contradiction(place: &Place, name: &str, path: &str, other: &Definition) -> Problem {
    let hint = if path == REPOSITORY {
        format!("use another name, or give it up there: ostree remote delete {name}")
    } else {
        format!("use another name, or remove {path}")
    };
    problem(place, name, format!("{path} defines this remote in another way: {other}"), hint)
}

fn problem(place: &Place, name: &str, message: String, hint: String) -> Problem {
    Problem { place: place.clone(), key: format!("os.remote.{name}"), message, hint: Some(hint) }
}

#[cfg(test)]
mod tests;
