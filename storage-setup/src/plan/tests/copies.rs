//! Rules of the copies of a group's metadata.

use config::{GIB, Level, Reason};

use super::host::{With, after, at, bytes, gib, group, host, lines, spec, steps};
use crate::Observed;

/// The host with an older copy on its disk.
fn lagging() -> Observed {
    let mut have = host();
    have.lagging.insert("atomicos".to_owned(), vec!["/dev/vda2".to_owned()]);
    have
}

const RENEWED: &str = "renew-metadata atomicos [none]";

#[test]
fn a_copy_that_lags_is_renewed_whatever_else_is_planned() {
    let want = spec().plain("data", "/srv/data", gib(1));
    assert!(lines(&want, &lagging()).contains(&RENEWED.to_owned()));
    let mut have = after(&want, lagging());
    have.lagging = lagging().lagging;
    assert_eq!(lines(&want, &have), [RENEWED]);
    assert!(matches!(&steps(&want, &have)[0].reason, Reason::Resumed(_)));
    after(&want, have);
}

#[test]
fn roots_group_counts_when_root_is_to_grow() {
    let want = config::Storage { root_size: Some(at(6, Level::Bytes(bytes(3 * GIB)))), ..spec() };
    assert_eq!(lines(&want, &lagging()), [RENEWED]);
}

#[test]
fn a_group_without_anything_of_ours_is_left_alone() {
    assert_eq!(lines(&spec(), &lagging()), [""; 0]);
}

#[test]
fn with_a_disk_missing_nobody_knows_which_copy_is_the_newest() {
    let mut have = lagging();
    group(&mut have).missing = 1;
    let want = config::Storage { root_size: Some(at(6, Level::Bytes(bytes(3 * GIB)))), ..spec() };
    assert_eq!(lines(&want, &have), [""; 0]);
}
