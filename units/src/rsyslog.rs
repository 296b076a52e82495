//! `[rsyslog]`: the container of the guide's chapter 12, its directories and the rules that it reads.
//!
//! Pure: the section in, a container of the spec and the files beside it out. From there on it is a container like others. The image
//! (`image/containers/rsyslog`) reads every /etc/rsyslog.d/*.conf of the host; the agent writes one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{
    Container, ContainerName, Limits, LogTarget, Mount, MountSource, Namespace, Network, Place, Placed, Relabel, Restart, Rsyslog,
};
use sha2::{Digest, Sha256};

use crate::file::STAMP;

/// The rules that we write.
pub(crate) const RULES: &str = "/etc/rsyslog.d/50-atomic-host.conf";
/// Directories that have to be there before the container is.
pub(crate) const DIRECTORIES: [&str; 3] = ["/etc/rsyslog.d", "/etc/pki/rsyslog", "/var/lib/rsyslog"];
/// Seen in the container when the host has it.
pub(crate) const LOCALTIME: &str = "/etc/localtime";

/// The container's name.
pub(crate) fn name() -> Option<ContainerName> {
    ContainerName::try_from("rsyslog".to_owned()).ok()
}

/// The container; `localtime`: whether the host has one.
pub(crate) fn container(want: &Rsyslog, localtime: bool) -> Container {
    let mut volumes = vec![
        mount("/etc/machine-id", true),
        mount("/etc/pki/rsyslog", true),
        mount("/etc/rsyslog.d", true),
        mount("/run/log", false),
        mount("/var/lib/rsyslog", false),
        mount("/var/log", false),
    ];
    if localtime {
        volumes.push(mount(LOCALTIME, true));
    }
    Container {
        image: want.image.clone(),
        command: Vec::new(),
        env: BTreeMap::new(),
        publish: Vec::new(),
        volumes,
        network: Network::Host,
        // The journal's files belong to groups that the container does not know.
        privileged: true,
        pid: Namespace::Private,
        ipc: Namespace::Private,
        limits: Limits { memory: None, cpu_percent: None },
        restart: Restart::Always,
        stop_timeout: Duration::from_secs(10),
        after: Vec::new(),
    }
}

fn mount(path: &str, read_only: bool) -> Placed<Mount> {
    let source = MountSource::Path(path.to_owned());
    // Whatever is mounted on /var/log later is where logs belong.
    let value = Mount { source, target: path.to_owned(), read_only, relabel: Relabel::None, follow_mounts: path == "/var/log" };
    Placed { value, place: Place::Default }
}

/// The text of [`RULES`]; why each parameter is there, `image/containers/rsyslog/README.md` says.
pub(crate) fn rules(want: &Rsyslog) -> String {
    let mut text = format!("{STAMP}\n");
    if want.files {
        // The image's own, which go with its way to keep them small.
        text.push_str("include(file=\"/usr/share/rsyslog/local-files.conf\")\n");
    }
    for (number, target) in want.forward.iter().enumerate() {
        text.push_str(&forward(number, &target.value));
    }
    text
}

/// Lines wait in memory, then on disk, while the other side is away, and hold up nothing else.
fn forward(number: usize, target: &LogTarget) -> String {
    let LogTarget { protocol, host, port } = target;
    format!(
        "*.* action(type=\"omfwd\" name=\"forward-{number}\" target=\"{host}\" port=\"{port}\" protocol=\"{}\"\n    \
         action.resumeRetryCount=\"-1\" action.resumeInterval=\"10\" action.resumeIntervalMax=\"60\"\n    \
         queue.type=\"LinkedList\" queue.filename=\"forward-{number}\" queue.maxDiskSpace=\"64m\" queue.saveOnShutdown=\"on\"\n    \
         queue.timeoutEnqueue=\"0\" queue.timeoutActionCompletion=\"10\")\n",
        protocol.as_str()
    )
}

/// Changes with the rules, which rsyslogd reads at its start.
pub(crate) fn files_hash(want: &Rsyslog) -> String {
    let digest = Sha256::digest(rules(want));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
