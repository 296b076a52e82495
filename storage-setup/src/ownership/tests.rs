//! LVM's words, with groups of several owners.

use super::groups;

const TEXT: &str = r#"{ "report": [ { "lv": [
  {"vg_name":"atomicos", "lv_layout":"linear", "lv_tags":""},
  {"vg_name":"data", "lv_layout":"linear", "lv_tags":"asked.1G,atomic-host,role.volume"},
  {"vg_name":"docker", "lv_layout":"thin,pool", "lv_tags":""},
  {"vg_name":"cached", "lv_layout":"cache,pool", "lv_tags":"atomic-hosts"},
  {"vg_name":"theirs", "lv_layout":"thin,sparse", "lv_tags":"not-atomic-host"}
] } ] }"#;

#[test]
fn a_group_is_ours_by_a_tag_or_a_thin_pool_and_by_nothing_else() {
    assert_eq!(groups(TEXT).expect("LVM's report").into_iter().collect::<Vec<_>>(), ["data", "docker"]);
}

#[test]
fn a_host_without_volumes_has_none() {
    assert_eq!(groups(r#"{ "report": [ { "lv": [] } ] }"#).expect("LVM's report").len(), 0);
    assert!(groups("no report").is_err());
}
