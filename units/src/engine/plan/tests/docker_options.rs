//! dockerd's options beside its storage: their file, daemon.json, and the restart that makes them count.

use config::{Engine, EngineKind, EngineOptions, Place, Problem, Reason, Step};
use systemd::ActiveState;

use super::{OVERLAY2, any, docker, plan, the, told};
use crate::engine::cases::{line, placed, registries};
use crate::engine::options::words;
use crate::engine::plan::plan as plan_with;
use crate::engine::{DaemonJson, Engines, Options, Process, Reach, asked};
use crate::{Action, OwnFile};

const FILE: &str = "/etc/sysconfig/docker-atomic-host";
const MTU: &str = "--mtu=1400";

#[test]
fn options_are_written_and_then_dockerd_restarts_with_them() {
    let host = docker(ActiveState::Active, Some(OVERLAY2), Some((OVERLAY2, OVERLAY2)));
    let plan = plan(&mtu(), &host).unwrap();
    assert_eq!(
        told(&plan),
        "write-file /etc/sysconfig/docker-atomic-host: absent -> options of dockerd (none)\n\
         restart-engine docker.service: --storage-driver=overlay2 -> --storage-driver overlay2 --mtu=1400 (restart)"
    );
    assert!(!plan.ready);
    assert_eq!(reasons(&plan.steps), [Reason::Spec(line()), Reason::Spec(line())]);
    assert_eq!(plan.steps[1].after, [plan.steps[0].id.clone()]);
}

#[test]
fn an_engine_that_is_down_starts_with_them() {
    let plan = plan(&mtu(), &docker(ActiveState::Inactive, Some(OVERLAY2), None)).unwrap();
    assert_eq!(
        told(&plan),
        "write-file /etc/sysconfig/docker-atomic-host: absent -> options of dockerd (none)\n\
         start-engine docker.service: inactive -> running with --storage-driver overlay2 --mtu=1400 (none)"
    );
    assert_eq!(plan.steps[1].after, [plan.steps[0].id.clone()]);
    assert!(!plan.ready);
}

#[test]
fn an_engine_that_has_its_options_is_left_alone_and_ready() {
    let plan = plan(&mtu(), &with_file(&[MTU], MTU)).unwrap();
    assert_eq!((told(&plan), plan.kind, plan.ready), (String::new(), Some(EngineKind::Docker), true));
}

#[test]
fn an_engine_that_was_not_restarted_yet_is_known_by_its_command_line() {
    let plan = plan(&mtu(), &with_file(&[MTU], "--mtu=1500")).unwrap();
    assert_eq!(
        told(&plan),
        "restart-engine docker.service: --storage-driver=overlay2 --mtu=1500 -> --storage-driver overlay2 --mtu=1400 (restart)"
    );
    assert_eq!(plan.steps[0].reason.to_string(), "drift: dockerd runs with --mtu=1500, /etc/sysconfig/docker-atomic-host says --mtu=1400");
}

#[test]
fn storage_and_other_options_change_in_one_restart() {
    let mut host = with_file(&[MTU], "");
    the(&mut host).options = Options::Words(words("-s overlay"));
    let plan = plan(&mtu(), &host).unwrap();
    assert_eq!(told(&plan), "restart-engine docker.service: --storage-driver=overlay2 -> -s overlay --mtu=1400 (restart)");
    assert_eq!(
        plan.steps[0].reason.to_string(),
        "drift: dockerd runs with --storage-driver=overlay2, /etc/sysconfig/docker-storage says -s overlay; \
         dockerd runs with no options, /etc/sysconfig/docker-atomic-host says --mtu=1400"
    );
}

#[test]
fn options_that_nobody_asks_for_any_more_go_with_their_file() {
    let host = with_file(&[MTU], MTU);
    let first = plan(&any(), &host).unwrap();
    assert_eq!(
        told(&first),
        "remove-file /etc/sysconfig/docker-atomic-host: there -> absent (none)\n\
         restart-engine docker.service: --storage-driver=overlay2 --mtu=1400 -> --storage-driver overlay2 (restart)"
    );
    assert_eq!(first.steps[1].reason.to_string(), "no longer asked for: options of dockerd");
    let mut after = with_file(&[], "");
    after.files.docker = OwnFile::Absent;
    assert_eq!(told(&plan(&any(), &after).unwrap()), "");
}

#[test]
fn a_changed_file_is_written_anew_and_dockerd_restarts_only_when_it_differs() {
    let mut host = with_file(&[MTU], MTU);
    host.files.docker = OwnFile::Ours("# Made by atomic-host; changes here are overwritten.\n# edited\n".to_owned());
    let plan = plan(&mtu(), &host).unwrap();
    assert_eq!(told(&plan), "write-file /etc/sysconfig/docker-atomic-host: other text -> options of dockerd (none)");
    assert!(plan.ready);
}

