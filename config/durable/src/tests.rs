//! What is there after each call.

use super::*;

#[test]
fn a_replaced_file_has_the_new_bytes_and_the_mode_and_nothing_is_left_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.conf");
    fs::write(&path, "old and longer").unwrap();
    replace(&path, b"new", 0o600).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_link_is_made_and_turned() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("link");
    replace_link(&path, "one").unwrap();
    replace_link(&path, "two").unwrap();
    assert_eq!(fs::read_link(&path).unwrap(), Path::new("two"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn removing_says_whether_there_was_something() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "").unwrap();
    assert!(remove(&path).unwrap());
    assert!(!remove(&path).unwrap());
}

#[test]
fn a_directory_in_place_of_a_file_is_an_error_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("taken");
    fs::create_dir(&path).unwrap();
    assert!(replace(&path, b"new", 0o644).is_err());
    assert!(path.is_dir());
}
