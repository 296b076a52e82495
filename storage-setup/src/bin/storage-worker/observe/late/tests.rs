//! Paths that come late, in a directory of their own, and groups.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use config::Bytes;
use storage_setup::VolumeGroup;
use storage_setup::fullreport::FullReport;

use super::{nearest, report_with, until_all_are_there};

#[test]
fn a_path_that_comes_late_ends_the_waiting_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("by-id/disk");
    let wanted = [path.to_str().expect("UTF-8").to_owned()];
    let begun = Instant::now();
    let maker = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        std::fs::create_dir(path.parent().expect("a parent")).expect("a directory");
        std::thread::sleep(Duration::from_millis(200));
        std::fs::write(path, "").expect("a file");
    });
    until_all_are_there(&wanted, begun + Duration::from_secs(60)).expect("inotify");
    maker.join().expect("the maker");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(400) && took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn a_path_that_never_comes_is_given_up_in_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let wanted = [directory.path().join("never").to_str().expect("UTF-8").to_owned()];
    let begun = Instant::now();
    until_all_are_there(&wanted, begun + Duration::from_millis(300)).expect("inotify");
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[test]
fn what_is_watched_is_the_nearest_directory_that_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    assert_eq!(nearest(&directory.path().join("a/b/c")), directory.path());
}

/// With that group, if any: how many of its disks are missing.
fn report_of(docker: Option<u64>) -> FullReport {
    let group = |missing| VolumeGroup {
        uuid: "uuid-of-docker".to_owned(),
        extent: Bytes(4 << 20),
        extents: 100,
        free: 100,
        missing,
        members: Vec::new(),
        volumes: BTreeMap::new(),
        spare: 0,
    };
    let groups = docker.map(|missing| ("docker".to_owned(), group(missing))).into_iter().collect();
    FullReport { groups, orphans: Vec::new(), half_members: Vec::new(), lagging: BTreeMap::new() }
}

/// What LVM says, one after another, the last again and again; how often it was asked.
fn asked(limit: Duration, says: &[FullReport]) -> (FullReport, usize) {
    let mut count = 0;
    let found = report_with("docker", limit, |is_later| {
        assert_eq!(is_later, count > 0);
        count += 1;
        Ok(says[(count - 1).min(says.len() - 1)].clone())
    });
    (found.expect("a report"), count)
}

#[test]
fn a_group_that_is_there_is_not_waited_for_even_if_it_lacks_disks() {
    for missing in [0, 1] {
        assert_eq!(asked(Duration::from_secs(600), &[report_of(Some(missing))]).1, 1);
    }
}

#[test]
fn a_group_that_comes_late_ends_the_waiting_once_all_of_its_disks_are_there() {
    let begun = Instant::now();
    assert_eq!(asked(Duration::from_secs(600), &[report_of(None), report_of(Some(0))]), (report_of(Some(0)), 2));
    assert!(begun.elapsed() < Duration::from_secs(300));
    assert!(asked(Duration::from_millis(300), &[report_of(None), report_of(Some(1))]).1 >= 3, "it lacks a disk");
}

#[test]
fn a_group_that_never_comes_is_given_up_in_time_and_nobody_waits_who_does_not_want_to() {
    let begun = Instant::now();
    assert!(asked(Duration::from_millis(300), &[report_of(None)]).1 >= 3, "asked once more at the end");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(asked(Duration::ZERO, &[report_of(None)]).1, 1);
}
