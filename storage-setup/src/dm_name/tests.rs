//! Names with and without dashes, both ways.

use proptest::prelude::*;

use super::{group, of, split};

#[test]
fn a_dash_of_a_name_is_doubled() {
    assert_eq!(of("atomicos", "docker-pool"), "atomicos-docker--pool");
    assert_eq!(split("atomicos-docker--pool"), Some(("atomicos".to_owned(), "docker-pool".to_owned())));
    assert_eq!(split("vg--a-data"), Some(("vg-a".to_owned(), "data".to_owned())));
}

#[test]
fn an_inner_layer_is_not_a_volume_but_has_a_group() {
    assert_eq!(split("atomicos-docker--pool-tpool"), None);
    assert_eq!(group("atomic--os-docker--pool-tpool"), Some("atomic-os".to_owned()));
    assert_eq!(split("mpatha"), None);
    assert_eq!(group("mpatha"), None);
}

proptest! {
    #[test]
    fn split_undoes_of(group_name in "[a-z0-9_+.]([a-z0-9_+.-]{0,20}[a-z])?", volume in "[a-z0-9_+.]([a-z0-9_+.-]{0,20}[a-z])?") {
        let name = of(&group_name, &volume);
        prop_assert_eq!(group(&name), Some(group_name.clone()));
        prop_assert_eq!(split(&name), Some((group_name, volume)));
    }
}

#[test]
fn a_partition_of_a_multipath_device_is_told_by_its_uuid() {
    assert_eq!(super::partition_of_multipath("part12-mpath-3600508b4000156d70001200000b0000"), Some(12));
    for other in ["mpath-3600508b4", "part1-LVM-abc", "LVM-abc", "partx-mpath-1", "part1"] {
        assert_eq!(super::partition_of_multipath(other), None, "{other}");
    }
}
