//! Rules of the thin pool.

use std::num::NonZeroU64;

use config::{Bytes, Driver, Level, MIB, PoolMetadata, Reason, Size};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::host::{
    With, after, at, bytes, gib, group, host, lines, notes, of_free, of_group, percent, pool_state, problem, spec, steps, volume,
};
use crate::plan::pool::shares;
use crate::render::profile;
use crate::simulate::carry_out;
use crate::{Action, Content, Kept, LogicalVolume, OurFile, POOL, Role, stamp};

fn wants(size: Size) -> config::Storage {
    spec().pool(size).thin("data", "/srv/data", 1)
}

fn made(want: &config::Storage) -> (u64, u64, u64) {
    let steps = steps(want, &host());
    let made = steps.iter().find_map(|step| {
        let Action::CreatePool { data, metadata, spare, .. } = &step.action else { return None };
        Some((*data, *metadata, *spare))
    });
    made.expect("a pool")
}

#[test]
fn data_metadata_and_spare_are_60_percent_of_what_was_free_to_the_extent() {
    // 1980 of 3300 extents; a thousandth of their bytes is two extents, rounded up.
    assert_eq!(made(&wants(of_free(60))), (1976, 2, 2));
}

#[test]
fn what_root_takes_is_taken_before() {
    let mut want = wants(of_free(60));
    want.root_size = Some(at(6, Level::Bytes(bytes(4 << 30))));
    let steps = steps(&want, &host());
    // 60 % of 3300 - 256.
    let pool = steps.iter().find(|step| matches!(step.action, Action::CreatePool { data: 1822, metadata: 2, spare: 2, .. }));
    let pool = pool.expect("a pool of 1826 extents");
    assert!(pool.after.contains(&steps[0].id), "its size presupposes the root volume's");
}

#[test]
fn a_spare_that_is_there_is_not_taken_twice() {
    let mut have = host();
    group(&mut have).spare = 1;
    group(&mut have).free -= 1;
    let steps = steps(&wants(of_group(50)), &have);
    assert!(steps.iter().any(|step| matches!(step.action, Action::CreatePool { metadata: 3, spare: 2, data: 2029, .. })), "{steps:?}");
}

#[test]
fn its_profile_comes_first() {
    let steps = steps(&wants(gib(5)), &host());
    let Action::WriteFile { path, .. } = &steps[0].action else { panic!("{steps:?}") };
    assert_eq!(path, "/etc/lvm/profile/atomicos--docker-pool-extend.profile");
    assert!(matches!(steps[1].action, Action::CreatePool { .. }));
    assert!(steps[1].after.contains(&steps[0].id));
}

fn with_metadata(size: Size, mib: u64) -> config::Storage {
    let mut want = wants(size);
    want.pool.as_mut().expect("a pool").value.metadata = PoolMetadata::Bytes(bytes(mib * MIB));
    want
}

#[test]
fn metadata_is_as_large_as_asked_within_the_pools_size() {
    assert_eq!(made(&with_metadata(gib(5), 64)), (1280 - 32, 16, 16));
}

#[test]
fn metadata_grows_with_its_spare_and_is_part_of_the_pools_size() {
    let have = after(&wants(gib(5)), host());
    let grown = steps(&with_metadata(gib(5), 64), &have);
    assert!(matches!(grown[0].action, Action::GrowPoolMetadata { from: 2, to: 16, spare: 14, .. }), "{grown:?}");
    assert_eq!(grown.len(), 1, "the pool has its 5 GiB already: {grown:?}");
    let have = after(&with_metadata(gib(5), 64), have);
    // 5 GiB and twice 14 extents more are there; of another GiB those 28 are taken off.
    assert!(matches!(steps(&with_metadata(gib(6), 64), &have)[0].action, Action::GrowPool { from: 1276, to: 1504, .. }));
    assert_eq!(lines(&with_metadata(gib(5), 32), &have), [""; 0], "and is not made smaller");
}

#[test]
fn the_size_is_recorded_before_metadata_grows_past_it() {
    let have = after(&wants(of_group(25)), host());
    // As much in other words.
    let want = with_metadata(Size::Bytes(bytes(made_extents(&have) * 4 * MIB)), 64);
    let steps = steps(&want, &have);
    assert!(matches!(steps[0].action, Action::RecordSize { .. }), "{steps:?}");
    assert!(matches!(steps[1].action, Action::GrowPoolMetadata { .. }) && steps[1].after.contains(&steps[0].id), "{steps:?}");
    assert_eq!(steps.len(), 2, "{steps:?}");
}

