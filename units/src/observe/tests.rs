//! Looks at made-up roots.

use std::fs;
use std::path::Path;

use systemd::{ActiveState, LoadState, ServiceSetup, UnitState};
use tempfile::TempDir;

use super::{DOCKERD, any_there, docker};
use crate::{Docker, Options, Process, Reach};

const FILE: &str = "/etc/sysconfig/docker-storage";

#[test]
fn what_the_file_says_and_what_dockerd_was_started_with_are_seen() {
    let root = root(&[
        (FILE, "DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"\n"),
        ("/proc/7/cmdline", "/usr/sbin/dockerd\0-H\0fd://\0--storage-driver\0overlay2\0\0end\0"),
        ("/proc/7/environ", "PATH=/bin\0DOCKER_STORAGE_OPTIONS_X=no\0DOCKER_STORAGE_OPTIONS=--storage-driver overlay2 \0"),
    ]);
    let seen = look(&root, Some(7), &setup(&["dockerd", "$DOCKER_STORAGE_OPTIONS"], &[FILE]));
    assert_eq!(seen.options, Options::Words(list(&["--storage-driver", "overlay2"])));
    assert_eq!(seen.reach, Reach::Passed);
    assert_eq!(
        seen.process,
        Process::Running {
            line: list(&["/usr/sbin/dockerd", "-H", "fd://", "--storage-driver", "overlay2", "", "end"]),
            given: list(&["--storage-driver", "overlay2"]),
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
