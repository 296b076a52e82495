//! The text of a container's unit and slice, and their names (systemd.service(5), systemd.slice(5); guide, chapter 9).
//!
//! Made from the validated spec; read back to know units that are ours. Nothing here can break out of its line: names hold only letters,
//! digits, `_` and `-`, paths are written with systemd's own escapes, everything else is a number or a word of ours.

use std::fmt::Write;

use config::{Container, ContainerName, EngineKind, Limits, MountSource};

const STAMP: &str = "X-AtomicHost=container ";
/// Where an admin's units are, and ours.
const DIRECTORY: &str = "/etc/systemd/system";

/// `container-NAME.service`
pub(crate) fn service_name(name: &ContainerName) -> String {
    format!("container-{name}.service")
}

/// `container-NAME.slice`; a dash of the name would nest it once more, so it is escaped.
pub(crate) fn slice_name(name: &ContainerName) -> String {
    format!("container-{}.slice", name.as_str().replace('-', "\\x2d"))
}

/// The file of a unit.
pub(crate) fn path(unit: &str) -> String {
    format!("{DIRECTORY}/{unit}")
}

/// The link that starts a container's unit at boot.
pub(crate) fn wants_link(unit: &str) -> String {
    format!("{DIRECTORY}/multi-user.target.wants/{unit}")
}

/// The container's name, when the file of this name may be a unit of ours.
pub(crate) fn name_of_file(file: &str) -> Option<ContainerName> {
    let name = file.strip_prefix("container-")?.strip_suffix(".service")?;
    ContainerName::try_from(name.to_owned()).ok()
}

/// Whether the text of a unit or slice is ours and of this container.
pub(crate) fn is_ours(text: &str, name: &ContainerName) -> bool {
    text.lines().any(|line| line.strip_prefix(STAMP) == Some(name.as_str()))
}

/// The slice, which limits the container whatever engine runs it; systemd applies a change at once.
pub(crate) fn slice(name: &ContainerName, limits: Limits) -> String {
    let memory = limits.memory.map_or("infinity".to_owned(), |bytes| bytes.to_string());
    let cpu = limits.cpu_percent.map_or(String::new(), |percent| format!("{percent}%"));
    format!("[Unit]\nDescription=Limits of container {name}\n{STAMP}{name}\n\n[Slice]\nMemoryMax={memory}\nCPUQuota={cpu}\n")
}

/// The service.
pub(crate) fn service(engine: EngineKind, name: &ContainerName, container: &Container) -> String {
    let mut text = String::new();
    head(&mut text, engine, name, container);
    let timeout = container.stop_timeout.as_secs();
    text.push_str("\n[Service]\n");
    match engine {
        EngineKind::Docker => docker_lines(&mut text, name, timeout),
        EngineKind::Podman => podman_lines(&mut text, name, timeout),
    }
    // The engine is given its time; then systemd ends what is left.
    line(&mut text, "TimeoutStopSec", timeout + 15);
    line(&mut text, "Restart", container.restart.as_str());
    line(&mut text, "RestartSec", 5);
    line(&mut text, "KillMode", "mixed");
    line(&mut text, "SyslogIdentifier", name);
    text.push_str("\n[Install]\nWantedBy=multi-user.target\n");
    text
}

fn head(text: &mut String, engine: EngineKind, name: &ContainerName, container: &Container) {
    text.push_str("[Unit]\n");
    line(text, "Description", format_args!("Container {name}"));
    text.push_str(STAMP);
    text.push_str(name.as_str());
    text.push('\n');
    // Wants, not Requires: a restarted engine must not take down what outlives it.
    if engine == EngineKind::Docker {
        text.push_str("Wants=docker.service\nAfter=docker.service\n");
    } else {
        text.push_str("After=network.target atomic-host-storage.service\n");
    }
    for other in &container.after {
        let other = service_name(other);
        line(text, "Wants", &other);
        line(text, "After", &other);
    }
    for mount in &container.volumes {
        match &mount.value.source {
            MountSource::Path(path) if path != "/" => line(text, "RequiresMountsFor", quoted(path)),
            MountSource::Path(_) | MountSource::Volume(_) => {}
        }
    }
    // A service that crashes is started again for ever, every few seconds: nobody is there to do it by hand.
    line(text, "StartLimitIntervalSec", 0);
}

/// The runner starts the container, is the unit's process while it runs, ends with its exit code, and with 0 when it was told to stop.
fn docker_lines(text: &mut String, name: &ContainerName, timeout: u64) {
    const RUNNER: &str = "/usr/libexec/atomic-host/container-runner";
    line(text, "Type", "notify");
    line(text, "ExecStart", format_args!("{RUNNER} run --stop-timeout {timeout} {name}"));
    // When the runner was killed, the container is still there.
    line(text, "ExecStopPost", format_args!("-{RUNNER} stop --stop-timeout {timeout} {name}"));
    // No such container: starting again does not make it.
    line(text, "RestartPreventExitStatus", 78);
    line(text, "TimeoutStartSec", 120);
}

fn podman_lines(text: &mut String, name: &ContainerName, timeout: u64) {
    const PODMAN: &str = "/usr/bin/podman";
    line(text, "Type", "exec");
    line(text, "Environment", "PODMAN_SYSTEMD_UNIT=%n");
    line(text, "ExecStart", format_args!("{PODMAN} start --attach {name}"));
    line(text, "ExecStop", format_args!("{PODMAN} stop --ignore --time {timeout} {name}"));
    line(text, "ExecStopPost", format_args!("-{PODMAN} stop --ignore --time {timeout} {name}"));
    // What a program that was told to stop ends with, when it does not say otherwise.
    line(text, "SuccessExitStatus", 143);
}

fn line(text: &mut String, key: &str, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{key}={value}");
}

/// A path as one word of `RequiresMountsFor=`, which takes what follows a backslash as it is; a specifier's `%` is doubled. In quotes,
/// since systemd takes blanks off the end of a line before it looks for backslashes.
fn quoted(path: &str) -> String {
    let word = path.chars().fold(String::new(), |mut word, c| {
        match c {
            '%' => word.push('%'),
            '"' | '\\' => word.push('\\'),
            _ => {}
        }
        word.push(c);
        word
    });
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests;