#[test]
fn metadata_that_does_not_fit_is_a_problem_of_its_own() {
    let mut have = after(&wants(gib(5)), host());
    group(&mut have).free = 20;
    let said = problem(&with_metadata(gib(5), 64), &have);
    assert!(said.starts_with("storage.pool.metadata: 112 MiB are asked for the pool's metadata and its spare"), "{said}");
}

#[test]
fn a_pool_below_its_minimum_is_refused_before_anything_is_touched() {
    let mut want = wants(of_free(10));
    want.pool.as_mut().expect("a pool").value.minimum = Some(bytes(2 << 30));
    let said = problem(&want, &host());
    assert_eq!(said, "storage.pool.minimum: the pool would have 1.28 GiB for data, which is less than its minimum of 2 GiB");
    want.pool.as_mut().expect("a pool").value.minimum = Some(bytes(1 << 30));
    assert!(!steps(&want, &host()).is_empty());
}

#[test]
fn a_level_is_a_minimum() {
    let have = after(&wants(gib(5)), host());
    let steps = steps(&wants(gib(6)), &have);
    assert!(matches!(steps[0].action, Action::GrowPool { from: 1276, to: 1532, .. }), "{steps:?}");
}

#[test]
fn what_dmeventd_added_is_not_taken_back() {
    let mut have = after(&wants(gib(5)), host());
    volume(&mut have, POOL).extents += 300;
    group(&mut have).free -= 300;
    assert_eq!(lines(&wants(gib(5)), &have), [""; 0]);
    assert_eq!(lines(&wants(gib(6)), &have), ["record-size atomicos/docker-pool [none]"], "it has that already");
}

#[test]
fn a_share_of_the_free_space_is_resolved_once() {
    let have = after(&wants(of_free(60)), host());
    assert_eq!(lines(&wants(of_free(80)), &have), [""; 0]);
    let told = notes(&wants(of_free(80)), &have);
    assert!(told.iter().any(|note| note.starts_with("the pool was made as 60%FREE; 80%FREE is no level")), "{told:?}");
}

#[test]
fn a_smaller_pool_waits_for_consent_as_a_whole() {
    let have = after(&wants(gib(5)), host());
    assert_eq!(
        lines(&wants(gib(3)), &have),
        [
            "remove-mount /srv/data (uuid-of-data-256) [data-loss]",
            "remove-volume atomicos/data (uuid-of-data-256) [data-loss]",
            "remove-pool atomicos/docker-pool (uuid-of-docker-pool-1276) [data-loss]",
            "create-pool atomicos/docker-pool [none]",
            "create-volume atomicos/data [none]",
            "format-volume atomicos/data [none]",
            "write-file /etc/systemd/system/srv-data.mount [none]",
            "start-mount /srv/data [none]",
        ]
    );
    let steps = steps(&wants(gib(3)), &have);
    for pair in steps.windows(2) {
        assert!(pair[1].after.contains(&pair[0].id), "{} waits", pair[1].id);
    }
}

#[test]
fn a_pool_with_somebodys_volume_is_not_made_anew() {
    let mut have = after(&wants(gib(5)), host());
    let mut theirs = volume(&mut have, "data").clone();
    theirs.tags.clear();
    group(&mut have).volumes.insert("theirs".to_owned(), theirs);
    assert!(problem(&wants(gib(3)), &have).contains("atomicos/theirs does not carry the tag atomic-host"));
}

#[test]
fn a_pool_with_somebodys_volumes_is_not_taken_over() {
    let mut have = after(&wants(gib(5)), host());
    volume(&mut have, POOL).tags.clear();
    volume(&mut have, "data").tags.clear();
    let said = crate::plan::tests::host::problems(&wants(gib(5)), &have).remove(0).message;
    assert!(said.starts_with("atomicos/docker-pool is there already, does not carry the tag atomic-host, and holds data"), "{said}");
    let linear = LogicalVolume { role: Role::Linear, ..volume(&mut have, POOL).clone() };
    group(&mut have).volumes.insert(POOL.to_owned(), linear);
    assert!(crate::plan::tests::host::problems(&wants(gib(5)), &have)[0].message.contains("is no thin pool"));
}

