//! Rules of the volumes.

use config::{Bytes, Filesystem, GIB, MIB, Reason, Size};

use super::host::{With, after, bytes, gib, group, host, lines, notes, of_free, of_group, problem, spec, steps, volume};
use crate::{Action, Content, LogicalVolume, Role, stamp};

fn wants(size: Size) -> config::Storage {
    spec().plain("data", "/srv/data", size)
}

fn in_ext4(mut want: config::Storage) -> config::Storage {
    want.volumes.values_mut().for_each(|volume| volume.value.filesystem = Filesystem::Ext4);
    want
}

const REPLACED: [&str; 6] = [
    "remove-mount /srv/data (uuid-of-data-512) [data-loss]",
    "remove-volume atomicos/data (uuid-of-data-512) [data-loss]",
    "create-volume atomicos/data [none]",
    "format-volume atomicos/data [none]",
    "write-file /etc/systemd/system/srv-data.mount [none]",
    "start-mount /srv/data [none]",
];

fn assert_nothing_runs_without_consent(want: &config::Storage, have: &crate::Observed) {
    let steps = steps(want, have);
    for pair in steps.windows(2) {
        assert!(pair[1].after.contains(&pair[0].id), "{:?} does not wait", pair[1].action);
    }
}

#[test]
fn a_volume_is_made_formatted_and_mounted() {
    let steps = steps(&wants(gib(2)), &host());
    assert!(matches!(steps[0].action, Action::CreateVolume { extents: 512, pool: None, .. }), "{steps:?}");
    assert!(matches!(steps[1].action, Action::FormatVolume { filesystem: Filesystem::Xfs, size: Bytes(2_147_483_648), .. }));
    assert!(matches!(steps[2].action, Action::WriteFile { .. }));
    assert!(matches!(steps[3].action, Action::StartMount { .. }));
    assert_eq!(steps.len(), 4);
}

#[test]
fn sizes_are_rounded_up_to_extents_and_then_left() {
    let want = wants(Size::Bytes(bytes(GIB + 1)));
    let have = after(&want, host());
    assert_eq!(have.groups["atomicos"].volumes["data"].extents, 257);
    let words = wants(Size::Bytes(bytes(GIB + 4 * MIB - 1)));
    assert_eq!(lines(&words, &have), ["record-size atomicos/data [none]"], "the same extents");
}

#[test]
fn growth_of_volume_and_file_system_are_two_steps() {
    let have = after(&wants(gib(2)), host());
    let steps = steps(&wants(of_group(25)), &have);
    assert!(matches!(steps[0].action, Action::GrowVolume { from: 512, to: 1017, .. }), "{steps:?}");
    assert!(matches!(steps[1].action, Action::GrowVolumeFilesystem { .. }));
    assert_eq!(steps[1].after, [steps[0].id.clone()]);
    assert_eq!(steps.len(), 2);
}

#[test]
fn a_file_system_that_lags_is_grown_as_a_rest_of_a_cut_off_run() {
    let mut have = after(&wants(gib(2)), host());
    volume(&mut have, "data").content = Content::Filesystem { kind: Filesystem::Xfs, size: Bytes(GIB), label: None, projects: true };
    let steps = steps(&wants(gib(2)), &have);
    assert!(matches!(steps[0].action, Action::GrowVolumeFilesystem { .. }));
    assert!(matches!(steps[0].reason, Reason::Resumed(_)));
    assert_eq!(steps.len(), 1);
}

#[test]
fn a_smaller_volume_another_file_system_and_another_kind_are_made_anew_with_consent() {
    let have = after(&wants(gib(2)), host());
    for want in [wants(gib(1)), in_ext4(wants(gib(2)))] {
        assert_eq!(lines(&want, &have), REPLACED);
        assert_nothing_runs_without_consent(&want, &have);
    }
    let thin = spec().pool(of_free(50)).thin("data", "/srv/data", 2);
    let all = lines(&thin, &have);
    assert!(REPLACED.iter().all(|step| all.iter().any(|line| line == step)), "{all:?}");
}

#[test]
fn a_share_of_the_free_space_is_resolved_once() {
    let have = after(&wants(of_free(20)), host());
    assert_eq!(lines(&wants(of_free(40)), &have), [""; 0]);
    let told = notes(&wants(of_free(40)), &have);
    assert!(told[0].starts_with("data was made as 20%FREE; 40%FREE is no level"), "{told:?}");
    let less = lines(&wants(gib(1)), &have);
    assert_eq!(less, ["record-size atomicos/data [none]"], "a share that became more is no promise to shrink");
}

#[test]
fn an_unformatted_volume_is_formatted_whatever_mkfs_left() {
    for left in [Content::Nothing, Content::Filesystem { kind: Filesystem::Xfs, size: Bytes(2 * GIB), label: None, projects: true }] {
        let mut have = after(&wants(gib(2)), host());
        have.mounts.clear();
        volume(&mut have, "data").tags = stamp::of_volume("2147483648");
        volume(&mut have, "data").content = left;
        let steps = steps(&wants(gib(2)), &have);
        assert!(matches!(steps[0].action, Action::FormatVolume { .. }), "{steps:?}");
        assert!(matches!(steps[0].reason, Reason::Resumed(_)));
        assert!(steps[1].after.contains(&steps[0].id));
    }
}

