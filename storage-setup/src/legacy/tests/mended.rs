//! The shell tool's bugs, one by one: each test fails on what it did.

use super::host::{OUTPUT, deeds, disk, host, options, part, planned, refused, set_up, volume, with_disk};
use crate::legacy::plan::{self, Deed};
use crate::legacy::{Found, LegacyDisk, Membership, Mode, Seen, Variables, current_driver};
use crate::{Role, stamp};

#[test]
fn a_disk_whose_partition_goes_by_another_name_is_known_and_never_wiped() {
    // A member is found by what its node leads to: the second partition, or the whole disk, count as much as the first.
    for change in [0, 1] {
        let mut disk = disk("/dev/vdb", 10);
        match change {
            0 => disk.member = Membership::Of("atomicos".to_owned()),
            _ => disk.parts = vec![part("/dev/vdb1", 1, Membership::None), part("/dev/vdb2", 8, Membership::Of("atomicos".to_owned()))],
        }
        let plan = planned("DEVS=/dev/vdb\nWIPE_SIGNATURES=true", &with_disk(disk));
        assert!(!plan.deeds().any(|deed| matches!(deed, Deed::TakeDisks { .. })), "{plan:?}");
    }
}

#[test]
fn a_renamed_group_does_not_wipe_the_disks_of_the_old_one() {
    let mut disk = disk("/dev/vdb", 10);
    disk.parts = vec![part("/dev/vdb1", 9, Membership::Of("old".to_owned()))];
    let why = refused("VG=new\nDEVS=/dev/vdb\nWIPE_SIGNATURES=true", &with_disk(disk));
    assert!(why.contains("It belongs to volume group old."), "{why}");
}

#[test]
fn a_disk_that_lvm_does_not_show_is_never_wiped() {
    // By a stale devices file, a filter or a system ID: LVM's label is on the disk, and its report has neither group nor orphan.
    let label = || Some(("LVM2_member".to_owned(), "0x218".to_owned()));
    let mut whole = disk("/dev/vdb", 10);
    whole.signature = label();
    let mut parted = disk("/dev/vdb", 10);
    parted.parts = vec![part("/dev/vdb1", 1, Membership::None), part("/dev/vdb2", 8, Membership::None)];
    parted.parts[1].signature = label();
    for disk in [&whole, &parted] {
        let why = refused("DEVS=/dev/vdb\nWIPE_SIGNATURES=true", &with_disk(disk.clone()));
        assert_eq!(
            why,
            "ERROR: Device /dev/vdb is in use by LVM, which does not show its group here (devices file, filter or system ID) and cannot be \
             added to volume group atomicos."
        );
    }
    // Nobody is told to wipe it either.
    assert!(!refused("DEVS=/dev/vdb", &with_disk(whole.clone())).contains("WIPE_SIGNATURES"));
    // One that LVM shows as a member of no group may be wiped, and so may what a run of ours left.
    let orphan = LegacyDisk { member: Membership::Orphan, ..whole.clone() };
    let ours = LegacyDisk { intended: Some("atomicos".to_owned()), ..whole };
    for disk in [orphan, ours] {
        let plan = planned("DEVS=/dev/vdb\nWIPE_SIGNATURES=true", &with_disk(disk));
        assert!(matches!(plan.deeds().next(), Some(Deed::TakeDisks { disks, .. }) if disks[0].wipe), "{plan:?}");
    }
}

#[test]
fn a_run_cut_off_between_partition_and_group_goes_on() {
    let mut disk = disk("/dev/vdb", 10);
    let mut half = part("/dev/vdb1", 10, Membership::Orphan);
    half.size.0 -= 1 << 20;
    disk.parts = vec![half];
    disk.intended = Some("atomicos".to_owned());
    let plan = planned("DEVS=/dev/vdb", &with_disk(disk.clone()));
    assert!(matches!(plan.deeds().next(), Some(Deed::TakeDisks { disks, .. }) if !disks[0].wipe), "{plan:?}");
    // Not for another group.
    disk.intended = Some("other".to_owned());
    assert!(refused("DEVS=/dev/vdb", &with_disk(disk)).contains("cannot be added"));
}