#[test]
fn what_a_killed_lvcreate_left_in_the_place_of_the_pool_goes_first_and_without_a_word() {
    let want = spec().pool(of_free(60)).driver(Driver::Devicemapper);
    let clean = lines(&want, &host());
    let mut have = host();
    let tags = crate::stamp::of_pool("60pFREE", true);
    let remnant = LogicalVolume {
        uuid: "half".to_owned(),
        extents: 3,
        role: Role::Linear,
        tags,
        active: false,
        origin: false,
        content: Content::Unknown,
    };
    group(&mut have).free -= 3;
    group(&mut have).volumes.insert(POOL.to_owned(), remnant);
    let mut expected = vec!["remove-volume atomicos/docker-pool (half) [none]".to_owned()];
    expected.extend(clean);
    assert_eq!(lines(&want, &have), expected);
}

/// As docker-storage-setup leaves it.
fn of_the_shell_tool() -> crate::Observed {
    let mut have = after(&spec().pool(gib(5)).driver(Driver::Devicemapper), host());
    volume(&mut have, POOL).tags.clear();
    have
}

#[test]
fn the_shell_tools_pool_is_taken_over_as_it_is() {
    let want = spec().pool(of_free(60)).driver(Driver::Devicemapper);
    let have = of_the_shell_tool();
    assert_eq!(lines(&want, &have), ["adopt-pool atomicos/docker-pool [none]"]);
    let mut taken = after(&want, have);
    assert!(stamp::is_engines(&volume(&mut taken, POOL).tags));
    assert_eq!(volume(&mut taken, POOL).extents, 1276);
}

#[test]
fn a_pool_that_is_taken_over_gets_its_profile_and_its_size_after_that() {
    let mut have = of_the_shell_tool();
    pool_state(&mut have).profile = None;
    let steps = steps(&spec().pool(gib(6)).driver(Driver::Devicemapper), &have);
    let kinds: Vec<&str> = steps.iter().map(|step| config::Describe::kind(&step.action)).collect();
    assert_eq!(kinds, ["adopt-pool", "attach-profile", "grow-pool"]);
    assert!(steps[1..].iter().all(|step| step.after.contains(&steps[0].id)));
    assert_eq!(
        lines(&spec().pool(gib(3)).driver(Driver::Devicemapper), &of_the_shell_tool()).len(),
        1,
        "a smaller size takes nothing back"
    );
}

#[test]
fn the_engines_pool_for_volumes_is_what_it_is_a_loss() {
    let mut have = of_the_shell_tool();
    have.engine.docker = Kept::Images;
    let lines = lines(&wants(of_free(60)), &have);
    assert_eq!(lines[0], "adopt-pool atomicos/docker-pool [none]");
    assert!(lines.contains(&"remove-pool atomicos/docker-pool (uuid-of-docker-pool-1276) [data-loss]".to_owned()), "{lines:?}");
}

#[test]
fn a_profile_that_is_gone_or_not_attached_comes_back() {
    let mut have = after(&wants(gib(5)), host());
    have.files.remove("/etc/lvm/profile/atomicos--docker-pool-extend.profile");
    pool_state(&mut have).profile = None;
    let steps = steps(&wants(gib(5)), &have);
    assert!(matches!(steps[0].action, Action::WriteFile { .. }));
    assert!(matches!(steps[1].action, Action::AttachProfile { .. }));
    assert_eq!(steps[1].after, [steps[0].id.clone()]);
    assert_eq!(steps.len(), 2);
}

#[test]
fn an_edited_threshold_renews_the_profile_of_a_pool_in_use_together_with_its_table() {
    let have = after(&wants(gib(5)), host());
    let mut want = wants(gib(5));
    want.pool.as_mut().expect("a pool").value.autoextend.as_mut().expect("growth").threshold = percent(80);
    assert_eq!(lines(&want, &have), ["renew-profile atomicos/docker-pool [none]"]);
    assert_eq!(lines(&want, &after(&want, have.clone())), [""; 0]);
    // Cut off between the text and the table.
    let path = profile::path("atomicos", POOL);
    let mut cut = after(&want, have.clone());
    let text = profile::pending(&cut.files[&path].text);
    cut.files.insert(path, OurFile { text });
    assert_eq!(lines(&want, &cut), ["renew-profile atomicos/docker-pool [none]"]);
    // An inactive one gets its table when it is activated.
    let mut inactive = have;
    volume(&mut inactive, POOL).active = false;
    let steps = steps(&want, &inactive);
    assert!(matches!(steps[0].action, Action::WriteFile { .. }), "{steps:?}");
    assert!(matches!(steps[1].action, Action::ActivateVolume { .. }) && steps[1].after.contains(&steps[0].id), "{steps:?}");
}

