//! The engine's plans: each row one host, one spec, and what comes of it.

mod docker_options;
mod podman;

use std::collections::{BTreeMap, BTreeSet};

use config::{Describe, Disruption, Engine, EngineKind, EngineOptions, Place, Problem, Reason};
use systemd::{ActiveState, LoadState, UnitState};

use super::EnginePlan;
use crate::engine::cases::{line, placed};
use crate::engine::options::words;
use crate::engine::{DaemonJson, Docker, EngineFiles, Engines, Options, Podman, Process, Reach};
use crate::{Action, OwnFile};

const OVERLAY2: &str = "--storage-driver overlay2";
const POOL: &str = "--storage-driver devicemapper --storage-opt dm.thinpooldev=/dev/mapper/a-docker--pool";

#[test]
fn an_inactive_engine_starts_once_its_options_are_there() {
    assert_eq!(
        story(&docker(ActiveState::Inactive, Some(OVERLAY2), None)),
        "start-engine docker.service: inactive -> running with --storage-driver overlay2 (none)"
    );
    assert_eq!(
        story(&docker(ActiveState::Inactive, Some(""), None)),
        "start-engine docker.service: inactive -> running with no options (none)"
    );
    assert_eq!(
        story(&docker(ActiveState::Inactive, None, None)),
        "docker.service waits for /etc/sysconfig/docker-storage, which comes with [storage]"
    );
}

#[test]
fn an_assert_that_did_not_hold_counts_as_inactive() {
    let mut host = docker(ActiveState::Inactive, Some(OVERLAY2), None);
    the(&mut host).unit.assert_ok = Some(false);
    assert!(story(&host).starts_with("start-engine"));
}

#[test]
fn an_engine_with_the_options_of_its_file_is_left_alone() {
    for options in ["", OVERLAY2, POOL] {
        assert_eq!(story(&docker(ActiveState::Active, Some(options), Some((options, options)))), "");
    }
}

#[test]
fn options_that_are_the_same_in_another_form_are_no_drift() {
    let host = docker(ActiveState::Active, Some("-s overlay2"), Some(("--debug -s overlay2", "")));
    assert_eq!(story(&host), "");
}

#[test]
fn storage_options_that_the_admin_added_elsewhere_are_no_drift() {
    let host = docker(ActiveState::Active, Some(OVERLAY2), Some(("--storage-opt x=1 --storage-driver overlay2", OVERLAY2)));
    assert_eq!(story(&host), "");
}

#[test]
fn an_engine_with_other_options_than_its_file_restarts() {
    for (file, runs, expected) in [
        (OVERLAY2, "", "restart-engine docker.service: no options -> --storage-driver overlay2 (restart)"),
        (OVERLAY2, "-s overlay", "restart-engine docker.service: --storage-driver=overlay -> --storage-driver overlay2 (restart)"),
        ("", OVERLAY2, "restart-engine docker.service: --storage-driver=overlay2 -> no options (restart)"),
        (
            "--storage-driver devicemapper",
            POOL,
            "restart-engine docker.service: --storage-driver=devicemapper \
             --storage-opt=dm.thinpooldev=/dev/mapper/a-docker--pool -> --storage-driver devicemapper (restart)",
        ),
    ] {
        assert_eq!(story(&docker(ActiveState::Active, Some(file), Some((runs, runs)))), expected);
    }
}

#[test]
fn the_reason_of_a_restart_says_what_differs() {
    let plan = plan(&any(), &docker(ActiveState::Active, Some(OVERLAY2), Some(("", "")))).unwrap();
    assert_eq!(
        plan.steps[0].reason.to_string(),
        "drift: dockerd runs with no options, /etc/sysconfig/docker-storage says --storage-driver overlay2"
    );
}

#[test]
fn the_reason_of_a_start_is_the_line_that_asks_for_the_engine() {
    let host = docker(ActiveState::Inactive, Some(OVERLAY2), None);
    assert_eq!(plan(&asks(EngineKind::Docker), &host).unwrap().steps[0].reason, Reason::Spec(line()));
    assert_eq!(plan(&any(), &host).unwrap().steps[0].reason.to_string(), "drift: docker.service is inactive");
}

#[test]
fn options_about_to_be_written_are_planned_on() {
    let host = docker(ActiveState::Active, Some(OVERLAY2), Some((OVERLAY2, OVERLAY2)));
    let after = host.after_options(Some("DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay \"\n"));
    assert_eq!(story(&after), "restart-engine docker.service: --storage-driver=overlay2 -> --storage-driver overlay (restart)");
    assert_eq!(host.after_options(None), host);
}

