//! Rules of the root volume.

use config::{Bytes, Filesystem, GIB, Level, MIB, Reason};

use super::host::{With, after, at, bytes, gib, group, host, lines, notes, of_free, percent, problem, spec, steps, volume};
use crate::{Action, MountedFilesystem, Observed, Role, Root};

fn wants(level: Level) -> config::Storage {
    config::Storage { root_size: Some(at(6, level)), ..spec() }
}

fn size(gib: u64) -> config::Storage {
    wants(Level::Bytes(bytes(gib * GIB)))
}

fn on_partition(room: u64) -> Observed {
    let filesystem = MountedFilesystem { kind: Some(Filesystem::Ext4), size: Some(Bytes(3 * GIB)) };
    let root = Root::Partition {
        node: "/dev/vda2".to_owned(),
        disk: "/dev/vda".to_owned(),
        number: 2,
        size: Bytes(3 * GIB),
        room: Bytes(room),
        filesystem,
    };
    Observed { root, ..host() }
}

fn filesystem(have: &mut Observed) -> &mut MountedFilesystem {
    match &mut have.root {
        Root::Logical { filesystem, .. } | Root::Partition { filesystem, .. } => filesystem,
        Root::Other(what) => panic!("{what}"),
    }
}

#[test]
fn root_grows_in_two_steps() {
    let steps = steps(&size(6), &host());
    assert!(matches!(steps[0].action, Action::GrowRootVolume { from: 768, to: 1536, .. }), "{steps:?}");
    assert!(matches!(steps[1].action, Action::GrowRootFilesystem { to: Bytes(6_442_450_944), .. }), "{steps:?}");
    assert_eq!(steps[1].after, [steps[0].id.clone()]);
    assert_eq!(steps.len(), 2);
}

#[test]
fn a_share_of_the_group_counts_its_new_disks() {
    let want = wants(Level::OfGroup(percent(50))).disk(0);
    let steps = steps(&want, &host());
    // 768 + 3300 extents, and 1023 of a disk of 4 GiB.
    assert!(matches!(steps[1].action, Action::GrowRootVolume { to: 2545, .. }), "{steps:?}");
    assert_eq!(steps[1].after, [steps[0].id.clone()]);
}

#[test]
fn growth_that_fits_without_the_new_disk_does_not_wait_for_it() {
    let steps = steps(&size(6).disk(0), &host());
    assert!(matches!(steps[1].action, Action::GrowRootVolume { .. }), "{steps:?}");
    assert_eq!(steps[1].after, []);
}

#[test]
fn a_file_system_that_lags_behind_its_volume_is_a_cut_off_run() {
    let mut have = host();
    filesystem(&mut have).size = Some(Bytes(2 * GIB));
    let steps = steps(&size(3), &have);
    assert!(matches!(steps[0].action, Action::GrowRootFilesystem { .. }), "{steps:?}");
    assert!(matches!(steps[0].reason, Reason::Resumed(_)));
}

#[test]
fn rounding_is_no_growth() {
    let mut have = host();
    filesystem(&mut have).size = Some(Bytes(3 * GIB - 4 * MIB + 1));
    assert_eq!(lines(&wants(Level::Bytes(bytes(3 * GIB - 1))), &have), [""; 0]);
}

#[test]
fn root_is_not_shrunk() {
    assert_eq!(lines(&size(2), &host()), [""; 0]);
    assert!(notes(&size(2), &host())[0].starts_with("root-size is smaller than the root volume (3 GiB)"));
}

#[test]
fn more_than_the_group_has_is_a_problem_that_says_what_fits() {
    let said = problem(&size(20), &host());
    assert_eq!(said, "storage.root-size: 20 GiB are asked for the root volume, but atomicos has 12.89 GiB free");
}

#[test]
fn an_unknown_size_leads_to_nothing() {
    let mut have = host();
    filesystem(&mut have).size = None;
    assert_eq!(lines(&size(6), &have), [""; 0]);
    assert!(notes(&size(6), &have)[0].contains("could not be read"));
}

#[test]
fn a_file_system_that_cannot_grow_is_a_problem_only_when_it_must() {
    let mut have = host();
    filesystem(&mut have).kind = None;
    assert_eq!(lines(&size(3), &have), [""; 0]);
    assert!(problem(&size(6), &have).contains("of a kind that cannot be grown"));
}