#[test]
fn an_unformatted_volume_that_somebody_used_is_a_problem() {
    let mut have = after(&wants(gib(2)), host());
    volume(&mut have, "data").tags = stamp::of_volume("2147483648");
    assert!(problem(&wants(gib(2)), &have).contains("is mounted, though its tag says"));
    volume(&mut have, "data").content = Content::Other("swap".to_owned());
    assert!(problem(&wants(gib(2)), &have).contains("has something on it: swap"));
}

#[test]
fn unknown_content_never_leads_to_an_action() {
    let mut have = after(&wants(gib(2)), host());
    volume(&mut have, "data").content = Content::Unknown;
    assert_eq!(lines(&wants(gib(3)), &have), [""; 0]);
    assert!(notes(&wants(gib(3)), &have)[0].contains("could not be read; it is not grown"));
    have.mounts.clear();
    assert!(problem(&wants(gib(2)), &have).contains("what is on /dev/atomicos/data could not be read"));
    volume(&mut have, "data").tags = stamp::of_volume("2147483648");
    assert!(problem(&wants(gib(2)), &have).contains("what is on /dev/atomicos/data could not be read"));
}

#[test]
fn a_formatted_volume_without_its_file_system_is_not_formatted_again() {
    let mut have = after(&wants(gib(2)), host());
    volume(&mut have, "data").content = Content::Nothing;
    assert!(problem(&wants(gib(2)), &have).contains("has no file system any more"));
    volume(&mut have, "data").content = Content::Other("LUKS".to_owned());
    assert!(problem(&wants(gib(2)), &have).contains("something else on it: LUKS"));
}

#[test]
fn an_inactive_volume_is_activated_and_mounted() {
    let mut have = after(&wants(gib(2)), host());
    have.mounts.clear();
    volume(&mut have, "data").active = false;
    volume(&mut have, "data").content = Content::Unknown;
    assert_eq!(lines(&wants(gib(2)), &have), ["activate-volume atomicos/data [none]", "start-mount /srv/data [none]"]);
}

#[test]
fn a_volume_that_is_not_ours_is_a_problem() {
    let mut have = host();
    let theirs = LogicalVolume { role: Role::Linear, ..volume(&mut have, "root").clone() };
    group(&mut have).volumes.insert("data".to_owned(), theirs);
    assert!(problem(&wants(gib(2)), &have).contains("atomicos/data is there already and does not carry the tag atomic-host"));
}

#[test]
fn volumes_that_do_not_fit_together_are_problems() {
    let want = wants(gib(10)).plain("more", "/srv/more", gib(5));
    let said = problem(&want, &host());
    assert_eq!(said, "storage.volume.more.size: 5 GiB are asked for the volume more, but atomicos has 2.89 GiB free");
}

#[test]
fn a_volume_too_small_for_its_file_system_is_a_problem() {
    assert!(problem(&wants(Size::Bytes(bytes(100 * MIB))), &host()).contains("xfs needs 300 MiB at least"));
}

#[test]
fn a_share_that_counts_with_a_disk_is_not_overtaken_by_what_needs_none() {
    let have = after(&spec().plain("data", "/srv/data", of_free(10)), host());
    let want = spec().disk(0).pool(of_free(10)).plain("data", "/srv/data", gib(1)).plain("more", "/srv/more", gib(1));
    let steps = steps(&want, &have);
    let at = |kind: &str| {
        steps.iter().position(|step| config::Describe::kind(&step.action) == kind).unwrap_or_else(|| panic!("{kind}: {steps:#?}"))
    };
    assert!(at("record-size") < at("add-disk"));
    assert!(at("create-pool") < at("create-volume"), "the pool drew its share first: {steps:#?}");
}

#[test]
fn what_lvm_would_refuse_is_a_problem_before_anything_is_made() {
    let said = problem(&spec().pool(of_free(50)).thin("data", "/srv/data", 20 << 20), &host());
    assert!(said.contains("LVM makes no volume of more than"), "{said}");
    let name = "a".repeat(120);
    let said = problem(&spec().plain(&name, "/srv/data", gib(1)), &host());
    assert!(said.contains("are too long together for the device-mapper"), "{said}");
}

#[test]
fn a_thin_volume_needs_a_pool() {
    assert!(problem(&spec().thin("data", "/srv/data", 1), &host()).contains("there is no pool"));
}

fn labelled(mut want: config::Storage, label: &str) -> config::Storage {
    let label = config::Label::try_from(label.to_owned()).expect("a label");
    want.volumes.values_mut().for_each(|volume| volume.value.label = Some(label.clone()));
    want
}

#[test]
fn a_label_is_given_when_it_is_formatted_and_changed_while_it_is_mounted() {
    let have = after(&labelled(wants(gib(2)), "one"), host());
    assert_eq!(lines(&wants(gib(2)), &have), [""; 0], "without a word it stays");
    let steps = steps(&labelled(wants(gib(2)), "two"), &have);
    assert!(matches!(&steps[0].action, Action::LabelVolume { from: Some(from), to, .. } if from == "one" && to == "two"), "{steps:?}");
    assert_eq!(steps.len(), 1);
    after(&labelled(wants(gib(2)), "two"), have);
}

#[test]
fn an_ext4_that_was_made_without_quotas_is_a_problem() {
    let have = after(&in_ext4(wants(gib(2))), host());
    let mut want = in_ext4(wants(gib(2)));
    want.volumes.values_mut().for_each(|volume| volume.value.quota = true);
    let said = problem(&want, &have);
    assert_eq!(said, "storage.volume.data.quota: the ext4 on /dev/atomicos/data was made without project quotas");
    after(&want, host());
}
