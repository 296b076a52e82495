//! Reports as LVM 2.03.16 wrote them (`golden.json`: two groups and a physical volume of none, nothing active), and variants.

use config::{Bytes, KIB, MIB};

use super::{ReportError, hundredths, parse};
use crate::Role;

const GOLDEN: &str = include_str!("golden.json");

#[test]
fn groups_volumes_pool_and_spare_are_read() {
    let report = parse(GOLDEN, &[]).expect("a report");
    assert_eq!(report.groups.keys().collect::<Vec<_>>(), ["atomicos", "data-1"]);
    assert_eq!(report.orphans, ["/dev/loop2"]);
    let group = &report.groups["atomicos"];
    assert_eq!((group.extent, group.extents, group.free, group.missing, group.spare), (Bytes(4 * MIB), 74, 31, 0, 1));
    assert_eq!(group.members[0].node, "/dev/loop0");
    assert_eq!(group.volumes.keys().collect::<Vec<_>>(), ["containers", "docker-pool", "root"], "hidden volumes are left out");

    let root = &group.volumes["root"];
    assert_eq!((root.extents, &root.role, root.tags.len(), root.active), (25, &Role::Linear, 0, false));
    let thin = &group.volumes["containers"];
    assert_eq!((thin.extents, &thin.role), (256, &Role::Thin { pool: "docker-pool".to_owned() }));
    assert_eq!(thin.tags, ["atomic-host", "atomic-host/role=volume", "atomic-host/state=unformatted"]);

    let pool = &group.volumes["docker-pool"];
    assert_eq!(pool.extents, 16);
    let Role::Pool(state) = &pool.role else { panic!("{:?}", pool.role) };
    assert_eq!((state.metadata, state.chunk), (1, Bytes(512 * KIB)));
    assert_eq!(state.profile.as_deref(), Some("atomicos--docker--pool-extend"));
    assert_eq!((state.data_used, state.metadata_used, state.watcher), (None, None, None));
}

#[test]
fn an_active_monitored_pool_has_usage() {
    let text = GOLDEN
        .replace("\"data_percent\":\"\"", "\"data_percent\":\"3.56\"")
        .replace("\"seg_monitor\":\"\"", "\"seg_monitor\":\"monitored\"")
        .replace("\"lv_active\":\"unknown\"", "\"lv_active\":\"active\"");
    let report = parse(&text, &[]).expect("a report");
    let pool = &report.groups["atomicos"].volumes["docker-pool"];
    assert!(pool.active);
    let Role::Pool(state) = &pool.role else { panic!("{:?}", pool.role) };
    assert_eq!((state.data_used, state.watcher), (Some(356), Some(crate::Watcher::Dmeventd)));
}

#[test]
fn what_snapshots_or_thin_volumes_hang_on_is_told() {
    let origin = |role: &str| {
        let text = GOLDEN.replace("\"lv_role\":\"public\"", &format!("\"lv_role\":\"{role}\""));
        let root = &parse(&text, &[]).expect("a report").groups["atomicos"].volumes["root"];
        (root.role.clone(), root.origin)
    };
    assert_eq!(origin("public"), (Role::Linear, false));
    for role in ["public,origin,thickorigin", "public,origin,multithickorigin", "public,origin,extorigin"] {
        assert_eq!(origin(role), (Role::Linear, true), "{role}");
    }
    // Snapshots in the pool stay when what they were taken of goes.
    assert!(!origin("public,origin,thinorigin").1);
}

#[test]
fn a_copy_on_write_snapshot_is_not_plain() {
    let text = GOLDEN.replacen("\"lv_role\":\"public\"", "\"lv_role\":\"public,snapshot,thicksnapshot\"", 2);
    let report = parse(&text.replace("\"segtype\":\"thin\"", "\"segtype\":\"linear\""), &[]).expect("a report");
    assert_eq!(report.groups["atomicos"].volumes["containers"].role, Role::Other);
    let text = GOLDEN.replace("\"segtype\":\"linear\"", "\"segtype\":\"raid1\"");
    assert_eq!(parse(&text, &[]).expect("a report").groups["atomicos"].volumes["root"].role, Role::Other);
}

#[test]
fn what_cannot_be_read_is_an_error_and_not_zero() {
    assert!(matches!(parse(&GOLDEN[..GOLDEN.len() / 2], &[]), Err(ReportError::NotJson(_))));
    let text = GOLDEN.replace("\"vg_free_count\":\"31\"", "\"vg_free_count\":\"\"");
    assert!(matches!(parse(&text, &[]), Err(ReportError::NotANumber { field: "vg_free_count", .. })));
    let text = GOLDEN.replace("\"vg_name\":\"data-1\"", "\"vg_name\":\"atomicos\"");
    assert!(matches!(parse(&text, &[]), Err(ReportError::SameName { .. })));
}

#[test]
fn percentages_are_hundredths() {
    let cases =
        [("3.56", Some(356)), ("0.00", Some(0)), ("100.00", Some(10000)), ("7", Some(700)), ("7.5", Some(750)), ("", None), ("x.1", None)];
    for (text, expected) in cases {
        assert_eq!(hundredths(text), expected, "{text}");
    }
}

#[test]
fn a_disk_that_was_on_its_way_into_a_group_says_so() {
    assert!(parse(GOLDEN, &[]).expect("a report").half_members.is_empty());
    let report = parse(&GOLDEN.replace("\"pv_in_use\":\"\"", "\"pv_in_use\":\"used\""), &[]).expect("a report");
    assert_eq!((report.orphans.as_slice(), report.half_members.as_slice()), (&[][..], &["/dev/loop2".to_owned()][..]));
}
