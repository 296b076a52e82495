//! The way of devices into a group, in the order that a power cut may interrupt.

use super::{Free, Group, Way, way};

fn flat(way: &[Way<'_>]) -> Vec<String> {
    let step = |step: &Way<'_>| match step {
        Way::Clear(device) => format!("clear {}", device.node),
        Way::Lvm(words) => words.join(" "),
        Way::Flush(node) => format!("flush {node}"),
    };
    way.iter().map(step).collect()
}

#[test]
fn a_group_counts_on_no_disk_whose_label_is_not_flushed() {
    let devices = ["/dev/vdb", "/dev/vdc1"].map(|node| Free { node: node.to_owned(), labelled: false });
    assert_eq!(
        flat(&way(Group::New, "docker", &devices)),
        [
            "clear /dev/vdb",
            "clear /dev/vdc1",
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
