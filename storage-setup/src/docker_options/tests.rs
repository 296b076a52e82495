//! Lines as docker-storage-setup, people and distributions write them.

use config::Driver;

use super::driver;

#[test]
fn every_way_of_naming_a_driver_is_read() {
    let cases = [
        ("DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"\n", Some(Driver::Overlay2)),
        ("DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.fs=xfs\"\n", Some(Driver::Devicemapper)),
        ("DOCKER_STORAGE_OPTIONS='--storage-driver=overlay'\n", Some(Driver::Overlay)),
        ("DOCKER_STORAGE_OPTIONS=-s overlay2\n", Some(Driver::Overlay2)),
        ("DOCKER_STORAGE_OPTIONS=-s=devicemapper", Some(Driver::Devicemapper)),
        ("export DOCKER_STORAGE_OPTIONS=\"-s overlay2\"", Some(Driver::Overlay2)),
        ("DOCKER_STORAGE_OPTIONS=\"--storage-opt a=b --storage-driver btrfs\"", Some(Driver::None)),
        ("# DOCKER_STORAGE_OPTIONS=\"-s overlay2\"\nDOCKER_STORAGE_OPTIONS=\n", None),
        ("DOCKER_STORAGE_OPTIONS=\"-s overlay\"\nDOCKER_STORAGE_OPTIONS=\"-s overlay2\"\n", Some(Driver::Overlay2)),
        ("DOCKER_STORAGE_OPTIONS=\"--storage-driver\"", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(driver(text), expected, "{text}");
    }
}
