//! What goes with a pool of dockerd's.

use super::clear;

#[test]
fn records_go_with_all_that_is_in_them() {
    let store = tempfile::tempdir().expect("a directory");
    let records = store.path().join("devicemapper");
    std::fs::create_dir_all(records.join("metadata")).expect("directories");
    std::fs::write(records.join("metadata/base"), "{}").expect("a record");
    std::fs::write(store.path().join("engine-id"), "kept").expect("a file beside");
    clear(&records).expect("it goes");
    let left: Vec<_> = std::fs::read_dir(store.path()).expect("the store").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["engine-id"]);
}