#[test]
fn options_of_the_admin_elsewhere_are_no_drift() {
    let mut host = with_file(&[MTU], MTU);
    set_process(&mut host, &format!("--log-level=debug {OVERLAY2} --mtu=1400"), MTU);
    assert_eq!(told(&plan(&mtu(), &host).unwrap()), "");
    set_process(&mut host, &format!("--mtu=9000 {OVERLAY2}"), "");
    host.files.docker = OwnFile::Absent;
    assert_eq!(told(&plan(&any(), &host).unwrap()), "");
}

#[test]
fn a_file_of_somebody_else_is_in_the_way_only_of_options() {
    let mut host = with_file(&[], "--debug");
    host.files.docker = OwnFile::Foreign;
    assert_eq!(told(&plan(&any(), &host).unwrap()), "");
    let problems = plan(&mtu(), &host).unwrap_err();
    assert_eq!(said(&problems), [("engine.mtu", "it belongs into /etc/sysconfig/docker-atomic-host, which is there and is not ours")]);
    assert_eq!(problems[0].place, line());
    host.files.docker = OwnFile::Unreadable("denied".to_owned());
    assert_eq!(told(&plan(&any(), &host).unwrap()), "");
    let problems = plan(&mtu(), &host).unwrap_err();
    assert_eq!(said(&problems), [("engine.mtu", "it belongs into /etc/sysconfig/docker-atomic-host, which cannot be read: denied")]);
}

#[test]
fn options_that_would_not_reach_dockerd_are_told() {
    for active in [ActiveState::Active, ActiveState::Inactive] {
        let mut host = docker(active, Some(OVERLAY2), Some((OVERLAY2, OVERLAY2)));
        the(&mut host).own_reach = Reach::Blocked("why".to_owned());
        let written = "write-file /etc/sysconfig/docker-atomic-host: absent -> options of dockerd (none)";
        assert_eq!(told(&plan(&mtu(), &host).unwrap()), format!("{written}\ndocker.service is left alone: why"));
    }
    let mut host = docker(ActiveState::Active, Some(OVERLAY2), Some((OVERLAY2, OVERLAY2)));
    the(&mut host).own_reach = Reach::Blocked("why".to_owned());
    assert_eq!(told(&plan(&any(), &host).unwrap()), "");
}

#[test]
fn without_storage_options_dockerd_is_not_restarted_into_nothing() {
    let mut host = with_file(&[MTU], "");
    the(&mut host).options = Options::Absent;
    let waits = "docker.service takes the options of /etc/sysconfig/docker-atomic-host once there is /etc/sysconfig/docker-storage, \
                 which comes with [storage]";
    let plan = plan(&mtu(), &host).unwrap();
    assert_eq!((told(&plan).as_str(), plan.ready), (waits, true));
}

#[test]
fn a_key_of_daemon_json_is_not_set_twice() {
    let mut host = with_file(&[MTU], MTU);
    the(&mut host).daemon_json = keys(&["debug", "mtu"]);
    let problems = plan(&mtu(), &host).unwrap_err();
    assert_eq!(said(&problems), [("engine.mtu", "/etc/docker/daemon.json has \"mtu\" too, and dockerd does not start with both")]);
    assert_eq!((&problems[0].place, problems[0].hint.as_deref()), (&line(), Some("take it out of one of the two")));
    assert_eq!(told(&plan(&any(), &with_keys(&["mtu"])).unwrap()), "");
    let insecure = registries([("10.0.0.5:5000", &[], true)]);
    let problems = plan_with(&any(), &insecure, &with_keys(&["insecure-registries"])).unwrap_err();
    assert_eq!(problems[0].key, "registry.\"10.0.0.5:5000\".insecure");
}

#[test]
fn storage_is_not_set_twice_either() {
    let problems = plan(&any(), &with_keys(&["storage-driver", "storage-opts"])).unwrap_err();
    let message = "/etc/docker/daemon.json has \"storage-driver\", /etc/sysconfig/docker-storage says --storage-driver=overlay2, \
                   and dockerd does not start with both";
    assert_eq!((said(&problems), &problems[0].place), (vec![("storage.driver", message)], &Place::Default));
    let mut host = with_keys(&["storage-driver"]);
    the(&mut host).options = Options::Words(Vec::new());
    set_process(&mut host, "", "");
    assert_eq!(told(&plan(&any(), &host).unwrap()), "");
}