#[test]
fn what_systemd_is_busy_with_is_left_alone() {
    for (active, expected) in [
        (ActiveState::Activating, "docker.service is changing its state (sub); it is left alone until that ends"),
        (ActiveState::Deactivating, "docker.service is changing its state (sub); it is left alone until that ends"),
        (ActiveState::Reloading, "docker.service is changing its state (sub); it is left alone until that ends"),
        (ActiveState::Failed, "docker.service has failed, and starting it again is up to systemd; see: journalctl -u docker.service"),
    ] {
        assert_eq!(story(&docker(active, Some(OVERLAY2), None)), expected);
    }
}

#[test]
fn a_start_that_systemd_has_queued_at_boot_is_not_planned_again() {
    let mut host = docker(ActiveState::Inactive, Some(OVERLAY2), None);
    the(&mut host).unit.job = Some(12);
    assert_eq!(story(&host), "systemd has a job for docker.service; it is left alone until that ends");
}

#[test]
fn a_unit_that_cannot_run_is_left_alone() {
    for (load, expected) in [
        (LoadState::Masked, "docker.service is masked and left alone; to change that: systemctl unmask docker.service"),
        (LoadState::NotFound, "dockerd is installed, but there is no docker.service; it is left alone"),
        (LoadState::BadSetting, "docker.service cannot be used; see: systemctl status docker.service"),
    ] {
        let mut host = docker(ActiveState::Inactive, Some(OVERLAY2), None);
        the(&mut host).unit.load = load;
        assert_eq!(story(&host), expected);
    }
}

#[test]
fn what_could_not_be_read_leads_to_no_step() {
    let mut host = docker(ActiveState::Active, Some(OVERLAY2), Some(("", "")));
    the(&mut host).process = Process::Unreadable("denied".to_owned());
    assert_eq!(story(&host), "whether dockerd runs with the options of /etc/sysconfig/docker-storage is not known: denied");
    for active in [ActiveState::Active, ActiveState::Inactive] {
        let mut host = docker(active, Some(OVERLAY2), Some(("", "")));
        the(&mut host).options = Options::Unreadable("denied".to_owned());
        assert_eq!(story(&host), "docker.service is left alone, since /etc/sysconfig/docker-storage cannot be read: denied");
    }
}

#[test]
fn options_that_would_not_reach_dockerd_never_lead_to_a_start_or_an_endless_restart() {
    for active in [ActiveState::Active, ActiveState::Inactive] {
        let mut host = docker(active, Some(OVERLAY2), Some(("", "")));
        the(&mut host).reach = Reach::Blocked("why".to_owned());
        assert_eq!(story(&host), "docker.service is left alone: why");
    }
    let mut host = docker(ActiveState::Inactive, Some(""), None);
    the(&mut host).reach = Reach::Blocked("why".to_owned());
    assert!(story(&host).starts_with("start-engine"));
}

#[test]
fn two_engines_and_no_choice_is_a_problem() {
    let host = Engines { podman: Some(socket(ActiveState::Active)), ..docker(ActiveState::Active, Some(""), Some(("", ""))) };
    let problems = plan(&any(), &host).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].place, Place::Default);
    assert_eq!(problems[0].key, "engine.kind");
    assert_eq!(problems[0].message, "both docker and podman are installed");
    assert_eq!(problems[0].hint.as_deref(), Some("set engine.kind"));
    for kind in [EngineKind::Docker, EngineKind::Podman] {
        let plan = plan(&asks(kind), &host).unwrap();
        assert_eq!((told(&plan).as_str(), plan.kind, plan.ready), ("", Some(kind), true));
    }
}

#[test]
fn an_engine_that_is_asked_for_must_be_installed() {
    let none = Engines { docker: None, podman: None, files: no_files() };
    for (kind, message) in [(EngineKind::Docker, "docker is not installed"), (EngineKind::Podman, "podman is not installed")] {
        let problems = plan(&asks(kind), &none).unwrap_err();
        assert_eq!((problems[0].message.as_str(), &problems[0].place), (message, &line()));
    }
}

#[test]
fn podman_that_listens_has_nothing_to_do() {
    assert_eq!(story(&Engines { docker: None, podman: Some(socket(ActiveState::Active)), files: no_files() }), "");
}

