//! Disks: which are taken, and every reason why one is not.

use super::host::{deeds, disk, part, planned, refused, said, with_disk};
use crate::legacy::plan::Deed;
use crate::legacy::{Found, Label, LegacyDisk, Membership, Mode, Options, Seen};

const WIPE: &str = "WIPE_SIGNATURES=true\n";

fn all(text: &str, change: impl FnOnce(&mut LegacyDisk)) -> (String, Seen) {
    let mut disk = disk("/dev/vdb", 10);
    change(&mut disk);
    (format!("DEVS=/dev/vdb\n{text}"), with_disk(disk))
}

fn verdict(text: &str, change: impl FnOnce(&mut LegacyDisk)) -> String {
    let (text, host) = all(text, change);
    refused(&text, &host)
}

fn takes(text: &str, change: impl FnOnce(&mut LegacyDisk)) -> Option<bool> {
    let (text, host) = all(text, change);
    planned(&text, &host).deeds().find_map(|deed| {
        let Deed::TakeDisks { disks, .. } = deed else { return None };
        Some(disks[0].wipe)
    })
}

#[test]
fn what_is_no_disk_is_told_apart() {
    let at = |word: &str, found: Found| Seen { devices: vec![(word.to_owned(), found)], ..super::host::host() };
    let missing = Found::Missing { path: "/dev//dev/vdz".to_owned() };
    assert_eq!(refused("DEVS=/dev/vdz", &at("/dev/vdz", missing)), "ERROR: /dev//dev/vdz is not a valid block device.");
    assert_eq!(refused("DEVS=/l", &at("/l", Found::Broken)), "ERROR: Failed to resolve symbolic link /l");
    assert_eq!(refused("DEVS=/dev/vdb1", &at("/dev/vdb1", Found::Partition)), "ERROR: Partition specification unsupported at this time.");
    let (options, _): (Options, _) = super::host::read("CONTAINER_THINPOOL=p\nDEVS=vdz", Mode::Create).expect("good");
    let refusal = crate::legacy::plan::create(&options, &at("vdz", Found::Broken)).expect_err("a refusal");
    assert_eq!(refusal.said[0].to_string(), "ERROR: Failed to resolve path for device vdz");
}

#[test]
fn an_empty_disk_is_taken_and_one_that_is_in_is_told() {
    assert_eq!(takes("", |_| {}), Some(false));
    let (text, host) = all("", |disk| disk.parts = vec![part("/dev/vdb1", 9, Membership::Of("atomicos".to_owned()))]);
    let plan = planned(&text, &host);
    assert_eq!(said(&plan)[0], "INFO: Device /dev/vdb is already partitioned and is part of volume group atomicos");
    assert!(!deeds(&plan).iter().any(|deed| matches!(deed, Deed::TakeDisks { .. })));
}

#[test]
fn what_is_on_a_disk_keeps_it() {
    assert_eq!(
        verdict("", |disk| disk.signature = Some(("xfs".to_owned(), "0x0".to_owned()))),
        "ERROR: Found xfs signature on device /dev/vdb at offset 0x0. Wipe signatures using wipefs or use WIPE_SIGNATURES=true and retry."
    );
    let alone = "ERROR: Device /dev/vdb is already partitioned and cannot be added to volume group atomicos";
    assert_eq!(verdict("", |disk| disk.parts = vec![part("/dev/vdb1", 9, Membership::None)]), alone);
    assert_eq!(verdict("", |disk| disk.parts = vec![part("/dev/vdb1", 9, Membership::Orphan)]), alone);
    assert_eq!(
        verdict("", |disk| disk.held = Some("mounted on /srv".to_owned())),
        "ERROR: Device /dev/vdb is in use by mounted on /srv and cannot be added to volume group atomicos."
    );
    assert_eq!(
        verdict("", |disk| disk.read_only = true),
        "ERROR: Device /dev/vdb is read-only and cannot be added to volume group atomicos."
    );
    assert_eq!(
        verdict("", |disk| disk.size = config::Bytes(4 << 20)),
        "ERROR: Device /dev/vdb is too small to be added to volume group atomicos."
    );
    assert_eq!(
        verdict("", |disk| disk.unreadable = Some("the kernel says that it has no size".to_owned())),
        "ERROR: Failed to check signatures on device /dev/vdb: the kernel says that it has no size"
    );
}

