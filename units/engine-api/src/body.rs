//! The request by which an engine makes a container (Engine API 1.41, `POST /containers/create`). Pure.
//!
//! Only what docker 20.10 and podman 4.3's compatible API both take. Paths go as `Binds`: SELinux labels are to be had in no other way.

use std::collections::HashMap;

use bollard::container::Config;
use bollard::models::{HostConfig, HostConfigLogConfig, PortBinding, PortMap, RestartPolicy, RestartPolicyNameEnum};
use config::{Mount, MountSource, Namespace, Network, Publish, Relabel};

use crate::{Blueprint, LABEL_BLUEPRINT, LABEL_DIGEST, LABEL_IMAGE, LABEL_UNIT, OwnVolume, Pick};

/// The body of the request.
pub(crate) fn body(blueprint: &Blueprint, pick: &Pick, keep: &[OwnVolume]) -> Config<String> {
    let exposed = blueprint.publish.iter().map(|port| (container_port(port), HashMap::new())).collect();
    Config {
        image: Some(pick.reference.clone()),
        cmd: (!blueprint.command.is_empty()).then(|| blueprint.command.clone()),
        env: Some(blueprint.env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        exposed_ports: Some(exposed),
        labels: Some(labels(blueprint, pick)),
        host_config: Some(host_config(blueprint, keep)),
        ..Config::default()
    }
}

fn labels(blueprint: &Blueprint, pick: &Pick) -> HashMap<String, String> {
    HashMap::from([
        (LABEL_UNIT.to_owned(), blueprint.unit.clone()),
        (LABEL_BLUEPRINT.to_owned(), blueprint.hash()),
        (LABEL_IMAGE.to_owned(), blueprint.image.to_string()),
        (LABEL_DIGEST.to_owned(), pick.digest.clone()),
    ])
}

fn host_config(blueprint: &Blueprint, keep: &[OwnVolume]) -> HostConfig {
    // What the spec puts at the same place wins.
    let is_free = |volume: &&OwnVolume| blueprint.mounts.iter().all(|mount| mount.target != volume.target);
    let kept = keep.iter().filter(is_free).map(|volume| format!("{}:{}", volume.name, volume.target));
    HostConfig {
        binds: Some(blueprint.mounts.iter().map(bind).chain(kept).collect()),
        port_bindings: Some(port_bindings(&blueprint.publish)),
        network_mode: Some(network_mode(blueprint.network).to_owned()),
        pid_mode: namespace(blueprint.pid),
        ipc_mode: namespace(blueprint.ipc),
        privileged: Some(blueprint.privileged),
        cgroup_parent: Some(blueprint.slice.clone()),
        // systemd restarts; what the container writes goes through its unit to the journal, and nowhere else.
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        auto_remove: Some(false),
        init: Some(false),
        ..HostConfig::default()
    }
}

/// `SOURCE:TARGET[:OPTION,...]`
fn bind(mount: &Mount) -> String {
    let (source, is_path) = match &mount.source {
        MountSource::Path(path) => (path, true),
        MountSource::Volume(name) => (name, false),
    };
    let relabel = match mount.relabel {
        Relabel::None => None,
        Relabel::Shared => Some("z"),
        Relabel::Private => Some("Z"),
    };
    let options = [mount.read_only.then_some("ro"), relabel, (is_path && mount.follow_mounts).then_some("rslave")];
    let options: Vec<&str> = options.into_iter().flatten().collect();
    let colon = if options.is_empty() { "" } else { ":" };
    format!("{source}:{}{colon}{}", mount.target, options.join(","))
}

/// `6379/tcp`
fn container_port(port: &Publish) -> String {
    format!("{}/{}", port.container, port.protocol.as_str())
}

/// One port of a container may be had at several of the host.
fn port_bindings(publish: &[Publish]) -> PortMap {
    let mut bindings = PortMap::new();
    for port in publish {
        let host = PortBinding {
            // Empty: all addresses.
            host_ip: Some(port.address.map(|address| address.to_string()).unwrap_or_default()),
            host_port: Some(port.host.to_string()),
        };
        bindings.entry(container_port(port)).or_default().get_or_insert_default().push(host);
    }
    bindings
}

fn network_mode(network: Network) -> &'static str {
    match network {
        Network::Bridge => "bridge",
        Network::Host => "host",
        Network::None => "none",
    }
}

/// `None`: what the engine does by itself, which is a namespace of its own.
fn namespace(namespace: Namespace) -> Option<String> {
    match namespace {
        Namespace::Private => None,
        Namespace::Host => Some("host".to_owned()),
    }
}

#[cfg(test)]
mod tests;