#[test]
fn dockerd_is_left_alone_while_daemon_json_would_keep_it_from_starting() {
    for active in [ActiveState::Active, ActiveState::Inactive] {
        let mut host = docker(active, Some(OVERLAY2), Some(("", "")));
        the(&mut host).daemon_json = DaemonJson::Unreadable("why".to_owned());
        let note = "docker.service is left alone: dockerd would not start, since /etc/docker/daemon.json cannot be read: why";
        assert_eq!(told(&plan(&any(), &host).unwrap()), note);
    }
}

#[test]
fn mirrors_that_docker_cannot_have_are_problems() {
    let host = docker(ActiveState::Active, Some(""), Some(("", "")));
    for (registry, mirror, expected) in [
        ("quay.io", "https://mirror.example.com", "docker has mirrors of docker.io alone, and docker is the engine"),
        (
            "docker.io",
            "https://mirror.example.com/docker",
            "\"https://mirror.example.com/docker\" has a path, which docker refuses, and docker is the engine",
        ),
    ] {
        let problems = plan_with(&any(), &registries([(registry, &[mirror], false)]), &host).unwrap_err();
        assert_eq!(said(&problems), [(format!("registry.{registry:?}.mirrors").as_str(), expected)]);
    }
    let fine = registries([("docker.io", &["https://mirror.example.com/"], false)]);
    assert!(plan_with(&any(), &fine, &host).is_ok());
}

#[test]
fn files_of_ours_for_podman_go_when_docker_is_the_engine() {
    let mut host = docker(ActiveState::Active, Some(""), Some(("", "")));
    host.files.registries = OwnFile::Ours("x".to_owned());
    host.files.containers = OwnFile::Foreign;
    let plan = plan(&any(), &host).unwrap();
    assert_eq!(told(&plan), "remove-file /etc/containers/registries.conf.d/50-atomic-host.conf: there -> absent (none)");
    assert_eq!(plan.steps[0].reason.to_string(), "no longer asked for: registries of podman");
    assert!(plan.ready);
}

#[test]
fn an_engine_is_ready_only_when_it_is_up_and_stays_so() {
    for (active, job, ready) in [
        (ActiveState::Active, None, true),
        (ActiveState::Active, Some(7), false),
        (ActiveState::Inactive, None, false),
        (ActiveState::Failed, None, false),
        (ActiveState::Activating, None, false),
    ] {
        let mut host = docker(active, Some(OVERLAY2), Some((OVERLAY2, OVERLAY2)));
        the(&mut host).unit.job = job;
        assert_eq!(plan(&any(), &host).unwrap().ready, ready, "{:?}", the(&mut host).unit);
    }
}

#[test]
fn the_file_that_is_written_is_the_one_that_is_then_found_right() {
    let host = docker(ActiveState::Active, Some(OVERLAY2), Some((OVERLAY2, OVERLAY2)));
    let first = plan(&mtu(), &host).unwrap();
    let Action::WriteFile { path, text, .. } = &first.steps[0].action else { panic!("{:?}", first.steps[0]) };
    assert_eq!(path, FILE);
    let mut after = with_file(&[MTU], MTU);
    after.files.docker = OwnFile::Ours(text.clone());
    assert_eq!(told(&plan(&mtu(), &after).unwrap()), "");
}

fn mtu() -> Engine {
    Engine { kind: None, options: EngineOptions { mtu: Some(placed(1400)), ..EngineOptions::default() } }
}

/// dockerd runs with overlay2 and with the words that our variable gave it; our file holds these words.
fn with_file(file: &[&str], given: &str) -> Engines {
    let mut host = docker(ActiveState::Active, Some(OVERLAY2), None);
    set_process(&mut host, &format!("{OVERLAY2} {given}"), given);
    host.files.docker = OwnFile::Ours(asked::render(&file.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()));
    host
}

fn set_process(host: &mut Engines, line: &str, given_own: &str) {
    let line = words(&format!("/usr/sbin/dockerd -H fd:// {line}"));
    let given = if line.contains(&"overlay2".to_owned()) { words(OVERLAY2) } else { Vec::new() };
    the(host).process = Process::Running { line, given, given_own: words(given_own) };
}

fn with_keys(of: &[&str]) -> Engines {
    let mut host = docker(ActiveState::Active, Some(OVERLAY2), Some((OVERLAY2, OVERLAY2)));
    the(&mut host).daemon_json = keys(of);
    host
}

fn keys(of: &[&str]) -> DaemonJson {
    DaemonJson::Keys(of.iter().map(|key| (*key).to_owned()).collect())
}

fn said(problems: &[Problem]) -> Vec<(&str, &str)> {
    problems.iter().map(|problem| (problem.key.as_str(), problem.message.as_str())).collect()
}

fn reasons(steps: &[Step<Action>]) -> Vec<Reason> {
    steps.iter().map(|step| step.reason.clone()).collect()
}