#[test]
fn what_is_asked_to_be_wiped_is_wiped_unless_it_may_be_needed() {
    assert_eq!(takes(WIPE, |_| {}), Some(false), "nothing on it");
    assert_eq!(takes(WIPE, |disk| disk.signature = Some(("xfs".to_owned(), "0x0".to_owned()))), Some(true));
    assert_eq!(takes(WIPE, |disk| disk.parts = vec![part("/dev/vdb1", 9, Membership::None)]), Some(true));
    assert_eq!(
        takes(WIPE, |disk| {
            disk.member = Membership::Orphan;
            disk.signature = Some(("LVM2_member".to_owned(), "0x218".to_owned()));
        }),
        Some(true),
        "of no group: LVM has nothing on it"
    );
    let other =
        "ERROR: Device /dev/vdb is already partitioned and cannot be added to volume group atomicos. It belongs to volume group data.";
    assert_eq!(verdict(WIPE, |disk| disk.member = Membership::Of("data".to_owned())), other);
    assert_eq!(verdict(WIPE, |disk| disk.parts = vec![part("/dev/vdb2", 9, Membership::Of("data".to_owned()))]), other);
    assert!(verdict(WIPE, |disk| disk.held = Some("swap".to_owned())).contains("is in use by swap"));
    assert_eq!(
        verdict(WIPE, |disk| {
            disk.wiped = true;
            disk.parts = vec![part("/dev/vdb1", 9, Membership::None)];
        }),
        "ERROR: Device /dev/vdb was wiped once already as WIPE_SIGNATURES=true asked, and something is on it again. Wipe signatures using \
         wipefs and retry."
    );
}

#[test]
fn a_disk_listed_twice_is_taken_once() {
    let one = disk("/dev/vdb", 10);
    let mut by_link = one.clone();
    by_link.path = "/dev/disk/by-id/x".to_owned();
    let mut host = with_disk(one);
    host.devices.push(("vdb".to_owned(), Found::Disk(Box::new(by_link))));
    let plan = planned("DEVS='/dev/vdb vdb'", &host);
    let Some(Deed::TakeDisks { disks, .. }) = plan.deeds().next() else { panic!("{plan:?}") };
    assert_eq!(disks.len(), 1);
}

#[test]
fn a_large_disk_gets_a_gpt() {
    let label = |size: u64| {
        let (text, host) = all("", |disk| disk.size = config::Bytes(size));
        let plan = planned(&text, &host);
        let label = plan.deeds().find_map(|deed| {
            let Deed::TakeDisks { disks, .. } = deed else { return None };
            Some(disks[0].label)
        });
        label.expect("taken")
    };
    assert_eq!(label(2_199_023_255_040), Label::Dos);
    assert_eq!(label(2_199_023_255_041), Label::Gpt);
}

#[test]
fn a_named_group_is_made_of_its_disks_and_without_one_they_are_left_alone() {
    let host = with_disk(disk("/dev/vdb", 10));
    let plan = planned("VG=docker\nDEVS=/dev/vdb", &host);
    assert!(matches!(plan.deeds().next(), Some(Deed::TakeDisks { group, create: true, .. }) if group == "docker"), "{plan:?}");
    assert!(plan.group_created);
    let rootless = Seen { root: None, groups: [].into(), ..host };
    let plan = planned("STORAGE_DRIVER=overlay2\nDEVS=/dev/vdb", &rootless);
    assert!(!plan.deeds().any(|deed| matches!(deed, Deed::TakeDisks { .. })), "{plan:?}");
}
