//! Edits of texts as people write them.

use proptest::prelude::*;

use super::{Change, edit};
use crate::{Layer, parse};

const OWN: &str = "/etc/atomic-host.toml";

fn layer(file: &str, text: &str) -> Layer {
    Layer { file: file.to_owned(), text: text.to_owned() }
}

fn driver(to: &str) -> Change {
    Change::Text { key: vec!["storage", "driver"], to: to.to_owned() }
}

fn devices(to: &[&str]) -> Change {
    Change::List { key: vec!["storage", "devices"], to: to.iter().map(|device| (*device).to_owned()).collect() }
}

fn edited(text: &str, change: Change) -> String {
    let edited = edit(&[layer(OWN, text)], OWN, &[change]).expect("an edit");
    edited.layers.into_iter().next().expect("a layer").text
}

#[test]
fn comments_and_the_order_of_keys_stay() {
    let text = "# the host\n[storage]   # disks\ndriver = \"overlay2\" # since May\nroot-size = \"4G\"\n";
    assert_eq!(edited(text, driver("none")), text.replace("overlay2", "none"));
}

#[test]
fn a_key_that_is_absent_is_put_into_its_table() {
    assert_eq!(edited("[storage]\nroot-size = \"4G\"\n", driver("none")), "[storage]\nroot-size = \"4G\"\ndriver = \"none\"\n");
    assert_eq!(edited("", driver("none")), "[storage]\ndriver = \"none\"\n");
    let size = Change::Text { key: vec!["storage", "pool", "size"], to: "5G".to_owned() };
    assert_eq!(edited("", size), "[storage.pool]\nsize = \"5G\"\n");
}

#[test]
fn inline_tables_and_dotted_keys_are_changed_where_they_are() {
    assert_eq!(edited("storage = { driver = \"overlay2\" }\n", driver("none")), "storage = { driver = \"none\" }\n");
    assert_eq!(edited("storage.driver = \"overlay2\"\n", driver("none")), "storage.driver = \"none\"\n");
}

#[test]
fn a_list_keeps_the_items_that_stay_with_their_comments() {
    let text = "[storage]\ndevices = [\n    \"/dev/vdb\", # the first\n    \"/dev/vdc\",\n]\n";
    let more = edited(text, devices(&["/dev/vdb", "/dev/vdc", "/dev/vdd"]));
    assert!(more.starts_with("[storage]\ndevices = [\n    \"/dev/vdb\", # the first\n    \"/dev/vdc\",\n    \"/dev/vdd\""), "{more}");
    let text = "[storage]\ndevices = [\n    \"/dev/vdb\", # the only one\n]\n";
    let more = edited(text, devices(&["/dev/vdb", "/dev/vdc"]));
    assert_eq!(more, "[storage]\ndevices = [\n    \"/dev/vdb\", # the only one\n    \"/dev/vdc\",\n]\n");
    assert_eq!(edited("[storage]\ndevices = [\"/dev/vdb\"]\n", devices(&["/dev/vdc"])), "[storage]\ndevices = [\"/dev/vdc\"]\n");
    assert_eq!(edited("[storage]\n", devices(&["/dev/vdb", "/dev/vdc"])), "[storage]\ndevices = [\"/dev/vdb\", \"/dev/vdc\"]\n");
}

#[test]
fn the_highest_file_of_the_admin_that_has_the_key_is_changed() {
    let layers = [
        layer("/usr/lib/atomic-host.d/10.toml", "[storage]\ndriver = \"overlay2\"\n"),
        layer(OWN, "[storage]\ndriver = \"overlay2\"\n"),
        layer("/etc/atomic-host.d/20.toml", "[storage]\ndriver = \"overlay2\"\n"),
        layer("/etc/atomic-host.d/30.toml", "[agent]\nallow = \"none\"\n"),
    ];
    let all = edit(&layers, OWN, &[driver("none")]).expect("an edit");
    assert_eq!(all.changed, [layer("/etc/atomic-host.d/20.toml", "[storage]\ndriver = \"none\"\n")]);
    let lower = edit(&layers[..2], OWN, &[driver("none")]).expect("an edit");
    assert_eq!(lower.changed, [layer(OWN, "[storage]\ndriver = \"none\"\n")]);
}

#[test]
fn what_only_the_image_says_is_overridden_in_the_admins_own_file() {
    let layers = [layer("/usr/lib/atomic-host.d/10.toml", "[storage]\ndriver = \"overlay2\"\n"), layer("/etc/atomic-host.d/30.toml", "")];
    let all = edit(&layers, OWN, &[driver("none")]).expect("an edit");
    assert_eq!(all.changed, [layer(OWN, "[storage]\ndriver = \"none\"\n")]);
    assert_eq!(
        all.layers.iter().map(|layer| layer.file.as_str()).collect::<Vec<_>>(),
        ["/usr/lib/atomic-host.d/10.toml", OWN, "/etc/atomic-host.d/30.toml"]
    );
}

#[test]
fn no_change_changes_no_file() {
    let layers = [layer(OWN, "[storage]\ndriver = \"overlay2\"\n")];
    assert_eq!(edit(&layers, OWN, &[driver("overlay2")]).expect("an edit").changed, []);
}

proptest! {
    #[test]
    fn whatever_the_text_is_the_spec_says_it_afterwards_and_nothing_else_changes(size in "[ -~]{1,12}", comment in "[ -~]{0,12}") {
        let text = format!("# {comment}\n[storage]\ndriver = \"overlay2\"\n[journal]\nstorage = \"persistent\"\n");
        let change = Change::Text { key: vec!["storage", "root-size"], to: size.clone() };
        let edited = edit(&[layer(OWN, &text)], OWN, &[change]).expect("an edit");
        let read: toml::Table = edited.layers[0].text.parse().expect("TOML");
        prop_assert_eq!(read["storage"]["root-size"].as_str(), Some(size.as_str()));
        let before: toml::Table = text.parse().expect("TOML");
        prop_assert_eq!(&read["journal"], &before["journal"]);
        prop_assert_eq!(&read["storage"]["driver"], &before["storage"]["driver"]);
    }

    #[test]
    fn lists_become_what_is_asked(from in proptest::collection::btree_set("/dev/vd[b-f]", 0..5), to in proptest::collection::btree_set("/dev/vd[b-f]", 0..5)) {
        let (from, to): (Vec<String>, Vec<String>) = (from.into_iter().collect(), to.into_iter().collect());
        let text = format!("[storage]\ndevices = {from:?}\n");
        let change = Change::List { key: vec!["storage", "devices"], to: to.clone() };
        let edited = edit(&[layer(OWN, &text)], OWN, &[change]).expect("an edit");
        let spec = parse(edited.layers).expect("a sound spec");
        let mut devices: Vec<String> = spec.desired.storage.expect("storage").devices.into_iter().map(|device| device.value).collect();
        devices.sort();
        prop_assert_eq!(devices, to);
    }
}
