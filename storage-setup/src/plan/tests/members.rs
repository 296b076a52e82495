//! Rules of the partitions and physical volumes that root's group lies on.

use config::{Bytes, GIB, Level, MIB, Storage};

use super::host::{after, at, bytes, group, host, lines, spec, steps};
use crate::{Action, Observed, Partition};

fn wants() -> Storage {
    Storage { grow_partition: at(8, true), ..spec() }
}

/// Its physical volume fills a partition with so much room behind it.
fn with_room(room: u64) -> Observed {
    let mut have = host();
    let member = &mut group(&mut have).members[0];
    member.extents = 4068;
    let size = Bytes(4068 * 4 * MIB + MIB);
    member.size = Some(size);
    have.partitions.insert("/dev/vda2".to_owned(), Partition { disk: "/dev/vda".to_owned(), number: 2, size, room: Bytes(size.0 + room) });
    have
}

#[test]
fn a_partition_takes_the_room_behind_it_and_the_physical_volume_follows() {
    let have = with_room(GIB);
    assert_eq!(lines(&wants(), &have), ["grow-partition /dev/vda partition 2 [none]", "grow-physical-volume /dev/vda2 in atomicos [none]"]);
    let mut grown = after(&wants(), have);
    assert_eq!(group(&mut grown).free, 3300 + 256);
    assert_eq!(lines(&spec(), &with_room(GIB)), [""; 0], "nobody asked");
}

#[test]
fn root_and_pool_have_the_new_space_in_the_same_plan() {
    let mut want = wants();
    want.root_size = Some(at(6, Level::Bytes(bytes((768 + 3300 + 200) * 4 * MIB))));
    let steps = steps(&want, &with_room(GIB));
    let grown = steps.iter().find(|step| matches!(step.action, Action::GrowRootVolume { .. })).expect("root grows");
    let member = steps.iter().find(|step| matches!(step.action, Action::GrowMember { .. })).expect("the space comes");
    assert!(grown.after.contains(&member.id));
}

#[test]
fn a_run_that_was_cut_off_between_the_two_goes_on() {
    let mut have = with_room(GIB);
    let first = steps(&wants(), &have).remove(0);
    crate::simulate::carry_out(&mut have, &first.action).expect("the host takes it");
    assert_eq!(lines(&wants(), &have), ["grow-physical-volume /dev/vda2 in atomicos [none]"]);
}

#[test]
fn less_than_an_extent_is_left_alone() {
    assert_eq!(lines(&wants(), &with_room(3 * MIB)), [""; 0]);
}

#[test]
fn a_disk_without_partitions_only_has_its_physical_volume_grown() {
    let mut have = with_room(0);
    have.partitions.clear();
    group(&mut have).members[0].size = Some(Bytes(4100 * 4 * MIB + MIB));
    assert_eq!(lines(&wants(), &have), ["grow-physical-volume /dev/vda2 in atomicos [none]"]);
    after(&wants(), have);
}
