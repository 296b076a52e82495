//! What on the host is in the way of a container that the spec asks for. Pure.

use config::{MountSource, Place, Problem};
use engine_api::Store;
use systemd::LoadState;

use super::plan::Service;
use super::{Containers, Source, unit_text};
use crate::OwnFile;

/// Everything that is in its way.
pub(super) fn problems(service: &Service<'_>, coming: &[&str], have: &Containers) -> Vec<Problem> {
    let mut found = Vec::new();
    found.extend(foreign_unit(service, have));
    found.extend(foreign_container(service, have));
    for mount in &service.container.volumes {
        if let MountSource::Path(path) = &mount.value.source {
            found.extend(unfit_source(service, path, &mount.place, coming, have));
        }
    }
    found
}

fn problem(key: String, place: &Place, message: String, hint: String) -> Problem {
    Problem { place: place.clone(), key, message, hint: Some(hint) }
}

fn foreign_unit(service: &Service<'_>, have: &Containers) -> Option<Problem> {
    let unit = unit_text::service_name(service.name);
    let seen = have.units.get(service.name)?;
    let (own, slice) = (unit_text::path(&unit), unit_text::slice_name(service.name));
    let elsewhere = seen.state.fragment.as_ref().filter(|fragment| **fragment != own);
    let (message, hint) = match (&seen.service, &seen.slice, elsewhere) {
        (_, _, _) if seen.state.load == LoadState::Masked => {
            (format!("{unit} is masked"), format!("to let it run: systemctl unmask {unit}"))
        }
        (OwnFile::Foreign, _, _) => {
            (format!("there is a {own} that is not ours"), "choose another name, or move that unit away".to_owned())
        }
        (OwnFile::Unreadable(why), _, _) => (format!("{own} cannot be read: {why}"), format!("look at it: ls -l {own}")),
        (OwnFile::Absent, _, Some(path)) => (format!("there is a unit of this name already, {path}"), "choose another name".to_owned()),
        (_, OwnFile::Foreign, _) => {
            (format!("there is a {} that is not ours", unit_text::path(&slice)), "choose another name, or move that unit away".to_owned())
        }
        (OwnFile::Absent | OwnFile::Ours(_), OwnFile::Absent | OwnFile::Ours(_) | OwnFile::Unreadable(_), _) => return None,
    };
    Some(problem(service.key.clone(), service.place, message, hint))
}

fn foreign_container(service: &Service<'_>, have: &Containers) -> Option<Problem> {
    let Store::Known { containers, .. } = &have.store else { return None };
    let unit = unit_text::service_name(service.name);
    let names = [service.name.to_string(), format!("{}.new", service.name)];
    let foreign = containers
        .iter()
        .find(|container| names.contains(&container.name) && container.stamp.as_ref().is_none_or(|stamp| stamp.unit != unit))?;
    let message = format!("the engine has a container {} that is not ours", foreign.name);
    Some(problem(service.key.clone(), service.place, message, "choose another name, or rename or remove that container".to_owned()))
}

fn unfit_source(service: &Service<'_>, path: &str, place: &Place, coming: &[&str], have: &Containers) -> Option<Problem> {
    let key = format!("{}.volume", service.key);
    let word = shell_word(path);
    let make = format!("make it first: mkdir -p {word}");
    let (message, hint) = match have.sources.get(path)? {
        Source::There => return None,
        // Below a volume that is not mounted yet it may be there once that is.
        Source::Missing if coming.iter().any(|mount| is_below(path, mount)) => return None,
        Source::Missing => (format!("{path} is not there on this host"), make),
        Source::BelowFile => {
            (format!("{path} is below something that is not a directory"), "write the path of a directory or a file".to_owned())
        }
        Source::Unreadable(why) => (format!("{path} cannot be looked at: {why}"), format!("look at it: ls -ld {word}")),
        Source::Unfit => (
            format!("{path} is a device or a pipe, not a directory or a file"),
            "privileged = true gives a container all devices".to_owned(),
        ),
    };
    Some(problem(key, place, message, hint))
}

/// The path as one word of a command that people may copy.
fn shell_word(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/_.-".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

fn is_below(path: &str, mount: &str) -> bool {
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
