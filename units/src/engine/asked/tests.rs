//! Options of the spec as words and as a file, against what systemd makes of the file.

use config::{EngineOptions, LogLevel};
use proptest::prelude::*;

use super::{asked, render};
use crate::engine::OWN;
use crate::engine::cases::{placed, registries};
use crate::engine::options::{value, words};

#[test]
fn a_spec_without_options_asks_for_nothing() {
    assert_eq!(asked(&EngineOptions::default(), &registries([("docker.io", &[], false)])), []);
}

#[test]
fn every_option_becomes_one_word_and_knows_where_it_comes_from() {
    let options = EngineOptions {
        live_restore: Some(placed(true)),
        selinux: Some(placed(false)),
        log_level: Some(placed(LogLevel::Warn)),
        dns: vec![placed("10.0.0.53".parse().unwrap()), placed("fd00::53".parse().unwrap())],
        bip: Some(placed("172.30.0.1/16".to_owned())),
        mtu: Some(placed(1400)),
    };
    let hosts = registries([
        ("docker.io", &["https://mirror.example.com", "http://10.0.0.5:5000"], false),
        ("registry.example.com:5000", &["https://ignored.example.com"], true),
    ]);
    let found = asked(&options, &hosts);
    let rows: Vec<[&str; 3]> = found.iter().map(|asked| [asked.word.as_str(), asked.json, asked.key.as_str()]).collect();
    assert_eq!(
        rows,
        [
            ["--live-restore", "live-restore", "engine.live-restore"],
            ["--selinux-enabled=false", "selinux-enabled", "engine.selinux"],
            ["--log-level=warn", "log-level", "engine.log-level"],
            ["--dns=10.0.0.53", "dns", "engine.dns"],
            ["--dns=fd00::53", "dns", "engine.dns"],
            ["--bip=172.30.0.1/16", "bip", "engine.bip"],
            ["--mtu=1400", "mtu", "engine.mtu"],
            ["--registry-mirror=https://mirror.example.com", "registry-mirrors", "registry.\"docker.io\".mirrors"],
            ["--registry-mirror=http://10.0.0.5:5000", "registry-mirrors", "registry.\"docker.io\".mirrors"],
            ["--insecure-registry=registry.example.com:5000", "insecure-registries", "registry.\"registry.example.com:5000\".insecure"],
        ]
    );
}

#[test]
fn the_file_is_one_line_below_our_stamp() {
    let list = ["--live-restore", "--dns=10.0.0.53", "--registry-mirror=https://mirror.example.com:5000"];
    assert_eq!(
        render(&list.map(str::to_owned)),
        "# Made by atomic-host; changes here are overwritten.\n\
         # Options of dockerd, from [engine] and [registry.HOST]; docker.service passes them on.\n\
         ATOMIC_HOST_OPTIONS='--live-restore --dns=10.0.0.53 --registry-mirror=https://mirror.example.com:5000'\n"
    );
}

#[test]
fn a_word_that_needs_quotes_gets_them() {
    let text = render(&["a b".to_owned(), String::new(), "it's \"$x\" \\".to_owned()]);
    assert_eq!(text.lines().last(), Some(r#"ATOMIC_HOST_OPTIONS='a\ b "" it\'"'"'s\ \"\$x\"\ \\'"#));
    assert_eq!(read(&text), ["a b", "", "it's \"$x\" \\"]);
}

proptest! {
    #[test]
    fn no_value_breaks_out_of_its_word(list in prop::collection::vec("[-a=\"'\\\\# \t\n\r;$`%]{0,12}|[^\0]{0,8}", 0..6)) {
        prop_assert_eq!(read(&render(&list)), list);
    }
}

/// What systemd puts on the command line.
fn read(text: &str) -> Vec<String> {
    words(&value(text, OWN.name).unwrap())
}
