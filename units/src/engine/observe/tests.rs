//! Looks at made-up roots.

use std::fs;
use std::path::Path;

use systemd::{ActiveState, LoadState, ServiceSetup, UnitState};
use tempfile::TempDir;

use super::{DOCKERD, any_there, daemon_json, docker, files};
use crate::OwnFile;
use crate::engine::{DaemonJson, Docker, Options, Process, Reach, asked};

const FILE: &str = "/etc/sysconfig/docker-storage";
const OWN: &str = "/etc/sysconfig/docker-atomic-host";

#[test]
fn what_the_file_says_and_what_dockerd_was_started_with_are_seen() {
    let root = root(&[
        (FILE, "DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"\n"),
        ("/proc/7/cmdline", "/usr/sbin/dockerd\0-H\0fd://\0--storage-driver\0overlay2\0\0end\0"),
        (
            "/proc/7/environ",
            "PATH=/bin\0DOCKER_STORAGE_OPTIONS_X=no\0DOCKER_STORAGE_OPTIONS=--storage-driver overlay2 \0ATOMIC_HOST_OPTIONS=--mtu=1400\0",
        ),
    ]);
    let seen = look(&root, Some(7), &setup(&["dockerd", "$DOCKER_STORAGE_OPTIONS"], &[FILE]));
    assert_eq!(seen.options, Options::Words(list(&["--storage-driver", "overlay2"])));
    assert_eq!(seen.reach, Reach::Passed);
    assert_eq!(
        seen.process,
        Process::Running {
            line: list(&["/usr/sbin/dockerd", "-H", "fd://", "--storage-driver", "overlay2", "", "end"]),
            given: list(&["--storage-driver", "overlay2"]),
            given_own: list(&["--mtu=1400"]),
        }
    );
}

#[test]
fn an_absent_file_is_not_an_empty_one() {
    let setup = setup(&["dockerd", "$DOCKER_STORAGE_OPTIONS"], &[FILE]);
    assert_eq!(look(&root(&[]), None, &setup).options, Options::Absent);
    assert_eq!(look(&root(&[(FILE, "")]), None, &setup).options, Options::Words(Vec::new()));
}

#[test]
fn a_file_that_cannot_be_read_is_neither_absent_nor_empty() {
    let root = root(&[("/etc/sysconfig/docker-storage/a-directory", "")]);
    let seen = look(&root, None, &setup(&[], &[]));
    assert!(matches!(seen.options, Options::Unreadable(_)), "{:?}", seen.options);
}

#[test]
fn a_process_that_ended_meanwhile_is_none() {
    assert_eq!(look(&root(&[]), Some(7), &setup(&[], &[])).process, Process::None);
    assert_eq!(look(&root(&[("/proc/7/cmdline", "")]), Some(7), &setup(&[], &[])).process, Process::None);
}

#[test]
fn where_the_options_get_lost_is_told() {
    let root = root(&[("/etc/default/docker", "DOCKER_STORAGE_OPTIONS=x\n"), ("/etc/sysconfig/docker", "OPTIONS=--debug\n")]);
    let pass = ["dockerd", "$OPTIONS", "$DOCKER_STORAGE_OPTIONS"];
    let blocked = |why: &str| Reach::Blocked(why.to_owned());
    for (words, files, expected) in [
        (&pass[..], &["/etc/default/docker", FILE, "/etc/sysconfig/docker"][..], Reach::Passed),
        (
            &["dockerd", "${DOCKER_STORAGE_OPTIONS}"],
            &[FILE],
            blocked("its ExecStart= does not pass $DOCKER_STORAGE_OPTIONS on; add a drop-in of docker.service that does"),
        ),
        (
            &pass,
            &["/etc/default/docker"],
            blocked("it does not read /etc/sysconfig/docker-storage as EnvironmentFile=; add a drop-in of docker.service that does"),
        ),
        (
            &pass,
            &[FILE, "/etc/default/docker"],
            blocked("/etc/default/docker sets DOCKER_STORAGE_OPTIONS too, and is read later; take it out there"),
        ),
    ] {
        assert_eq!(look(&root, None, &setup(words, files)).reach, expected);
    }
}

#[test]
fn our_options_are_followed_like_those_of_storage() {
    let root = root(&[("/etc/default/docker", "ATOMIC_HOST_OPTIONS=x\n")]);
    let pass = ["dockerd", "$DOCKER_STORAGE_OPTIONS", "$ATOMIC_HOST_OPTIONS"];
    assert_eq!(look(&root, None, &setup(&pass, &[FILE, OWN])).own_reach, Reach::Passed);
    let later = "/etc/default/docker sets ATOMIC_HOST_OPTIONS too, and is read later; take it out there";
    let seen = look(&root, None, &setup(&pass, &[FILE, OWN, "/etc/default/docker"]));
    assert_eq!((seen.reach, seen.own_reach), (Reach::Passed, Reach::Blocked(later.to_owned())));
    let old = look(&root, None, &setup(&["dockerd", "$DOCKER_STORAGE_OPTIONS"], &[FILE]));
    let lost = "its ExecStart= does not pass $ATOMIC_HOST_OPTIONS on; add a drop-in of docker.service that does";
    assert_eq!((old.reach, old.own_reach), (Reach::Passed, Reach::Blocked(lost.to_owned())));
}

#[test]
fn the_drop_in_that_we_ship_passes_both_files_on() {
    let dropin =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../agent/dist/usr/lib/systemd/system/docker.service.d/50-atomic-host.conf"));
    let values = |key: &str| dropin.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect::<Vec<_>>();
    let start = values("ExecStart=").iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
    let files = values("EnvironmentFile=").iter().map(|file| file.trim_start_matches('-').to_owned()).collect();
    let seen = look(&root(&[]), None, &ServiceSetup { start, environment_files: files });
    assert_eq!((seen.reach, seen.own_reach), (Reach::Passed, Reach::Passed));
}

#[test]
fn files_of_ours_are_known_by_their_stamp() {
    let text = asked::render(&list(&["--mtu=1400"]));
    let root = root(&[(OWN, &text), ("/etc/containers/registries.conf.d/50-atomic-host.conf", "[[registry]]\n")]);
    let seen = files(root.path());
    assert_eq!((seen.docker, seen.registries, seen.containers), (OwnFile::Ours(text), OwnFile::Foreign, OwnFile::Absent));
}

#[test]
fn daemon_json_is_known_by_its_keys() {
    let keys = |keys: &[&str]| DaemonJson::Keys(keys.iter().map(|key| (*key).to_owned()).collect());
    assert_eq!(daemon_json(root(&[]).path()), keys(&[]));
    for (text, expected) in [(" \n", keys(&[])), ("{}", keys(&[])), (r#"{"mtu": 1400, "dns": ["10.0.0.53"]}"#, keys(&["dns", "mtu"]))] {
        assert_eq!(daemon_json(root(&[("/etc/docker/daemon.json", text)]).path()), expected, "{text}");
    }
    for text in ["[]", "{\"mtu\": 1400,}", "mtu = 1400"] {
        let seen = daemon_json(root(&[("/etc/docker/daemon.json", text)]).path());
        assert!(matches!(seen, DaemonJson::Unreadable(_)), "{text}: {seen:?}");
    }
    assert!(matches!(daemon_json(root(&[("/etc/docker/daemon.json/x", "")]).path()), DaemonJson::Unreadable(_)));
}

fn look(root: &TempDir, main_pid: Option<u32>, setup: &ServiceSetup) -> Docker {
    let unit = UnitState {
        name: "docker.service".to_owned(),
        load: LoadState::Loaded,
        active: ActiveState::Active,
        sub: "running".to_owned(),
        fragment: None,
        need_reload: false,
        main_pid,
        job: None,
        condition_ok: None,
        assert_ok: None,
    };
    docker(root.path(), unit, Some(setup))
}

fn setup(words: &[&str], files: &[&str]) -> ServiceSetup {
    ServiceSetup { start: vec![list(words)], environment_files: list(files) }
}

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn root(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

#[test]
fn dockerd_is_found_in_any_place_distributions_put_it() {
    for place in ["/usr/bin/dockerd", "/usr/sbin/dockerd"] {
        assert!(any_there(root(&[(place, "")]).path(), DOCKERD).unwrap());
    }
    assert!(!any_there(root(&[("/usr/bin/docker", "")]).path(), DOCKERD).unwrap());
}
