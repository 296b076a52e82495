//! Rules of the group and its disks.

use config::{Bytes, Disruption, Group, KIB, Reason};

use super::host::{With, after, at, disk, gib, group, host, lines, notes, of_free, problem, problems, spec, steps};
use crate::{Action, Device, DiskUse, Member, Root, awaited_group, cases};

#[test]
fn an_empty_disk_is_added() {
    assert_eq!(lines(&spec().disk(0), &host()), ["add-disk serial:data1 [none]"]);
}

#[test]
fn a_member_is_left_as_it_is() {
    let mut have = host();
    disk(&mut have, 0).use_ = DiskUse::Member { group: "atomicos".to_owned() };
    assert_eq!(lines(&spec().disk(0), &have), [""; 0]);
}

#[test]
fn the_record_of_a_disk_that_has_arrived_is_settled() {
    let mut have = host();
    disk(&mut have, 0).use_ = DiskUse::Member { group: "atomicos".to_owned() };
    disk(&mut have, 0).intended = Some("atomicos".to_owned());
    assert_eq!(lines(&spec().disk(0), &have), ["settle-record serial:data1 [none]"]);
    assert_eq!(steps(&spec().disk(0), &after(&spec().disk(0), have)), vec![]);
}

#[test]
fn a_disk_that_a_cut_off_run_left_is_added_again() {
    for left in [DiskUse::OrphanMember, DiskUse::Empty] {
        let mut have = host();
        disk(&mut have, 0).use_ = left;
        disk(&mut have, 0).intended = Some("atomicos".to_owned());
        let steps = steps(&spec().disk(0), &have);
        assert!(matches!(steps[0].action, Action::AddDisk { .. }));
        assert!(matches!(steps[0].reason, Reason::Resumed(_)), "{:?}", steps[0].reason);
    }
}

#[test]
fn an_orphan_that_is_not_ours_or_is_meant_for_another_group_is_a_problem() {
    for intended in [None, Some("other".to_owned())] {
        let mut have = host();
        disk(&mut have, 0).use_ = DiskUse::OrphanMember;
        disk(&mut have, 0).intended = intended;
        let said = problem(&spec().disk(0), &have);
        assert!(said.contains("is a physical volume of no group"), "{said}");
    }
}

#[test]
fn each_kind_of_bad_disk_is_told_with_what_to_do() {
    let text = |text: &str| text.to_owned();
    let cases = [
        (DiskUse::Member { group: text("other") }, "belongs to the volume group other"),
        (DiskUse::Partitioned(text("gpt")), "has a partition table (gpt)"),
        (DiskUse::Signature(text("ext4")), "has something on it: ext4"),
        (DiskUse::Held(text("md0")), "is in use by md0"),
        (DiskUse::Unreadable(text("I/O error")), "cannot be read: I/O error"),
    ];
    for (use_, expected) in cases {
        let mut have = host();
        disk(&mut have, 0).use_ = use_;
        let all = problems(&spec().disk(0), &have);
        assert!(all[0].message.contains(expected), "{all:?}");
        assert!(all[0].hint.is_some());
        assert_eq!(all[0].place, at(3, ()).place);
    }
}

