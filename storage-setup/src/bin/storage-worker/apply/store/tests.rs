//! What is found of a store and of loop devices, in directories made up for it.

use std::path::Path;

use super::{attached_to, containers};

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    std::fs::write(path, text).expect("a file");
}

#[test]
fn only_containers_that_say_devicemapper_go_with_it() {
    let store = tempfile::tempdir().expect("a directory");
    let config = |name: &str, text: &str| write(&store.path().join("containers").join(name).join("config.v2.json"), text);
    config("b", r#"{"ID":"b","Driver":"devicemapper"}"#);
    config("a", r#"{"Driver":"devicemapper","Name":"/one"}"#);
    config("other", r#"{"Driver":"overlay2"}"#);
    config("silent", r#"{"ID":"silent"}"#);
    config("broken", r#"{"Driver":"devicemapper""#);
    std::fs::create_dir(store.path().join("containers/empty")).expect("a directory");
    assert_eq!(containers(store.path()), ["a", "b"].map(|name| store.path().join("containers").join(name)));
    assert_eq!(containers(Path::new("/nowhere/at/all")), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_loop_device_is_known_by_the_file_behind_it() {
    let block = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(block.path().join("vda")).expect("a directory");
    write(&block.path().join("loop0/loop/backing_file"), "/var/lib/docker/devicemapper/devicemapper-old/data\n");
    assert_eq!(attached_to(block.path(), super::LOOP_FILES), None);
    write(&block.path().join("loop1/loop/backing_file"), "/var/lib/docker/devicemapper/devicemapper/data\n");
    assert_eq!(attached_to(block.path(), super::LOOP_FILES), Some("loop1".to_owned()));
}