#[test]
fn a_partition_grows_into_its_room() {
    let steps = steps(&size(6), &on_partition(8 * GIB));
    assert!(matches!(steps[0].action, Action::GrowRootPartition { number: 2, to: Bytes(6_442_450_944), .. }), "{steps:?}");
    assert!(matches!(steps[1].action, Action::GrowRootFilesystem { .. }), "{steps:?}");
    assert_eq!(steps[1].after, [steps[0].id.clone()]);
}

#[test]
fn a_partition_does_not_grow_past_its_room() {
    let said = problem(&size(9), &on_partition(8 * GIB));
    assert!(said.contains("it can become 8 GiB at most"), "{said}");
    assert!(problem(&wants(Level::OfGroup(percent(20))), &on_partition(8 * GIB)).contains("on a partition"));
}

#[test]
fn root_elsewhere_is_a_problem() {
    let have = Observed { root: Root::Other("btrfs on /dev/vda2".to_owned()), ..host() };
    assert!(problem(&size(6), &have).contains("btrfs on /dev/vda2"));
}

#[test]
fn a_thin_root_is_not_grown_as_if_it_had_extents_of_its_own() {
    let mut have = host();
    volume(&mut have, "root").role = Role::Thin { pool: "pool00".to_owned() };
    let said = problem(&size(4), &have);
    assert!(said.contains("is a thin volume in the pool pool00, which is not grown here"), "{said}");
    assert_eq!(lines(&size(3), &have), [""; 0]);
    // A share of the group, which comes to more with each disk, keeps no disk from being added.
    let share = wants(Level::OfGroup(percent(90)));
    let said = notes(&share, &have);
    assert!(said[0].contains("is a thin volume in the pool pool00, which is not grown here"), "{said:?}");
    assert_eq!(lines(&share.disk(0), &have), ["add-disk serial:data1 [none]"]);
}

#[test]
fn a_group_with_missing_disks_does_not_give_to_root() {
    let mut have = host();
    group(&mut have).missing = 1;
    assert!(problem(&size(6), &have).contains("lacks physical volumes"));
}

fn with_pool(root: u64) -> config::Storage {
    let mut want = spec().pool(of_free(100)).thin("data", "/srv/data", 1);
    want.root_size = Some(at(6, Level::Bytes(bytes(root << 30))));
    want
}

#[test]
fn the_pool_gives_to_root_with_consent_and_comes_back_smaller() {
    let have = after(&with_pool(3), host());
    assert_eq!(
        lines(&with_pool(5), &have),
        [
            "remove-mount /srv/data (uuid-of-data-256) [data-loss]",
            "remove-volume atomicos/data (uuid-of-data-256) [data-loss]",
            "remove-pool atomicos/docker-pool (uuid-of-docker-pool-3292) [data-loss]",
            "grow-root-volume atomicos/root [none]",
            "grow-root-filesystem /dev/atomicos/root [none]",
            "create-pool atomicos/docker-pool [none]",
            "create-volume atomicos/data [none]",
            "format-volume atomicos/data [none]",
            "write-file /etc/systemd/system/srv-data.mount [none]",
            "start-mount /srv/data [none]",
        ]
    );
    let steps = steps(&with_pool(5), &have);
    assert!(steps[1..].iter().all(|step| !step.after.is_empty()), "nothing runs without consent");
    let told = notes(&with_pool(5), &have).join("\n");
    assert!(told.contains("the root volume lacks 2 GiB, which only the pool has"), "{told}");
    after(&with_pool(5), have);
}

#[test]
fn what_not_even_the_pool_could_give_is_a_problem() {
    let have = after(&with_pool(3), host());
    assert!(problem(&with_pool(50), &have).contains("50 GiB are asked for the root volume"));
}

#[test]
fn what_is_free_goes_to_root_before_any_pool() {
    let mut want = with_pool(3);
    want.pool.as_mut().expect("a pool").value.size = gib(5);
    let have = after(&want, host());
    want.root_size = Some(at(6, Level::Bytes(bytes(6 << 30))));
    assert_eq!(lines(&want, &have), ["grow-root-volume atomicos/root [none]", "grow-root-filesystem /dev/atomicos/root [none]"]);
}