#[test]
fn an_inactive_pool_is_activated_before_it_is_used() {
    let mut have = after(&wants(gib(5)), host());
    volume(&mut have, POOL).active = false;
    let steps = steps(&wants(gib(6)), &have);
    assert!(matches!(&steps[0].reason, Reason::Drift(_)));
    assert!(matches!(&steps[1].action, Action::GrowPool { .. }), "{steps:?}");
    assert!(steps[1].after.contains(&steps[0].id));
}

#[test]
fn what_cannot_be_changed_is_told() {
    let mut have = after(&wants(gib(5)), host());
    pool_state(&mut have).chunk = Bytes(65536);
    pool_state(&mut have).watcher = Some(crate::Watcher::Nobody);
    let told = notes(&wants(gib(5)).thin("huge", "/srv/huge", 50), &have).join("\n");
    assert!(told.contains("chunks are 64 KiB, not 512 KiB"), "{told}");
    assert!(told.contains("nor dmeventd watches"), "{told}");
    assert!(told.contains("may grow to 51 GiB together, but the pool has 4.98 GiB"), "{told}");
}

#[test]
fn a_pool_that_does_not_fit_is_a_problem_that_says_what_fits() {
    assert!(problem(&wants(gib(20)), &host()).contains("20 GiB are asked for the pool, but atomicos has 12.89 GiB free"));
    let mut have = host();
    group(&mut have).free = 0;
    assert!(problem(&wants(of_free(60)), &have).contains("has nothing free"));
    assert!(problem(&wants(Size::Bytes(bytes(8 * MIB))), &host()).contains("too small for its metadata"));
}

#[test]
fn more_room_by_consent_counts_for_levels_only() {
    let have = after(&spec().plain("old", "/srv/old", gib(12)), host());
    let lines = lines(&wants(gib(5)), &have);
    let place = |start: &str| lines.iter().position(|line| line.starts_with(start)).expect("a step");
    assert!(place("remove-volume") < place("create-pool"), "{lines:?}");
    let small = steps(&wants(of_free(60)), &have);
    let pool = small.iter().find(|step| matches!(step.action, Action::CreatePool { .. })).expect("a pool");
    let removal = small.iter().find(|step| matches!(step.action, Action::RemoveVolume { .. })).expect("a removal");
    assert!(!pool.after.contains(&removal.id), "a share is of what is free without consent");
}

#[test]
fn the_tag_records_what_was_asked() {
    let mut have = after(&wants(of_free(60)).driver(Driver::Overlay2), host());
    assert_eq!(stamp::asked_text(&volume(&mut have, POOL).tags), Some("60pFREE"));
}

proptest! {
    #[test]
    fn shares_make_the_total_and_lvm_takes_them(total in 0_u64..10_000_000, shift in 16_u32..30, spare in 0_u64..5000, asked in 0_u64..20_000) {
        let extent = Bytes(1 << shift);
        let metadata = NonZeroU64::new(asked.saturating_sub(10_000) * MIB).map_or(PoolMetadata::Thousandth, PoolMetadata::Bytes);
        if let Some(parts) = shares(total, metadata, extent, spare) {
            prop_assert_eq!(parts.data + parts.metadata + parts.spare, total);
            prop_assert!(parts.data >= 1 && parts.metadata >= 1);
            let least = match metadata {
                PoolMetadata::Thousandth => 2 * MIB,
                PoolMetadata::Bytes(bytes) => bytes.get(),
            };
            prop_assert!(parts.metadata * extent.0 >= least || parts.metadata == (16_978_542_592 / extent.0).max(1));
            prop_assert!(parts.metadata * extent.0 <= 16_978_542_592 || parts.metadata == 1);
            prop_assert_eq!(parts.spare, parts.metadata.saturating_sub(spare));
        }
    }
}