#[test]
fn a_record_does_not_hand_over_what_somebody_put_on_the_disk_since() {
    let mut disk = disk("/dev/vdb", 10);
    disk.intended = Some("atomicos".to_owned());
    disk.signature = Some(("xfs".to_owned(), "0x0".to_owned()));
    assert!(refused("DEVS=/dev/vdb", &with_disk(disk.clone())).contains("Found xfs signature"));
    disk.signature = None;
    disk.parts = vec![part("/dev/vdb1", 4, Membership::None)];
    assert!(refused("DEVS=/dev/vdb", &with_disk(disk.clone())).contains("cannot be added"));
    // A partition of just our size that somebody has something on.
    let mut theirs = part("/dev/vdb1", 10, Membership::None);
    theirs.size.0 -= 1 << 20;
    theirs.signature = Some(("ext4".to_owned(), "0x438".to_owned()));
    disk.parts = vec![theirs];
    assert!(refused("DEVS=/dev/vdb", &with_disk(disk.clone())).contains("cannot be added"));
    // A wipe that was asked for, and cut off before it was done, is done; not when something else is there by now.
    let plan = planned("DEVS=/dev/vdb\nWIPE_SIGNATURES=true", &with_disk(disk.clone()));
    assert!(matches!(plan.deeds().next(), Some(Deed::TakeDisks { disks, .. }) if disks[0].wipe), "{plan:?}");
    disk.wiped = true;
    assert!(refused("DEVS=/dev/vdb\nWIPE_SIGNATURES=true", &with_disk(disk)).contains("was wiped once already"));
}

#[test]
fn the_record_of_a_disk_that_is_in_goes() {
    let mut disk = disk("/dev/vdb", 10);
    disk.parts = vec![part("/dev/vdb1", 9, Membership::Of("atomicos".to_owned()))];
    disk.intended = Some("atomicos".to_owned());
    let plan = planned("STORAGE_DRIVER=\nDEVS=/dev/vdb", &with_disk(disk));
    assert_eq!(deeds(&plan), [&Deed::Forget { identity: "serial:vdb".to_owned() }]);
}

#[test]
fn an_empty_output_file_is_written_when_the_pool_is_there() {
    for text in ["", "DOCKER_STORAGE_OPTIONS=\n", "DOCKER_STORAGE_OPTIONS=\"\"\n", "# nothing\n"] {
        let plan = planned("", &Seen { output: Some(text.to_owned()), ..set_up() });
        assert!(matches!(deeds(&plan)[..], [Deed::Write { text, .. }] if text == OUTPUT), "{text:?}: {plan:?}");
    }
}

#[test]
fn a_volume_that_was_not_formatted_yet_is_formatted_before_it_is_mounted() {
    let mut host = host();
    let half = volume(100, Role::Linear, &[stamp::OURS, stamp::UNFORMATTED]);
    host.groups.get_mut("atomicos").expect("group").volumes.insert("c".to_owned(), half);
    let plan = planned("STORAGE_DRIVER=\"\"\n", &host);
    assert!(plan.is_idle());
    let plan = planned("STORAGE_DRIVER=overlay2\nCONTAINER_ROOT_LV_NAME=c\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv/c", &host);
    let kinds = deeds(&plan);
    let at = |wanted: fn(&Deed) -> bool| kinds.iter().position(|deed| wanted(deed)).expect("there");
    assert!(at(|deed| matches!(deed, Deed::Format { .. })) < at(|deed| matches!(deed, Deed::StartMount { .. })), "{kinds:?}");
    // And nothing is written for systemd before: a unit without a file system would fail at the next boot.
    let unit = at(|deed| matches!(deed, Deed::Write { path, .. } if path.ends_with(".mount")));
    assert!(at(|deed| matches!(deed, Deed::Format { .. })) < unit, "{kinds:?}");
}

#[test]
fn a_new_mount_gets_its_labels_with_it() {
    let host = Seen { labels: true, ..host() };
    let plan = planned("STORAGE_DRIVER=overlay2\nDOCKER_ROOT_VOLUME=yes", &host);
    assert!(plan.deeds().any(|deed| matches!(deed, Deed::Mount { labels: true, .. })), "{plan:?}");
}

