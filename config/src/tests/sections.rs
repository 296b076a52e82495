//! What the sections make of their keys. The texts of the diagnostics are in `tests/bad`.

use super::{EXAMPLES, bad, good};
use crate::{Bytes, Drift, Driver, Filesystem, GIB, Group, KIB, Level, Percent, Place, Size, VolumeKind};

#[test]
fn every_example_is_a_good_spec() {
    for (name, text) in EXAMPLES {
        let desired = good(&[text]).desired;
        assert!(desired.storage.is_some() || !desired.containers.is_empty(), "{name}");
    }
}

#[test]
fn every_file_among_the_examples_is_one_of_them() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut names: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, EXAMPLES.map(|(name, _)| format!("{name}.toml")));
}

#[test]
fn the_appliance_has_its_containers_on_a_thin_volume() {
    let storage = good(&[EXAMPLES[0].1]).desired.storage.unwrap();
    assert_eq!(storage.driver.value, Driver::Overlay2);
    assert!(matches!(storage.root_size.unwrap().value, Level::Bytes(bytes) if bytes.get() == 4 * GIB));
    let (name, volume) = storage.volumes.first_key_value().unwrap();
    assert_eq!((name.as_str(), volume.value.mount.as_str()), ("containers", "/var/lib/docker"));
    assert!(matches!(volume.value.kind, VolumeKind::Thin { size } if size.get() == 6 * GIB));
}

#[test]
fn the_minimal_example_gets_the_documented_defaults() {
    let desired = good(&[EXAMPLES[2].1]).desired;
    assert_eq!(desired.agent.drift, Drift::Repair);
    assert_eq!(desired.engine.kind, None);
    let storage = desired.storage.unwrap();
    assert_eq!((storage.driver.value, &storage.driver.place), (Driver::Overlay2, &Place::Default));
    assert_eq!(storage.group, Group::OfRoot);
    let pool = storage.pool.unwrap().value;
    assert!(matches!(pool.size, Size::OfFree(share) if share.get() == 60));
    assert_eq!(pool.chunk, Bytes(512 * KIB));
    let growth = pool.autoextend.unwrap();
    assert_eq!((growth.threshold.get(), growth.percent.get(), growth.limit, growth.headroom), (60, 20, None, Bytes(GIB)));
    assert_eq!(storage.volumes.first_key_value().unwrap().1.value.filesystem, Filesystem::Xfs);
}

#[test]
fn a_pool_is_made_for_the_devicemapper_driver_without_being_written() {
    let storage = good(&["storage.driver = \"devicemapper\"\n"]).desired.storage.unwrap();
    assert_eq!(storage.pool.unwrap().place, storage.driver.place);
}

#[test]
fn a_pool_grows_as_far_as_it_is_told_and_not_at_all_when_switched_off() {
    let pool = |keys: &str| {
        let text = format!("storage.driver = \"devicemapper\"\nstorage.pool.autoextend = {keys}\n");
        good(&[&text]).desired.storage.unwrap().pool.unwrap().value
    };
    let growth = pool("{ limit = \"90%VG\", headroom = \"0\" }").autoextend.unwrap();
    assert_eq!((growth.limit, growth.headroom), (Percent::new(90).map(Level::OfGroup), Bytes(0)));
    assert_eq!(pool("{ enabled = false, threshold = 70 }").autoextend, None);
}

#[test]
fn a_plain_volume_needs_no_pool_and_may_take_a_share() {
    let text = "[storage.volume.data]\nmount = \"/srv/data\"\nsize = \"20%VG\"\nthin = false\nfilesystem = \"ext4\"\n";
    let storage = good(&[text]).desired.storage.unwrap();
    assert_eq!(storage.pool, None);
    assert!(matches!(storage.volumes.first_key_value().unwrap().1.value.kind, VolumeKind::Plain { size: Size::OfGroup(_) }));
}

#[test]
fn a_volume_may_be_mounted_below_another() {
    good(&["[storage.volume]\na = { mount = \"/srv\", size = \"1G\" }\nb = { mount = \"/srv/b\", size = \"1G\" }\n"]);
}

#[test]
fn docker_may_have_every_driver_and_podman_the_ones_it_has() {
    for driver in ["devicemapper", "overlay2", "overlay", "none"] {
        let text = format!("storage.driver = \"{driver}\"\n");
        good(&[&text, "engine.kind = \"docker\"\n"]);
        let with_podman = super::spec(&[&text, "engine.kind = \"podman\"\n"]);
        assert_eq!(with_podman.is_ok(), ["overlay2", "none"].contains(&driver), "{driver}");
    }
}

#[test]
fn a_driver_that_the_engine_lacks_is_found_beside_other_problems() {
    let text = "[engine]\nkind = \"podman\"\n[storage]\ndriver = \"devicemapper\"\nroot-size = \"6\"\n[agent]\nallow = 3\n";
    assert_eq!(bad(&[text]).len(), 3);
}

#[test]
fn a_faulty_value_does_not_make_its_key_missing() {
    let found = bad(&["[storage.volume.data]\nmount = 3\nszie = \"1G\"\nthin = \"no\"\n"]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(!found.iter().any(|message| message.contains("missing")));
}

#[test]
fn a_remote_that_no_file_has_may_be_followed() {
    let os = good(&["os.ref = \"edge:atomic/12/x86_64/host\"\n"]).desired.os;
    let follow = os.follow.unwrap().value;
    assert_eq!((follow.remote.as_str(), follow.branch.as_str()), ("edge", "atomic/12/x86_64/host"));
}

#[test]
fn branches_and_urls_are_read_strictly() {
    for text in ["edge:", ":branch", "edge:a//b", "edge:a:b", "edge:/a", "edge:a b", "edge", "../edge:a"] {
        assert_eq!(bad(&[&format!("os.ref = {text:?}\n")]).len(), 1, "{text}");
    }
    for url in ["http://h/r", "https://h", "file:///srv/repo"] {
        good(&[&format!("os.remote.edge = {{ url = {url:?}, gpg-verify = false }}\n")]);
    }
    for url in ["", "h/r", "https://", "https:///r", "file://srv", "ftp://h", "https://h/ r", "HTTP"] {
        assert_eq!(bad(&[&format!("os.remote.edge = {{ url = {url:?}, gpg-verify = false }}\n")]).len(), 1, "{url}");
    }
}

#[test]
fn a_remote_has_keys_or_says_that_it_needs_none() {
    let remote = |keys: &str| format!("[os.remote.edge]\nurl = \"https://h/r\"\n{keys}\n");
    for (keys, verify) in [("gpg-keys = [\"/k\"]", true), ("gpg-keys = [\"/k\"]\ngpg-verify = false", false), ("gpg-verify = false", false)]
    {
        let os = good(&[&remote(keys)]).desired.os;
        assert_eq!(os.remotes["edge"].value.gpg_verify, verify, "{keys}");
    }
    for keys in ["", "gpg-keys = []", "gpg-verify = true"] {
        assert_eq!(bad(&[&remote(keys)]), ["os.remote.edge.gpg-keys: there is no key"], "{keys}");
    }
}
