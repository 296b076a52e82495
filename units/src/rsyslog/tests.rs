//! The rules as rsyslogd reads them, and what makes a new container.

use std::num::NonZeroU16;

use config::{ImageRef, Protocol};

use super::*;

fn placed<T>(value: T) -> Placed<T> {
    Placed { value, place: Place::Default }
}

fn logs(files: bool, forward: &[(Protocol, &str, u16)]) -> Rsyslog {
    let target = |(protocol, host, port): &(Protocol, &str, u16)| {
        placed(LogTarget { protocol: *protocol, host: (*host).to_owned(), port: NonZeroU16::new(*port).unwrap() })
    };
    let image = ImageRef::try_from("registry.example.com/rsyslog:1".to_owned()).unwrap();
    Rsyslog { image: placed(image), forward: forward.iter().map(target).collect(), files }
}

#[test]
fn each_target_has_a_queue_of_its_own() {
    let rules = rules(&logs(false, &[(Protocol::Tcp, "logs.example.com", 514), (Protocol::Udp, "10.0.0.9", 1514)]));
    let actions: Vec<&str> = rules.split("*.* action(").collect();
    assert_eq!(actions.len(), 3);
    assert_eq!(actions[0], format!("{STAMP}\n"));
    assert!(actions[1].contains("target=\"logs.example.com\" port=\"514\" protocol=\"tcp\""), "{rules}");
    assert!(actions[1].contains("queue.filename=\"forward-0\"") && actions[2].contains("queue.filename=\"forward-1\""), "{rules}");
}

#[test]
fn files_are_those_of_the_image() {
    assert_eq!(rules(&logs(true, &[])), format!("{STAMP}\ninclude(file=\"/usr/share/rsyslog/local-files.conf\")\n"));
}

#[test]
fn other_rules_make_another_container() {
    assert_ne!(files_hash(&logs(true, &[])), files_hash(&logs(false, &[(Protocol::Tcp, "a.example.com", 514)])));
    assert_eq!(files_hash(&logs(true, &[])), files_hash(&logs(true, &[])));
}

#[test]
fn the_container_sees_what_the_guide_says() {
    let container = container(&logs(true, &[]), true);
    let targets: Vec<&str> = container.volumes.iter().map(|mount| mount.value.target.as_str()).collect();
    for path in ["/etc/machine-id", "/etc/pki/rsyslog", "/etc/rsyslog.d", "/run/log", "/var/lib/rsyslog", "/var/log", "/etc/localtime"] {
        assert!(targets.contains(&path), "{path}");
    }
    assert!(container.privileged);
    assert_eq!(container.network, Network::Host);
}
