//! podman: its files and its socket.

use std::collections::BTreeMap;

use config::{Engine, EngineKind, EngineOptions, LogLevel, Reason};
use systemd::{ActiveState, LoadState};

use super::{any, asks, no_files, plan, socket, told};
use crate::engine::cases::{line, placed, registries};
use crate::engine::plan::plan as plan_with;
use crate::engine::{Engines, podman_conf};
use crate::{Action, OwnFile};

#[test]
fn a_socket_that_is_down_is_started() {
    let host = host(ActiveState::Inactive);
    let first = plan(&any(), &host).unwrap();
    assert_eq!(told(&first), "start-engine podman.socket: inactive -> running with no options (none)");
    assert_eq!((first.kind, first.ready), (Some(EngineKind::Podman), false));
    assert_eq!(first.steps[0].reason.to_string(), "drift: podman.socket is inactive");
    assert_eq!(plan(&asks(EngineKind::Podman), &host).unwrap().steps[0].reason, Reason::Spec(line()));
}

#[test]
fn a_socket_that_listens_is_ready() {
    assert!(plan(&any(), &host(ActiveState::Active)).unwrap().ready);
}

#[test]
fn a_socket_that_cannot_be_used_is_left_alone() {
    let mut masked = host(ActiveState::Inactive);
    masked.podman.as_mut().unwrap().socket.load = LoadState::Masked;
    let mut missing = host(ActiveState::Inactive);
    missing.podman.as_mut().unwrap().socket.load = LoadState::NotFound;
    for (host, expected) in [
        (masked, "podman.socket is masked and left alone; to change that: systemctl unmask podman.socket"),
        (missing, "podman is installed, but there is no podman.socket; it is left alone"),
        (host(ActiveState::Failed), "podman.socket has failed; see: journalctl -u podman.socket"),
    ] {
        let plan = plan(&any(), &host).unwrap();
        assert_eq!((told(&plan).as_str(), plan.ready), (expected, false));
    }
}

#[test]
fn registries_and_name_servers_are_written_and_the_api_reads_them_anew() {
    let hosts = registries([("10.0.0.5:5000", &[], true)]);
    let host = host(ActiveState::Active);
    let first = plan_with(&dns(), &hosts, &host).unwrap();
    assert_eq!(
        told(&first),
        "write-file /etc/containers/registries.conf.d/50-atomic-host.conf: absent -> registries of podman (none)\n\
         write-file /etc/containers/containers.conf.d/50-atomic-host.conf: absent -> name servers of podman's containers (none)\n\
         stop-unit podman.service: running -> stopped, since it reads its files only at its start (reload)"
    );
    assert!(first.ready, "the socket starts it again");
    assert_eq!(first.steps[2].after, [first.steps[0].id.clone(), first.steps[1].id.clone()]);
    let mut after = host;
    after.files.registries = OwnFile::Ours(podman_conf::registries(&hosts).unwrap());
    after.files.containers = OwnFile::Ours(podman_conf::containers(&dns().options).unwrap());
    assert_eq!(told(&plan_with(&dns(), &hosts, &after).unwrap()), "");
    assert_eq!(
        told(&plan(&any(), &after).unwrap()),
        "remove-file /etc/containers/registries.conf.d/50-atomic-host.conf: there -> absent (none)\n\
         remove-file /etc/containers/containers.conf.d/50-atomic-host.conf: there -> absent (none)\n\
         stop-unit podman.service: running -> stopped, since it reads its files only at its start (reload)"
    );
}

#[test]
fn an_api_that_nobody_can_have_asked_is_not_stopped() {
    let plan = plan_with(&any(), &registries([("quay.io", &[], false)]), &host(ActiveState::Inactive)).unwrap();
    let kinds: Vec<bool> = plan.steps.iter().map(|step| matches!(step.action, Action::StopUnit { .. })).collect();
    assert_eq!(kinds, [false, false]);
}

#[test]
fn a_file_of_somebody_else_is_in_the_way() {
    let mut host = host(ActiveState::Active);
    host.files.registries = OwnFile::Foreign;
    assert_eq!(told(&plan(&any(), &host).unwrap()), "");
    let problems = plan_with(&any(), &registries([("quay.io", &[], true)]), &host).unwrap_err();
    assert_eq!(
        (problems[0].key.as_str(), problems[0].message.as_str()),
        ("registry.\"quay.io\"", "it belongs into /etc/containers/registries.conf.d/50-atomic-host.conf, which is there and is not ours")
    );
}

#[test]
fn options_of_dockerd_are_problems() {
    let options = EngineOptions {
        live_restore: Some(placed(true)),
        selinux: Some(placed(true)),
        log_level: Some(placed(LogLevel::Info)),
        dns: dns().options.dns,
        bip: Some(placed("172.30.0.1/16".to_owned())),
        mtu: Some(placed(1400)),
    };
    let problems = plan_with(&Engine { kind: None, options }, &BTreeMap::new(), &host(ActiveState::Active)).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["engine.live-restore", "engine.selinux", "engine.log-level", "engine.bip", "engine.mtu"]);
    assert!(problems.iter().all(|problem| problem.place == line()));
}

#[test]
fn our_file_for_docker_goes_when_podman_is_the_engine() {
    let mut host = host(ActiveState::Active);
    host.files.docker = OwnFile::Ours("x".to_owned());
    assert_eq!(told(&plan(&any(), &host).unwrap()), "remove-file /etc/sysconfig/docker-atomic-host: there -> absent (none)");
}

fn host(active: ActiveState) -> Engines {
    Engines { docker: None, podman: Some(socket(active)), files: no_files() }
}

fn dns() -> Engine {
    let dns = vec![placed("10.0.0.53".parse().unwrap())];
    Engine { kind: None, options: EngineOptions { dns, ..EngineOptions::default() } }
}
