//! Rules as tables, and the laws over generated specs and cut-off runs: what is planned gets there, and then nothing is planned.

mod laws;
mod machine;

use config::{Disruption, Reason};
use engine_api::ContainerState;
use systemd::ActiveState;

use super::super::tests::{container, name};
use super::super::{Containers, Source};
use super::*;
use machine::{Machine, service, spec};

fn kinds(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", config::Describe::kind(&step.action), config::Describe::target(&step.action))).collect()
}

const REDIS: &str = "docker.io/library/redis:7.4";

#[test]
fn a_new_container_is_fetched_written_made_and_started() {
    let machine = Machine::empty();
    let plan = machine.plan(&spec(&[("redis", container(REDIS))])).unwrap();
    assert_eq!(
        kinds(&plan),
        [
            "pull-image docker.io/library/redis:7.4",
            "write-file /etc/systemd/system/container-redis.slice",
            "write-file /etc/systemd/system/container-redis.service",
            "reload-units container-redis.slice container-redis.service",
            "enable-unit container-redis.service",
            "create-container redis",
            "start-unit container-redis.service",
        ]
    );
    assert!(plan.steps.iter().all(|step| step.disruption == Disruption::None));
    let pull = &plan.steps[0].id;
    assert!(plan.steps[1].after.contains(pull), "a unit whose image cannot be had is not written");
    assert!(plan.steps[5].after.contains(pull));
    assert_eq!(plan.up[&name("redis")], plan.steps[6].id);
}

#[test]
fn another_port_takes_a_new_container_made_beside_the_old_one() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("web", container(REDIS)), ("db", container(REDIS))]));
    let mut web = container(REDIS);
    web.command = vec!["other".to_owned()];
    let plan = machine.plan(&spec(&[("web", web), ("db", container(REDIS))])).unwrap();
    assert_eq!(
        kinds(&plan),
        [
            "create-container web.new",
            "stop-unit container-web.service",
            "remove-container web",
            "rename-container web.new",
            "start-unit container-web.service",
        ]
    );
    let disruptions: Vec<Disruption> = plan.steps.iter().map(|step| step.disruption).collect();
    assert_eq!(disruptions[1], Disruption::Restart);
    assert!(plan.steps[2].after.contains(&plan.steps[1].id), "where the stop waits, the rest waits behind it");
}

#[test]
fn what_an_image_keeps_in_a_volume_of_its_own_goes_on_in_the_new_container() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("db", container(REDIS))]));
    let data = engine_api::OwnVolume { name: "0f".repeat(32), target: "/data".to_owned() };
    machine.give_volume("db", &data);
    let mut db = container(REDIS);
    db.command = vec!["other".to_owned()];
    machine.converge(&spec(&[("db", db)]));
    assert_eq!(machine.find("db").unwrap().volumes, std::slice::from_ref(&data));
    let plan = machine.plan(&spec(&[])).unwrap();
    assert!(plan.notes.iter().any(|note| note.contains(&data.name)), "where it stays is told: {:?}", plan.notes);
}

#[test]
fn a_unit_that_runs_what_another_engine_has_is_stopped_first() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("web", container(REDIS))]));
    machine.have.store = Store::Known { containers: Vec::new(), images: Vec::new() };
    let plan = machine.plan(&spec(&[("web", container(REDIS))])).unwrap();
    let kinds = kinds(&plan);
    let at = |wanted: &str| kinds.iter().position(|kind| kind.starts_with(wanted)).unwrap();
    assert!(at("create-container") < at("stop-unit") && at("stop-unit") < at("start-unit"), "{kinds:?}");
}

#[test]
fn a_unit_that_somebody_took_over_is_left_alone_with_its_container() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("web", container(REDIS))]));
    machine.have.units.get_mut(&name("web")).unwrap().service = OwnFile::Foreign;
    let plan = machine.plan(&spec(&[])).unwrap();
    assert_eq!(plan.steps.len(), 0);
    assert!(plan.notes[0].contains("left alone"), "{:?}", plan.notes);
}

#[test]
fn another_limit_restarts_nothing() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("web", container(REDIS))]));
    let mut web = container(REDIS);
    web.limits.memory = std::num::NonZeroU64::new(1 << 28);
    let plan = machine.plan(&spec(&[("web", web)])).unwrap();
    assert_eq!(kinds(&plan), ["write-file /etc/systemd/system/container-web.slice", "reload-units container-web.slice"]);
}

#[test]
fn a_moved_tag_changes_nothing_and_another_change_keeps_the_image() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("web", container(REDIS))]));
    let first = machine.digest("web");
    machine.move_tag(REDIS, "sha256:2222");
    assert_eq!(kinds(&machine.plan(&spec(&[("web", container(REDIS))])).unwrap()), [] as [&str; 0]);
    let mut web = container(REDIS);
    web.command = vec!["other".to_owned()];
    machine.converge(&spec(&[("web", web)]));
    assert_eq!(machine.digest("web"), first);
}

