//! Looks at the engines: which are installed, what docker.service is, and what dockerd was started with.
//!
//! From the file system, from systemd over D-Bus, and from /proc. Changes nothing.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use systemd::{LoadState, ServiceSetup, Systemd, SystemdError, UnitState};

use crate::options::{VARIABLE, value, words};
use crate::{DOCKER, Docker, Observed, Options, Process, Reach, STORAGE_OPTIONS};

/// Where distributions put dockerd: the first is upstream's and Fedora's, the second Debian's.
const DOCKERD: &[&str] = &["/usr/bin/dockerd", "/usr/sbin/dockerd"];
const PODMAN: &[&str] = &["/usr/bin/podman"];

/// Why the units could not be looked at, or changed.
#[derive(Debug, thiserror::Error)]
pub enum UnitsError {
    /// systemd says so.
    #[error(transparent)]
    Systemd(#[from] SystemdError),
    /// The file system says so.
    #[error("cannot tell whether {program} is installed")]
    Program {
        /// The path looked at.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// Looks at the engines. systemd is asked only where docker is installed.
///
/// # Errors
/// When systemd cannot be asked.
pub async fn observe() -> Result<Observed, UnitsError> {
    let root = Path::new("/");
    let podman = any_there(root, PODMAN)?;
    if !any_there(root, DOCKERD)? {
        return Ok(Observed { docker: None, podman });
    }
    let systemd = Systemd::connect().await?;
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
    Ok(Observed { docker: Some(docker(root, unit, setup.as_ref())), podman })
}

fn any_there(root: &Path, programs: &[&str]) -> Result<bool, UnitsError> {
    for program in programs {
        let there = under(root, program).try_exists();
        if there.map_err(|source| UnitsError::Program { program: (*program).to_owned(), source })? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn docker(root: &Path, unit: UnitState, setup: Option<&ServiceSetup>) -> Docker {
    let reach = match setup {
        Some(setup) => reach(root, setup),
        None => Reach::Blocked(format!("{DOCKER} is not loaded")),
    };
    Docker { options: options(root), reach, process: unit.main_pid.map_or(Process::None, |pid| process(root, pid)), unit }
}

fn options(root: &Path) -> Options {
    match fs::read_to_string(under(root, STORAGE_OPTIONS)) {
        Ok(text) => Options::from_text(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => Options::Absent,
        Err(error) => Options::Unreadable(error.to_string()),
    }
}

/// Follows the options from their file to dockerd's command line. Where they are lost, a restart would never help.
fn reach(root: &Path, setup: &ServiceSetup) -> Reach {
    // Only `$VARIABLE` alone is split into words; `${VARIABLE}` would be one.
    let passed = format!("${VARIABLE}");
    let dropin = format!("add a drop-in of {DOCKER} that does");
    if !setup.start.iter().flatten().any(|word| *word == passed) {
        return Reach::Blocked(format!("its ExecStart= does not pass {passed} on; {dropin}"));
    }
    let mut files = setup.environment_files.iter().skip_while(|file| *file != STORAGE_OPTIONS);
    if files.next().is_none() {
        return Reach::Blocked(format!("it does not read {STORAGE_OPTIONS} as EnvironmentFile=; {dropin}"));
    }
    let sets = |file: &&String| fs::read_to_string(under(root, file)).is_ok_and(|text| value(&text).is_some());
    match files.find(sets) {
        Some(file) => Reach::Blocked(format!("{file} sets {VARIABLE} too, and is read later; take it out there")),
        None => Reach::Passed,
    }
}

fn process(root: &Path, pid: u32) -> Process {
    let strings = |name: &str| fs::read(under(root, &format!("/proc/{pid}/{name}"))).map(|bytes| nul_separated(&bytes));
    match (strings("cmdline"), strings("environ")) {
        // What is ending has no command line any more.
        (Ok(line), _) if line.is_empty() => Process::None,
        (Ok(line), Ok(environ)) => {
            let set = environ.iter().find_map(|entry| entry.strip_prefix(VARIABLE)?.strip_prefix('='));
            Process::Running { line, given: set.map(words).unwrap_or_default() }
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

fn under(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests;