#[test]
fn what_is_asked_is_recorded_also_when_nothing_grows_so_that_a_larger_group_takes_nothing_back() {
    let share = wants(of_group(25));
    let mut have = after(&share, host());
    let now = made_extents(&have);
    // As much in other words, and then LVM makes it larger by itself.
    let words = wants(Size::Bytes(bytes(now * 4 * config::MIB)));
    assert_eq!(lines(&words, &have).len(), 1, "{:?}", lines(&words, &have));
    assert!(lines(&words, &have)[0].starts_with("record-size atomicos/docker-pool"));
    have = after(&words, have);
    assert_eq!(steps(&words, &have), vec![]);
    let group = have.groups.get_mut("atomicos").expect("the group");
    group.volumes.get_mut("docker-pool").expect("the pool").extents += 10;
    (group.extents, group.free) = (group.extents * 2, group.free + group.extents - 10);
    assert_eq!(lines(&words, &have), [""; 0], "it is larger than asked, by itself");
}

/// A share becomes a size, and a disk is added with which that share would have been more.
fn another_size_and_a_disk(more: u64) -> (config::Storage, crate::Observed) {
    let have = after(&wants(of_group(25)), host());
    let size = Size::Bytes(bytes((made_extents(&have) + more) * 4 * MIB));
    (wants(size).disk(0), have)
}

#[test]
fn the_size_is_recorded_before_the_group_grows_past_what_it_was_a_share_of() {
    let (want, mut have) = another_size_and_a_disk(10);
    let steps = steps(&want, &have);
    let [recorded, added, grown] = steps.as_slice() else { panic!("{steps:?}") };
    assert!(matches!(recorded.action, Action::RecordSize { .. }), "{recorded:?}");
    assert!(matches!(added.action, Action::AddDisk { .. }) && added.after.contains(&recorded.id), "{added:?}");
    assert!(matches!(grown.action, Action::GrowPool { .. }) && grown.after.contains(&recorded.id), "{grown:?}");
    // Cut off before the last, and LVM makes it larger than asked by itself.
    for step in &steps[..2] {
        carry_out(&mut have, &step.action).expect("the host takes it");
    }
    grow_by_itself(&mut have, 20);
    assert_eq!(lines(&want, &have), ["record-size atomicos/docker-pool [none]"]);
}

#[test]
fn an_edit_that_is_taken_back_before_anything_grew_takes_nothing_away() {
    let (want, mut have) = another_size_and_a_disk(10);
    let recorded = steps(&want, &have).swap_remove(0).action;
    carry_out(&mut have, &recorded).expect("the host takes it");
    grow_by_itself(&mut have, 5);
    assert_eq!(lines(&wants(of_group(25)), &have), ["record-size atomicos/docker-pool [none]"]);
}

#[test]
fn a_pool_whose_recorded_size_cannot_be_read_is_kept_when_it_grew_by_itself_in_a_run_that_was_cut_off() {
    let mut have = after(&wants(of_group(25)), host());
    volume(&mut have, POOL).tags.retain(|tag| tag != "atomic-host/asked=25pVG");
    let want = wants(Size::Bytes(bytes((made_extents(&have) + 10) * 4 * MIB)));
    let steps = steps(&want, &have);
    assert!(matches!(steps[0].action, Action::RecordSize { .. }), "{steps:?}");
    carry_out(&mut have, &steps[0].action).expect("the host takes it");
    grow_by_itself(&mut have, 20);
    assert_eq!(lines(&want, &have), ["record-size atomicos/docker-pool [none]"]);
}

fn grow_by_itself(have: &mut crate::Observed, by: u64) {
    volume(have, POOL).extents += by;
    group(have).free -= by;
}

#[test]
fn a_pool_that_grew_by_itself_past_a_larger_size_is_kept_though_a_disk_comes_with_that() {
    let (want, mut have) = another_size_and_a_disk(10);
    grow_by_itself(&mut have, 20);
    let lines = lines(&want, &have);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("record-size") && lines[1].starts_with("add-disk"), "{lines:?}");
}

fn made_extents(have: &crate::Observed) -> u64 {
    let group = &have.groups["atomicos"];
    let pool = &group.volumes["docker-pool"];
    let crate::Role::Pool(state) = &pool.role else { panic!("a pool") };
    pool.extents + state.metadata + group.spare
}
