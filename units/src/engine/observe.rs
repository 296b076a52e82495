//! Looks at the engines: which are installed, what their units are, what dockerd was started with, and what their files say.
//!
//! From the file system, from systemd over D-Bus, and from /proc. Changes nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Map, Value};
use systemd::{LoadState, ServiceSetup, Systemd, UnitState};

use super::options::{Variable, value, words};
use super::{
    CONTAINERS, DAEMON_JSON, DOCKER, DaemonJson, Docker, EngineFiles, Engines, OWN, Options, PODMAN_SOCKET, Podman, Process, REGISTRIES,
    Reach, STORAGE,
};
use crate::file::below;
use crate::{OwnFile, UnitsError};

/// Where distributions put dockerd: the first is upstream's and Fedora's, the second Debian's.
const DOCKERD: &[&str] = &["/usr/bin/dockerd", "/usr/sbin/dockerd"];
const PODMAN: &[&str] = &["/usr/bin/podman"];

/// Looks at the engines of the host below `root`. systemd is asked only where one is installed.
///
/// # Errors
/// When systemd cannot be asked, or it is not known whether an engine is installed.
pub(crate) async fn observe(root: &Path) -> Result<Engines, UnitsError> {
    let (has_docker, has_podman) = (any_there(root, DOCKERD)?, any_there(root, PODMAN)?);
    let mut engines = Engines { docker: None, podman: None, files: files(root) };
    if !has_docker && !has_podman {
        return Ok(engines);
    }
    let systemd = Systemd::connect().await?;
    if has_docker {
        let unit = systemd.unit(DOCKER).await?;
        let setup = match unit.load {
            LoadState::Loaded => Some(systemd.service(DOCKER).await?),
            LoadState::NotFound
            | LoadState::BadSetting
            | LoadState::Error
            | LoadState::Masked
            | LoadState::Stub
            | LoadState::Merged
            | LoadState::Other(_) => None,
        };
        engines.docker = Some(docker(root, unit, setup.as_ref()));
    }
    if has_podman {
        engines.podman = Some(Podman { socket: systemd.unit(PODMAN_SOCKET).await? });
    }
    Ok(engines)
}

fn any_there(root: &Path, programs: &[&str]) -> Result<bool, UnitsError> {
    for program in programs {
        if below(root, program).try_exists().map_err(UnitsError::file("look for", program))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn files(root: &Path) -> EngineFiles {
    let read = |path| OwnFile::read_stamped(root, path);
    EngineFiles { docker: read(OWN.file), registries: read(REGISTRIES), containers: read(CONTAINERS) }
}

fn docker(root: &Path, unit: UnitState, setup: Option<&ServiceSetup>) -> Docker {
    let reach = |variable| match setup {
        Some(setup) => reach(root, setup, variable),
        None => Reach::Blocked(format!("{DOCKER} is not loaded")),
    };
    Docker {
        options: options(root),
        reach: reach(STORAGE),
        own_reach: reach(OWN),
        daemon_json: daemon_json(root),
        process: unit.main_pid.map_or(Process::None, |pid| process(root, pid)),
        unit,
    }
}

fn options(root: &Path) -> Options {
    match fs::read_to_string(below(root, STORAGE.file)) {
        Ok(text) => Options::from_text(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => Options::Absent,
        Err(error) => Options::Unreadable(error.to_string()),
    }
}

fn daemon_json(root: &Path) -> DaemonJson {
    let text = match fs::read_to_string(below(root, DAEMON_JSON)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return DaemonJson::Unreadable(error.to_string()),
    };
    // dockerd takes an empty file for one without keys.
    if text.trim().is_empty() {
        return DaemonJson::Keys(BTreeSet::new());
    }
    match serde_json::from_str::<Map<String, Value>>(&text) {
        Ok(keys) => DaemonJson::Keys(keys.into_iter().map(|(key, _value)| key).collect()),
        Err(error) => DaemonJson::Unreadable(error.to_string()),
    }
}

/// Follows the options from their file to dockerd's command line. Where they are lost, a restart would never help.
fn reach(root: &Path, setup: &ServiceSetup, Variable { name, file: own }: Variable) -> Reach {
    // Only `$VARIABLE` alone is split into words; `${VARIABLE}` would be one.
    let passed = format!("${name}");
    let dropin = format!("add a drop-in of {DOCKER} that does");
    if !setup.start.iter().flatten().any(|word| *word == passed) {
        return Reach::Blocked(format!("its ExecStart= does not pass {passed} on; {dropin}"));
    }
    let mut files = setup.environment_files.iter().skip_while(|file| *file != own);
    if files.next().is_none() {
        return Reach::Blocked(format!("it does not read {own} as EnvironmentFile=; {dropin}"));
    }
    let sets = |file: &&String| fs::read_to_string(below(root, file)).is_ok_and(|text| value(&text, name).is_some());
    match files.find(sets) {
        Some(file) => Reach::Blocked(format!("{file} sets {name} too, and is read later; take it out there")),
        None => Reach::Passed,
    }
}

fn process(root: &Path, pid: u32) -> Process {
    let strings = |name: &str| fs::read(below(root, &format!("/proc/{pid}/{name}"))).map(|bytes| nul_separated(&bytes));
    match (strings("cmdline"), strings("environ")) {
        // What is ending has no command line any more.
        (Ok(line), _) if line.is_empty() => Process::None,
        (Ok(line), Ok(environ)) => {
            let given = |variable: Variable| {
                let set = environ.iter().find_map(|entry| entry.strip_prefix(variable.name)?.strip_prefix('='));
                set.map(words).unwrap_or_default()
            };
            Process::Running { line, given: given(STORAGE), given_own: given(OWN) }
        }
        (Err(error), _) | (_, Err(error)) if error.kind() == ErrorKind::NotFound => Process::None,
        (Err(error), _) | (_, Err(error)) => Process::Unreadable(format!("cannot read /proc/{pid}: {error}")),
    }
}

fn nul_separated(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_suffix('\0').unwrap_or(&text);
    if text.is_empty() { Vec::new() } else { text.split('\0').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests;
