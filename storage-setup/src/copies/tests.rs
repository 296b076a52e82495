//! LVM's words, as version 2.03.16 says them.

use std::collections::BTreeMap;

use super::lagging;
use crate::{Member, cases};

const OLDER: &str = "WARNING: ignoring metadata seqno 1 on /dev/vdb for seqno 2 on /dev/vda2 for VG atomicos.";
const TORN: &str = "WARNING: repair VG metadata on /dev/vdb with vgck --updatemetadata.";
const REMOVED: &str = "WARNING: outdated PV /dev/vdc seqno 1 has been removed in current VG atomicos seqno 2.";

/// What comes of these warnings, of a group on /dev/vda2 and /dev/vdb.
fn found(warnings: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut groups = cases::real_machine().groups;
    for group in groups.values_mut() {
        let added = Member { node: "/dev/vdb".to_owned(), ..group.members[0].clone() };
        group.members.push(added);
    }
    lagging(&warnings.iter().map(|warning| (*warning).to_owned()).collect::<Vec<_>>(), &groups)
}

fn of_the_group(nodes: &[&str]) -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([("atomicos".to_owned(), nodes.iter().map(|node| (*node).to_owned()).collect())])
}

#[test]
fn an_older_copy_and_a_torn_one_are_found_once_however_often_lvm_says_so() {
    assert_eq!(found(&[OLDER, "WARNING: Inconsistent metadata found for VG atomicos.", OLDER]), of_the_group(&["/dev/vdb"]));
    assert_eq!(found(&["WARNING: reading /dev/vdb mda1 failed to read metadata.", TORN]), of_the_group(&["/dev/vdb"]));
    let first = TORN.replace("vdb", "vda2");
    assert_eq!(found(&[OLDER, &first]), of_the_group(&["/dev/vda2", "/dev/vdb"]));
}

#[test]
fn a_disk_that_does_not_say_yet_that_it_is_used_has_no_copy() {
    let unused = "WARNING: PV /dev/vdb in VG atomicos is missing the used flag in PV header.";
    assert_eq!(found(&[unused]), of_the_group(&["/dev/vdb"]));
    assert_eq!(found(&[unused, REMOVED]), BTreeMap::new());
    assert_eq!(found(&[&unused.replace("VG atomicos", "VG theirs")]), BTreeMap::new());
}

#[test]
fn other_warnings_and_other_groups_and_disks_are_nothing() {
    let elsewhere = [OLDER.replace("VG atomicos", "VG theirs"), TORN.replace("vdb", "vdd"), OLDER.replace("on /dev/vda2", "")];
    assert_eq!(found(&elsewhere.iter().map(String::as_str).collect::<Vec<_>>()), BTreeMap::new());
    assert_eq!(found(&["WARNING: This metadata update is NOT backed up.", ""]), BTreeMap::new());
}

#[test]
fn a_disk_that_was_taken_out_while_it_was_missing_is_a_persons_to_judge() {
    assert_eq!(found(&[OLDER, REMOVED]), BTreeMap::new());
    assert_eq!(found(&[TORN, &OLDER.replace("/dev/vdb", "/dev/vdc")]), BTreeMap::new());
}
