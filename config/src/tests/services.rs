//! What `[engine]`, `[registry.HOST]`, `[rsyslog]` and `[journal]` make of their keys. The texts of the diagnostics are in `tests/bad`.

use super::{EXAMPLES, at, bad, good, spec};
use crate::{JournalStorage, LogLevel, LogTarget, MIB, Protocol, RegistryHost, Rsyslog};

const RSYSLOG: &str = "[rsyslog]\nimage = \"localhost/rsyslog:1\"\n";

fn rsyslog(keys: &str) -> Option<Rsyslog> {
    spec(&[RSYSLOG, &format!("[rsyslog]\n{keys}\n")]).ok().map(|spec| spec.desired.rsyslog.unwrap().value)
}

fn forwarded(text: &str) -> Option<LogTarget> {
    rsyslog(&format!("forward = [{text:?}]")).map(|rsyslog| rsyslog.forward[0].value.clone())
}

#[test]
fn the_example_has_the_options_of_the_engine() {
    let engine = good(&[EXAMPLES[3].1]).desired.engine;
    let options = engine.options;
    assert_eq!((options.live_restore.unwrap().value, options.selinux.unwrap().value), (true, true));
    assert_eq!(options.log_level.unwrap().value, LogLevel::Warn);
    assert_eq!((options.dns[0].value.to_string(), options.dns[0].place.clone()), ("10.0.0.53".to_owned(), at("0.toml", 10, 8)));
    assert_eq!((options.bip, options.mtu), (None, None));
}

#[test]
fn an_engine_without_options_has_none() {
    let engine = good(&[""]).desired.engine;
    assert_eq!(engine.options, crate::EngineOptions::default());
}

#[test]
fn podman_takes_name_servers_and_nothing_else() {
    good(&["engine = { kind = \"podman\", dns = [\"fd00::53\"] }\n"]);
    for option in ["live-restore = false", "selinux = true", "log-level = \"info\"", "bip = \"10.0.0.1/8\"", "mtu = 1500"] {
        assert_eq!(bad(&[&format!("engine = {{ kind = \"podman\", {option} }}\n")]).len(), 1, "{option}");
        good(&[&format!("engine = {{ {option} }}\n")]);
    }
}

#[test]
fn the_bridge_has_an_address_in_its_network() {
    for bip in ["172.30.0.1/16", "10.0.0.1/8", "192.168.1.254/24", "192.168.1.1/30"] {
        good(&[&format!("engine.bip = {bip:?}\n")]);
    }
    let odd = ["", "172.30.0.1", "172.30.0.0/16", "172.30.255.255/16", "172.30.0.1/7", "172.30.0.1/31", "172.30.0.1/+16", "fd00::1/64"];
    for bip in odd.into_iter().chain(["172.30.0.1/16/16", "172.30.0.1/", "bridge/16"]) {
        assert_eq!(bad(&[&format!("engine.bip = {bip:?}\n")]).len(), 1, "{bip}");
    }
}

#[test]
fn mirrors_are_kept_in_order_and_without_a_slash_at_their_end() {
    let text = "registry.\"docker.io\".mirrors = [\"https://one.example.com/\", \"http://[::1]:5000/a/b/\", \"http://two\"]\n";
    let registries = good(&[text]).desired.registries;
    let registry = &registries[&RegistryHost::try_from("docker.io".to_owned()).unwrap()].value;
    let mirrors: Vec<&str> = registry.mirrors.iter().map(|mirror| mirror.value.as_str()).collect();
    assert_eq!(mirrors, ["https://one.example.com", "http://[::1]:5000/a/b", "http://two"]);
    assert!(!registry.insecure);
}

#[test]
fn docker_has_mirrors_of_the_hub_alone_and_podman_of_all() {
    let text = "[registry.\"quay.io\"]\nmirrors = [\"https://one.example.com/quay\"]\n";
    for engine in ["", "engine.kind = \"podman\"\n"] {
        good(&[text, engine]);
    }
    assert_eq!(bad(&[text, "engine.kind = \"docker\"\n"]).len(), 1);
    good(&[text, "engine.kind = \"docker\"\n", "registry.\"quay.io\".enabled = false\n"]);
    good(&["engine.kind = \"docker\"\n", "registry.\"quay.io\".insecure = true\nregistry.\"docker.io\".mirrors = [\"http://one/\"]\n"]);
}

#[test]
fn rsyslog_keeps_files_and_forwards_nowhere_by_default() {
    let rsyslog = rsyslog("").unwrap();
    assert!(rsyslog.files && rsyslog.forward.is_empty());
    assert_eq!(rsyslog.image.place, at("0.toml", 2, 9));
    assert_eq!(good(&[""]).desired.rsyslog, None);
    assert_eq!(good(&["rsyslog.enabled = false\n"]).desired.rsyslog, None);
}

#[test]
fn every_way_to_name_a_log_server_is_read() {
    let table = [
        ("tcp://logs.example.com:6514", Protocol::Tcp, "logs.example.com", 6514),
        ("udp://10.0.0.9", Protocol::Udp, "10.0.0.9", 514),
        ("udp://logs", Protocol::Udp, "logs", 514),
        ("tcp://[fd00::9]", Protocol::Tcp, "fd00::9", 514),
        ("tcp://[fd00::9]:1", Protocol::Tcp, "fd00::9", 1),
    ];
    for (text, protocol, host, port) in table {
        assert_eq!(forwarded(text), Some(LogTarget { protocol, host: host.to_owned(), port: port.try_into().unwrap() }), "{text}");
    }
    for text in
        ["", "logs", "tcp://", "tcp:logs", "TCP://logs", "http://logs", "tcp://logs/", "tcp://me@logs", "tcp://logs:", "tcp://logs:+1"]
    {
        assert_eq!(forwarded(text), None, "{text}");
    }
    for text in ["tcp://[logs]", "tcp://[fd00::9]1", "tcp://[fd00::9", "tcp://fd00::9", "tcp://300.0.0.1", "tcp://lo gs", "tcp://log;s"] {
        assert_eq!(forwarded(text), None, "{text}");
    }
}

#[test]
fn a_volatile_journal_needs_somebody_who_keeps_the_lines() {
    let volatile = "journal.storage = \"volatile\"\n";
    assert_eq!(bad(&[volatile]).len(), 1);
    assert_eq!(bad(&[volatile, "rsyslog.enabled = false\n"]).len(), 1);
    assert_eq!(bad(&[volatile, "rsyslog.image = 3\n"]).len(), 1, "one fault at a time");
    let journal = good(&[volatile, RSYSLOG, "journal.max-use = \"200M\"\n"]).desired.journal;
    assert_eq!((journal.storage.unwrap().value, journal.max_use.unwrap().value.get()), (JournalStorage::Volatile, 200 * MIB));
    for storage in ["persistent", "auto"] {
        good(&[&format!("journal.storage = {storage:?}\n")]);
    }
}

#[test]
fn lines_have_a_home_in_files_or_on_another_host() {
    assert!(rsyslog("files = false").is_none());
    assert!(rsyslog("files = false\nforward = []").is_none());
    assert!(rsyslog("files = false\nforward = [\"tcp://logs\"]").is_some());
}

#[test]
fn the_container_of_rsyslog_is_there_once() {
    let container = "[container.rsyslog]\nimage = \"localhost/rsyslog:1\"\n";
    assert_eq!(bad(&[container, RSYSLOG]).len(), 1);
    good(&[container]);
    good(&[container, RSYSLOG, "rsyslog.enabled = false\n"]);
    good(&[container, RSYSLOG, "container.rsyslog.enabled = false\n"]);
}
