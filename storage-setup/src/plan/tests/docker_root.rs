//! Rules of a store of docker's that was moved.

use config::{Disruption, Driver};

use super::host::{With, after, gib, host, lines, notes, of_free, problem, spec, steps};
use crate::docker_root::USUAL;
use crate::render::options::PATH;
use crate::{Action, DockerRoot, Dockerd, Kept, Observed};

const MOVED: &str = "/var/srv/docker";

fn moved(mut have: Observed) -> Observed {
    have.engine.root = DockerRoot::Moved { to: MOVED.to_owned(), by: "\"data-root\" in /etc/docker/daemon.json".to_owned() };
    have
}

fn devicemapper() -> config::Storage {
    spec().driver(Driver::Devicemapper).pool(of_free(60))
}

#[test]
fn a_volume_at_the_moved_store_is_the_one_that_counts() {
    let have = moved(host());
    assert_eq!(notes(&spec().plain("containers", MOVED, gib(2)), &have), [""; 0]);
    let beside = notes(&spec().plain("containers", USUAL, gib(2)), &have);
    assert_eq!(beside, ["overlay2 lies on the root file system: there is no volume at /var/srv/docker"]);
}

#[test]
fn options_wait_for_the_volume_of_the_moved_store_and_dockerd_is_out_of_the_way() {
    let mut have = moved(host());
    have.engine.running = true;
    have.files.clear();
    have.engine.driver = None;
    let all = steps(&spec().plain("containers", MOVED, gib(2)), &have);
    let [.., mount, options] = all.as_slice() else { panic!("{all:?}") };
    assert!(matches!(mount.action, Action::StartMount { dockerd: Dockerd::Stops, .. }), "{mount:?}");
    assert!(matches!(&options.action, Action::WriteFile { path, .. } if path == PATH));
    assert_eq!(options.after, std::slice::from_ref(&mount.id));
}

#[test]
fn what_would_hide_the_moved_store_or_what_is_left_at_the_usual_place_takes_consent() {
    let mut have = moved(host());
    have.engine.docker = Kept::Images;
    for mount in [MOVED, "/var/srv", "/var/srv/docker/overlay2", USUAL] {
        let lines = lines(&spec().plain("containers", mount, gib(2)), &have);
        assert!(lines.contains(&format!("start-mount {mount} [data-loss]")), "{lines:?}");
    }
}

#[test]
fn a_pool_that_dockerd_knows_does_not_go_while_its_store_is_elsewhere() {
    let have = moved(after(&devicemapper(), host()));
    let says = "storage.driver: what dockerd knows of its pool is to be removed from /var/lib/docker, but it keeps its store at \
                /var/srv/docker, as \"data-root\" in /etc/docker/daemon.json says";
    assert_eq!(problem(&spec(), &have), says);
    assert_eq!(problem(&spec().driver(Driver::None), &have), says);
    assert_eq!(steps(&devicemapper(), &have), vec![], "as long as it is asked for, nothing is in the way");
}

#[test]
fn loop_files_of_a_moved_store_stay() {
    let mut have = moved(host());
    have.engine.driver = Some(Driver::Devicemapper);
    (have.engine.docker, have.engine.loopback) = (Kept::Images, Some(77));
    assert!(problem(&devicemapper(), &have).contains("it keeps its store at /var/srv/docker"));
    let stay = "dockerd kept its images in loop files; they stay below /var/srv/docker/devicemapper until you remove them";
    assert!(notes(&spec(), &have).iter().any(|note| note == stay));
}

#[test]
fn a_pool_of_volumes_goes_wherever_the_store_is() {
    let have = moved(after(&spec().pool(of_free(60)).thin("data", "/var/data", 1), host()));
    assert!(lines(&spec(), &have).iter().any(|line| line.starts_with("remove-pool")));
}

#[test]
fn a_store_that_nobody_knows_where_to_find_is_told_and_nothing_is_removed_from_it() {
    let unknown = |mut have: Observed| {
        have.engine.root = DockerRoot::Unknown { why: "/etc/docker/daemon.json: no JSON".to_owned() };
        have.engine.docker = Kept::Images;
        have
    };
    let note = "where dockerd keeps its store is not known, so it counts as filled: /etc/docker/daemon.json: no JSON";
    assert!(notes(&spec(), &unknown(host())).iter().any(|text| text == note));
    let have = unknown(after(&devicemapper(), host()));
    assert!(problem(&spec(), &have).ends_with("where it keeps its store is not known: /etc/docker/daemon.json: no JSON"));
    let switch = steps(&spec().driver(Driver::Overlay), &unknown(host()));
    assert!(switch.iter().all(|step| step.disruption == Disruption::DataLoss), "{switch:?}");
}
