//! LVM's words, with groups of several owners.

use super::groups;

const TEXT: &str = r#"{ "report": [ { "vg": [
  {"vg_name":"atomicos", "lv_name":"root", "lv_layout":"linear", "lv_tags":""},
  {"vg_name":"data", "lv_name":"a", "lv_layout":"linear", "lv_tags":"asked.1G,atomic-host,role.volume"},
  {"vg_name":"docker", "lv_name":"docker-pool", "lv_layout":"thin,pool", "lv_tags":""},
  {"vg_name":"own-vg", "lv_name":"pool", "lv_layout":"thin,pool", "lv_tags":""},
  {"vg_name":"cached", "lv_name":"docker-pool", "lv_layout":"cache,pool", "lv_tags":"atomic-hosts"},
  {"vg_name":"theirs", "lv_name":"vm", "lv_layout":"thin,sparse", "lv_tags":"not-atomic-host"}
] } ] }"#;

fn ours(named: Option<&str>) -> Vec<String> {
    groups(TEXT, named).expect("LVM's report").into_iter().collect()
}

#[test]
fn a_group_is_ours_by_a_tag_or_by_dockerds_pool_and_by_nothing_else() {
    assert_eq!(ours(None), ["data", "docker"]);
    assert_eq!(ours(Some("/dev/mapper/own--vg-pool")), ["data", "docker", "own-vg"]);
    assert_eq!(ours(Some("/dev/mapper/theirs-vm")), ["data", "docker"]);
}

#[test]
fn a_host_without_volumes_has_none() {
    assert_eq!(
        groups(r#"{ "report": [ { "vg": [ {"vg_name":"a", "lv_name":"", "lv_layout":"", "lv_tags":""} ] } ] }"#, None)
            .expect("LVM's report")
            .len(),
        0
    );
    for text in ["no report", r#"{ "report": [ { "lv": [] } ] }"#] {
        assert!(groups(text, None).is_err(), "{text}");
    }
}
