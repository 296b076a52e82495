//! podman's files to the letter.

use std::collections::BTreeMap;

use config::EngineOptions;

use super::{containers, registries};
use crate::engine::cases::{placed, registries as hosts};

#[test]
fn registries_and_their_mirrors_are_written_as_podman_reads_them() {
    let text = registries(&hosts([
        ("docker.io", &["https://mirror.example.com/docker/", "http://10.0.0.5:5000"], false),
        ("registry.example.com:5000", &[], true),
    ]));
    let expected = r#"# Made by atomic-host; changes here are overwritten.

[[registry]]
prefix = "docker.io"
location = "docker.io"
insecure = false

[[registry.mirror]]
location = "mirror.example.com/docker"
insecure = false

[[registry.mirror]]
location = "10.0.0.5:5000"
insecure = true

[[registry]]
prefix = "registry.example.com:5000"
location = "registry.example.com:5000"
insecure = true
"#;
    assert_eq!(text.as_deref(), Some(expected));
    let read: toml::Table = expected.parse().unwrap();
    let first = &read["registry"].as_array().unwrap()[0];
    assert_eq!(first["mirror"].as_array().unwrap().len(), 2);
}

#[test]
fn name_servers_are_given_to_containers() {
    let dns = ["10.0.0.53", "fd00::53"].map(|server| placed(server.parse().unwrap())).to_vec();
    let text = containers(&EngineOptions { dns, ..EngineOptions::default() });
    let expected = "# Made by atomic-host; changes here are overwritten.\n\n[containers]\ndns_servers = [\"10.0.0.53\", \"fd00::53\"]\n";
    assert_eq!(text.as_deref(), Some(expected));
}

#[test]
fn a_spec_that_says_nothing_makes_no_file() {
    assert_eq!((registries(&BTreeMap::new()), containers(&EngineOptions::default())), (None, None));
}

#[test]
fn no_value_breaks_out_of_its_text() {
    let hosts = hosts([("docker.io", &["https://a\"]\n[x]\nb='c'\\"], false)]);
    let read: toml::Table = registries(&hosts).unwrap().parse().unwrap();
    assert_eq!(read.keys().collect::<Vec<_>>(), ["registry"]);
    assert_eq!(read["registry"][0]["mirror"][0]["location"].as_str(), Some("a\"]\n[x]\nb='c'\\"));
}
