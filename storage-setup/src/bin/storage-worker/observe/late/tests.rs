//! Paths that come late, in a directory of their own.

use std::time::{Duration, Instant};

use super::{nearest, until_all_are_there};

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