#[test]
fn a_host_without_an_engine_is_told_so() {
    let none = Engines { docker: None, podman: None, files: no_files() };
    assert_eq!(story(&none), "no container engine is installed");
    let plan = plan(&any(), &none).unwrap();
    assert_eq!((plan.kind, plan.ready), (None, false));
}

#[test]
fn the_same_step_has_the_same_id_and_another_one_another() {
    let id = |file: &str| plan(&any(), &docker(ActiveState::Active, Some(file), Some(("", "")))).unwrap().steps[0].id.clone();
    assert_eq!(id(OVERLAY2), id(OVERLAY2));
    assert_ne!(id(OVERLAY2), id(POOL));
}

#[test]
fn an_action_survives_its_record() {
    let action = Action::RestartEngine { unit: "docker.service".to_owned(), from: words(OVERLAY2), to: Vec::new() };
    let text = serde_json::to_string(&action).unwrap();
    assert_eq!(serde_json::from_str::<Action>(&text).unwrap(), action);
}

#[test]
fn status_says_in_a_few_words_what_the_engine_is() {
    let running = docker(ActiveState::Active, Some(""), Some((OVERLAY2, OVERLAY2)));
    assert_eq!(running.engine_text(&any()), "docker, running with --storage-driver=overlay2");
    assert_eq!(docker(ActiveState::Failed, None, None).engine_text(&any()), "docker, failed");
    let both = Engines { podman: Some(socket(ActiveState::Active)), ..running };
    assert_eq!(both.engine_text(&any()), "docker or podman: both are installed, and engine.kind does not say which");
    assert_eq!(both.engine_text(&asks(EngineKind::Podman)), "podman");
    let none = Engines { docker: None, podman: None, files: no_files() };
    assert_eq!(none.engine_text(&any()), "none is installed");
    assert_eq!(none.engine_text(&asks(EngineKind::Docker)), "docker, which is not installed");
}

/// The plan of a spec that has no registries.
fn plan(engine: &Engine, host: &Engines) -> Result<EnginePlan, Vec<Problem>> {
    super::plan(engine, &BTreeMap::new(), host)
}

/// The steps and notes of a plan for the only engine installed, as one text.
fn story(host: &Engines) -> String {
    told(&plan(&any(), host).unwrap())
}

/// The steps and notes of a plan, as one text.
fn told(plan: &EnginePlan) -> String {
    let steps = plan.steps.iter().map(|step| {
        let action = &step.action;
        assert!(step.disruption <= Disruption::Restart);
        format!("{} {}: {} -> {} ({})", action.kind(), action.target(), action.from(), action.to(), step.disruption.as_str())
    });
    steps.chain(plan.notes.iter().cloned()).collect::<Vec<_>>().join("\n")
}

/// A host with docker alone: its state, the words of its options file, its own words and those it was given by the file.
fn docker(active: ActiveState, file: Option<&str>, runs: Option<(&str, &str)>) -> Engines {
    let process = match runs {
        Some((line, given)) => {
            Process::Running { line: words(&format!("/usr/sbin/dockerd -H fd:// {line}")), given: words(given), given_own: Vec::new() }
        }
        None => Process::None,
    };
    let docker = Docker {
        unit: unit("docker.service", active),
        options: file.map_or(Options::Absent, |text| Options::Words(words(text))),
        reach: Reach::Passed,
        own_reach: Reach::Passed,
        daemon_json: DaemonJson::Keys(BTreeSet::new()),
        process,
    };
    Engines { docker: Some(docker), podman: None, files: no_files() }
}

fn socket(active: ActiveState) -> Podman {
    Podman { socket: unit("podman.socket", active) }
}

fn unit(name: &str, active: ActiveState) -> UnitState {
    UnitState {
        name: name.to_owned(),
        load: LoadState::Loaded,
        active,
        sub: "sub".to_owned(),
        fragment: Some(format!("/lib/systemd/system/{name}")),
        need_reload: false,
        main_pid: None,
        job: None,
        condition_ok: None,
        assert_ok: None,
    }
}

fn no_files() -> EngineFiles {
    EngineFiles { docker: OwnFile::Absent, registries: OwnFile::Absent, containers: OwnFile::Absent }
}

fn the(host: &mut Engines) -> &mut Docker {
    host.docker.as_mut().unwrap()
}

fn any() -> Engine {
    Engine { kind: None, options: EngineOptions::default() }
}

fn asks(kind: EngineKind) -> Engine {
    Engine { kind: Some(placed(kind)), options: EngineOptions::default() }
}
