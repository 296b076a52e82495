//! The record of wiped disks: when the configuration may still have one wiped.

use std::collections::BTreeSet;

use super::{Wipes, Wiping};
use crate::record::Record;

fn held(signatures: &[&str]) -> BTreeSet<String> {
    signatures.iter().map(|signature| (*signature).to_owned()).collect()
}

#[test]
fn a_wipe_that_was_cut_off_goes_on_with_what_is_left_and_with_nothing_else() {
    let wipes = Wipes::default().begun("serial:a", held(&["xfs 1", "ext4 2"]));
    let read = Wipes::parse(&wipes.to_text().expect("text")).expect("read back");
    assert_eq!(read, wipes);
    let spent = |now: &[&str]| read.of("serial:a").is_spent(&held(now));
    assert!(!spent(&["xfs 1", "ext4 2"]), "it never began");
    assert!(!spent(&["ext4 2"]), "half of it is gone");
    assert!(!spent(&[]));
    assert!(spent(&["xfs 3"]), "somebody made a file system of their own");
    assert!(spent(&["xfs 1", "xfs 3"]));
    assert_eq!(read.of("serial:b"), Wiping::Never);
}

#[test]
fn a_disk_that_was_wiped_is_not_wiped_again_also_when_the_very_same_is_put_back() {
    let wipes = Wipes::default().begun("a", held(&["xfs 1"])).done("a");
    assert!(wipes.of("a").is_spent(&held(&["xfs 1"])));
    assert!(wipes.of("a").is_spent(&held(&[])));
    assert!(wipes.begun("a", held(&["xfs 1"])).of("a").is_spent(&held(&["xfs 1"])), "done stays done");
}

#[test]
fn what_was_not_wiped_is_not_made_wiped_by_joining_a_group() {
    assert_eq!(Wipes::default().done("a"), Wipes::default());
}

#[test]
fn a_record_of_a_later_version_is_refused() {
    assert!(Wipes::parse("{\"version\":2,\"wipes\":[]}").is_err());
    assert!(Wipes::parse("{\"version\":1,\"disks\":[\"a\"]}").is_err(), "what it says is not lost silently");
    assert_eq!(Wipes::parse("").expect("empty"), Wipes::default());
}
