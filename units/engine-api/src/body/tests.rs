//! The request, word for word as the engines get it.

use std::collections::BTreeMap;

use config::{ContainerName, ImageRef, Mount, MountSource, Namespace, Network, Protocol, Publish, Relabel};
use serde_json::{Value, json};

use super::body;
use crate::{Blueprint, Pick};

fn blueprint() -> Blueprint {
    Blueprint {
        name: ContainerName::try_from("redis".to_owned()).unwrap(),
        unit: "container-redis.service".to_owned(),
        slice: "container-redis.slice".to_owned(),
        image: ImageRef::try_from("docker.io/library/redis:7.4".to_owned()).unwrap(),
        command: Vec::new(),
        env: BTreeMap::new(),
        publish: Vec::new(),
        mounts: Vec::new(),
        network: Network::Bridge,
        privileged: false,
        pid: Namespace::Private,
        ipc: Namespace::Private,
        files: String::new(),
    }
}

fn json(blueprint: &Blueprint) -> Value {
    let pick = Pick { reference: "docker.io/library/redis@sha256:feed".to_owned(), digest: "sha256:feed".to_owned() };
    serde_json::to_value(body(blueprint, &pick, &[])).unwrap()
}

fn mount(source: MountSource, read_only: bool, relabel: Relabel, follow_mounts: bool) -> Mount {
    Mount { source, target: "/data".to_owned(), read_only, relabel, follow_mounts }
}

#[test]
fn a_plain_container_is_asked_for_by_digest_and_without_restarts_or_logs_of_the_engine() {
    let blueprint = blueprint();
    assert_eq!(
        json(&blueprint),
        json!({
            "Image": "docker.io/library/redis@sha256:feed",
            "Env": [],
            "ExposedPorts": {},
            "Labels": {
                "io.atomic-host.unit": "container-redis.service",
                "io.atomic-host.blueprint": blueprint.hash(),
                "io.atomic-host.image": "docker.io/library/redis:7.4",
                "io.atomic-host.digest": "sha256:feed",
            },
            "HostConfig": {
                "Binds": [],
                "PortBindings": {},
                "NetworkMode": "bridge",
                "Privileged": false,
                "CgroupParent": "container-redis.slice",
                "RestartPolicy": { "Name": "no" },
                "LogConfig": { "Type": "none" },
                "AutoRemove": false,
                "Init": false,
            },
        })
    );
}

#[test]
fn a_super_privileged_container_has_the_hosts_namespaces() {
    let (network, pid, ipc) = (Network::Host, Namespace::Host, Namespace::Host);
    let host = &json(&Blueprint { network, pid, ipc, privileged: true, ..blueprint() })["HostConfig"];
    assert_eq!(
        [&host["NetworkMode"], &host["PidMode"], &host["IpcMode"], &host["Privileged"]],
        [&json!("host"), &json!("host"), &json!("host"), &json!(true)]
    );
    assert_eq!(json(&Blueprint { network: Network::None, ..blueprint() })["HostConfig"]["NetworkMode"], "none");
}

#[test]
fn command_and_environment_are_given_only_when_asked_for() {
    let command = vec!["redis-server".to_owned(), "--save".to_owned(), String::new()];
    let env = BTreeMap::from([("B".to_owned(), "x=y z".to_owned()), ("A".to_owned(), String::new())]);
    let body = json(&Blueprint { command, env, ..blueprint() });
    assert_eq!(body["Cmd"], json!(["redis-server", "--save", ""]));
    assert_eq!(body["Env"], json!(["A=", "B=x=y z"]));
}

#[test]
fn mounts_say_how_they_are_labelled_and_whether_later_mounts_show() {
    let (path, volume) = (|| MountSource::Path("/srv/redis".to_owned()), || MountSource::Volume("redis".to_owned()));
    let mounts = vec![
        mount(path(), false, Relabel::None, false),
        mount(path(), true, Relabel::Shared, false),
        mount(path(), false, Relabel::Private, true),
        mount(volume(), true, Relabel::None, true),
    ];
    assert_eq!(
        json(&Blueprint { mounts, ..blueprint() })["HostConfig"]["Binds"],
        json!(["/srv/redis:/data", "/srv/redis:/data:ro,z", "/srv/redis:/data:Z,rslave", "redis:/data:ro"])
    );
}

#[test]
fn a_port_may_be_had_at_several_addresses() {
    let port = |address: Option<&str>, host: u16, protocol| Publish {
        address: address.map(|address| address.parse().unwrap()),
        host: host.try_into().unwrap(),
        container: 6379.try_into().unwrap(),
        protocol,
    };
    let publish = vec![port(None, 6379, Protocol::Tcp), port(Some("::1"), 7000, Protocol::Tcp), port(Some("10.0.0.5"), 53, Protocol::Udp)];
    let body = json(&Blueprint { publish, ..blueprint() });
    assert_eq!(body["ExposedPorts"], json!({ "6379/tcp": {}, "6379/udp": {} }));
    assert_eq!(
        body["HostConfig"]["PortBindings"],
        json!({
            "6379/tcp": [{ "HostIp": "", "HostPort": "6379" }, { "HostIp": "::1", "HostPort": "7000" }],
            "6379/udp": [{ "HostIp": "10.0.0.5", "HostPort": "53" }],
        })
    );
}
