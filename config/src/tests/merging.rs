//! How layers make one spec, and who is named for a value.

use super::{at, bad, good, spec};
use crate::{LvName, Place, Problem, VolumeKind};

const VOLUME: &str = "[storage.volume.data]\nmount = \"/srv/data\"\nsize = \"1G\"\n";

fn name(text: &str) -> LvName {
    LvName::try_from(text.to_owned()).unwrap()
}

#[test]
fn tables_merge_and_lists_replace() {
    let spec =
        good(&["[storage]\nvolume-group = \"data\"\ndevices = [\"/dev/vdb\", \"/dev/vdc\"]\n", "[storage]\ndevices = [\"/dev/vdd\"]\n"]);
    let storage = spec.desired.storage.unwrap();
    assert!(matches!(storage.group, crate::Group::Named(_)));
    let devices: Vec<&str> = storage.devices.iter().map(|device| device.value.as_str()).collect();
    assert_eq!(devices, ["/dev/vdd"]);
    assert_eq!(storage.devices[0].place, at("1.toml", 2, 12));
}

#[test]
fn a_volume_merges_by_name_and_keeps_its_first_place() {
    let spec = good(&[VOLUME, "[storage.volume.data]\nsize = \"2G\"\n"]);
    let storage = spec.desired.storage.unwrap();
    let volume = &storage.volumes[&name("data")];
    assert!(matches!(volume.value.kind, VolumeKind::Thin { size } if size.get() == 2 * crate::GIB));
    assert_eq!(volume.place, at("0.toml", 1, 17));
}

#[test]
fn a_volume_that_is_switched_off_is_gone_and_its_pool_with_it() {
    let spec = good(&[VOLUME, "[storage.volume.data]\nenabled = false\n"]);
    let storage = spec.desired.storage.unwrap();
    assert!(storage.volumes.is_empty());
    assert_eq!(storage.pool, None);
}

#[test]
fn a_volume_can_be_switched_on_again() {
    let spec = good(&[VOLUME, "[storage.volume.data]\nenabled = false\n", "[storage.volume.data]\nenabled = true\n"]);
    assert_eq!(spec.desired.storage.unwrap().volumes.len(), 1);
}

#[test]
fn what_is_switched_off_need_not_be_complete() {
    assert!(good(&["[storage.volume.data]\nenabled = false\n", "[os.remote.edge]\nenabled = false\n"]).desired.os.remotes.is_empty());
}

#[test]
fn a_table_in_one_layer_and_text_in_another_names_both_places() {
    let texts = ["[storage.pool]\nsize = \"6G\"\n", "[storage]\ndriver = \"devicemapper\"\npool = \"6G\"\n"];
    assert_eq!(bad(&texts), ["storage.pool: it is text, but must be a table, as at 0.toml:1:10"]);
    let swapped = [texts[1], texts[0]];
    assert_eq!(bad(&swapped), ["storage.pool: it is text, but must be a table, as at 1.toml:1:10"]);
}

#[test]
fn an_unknown_key_is_reported_in_every_layer_that_has_it() {
    let found = bad(&["agent.alow = 1\n", "agent.alow = 2\n"]);
    assert_eq!(found, ["agent.alow: there is no key of this name"; 2]);
}

#[test]
fn the_meaning_of_a_value_is_checked_only_where_it_is_in_force() {
    good(&["storage.root-size = \"huge\"\n", "storage.root-size = \"6G\"\n"]);
}

#[test]
fn dotted_keys_inline_tables_and_sections_are_the_same() {
    let section = good(&["[storage.pool]\nautoextend = { threshold = 70 }\n[storage]\ndriver = \"devicemapper\"\n"]);
    let dotted = good(&["storage.driver = \"devicemapper\"\nstorage.pool.autoextend.threshold = 70\n"]);
    assert_eq!(section.effective, dotted.effective);
}

#[test]
fn defaults_are_not_in_the_effective_text() {
    let spec = good(&[VOLUME]);
    assert_eq!(spec.effective, "[storage.volume.data]\nmount = \"/srv/data\"\nsize = \"1G\"\n");
}

#[test]
fn columns_count_characters_and_not_bytes() {
    let problems = super::spec(&["# größe\nstorage = { \"größe\" = 1, oops = 2 }\n"]).unwrap_err();
    let places: Vec<&Place> = problems.list().iter().map(|problem| &problem.place).collect();
    assert_eq!(places, [&at("0.toml", 2, 13), &at("0.toml", 2, 26)]);
}

#[test]
fn problems_found_on_the_host_are_shown_in_the_lines_of_the_spec() {
    let spec = good(&[VOLUME]);
    assert_eq!(spec.problems(Vec::new()).list().len(), 1, "never empty");
    let place = spec.desired.storage.as_ref().unwrap().pool.as_ref().unwrap().place.clone();
    let found = Problem {
        place,
        key: "storage.pool.size".to_owned(),
        message: "the group atomicos has nothing free".to_owned(),
        hint: Some("add a disk to storage.devices".to_owned()),
    };
    let nowhere = Problem { place: Place::Default, hint: None, ..found.clone() };
    let shown = spec.problems(vec![found, nowhere]).to_string();
    let expected = "\
error: storage.pool.size: the group atomicos has nothing free

error: storage.pool.size: the group atomicos has nothing free
 --> 0.toml:1:17
  |
1 | [storage.volume.data]
  |                 ^^^^
  |
  = help: add a disk to storage.devices
";
    assert_eq!(shown, expected);
}

#[test]
fn problems_in_a_line_name_the_first_and_count_the_rest() {
    let said = |text: &str| spec(&[text]).expect_err("it was accepted").in_a_line();
    let one = said("[nonsense]\n");
    assert!(one.starts_with("0.toml:1:2: ") && !one.contains('\n') && !one.contains("more"), "{one}");
    let three = said("[nonsense]\n[more]\n[storage]\ndriver = 7\n");
    assert!(three.starts_with("0.toml:1:2: ") && three.ends_with(" (and 2 more)"), "{three}");
    assert!(!said("[storage\ndriver = \n").contains('\n'));
}