#[test]
fn a_volume_that_was_mounted_but_not_labelled_yet_is_labelled() {
    let ways = ["CONTAINER_ROOT_LV_NAME=c\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv/c", "DOCKER_ROOT_VOLUME=yes"];
    for (way, name, point) in [(ways[0], "c", "/srv/c"), (ways[1], "docker-root-lv", "/var/lib/docker")] {
        let text = format!("STORAGE_DRIVER=overlay2\n{way}");
        let first = planned(&text, &Seen { labels: true, ..host() });
        assert!(first.deeds().any(|deed| matches!(deed, Deed::Format { labels: true, .. })), "{first:?}");
        // What is there when the run is killed between the mount and restorecon.
        let mut cut = Seen { labels: true, ..host() };
        let half = volume(100, Role::Linear, &[stamp::OURS, "atomic-host/state=unlabelled"]);
        cut.groups.get_mut("atomicos").expect("group").volumes.insert(name.to_owned(), half);
        cut.mounts.push((format!("/dev/atomicos/{name}"), point.to_owned()));
        cut.files.insert("/etc/systemd/system/srv-c.mount".to_owned(), "there".to_owned());
        let relabels = |have: &Seen| {
            planned(&text, have)
                .deeds()
                .any(|deed| matches!(deed, Deed::Mount { labels: true, .. } | Deed::StartMount { labels: true, .. }))
        };
        assert!(relabels(&cut), "{way}");
        // Without SELinux there is nothing to be done, and with the mark gone it is done.
        cut.labels = false;
        assert!(!relabels(&cut), "{way}");
        cut.labels = true;
        cut.groups.get_mut("atomicos").and_then(|group| group.volumes.get_mut(name)).expect("volume").tags.pop();
        assert!(!relabels(&cut), "{way}");
    }
}

#[test]
fn everything_is_checked_before_a_disk_is_touched() {
    let host = with_disk(disk("/dev/vdb", 10));
    let bad = [
        "STORAGE_DRIVER=btrfs",
        "DATA_SIZE=110%FREE",
        "MIN_DATA_SIZE=1T",
        "DATA_SIZE=16E",
        "CHUNK_SIZE=1",
        "POOL_META_SIZE=16G",
        "CONTAINER_ROOT_LV_NAME=c\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv/c\nCONTAINER_ROOT_LV_SIZE=900G",
        "ROOT_SIZE=x",
    ];
    for text in bad {
        // A refusal has no deeds.
        refused(&format!("VG=docker\nDEVS=/dev/vdb\n{text}"), &host);
    }
}

#[test]
fn a_driver_is_read_in_every_way_that_docker_takes_it() {
    let cases = [
        ("--storage-driver overlay2", Some("overlay2")),
        ("--storage-driver=overlay2", Some("overlay2")),
        ("-s overlay2 --x", Some("overlay2")),
        ("-s=devicemapper", Some("devicemapper")),
        ("--storage-opt dm.thinpooldev=/dev/mapper/a-b", Some("devicemapper")),
        ("--log-level=debug", None),
    ];
    for (text, driver) in cases {
        assert_eq!(current_driver(text), driver, "{text}");
    }
}

#[test]
fn a_root_that_is_a_whole_disk_grows_its_partition_without_failing() {
    let mut host = host();
    let group = host.groups.get_mut("atomicos").expect("group");
    group.members[0].node = "/dev/vda".to_owned();
    let plan = planned("STORAGE_DRIVER=\nGROWPART=true", &host);
    assert_eq!(deeds(&plan), [&Deed::GrowMember { node: "/dev/vda".to_owned() }]);
}

#[test]
fn a_step_of_root_size_is_taken_once() {
    let grow = |host: &Seen| {
        let plan = planned("STORAGE_DRIVER=\nROOT_SIZE=+5G", host);
        plan.deeds().filter(|deed| matches!(deed, Deed::GrowRoot { .. } | Deed::MarkRoot { .. })).cloned().collect::<Vec<_>>()
    };
    let first = grow(&host());
    let [Deed::MarkRoot { tag, .. }, Deed::GrowRoot { to: 2030, .. }] = &first[..] else { panic!("{first:?}") };
    assert_eq!(tag, "atomic-host/grown=+5G:2030");
    let marked = |extents: u64| {
        let mut host = host();
        host.groups.get_mut("atomicos").expect("group").volumes.insert("root".to_owned(), volume(extents, Role::Linear, &[tag.as_str()]));
        host
    };
    assert_eq!(grow(&marked(2030)), []);
    // Cut off between the record and the growth.
    assert!(matches!(grow(&marked(750))[..], [Deed::GrowRoot { to: 2030, .. }]));
}

#[test]
fn the_pool_is_made_with_its_profile() {
    let plan = planned("", &host());
    assert!(plan.deeds().any(|deed| matches!(deed, Deed::CreatePool { profile: Some(_), .. })), "{plan:?}");
    assert!(!plan.deeds().any(|deed| matches!(deed, Deed::SetProfile { .. })), "{plan:?}");
}

