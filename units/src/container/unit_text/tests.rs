//! The text of units, whole, and what cannot get out of its line.

use std::num::NonZeroU64;

use config::{EngineKind, Limits, Mount, MountSource, Relabel};
use proptest::prelude::*;

use super::super::tests::{container, name, placed};
use super::*;

#[test]
fn a_service_of_docker_is_the_runner() {
    let mut redis = container("docker.io/library/redis:7.4");
    redis.after = vec![name("postgres")];
    redis.volumes = vec![placed(source("/srv/my data"))];
    assert_eq!(
        service(EngineKind::Docker, &name("redis"), &redis),
        "[Unit]\n\
         Description=Container redis\n\
         X-AtomicHost=container redis\n\
         Wants=docker.service\n\
         After=docker.service\n\
         Wants=container-postgres.service\n\
         After=container-postgres.service\n\
         RequiresMountsFor=\"/srv/my data\"\n\
         StartLimitIntervalSec=0\n\
         \n\
         [Service]\n\
         Type=notify\n\
         ExecStart=/usr/libexec/atomic-host/container-runner run --stop-timeout 10 redis\n\
         ExecStopPost=-/usr/libexec/atomic-host/container-runner stop --stop-timeout 10 redis\n\
         RestartPreventExitStatus=78\n\
         TimeoutStartSec=120\n\
         TimeoutStopSec=25\n\
         Restart=always\n\
         RestartSec=5\n\
         KillMode=mixed\n\
         SyslogIdentifier=redis\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    );
}

#[test]
fn a_service_of_podman_is_attached_to_its_container() {
    let text = service(EngineKind::Podman, &name("redis"), &container("docker.io/library/redis:7.4"));
    assert_eq!(
        text,
        "[Unit]\n\
         Description=Container redis\n\
         X-AtomicHost=container redis\n\
         After=network.target atomic-host-storage.service\n\
         StartLimitIntervalSec=0\n\
         \n\
         [Service]\n\
         Type=exec\n\
         Environment=PODMAN_SYSTEMD_UNIT=%n\n\
         ExecStart=/usr/bin/podman start --attach redis\n\
         ExecStop=/usr/bin/podman stop --ignore --time 10 redis\n\
         ExecStopPost=-/usr/bin/podman stop --ignore --time 10 redis\n\
         SuccessExitStatus=143\n\
         TimeoutStopSec=25\n\
         Restart=always\n\
         RestartSec=5\n\
         KillMode=mixed\n\
         SyslogIdentifier=redis\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    );
}

#[test]
fn a_slice_says_both_limits_even_when_there_are_none() {
    let none = slice(&name("web"), Limits { memory: None, cpu_percent: None });
    assert!(none.ends_with("[Slice]\nMemoryMax=infinity\nCPUQuota=\n"), "{none}");
    let both = slice(&name("web"), Limits { memory: NonZeroU64::new(6 << 20), cpu_percent: NonZeroU64::new(150) });
    assert!(both.ends_with("[Slice]\nMemoryMax=6291456\nCPUQuota=150%\n"), "{both}");
}

#[test]
fn a_dash_does_not_nest_the_slice() {
    assert_eq!(slice_name(&name("my-app")), "container-my\\x2dapp.slice");
    assert_eq!(service_name(&name("my-app")), "container-my-app.service");
    assert_eq!(name_of_file("container-my-app.service"), Some(name("my-app")));
    assert_eq!(name_of_file("container-My.service"), None);
}

#[test]
fn only_the_stamp_of_the_same_container_is_ours() {
    let text = service(EngineKind::Docker, &name("redis"), &container("docker.io/library/redis:7.4"));
    assert!(is_ours(&text, &name("redis")));
    assert!(!is_ours(&text, &name("redi")));
    assert!(!is_ours("[Unit]\nDescription=container redis\n", &name("redis")));
}

#[test]
fn whatever_a_container_may_be_called_the_files_of_its_units_can_be_written() {
    let root = tempfile::tempdir().unwrap();
    for dashes in 0..=61 {
        let text = format!("a{}{}b", "-".repeat(dashes), "c".repeat(61 - dashes));
        let Ok(name) = ContainerName::try_from(text) else { continue };
        for unit in [slice_name(&name), service_name(&name)] {
            crate::file::write(root.path(), &path(&unit), "").unwrap();
        }
    }
}

fn source(path: &str) -> Mount {
    Mount {
        source: MountSource::Path(path.to_owned()),
        target: "/data".to_owned(),
        read_only: false,
        relabel: Relabel::None,
        follow_mounts: false,
    }
}

/// The words of a line as systemd reads it (systemd.syntax(7)): blanks at its ends go, quotes open, a backslash keeps what follows, `%%` is
/// a percent sign.
fn read_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = line.trim_matches([' ', '\t']).chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(rest.next()),
            c if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            ' ' | '\t' if quote.is_none() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words.iter().map(|word| word.replace("%%", "%")).collect()
}

proptest! {
    #[test]
    fn no_path_gets_out_of_its_line_or_its_word(path in "/([^\\p{Cc}]|[ \"'\\\\%$]){1,40}") {
        let mut any = container("docker.io/library/redis:7.4");
        any.volumes = vec![placed(source(&path))];
        let plain = service(EngineKind::Docker, &name("web"), &container("docker.io/library/redis:7.4"));
        let text = service(EngineKind::Docker, &name("web"), &any);
        prop_assert_eq!(text.lines().count(), plain.lines().count() + 1);
        let line = text.lines().find_map(|line| line.strip_prefix("RequiresMountsFor=")).unwrap();
        prop_assert_eq!(read_words(line), vec![path]);
    }
}