#[test]
fn what_is_no_disk_is_a_problem() {
    for (device, expected) in [
        (Device::Missing, "there is no /dev/disk/by-id/virtio-data1"),
        (Device::NotBlock, "is not a block device"),
        (Device::Partition, "is a partition"),
    ] {
        let mut have = host();
        have.devices.insert(cases::DISKS[0].0.to_owned(), device);
        let said = problem(&spec().disk(0), &have);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_read_only_disk_and_one_without_room_for_an_extent_are_problems() {
    let mut have = host();
    disk(&mut have, 0).read_only = true;
    disk(&mut have, 1).size = Bytes(5 * 1024 * KIB - 1);
    let all = problems(&spec().disk(0).disk(1), &have);
    assert!(all[0].message.contains("is read-only"), "{all:?}");
    assert!(all[1].message.contains("less than one extent"), "{all:?}");
}

#[test]
fn the_same_disk_by_two_names_is_a_problem() {
    let mut have = host();
    have.devices.insert("/dev/vdb".to_owned(), have.devices[cases::DISKS[0].0].clone());
    let mut want = spec().disk(0);
    want.devices.push(at(4, "/dev/vdb".to_owned()));
    assert!(problem(&want, &have).contains("/dev/vdb is the disk /dev/vdb once more"));
}

#[test]
fn all_problems_come_at_once() {
    let mut have = host();
    disk(&mut have, 0).use_ = DiskUse::Signature("xfs".to_owned());
    let mut want = spec().disk(0).plain("data", "/srv/data", gib(1)).plain("huge", "/srv/huge", gib(100));
    want.root_size = Some(at(6, config::Level::Bytes(super::host::bytes(1 << 50))));
    have.root = Root::Other("btrfs".to_owned());
    want.group = Group::Named(at(2, "atomicos".to_owned().try_into().expect("a name")));
    let keys: Vec<String> = problems(&want, &have).into_iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["storage.devices", "storage.root-size"], "sizes are not judged while a disk is in doubt");
}

#[test]
fn a_group_is_made_from_all_its_disks_and_all_in_it_waits_for_that() {
    let mut want = spec().disk(0).disk(1).pool(of_free(50)).thin("data", "/srv/data", 1);
    want.group = Group::Named(at(2, "data-vg".to_owned().try_into().expect("a name")));
    let steps = steps(&want, &host());
    let Action::CreateGroup { group, disks } = &steps[0].action else { panic!("{:?}", steps[0]) };
    assert_eq!((group.as_str(), disks.len()), ("data-vg", 2));
    let pool = steps.iter().find(|step| matches!(step.action, Action::CreatePool { .. })).expect("a pool");
    assert!(pool.after.contains(&steps[0].id));
}

#[test]
fn a_group_that_was_here_is_made_anew_with_consent_alone() {
    let mut want = spec().disk(0).plain("data", "/srv/data", gib(1));
    want.group = Group::Named(at(2, "data-vg".to_owned().try_into().expect("a name")));
    let mut have = after(&want, host());
    have.groups.remove("data-vg");
    have.mounts.clear();
    disk(&mut have, 0).use_ = DiskUse::Empty;
    let step = steps(&want, &have).remove(0);
    assert!(matches!(step.action, Action::CreateGroup { .. }), "{step:?}");
    assert_eq!(step.disruption, Disruption::DataLoss);
    assert!(notes(&want, &have)[0].contains("srv-data.mount is of a volume group data-vg that was here"));
}

#[test]
fn the_name_of_something_below_dev_is_a_problem_before_a_disk_is_wiped() {
    let mut want = spec().disk(0).plain("data", "/srv/data", gib(1));
    want.group = Group::Named(at(2, "mapper".to_owned().try_into().expect("a name")));
    let mut have = host();
    have.blocked = Some("/dev/mapper".to_owned());
    assert!(problem(&want, &have).contains("a volume group cannot be named mapper, since there is /dev/mapper already"));
}

#[test]
fn a_group_that_is_not_there_and_has_no_disks_is_a_problem() {
    let mut want = spec();
    want.group = Group::Named(at(2, "data-vg".to_owned().try_into().expect("a name")));
    assert!(problem(&want, &host()).starts_with("storage.volume-group: there is no volume group data-vg"));
}

#[test]
fn without_a_root_group_one_must_be_named() {
    let mut have = host();
    have.root = Root::Other("btrfs".to_owned());
    assert!(problem(&spec().disk(0), &have).contains("no volume group is named"));
    assert_eq!(lines(&spec(), &have), [""; 0], "nothing needs a group");
}

#[test]
fn a_group_with_missing_disks_is_left_alone() {
    let mut have = host();
    group(&mut have).missing = 1;
    assert!(problem(&spec().disk(0), &have).contains("lacks 1 of its physical volumes"));
}

#[test]
fn a_member_that_is_not_listed_stays_and_is_told() {
    let mut have = host();
    group(&mut have).members.push(Member { node: "/dev/vdb".to_owned(), uuid: "u".to_owned(), extents: 0, start: Bytes(0), size: None });
    let told = notes(&spec().disk(1), &have);
    assert!(told.iter().any(|note| note == "/dev/vdb is in atomicos and is not listed in storage.devices; it stays"), "{told:?}");
    assert!(!told.iter().any(|note| note.contains("vda3")), "root's partition is no news");
}

#[test]
fn suspended_devices_are_resumed_before_anything_else_is_looked_at() {
    let mut have = host();
    have.suspended = vec!["atomicos-docker--pool".to_owned()];
    assert_eq!(lines(&spec().disk(0).pool(of_free(60)), &have), ["resume-device atomicos-docker--pool [none]"]);
}

fn with_wipe(mut want: config::Storage) -> config::Storage {
    want.wipe.clone_from(&want.devices);
    want
}

#[test]
fn what_is_on_a_disk_is_wiped_first_where_the_spec_says_so() {
    let full = [DiskUse::OrphanMember, DiskUse::Partitioned("gpt".to_owned()), DiskUse::Signature("ext4".to_owned())];
    for left in full {
        let mut have = host();
        disk(&mut have, 0).use_ = left;
        let steps = steps(&with_wipe(spec().disk(0)), &have);
        assert_eq!(lines(&with_wipe(spec().disk(0)), &have), ["wipe-disk serial:data1 [data-loss]", "add-disk serial:data1 [none]"]);
        assert_eq!(steps[1].after, [steps[0].id.clone()]);
        crate::plan::tests::host::after(&with_wipe(spec().disk(0)), have);
    }
    assert_eq!(lines(&with_wipe(spec().disk(0)), &host()), ["add-disk serial:data1 [none]"], "nothing is on it");
}

#[test]
fn a_disk_in_use_is_never_wiped() {
    let used = [
        (DiskUse::Member { group: "theirs".to_owned() }, "belongs to the volume group theirs"),
        (DiskUse::Held("mounted on /mnt".to_owned()), "is in use by mounted on /mnt"),
        (DiskUse::Held(crate::blkid::HIDDEN_BY_LVM.to_owned()), "is in use by LVM, which does not show its group here"),
        (DiskUse::Unreadable("no medium".to_owned()), "cannot be read"),
    ];
    for (use_, says) in used {
        let mut have = host();
        disk(&mut have, 0).use_ = use_;
        let said = problem(&with_wipe(spec().disk(0)), &have);
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn a_share_that_counts_with_a_wiped_disk_is_the_same_before_and_after_consent() {
    let mut have = host();
    disk(&mut have, 0).use_ = DiskUse::Signature("ext4".to_owned());
    let want = with_wipe(spec().disk(0).thin("web", "/srv/web", 1).pool(of_free(60)).plain("data", "/srv/data", gib(1)));
    let all = steps(&want, &have);
    let find = |is: fn(&Action) -> bool| all.iter().find(|step| is(&step.action)).expect("a step");
    let added = find(|action| matches!(action, Action::AddDisk { .. }));
    let plain = find(|action| matches!(action, Action::CreateVolume { pool: None, .. }));
    assert!(plain.after.contains(&added.id), "made before the pool, it would leave that another size");
    // Without a share nothing waits that can do without the disk.
    let all = steps(&with_wipe(spec().disk(0).plain("data", "/srv/data", gib(1))), &have);
    let plain = all.iter().find(|step| matches!(step.action, Action::CreateVolume { .. })).expect("a volume");
    assert_eq!(plain.after, []);
}

#[test]
fn a_named_group_has_to_be_there_when_no_disk_is_listed_for_it() {
    let mut named = spec();
    named.group = config::Group::Named(at(2, "docker".to_owned().try_into().expect("a name")));
    assert_eq!(awaited_group(&named).as_deref(), Some("docker"));
    assert_eq!(awaited_group(&named.disk(0)), None);
    assert_eq!(awaited_group(&spec()), None);
}
