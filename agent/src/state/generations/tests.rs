//! Generations on a directory that stands in for /var.

use super::{begin, commit, committed, is_news, record_result};
use crate::host::Host;

#[test]
fn a_fresh_host_has_no_generation_in_force() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(committed(&Host::below(directory.path())).unwrap(), None);
}

#[test]
fn a_generation_is_in_force_only_once_committed() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    let first = begin(&host, "a = 1\n", "{}").unwrap();
    assert_eq!(committed(&host).unwrap(), None);
    record_result(&host, &first, "{}").unwrap();
    commit(&host, &first).unwrap();
    let second = begin(&host, "a = 2\n", "{}").unwrap();
    assert_eq!(second.number, 2);
    assert_eq!(committed(&host).unwrap(), Some(first));
    commit(&host, &second).unwrap();
    assert_eq!(committed(&host).unwrap(), Some(second));
}

#[test]
fn a_spec_is_news_until_a_run_for_it_came_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    let first = begin(&host, "a = 1\n", "{}").unwrap();
    assert!(is_news(&host, "a = 1\n").unwrap());
    commit(&host, &first).unwrap();
    assert!(!is_news(&host, "a = 1\n").unwrap());
    begin(&host, "a = 2\n", "{}").unwrap();
    assert!(is_news(&host, "a = 2\n").unwrap());
}

#[test]
fn old_generations_go_but_never_the_one_in_force() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    let kept = begin(&host, "kept", "{}").unwrap();
    for _ in 0..14 {
        begin(&host, "tried", "{}").unwrap();
    }
    commit(&host, &kept).unwrap();
    assert_eq!(committed(&host).unwrap(), Some(kept));
    assert_eq!(super::numbers(&host).unwrap().len(), 11);
}