#[test]
fn an_edited_threshold_reaches_the_table_of_a_pool_in_use() {
    let plan = planned("POOL_AUTOEXTEND_THRESHOLD=80", &set_up());
    let [Deed::RenewProfile { path, text, .. }] = deeds(&plan)[..] else { panic!("{plan:?}") };
    let mut cut = set_up();
    cut.files.insert(path.clone(), crate::render::profile::pending(text));
    assert!(matches!(deeds(&planned("POOL_AUTOEXTEND_THRESHOLD=80", &cut))[..], [Deed::RenewProfile { .. }]), "cut off before the table");
    cut.files.insert(path.clone(), text.clone());
    assert!(planned("POOL_AUTOEXTEND_THRESHOLD=80", &cut).is_idle());
}

#[test]
fn an_absent_device_is_absent_also_without_a_time_out() {
    let host = Seen { devices: vec![("vdz".to_owned(), Found::Missing { path: "/dev/vdz".to_owned() })], ..host() };
    assert_eq!(refused("DEVS=vdz\nDEVICE_WAIT_TIMEOUT=0", &host), "ERROR: /dev/vdz is not a valid block device.");
}

#[test]
fn the_profile_goes_with_the_pool() {
    let plan = plan::reset(&options(""), &set_up()).expect("a plan");
    assert!(plan.deeds().any(|deed| matches!(deed, Deed::Delete { path } if path.ends_with(".profile"))), "{plan:?}");
}

#[test]
fn a_pool_of_the_same_name_in_another_group_is_no_obstacle_for_create() {
    let mut host = set_up();
    host.groups.insert("data".to_owned(), super::host::group(10_000, 9_000));
    let (options, _) = super::host::read("VG=data\nCONTAINER_THINPOOL=docker-pool", Mode::Create).expect("good");
    plan::create(&options, &host).expect("a plan");
}

#[test]
fn the_profile_of_a_configured_pool_is_kept_in_its_own_group_whatever_vg_says_now() {
    let mut host = set_up();
    host.groups.insert("data".to_owned(), super::host::group(10_000, 9_000));
    let plan = planned("VG=data", &host);
    assert!(plan.is_idle(), "{plan:?}");
}

#[test]
fn a_defaults_file_that_sets_nothing_is_no_default_of_ours() {
    assert_eq!(Variables::default().get("STORAGE_DRIVER"), "");
}

#[test]
fn a_full_group_grows_with_its_partition_before_anything_is_refused() {
    let mut full = host();
    full.groups.insert("atomicos".to_owned(), super::host::group(25_600, 0));
    let grown = |text: &str| {
        let options = options(text);
        let planned = plan::compat(&options, &full);
        assert!(planned.is_err(), "{planned:?}");
        plan::members_to_grow(&options, &full, &planned)
    };
    assert_eq!(grown("GROWPART=true"), [Deed::GrowMember { node: "/dev/vda2".to_owned() }]);
    assert_eq!(grown(""), []);
    // What is wrong in itself stays wrong with more space, and nothing is touched.
    assert_eq!(grown("GROWPART=true\nCHUNK_SIZE=7"), []);
}

#[test]
fn what_mkfs_and_lvm_would_refuse_is_refused_before_a_disk_is_taken() {
    let host = with_disk(disk("/dev/vdb", 10));
    let volume = "STORAGE_DRIVER=overlay2\nDEVS=/dev/vdb\nCONTAINER_ROOT_LV_NAME=c\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv/c\n";
    assert_eq!(
        refused(&format!("{volume}CONTAINER_ROOT_LV_SIZE=100M"), &host),
        "ERROR: Failed to create volume c of size 100M: mkfs.xfs makes no file system below 300 MiB."
    );
    assert!(!planned(&format!("{volume}CONTAINER_ROOT_LV_SIZE=300M"), &host).is_idle());
    assert_eq!(
        refused("DEVS=/dev/vdb\nMIN_DATA_SIZE=\nDATA_SIZE=100M\nCHUNK_SIZE=1G", &host),
        "ERROR: CHUNK_SIZE=1 GiB is larger than the pool's data, 100 MiB."
    );
}

#[test]
fn a_root_whose_file_system_cannot_grow_keeps_its_volume_too() {
    let mut ext3 = host();
    ext3.root.as_mut().expect("root").filesystem = None;
    let plan = planned("STORAGE_DRIVER=\nROOT_SIZE=6G", &ext3);
    assert!(plan.is_idle(), "{plan:?}");
    assert!(super::host::said(&plan).concat().contains("ROOT_SIZE=6G is not done"), "{plan:?}");
}
