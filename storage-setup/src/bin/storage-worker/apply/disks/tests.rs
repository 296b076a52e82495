//! The way of devices into a group, in the order that a power cut may interrupt.

use super::{Group, Labelled, Way, way};

fn flat(way: &[Way<'_>]) -> Vec<String> {
    let step = |step: &Way<'_>| match step {
        Way::Lvm(words) => words.join(" "),
        Way::Flush(node) => format!("flush {node}"),
    };
    way.iter().map(step).collect()
}

#[test]
fn a_group_counts_on_no_disk_whose_label_is_not_flushed() {
    let devices = [("/dev/vdb".to_owned(), Labelled::No), ("/dev/vdc1".to_owned(), Labelled::No)];
    assert_eq!(
        flat(&way(Group::New, "docker", &devices)),
        [
            "pvcreate /dev/vdb",
            "flush /dev/vdb",
            "pvcreate /dev/vdc1",
            "flush /dev/vdc1",
            "vgcreate docker /dev/vdb /dev/vdc1",
            "flush /dev/vdb",
            "flush /dev/vdc1",
        ]
    );
}

#[test]
fn a_disk_that_an_earlier_run_labelled_is_flushed_all_the_same() {
    let devices = [("/dev/vdb".to_owned(), Labelled::Yes)];
    assert_eq!(flat(&way(Group::Existing, "docker", &devices)), ["flush /dev/vdb", "vgextend docker /dev/vdb", "flush /dev/vdb"]);
}

#[test]
fn a_disk_that_was_half_a_member_is_labelled_again() {
    let devices = [("/dev/vdb".to_owned(), Labelled::HalfMember)];
    let expected = ["pvcreate -ff -y /dev/vdb", "flush /dev/vdb", "vgextend docker /dev/vdb", "flush /dev/vdb"];
    assert_eq!(flat(&way(Group::Existing, "docker", &devices)), expected);
}
