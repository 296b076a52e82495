//! Files as people and distributions write them.

use std::collections::BTreeMap;

use super::{COMMAND_LINE, DAEMON_JSON, DockerRoot, files, find};

fn root(texts: &[(&'static str, &str)]) -> DockerRoot {
    find(&texts.iter().map(|(file, text)| (*file, (*text).to_owned())).collect::<BTreeMap<_, _>>())
}

fn moved(to: &str, by: &str) -> DockerRoot {
    DockerRoot::Moved { to: to.to_owned(), by: by.to_owned() }
}

#[test]
fn without_a_word_it_is_at_the_usual_place() {
    let daemon_json =
        ["", " \n", "{}", r#"{"mtu": 1400}"#, r#"{"data-root": ""}"#, r#"{"data-root": null}"#, r#"{"data-root": "/var/lib/docker/"}"#];
    for text in daemon_json {
        assert_eq!(root(&[(DAEMON_JSON, text)]), DockerRoot::Usual, "{text}");
    }
    let sysconfig =
        ["", "OPTIONS=\n", "OPTIONS='--log-driver=journald'\n", "# OPTIONS='-g /srv/docker'\n", "OPTIONS='-g'\n", "OTHER='-g /x'\n"];
    for text in sysconfig {
        assert_eq!(root(&[("/etc/sysconfig/docker", text)]), DockerRoot::Usual, "{text}");
    }
    assert_eq!(root(&[]), DockerRoot::Usual);
}

#[test]
fn daemon_json_moves_it_by_the_new_key_or_the_old_one() {
    let by = "\"data-root\" in /etc/docker/daemon.json";
    assert_eq!(root(&[(DAEMON_JSON, r#"{"data-root": "/srv/docker"}"#)]), moved("/srv/docker", by));
    assert_eq!(root(&[(DAEMON_JSON, r#"{"data-root": "/srv//docker/./"}"#)]), moved("/srv/docker", by));
    assert_eq!(root(&[(DAEMON_JSON, r#"{"data-root": "srv/docker"}"#)]), moved("/srv/docker", by));
    assert_eq!(root(&[(DAEMON_JSON, r#"{"graph": "/srv/docker"}"#)]), moved("/srv/docker", "\"graph\" in /etc/docker/daemon.json"));
}

#[test]
fn every_way_of_naming_it_on_the_command_line_is_read() {
    let cases = [
        ("OPTIONS='--selinux-enabled -g /srv/docker --log-driver=journald'\n", "/srv/docker", "-g"),
        ("OPTIONS=-g=/srv/docker\n", "/srv/docker", "-g"),
        ("OPTIONS=\"-g/srv/docker\"\n", "/srv/docker", "-g"),
        ("OPTIONS=\"--graph '/srv/docker'\"\n", "/srv/docker", "--graph"),
        ("OPTIONS=\"--graph=/a --data-root=/b\"\n", "/b", "--data-root"),
        ("OPTIONS=\"--data-root=/a\"\nOPTIONS=\"--data-root='/b'\"\n", "/b", "--data-root"),
    ];
    for (text, to, option) in cases {
        let by = format!("{option} of OPTIONS in /etc/sysconfig/docker");
        assert_eq!(root(&[("/etc/sysconfig/docker", text)]), moved(to, &by), "{text}");
    }
}

#[test]
fn all_files_that_reach_the_command_line_are_read_and_the_last_one_counts() {
    for (file, variable) in COMMAND_LINE {
        let text = format!("{variable}=\"--data-root /srv/docker\"\n");
        assert_eq!(root(&[(file, &text)]), moved("/srv/docker", &format!("--data-root of {variable} in {file}")));
    }
    let both = [("/etc/default/docker", "DOCKER_OPTS='-g /first'\n"), ("/etc/sysconfig/docker", "OPTIONS='-g /second'\n")];
    assert_eq!(root(&both).path(), "/second");
    assert_eq!(files().count(), 1 + COMMAND_LINE.len());
}

#[test]
fn what_cannot_be_understood_is_unknown_and_not_the_usual_place() {
    for (text, why) in [("{", "EOF while parsing"), ("[]", "invalid type"), (r#"{"data-root": 1}"#, "\"data-root\" is not a string")] {
        let found = root(&[(DAEMON_JSON, text), ("/etc/sysconfig/docker", "OPTIONS='-g /srv/docker'\n")]);
        let DockerRoot::Unknown { why: said } = &found else { panic!("{text}: {found:?}") };
        assert!(said.starts_with("/etc/docker/daemon.json: ") && said.contains(why), "{said}");
    }
}