#[test]
fn a_table_that_is_gone_takes_unit_and_container_with_it() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("old", container(REDIS)), ("kept", container(REDIS))]));
    let plan = machine.plan(&spec(&[("kept", container(REDIS))])).unwrap();
    assert_eq!(
        kinds(&plan),
        [
            "stop-unit container-old.service",
            "disable-unit container-old.service",
            "remove-container old",
            "remove-file /etc/systemd/system/container-old.slice",
            "remove-file /etc/systemd/system/container-old.service",
            "reload-units container-old.slice container-old.service",
        ]
    );
    assert!(plan.steps.iter().all(|step| matches!(step.reason, Reason::Orphan(_))));
}

#[test]
fn containers_start_behind_those_that_they_name() {
    let machine = Machine::empty();
    let mut first = container(REDIS);
    first.after = vec![name("zeta")];
    let plan = machine.plan(&spec(&[("alpha", first), ("zeta", container(REDIS))])).unwrap();
    let starts: Vec<String> = kinds(&plan).into_iter().filter(|kind| kind.starts_with("start-unit")).collect();
    assert_eq!(starts, ["start-unit container-zeta.service", "start-unit container-alpha.service"]);
}

#[test]
fn what_was_stopped_by_hand_is_started_and_what_ended_by_itself_is_not() {
    for (restart, starts) in [(config::Restart::Always, true), (config::Restart::OnFailure, false), (config::Restart::No, false)] {
        let mut machine = Machine::empty();
        let mut job = container(REDIS);
        job.restart = restart;
        machine.converge(&spec(&[("job", job.clone())]));
        machine.set("job", ActiveState::Inactive, ContainerState::Exited);
        let plan = machine.plan(&spec(&[("job", job)])).unwrap();
        assert_eq!(!plan.steps.is_empty(), starts, "{restart:?}");
        assert!(plan.steps.iter().all(|step| matches!(step.reason, Reason::Drift(_))));
    }
}

#[test]
fn a_failed_service_is_told_and_left_to_systemd() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("web", container(REDIS))]));
    machine.set("web", ActiveState::Failed, ContainerState::Exited);
    let plan = machine.plan(&spec(&[("web", container(REDIS))])).unwrap();
    assert_eq!(plan.steps.len(), 0);
    assert!(plan.notes[0].contains("journalctl -u container-web.service"), "{:?}", plan.notes);
}

#[test]
fn an_engine_that_does_not_answer_leads_to_nothing() {
    let mut machine = Machine::empty();
    machine.converge(&spec(&[("web", container(REDIS))]));
    machine.have.store = Store::Unknown("docker is down".to_owned());
    let plan = machine.plan(&spec(&[])).unwrap();
    assert_eq!((plan.steps.len(), plan.again), (0, true));
    assert!(plan.notes[0].contains("docker is down"));
    let plan = Machine { have: Containers { units: BTreeMap::new(), ..machine.have } }.plan(&spec(&[])).unwrap();
    assert_eq!(plan, Plan::default(), "without containers nobody cares");
}

#[test]
fn what_is_not_ours_is_a_problem_and_stays() {
    let mut machine = Machine::empty();
    machine.foreign_container("web");
    let problems = machine.plan(&spec(&[("web", container(REDIS))])).unwrap_err();
    assert_eq!(problems[0].key, "container.web");
    assert!(problems[0].message.contains("not ours"), "{problems:?}");
    assert_eq!(machine.plan(&spec(&[])).unwrap().steps.len(), 0);

    let mut machine = Machine::empty();
    machine.foreign_unit("web", "/usr/lib/systemd/system/container-web.service");
    let problems = machine.plan(&spec(&[("web", container(REDIS))])).unwrap_err();
    assert!(problems[0].message.contains("/usr/lib/systemd/system/container-web.service"), "{problems:?}");
}

#[test]
fn a_path_that_is_not_there_is_a_problem_unless_a_volume_of_the_spec_brings_it() {
    let mut web = container(REDIS);
    web.volumes = vec![machine::bind("/srv/web/data")];
    let mut machine = Machine::empty();
    machine.have.sources.insert("/srv/web/data".to_owned(), Source::Missing);
    let spec = spec(&[("web", web)]);
    let services: Vec<Service<'_>> = spec.iter().map(|(name, container)| service(name, container)).collect();
    let problems = plan(EngineKind::Docker, &services, &["/srv/we"], &machine.have).unwrap_err();
    assert_eq!(problems[0].key, "container.web.volume");
    assert!(problems[0].hint.as_ref().unwrap().contains("mkdir -p /srv/web/data"));
    assert!(plan(EngineKind::Docker, &services, &["/srv"], &machine.have).is_ok());
    machine.have.sources.insert("/srv/web/data".to_owned(), Source::BelowFile);
    assert!(plan(EngineKind::Docker, &services, &["/srv"], &machine.have).is_err());
}
