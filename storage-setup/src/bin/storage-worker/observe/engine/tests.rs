//! Stores as dockerd lays them out.

use std::path::Path;

use storage_setup::{DockerRoot, Kept};

use super::{docker_keeps, in_docker, in_podman};

fn made(paths: &[&str]) -> tempfile::TempDir {
    let store = tempfile::tempdir().expect("directory");
    for path in paths {
        let path = store.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("directories");
        std::fs::write(path, "").expect("file");
    }
    store
}

#[test]
fn a_fresh_store_is_not_data() {
    assert_eq!(in_docker(Path::new("/nowhere/at/all")), Kept::Nothing);
    let fresh = ["image/overlay2/repositories.json", "volumes/metadata.db", "volumes/backingFsBlockDev", "overlay2/l/X"];
    let store = made(&fresh);
    std::fs::create_dir_all(store.path().join("image/overlay2/imagedb/content/sha256")).expect("directories");
    std::fs::create_dir_all(store.path().join("containers")).expect("directories");
    assert_eq!(in_docker(store.path()), Kept::Nothing);
}

#[test]
fn an_image_a_container_or_a_volume_is_data() {
    for (path, kept) in [
        ("image/devicemapper/imagedb/content/sha256/9f3c", Kept::Images),
        ("containers/4fd/config.v2.json", Kept::Images),
        ("volumes/db/_data/x", Kept::Volumes),
    ] {
        assert_eq!(in_docker(made(&[path]).path()), kept, "{path}");
    }
}

#[test]
fn a_store_that_was_moved_is_looked_into_and_the_usual_place_too() {
    let (image, volume) = (made(&["image/overlay2/imagedb/content/sha256/9f3c"]), made(&["volumes/db/_data/x"]));
    let nowhere = Path::new("/nowhere/at/all");
    let moved = |store: &tempfile::TempDir| DockerRoot::Moved { to: store.path().display().to_string(), by: "a file".to_owned() };
    assert_eq!(docker_keeps(nowhere, &moved(&image)), Kept::Images);
    assert_eq!(docker_keeps(image.path(), &moved(&volume)), Kept::Images);
    assert_eq!(docker_keeps(nowhere, &moved(&volume)), Kept::Volumes);
    assert_eq!(docker_keeps(nowhere, &DockerRoot::Usual), Kept::Nothing);
}

#[test]
fn a_store_that_nobody_knows_where_to_find_may_hold_images() {
    assert_eq!(docker_keeps(Path::new("/nowhere/at/all"), &DockerRoot::Unknown { why: "no JSON".to_owned() }), Kept::Images);
}

#[test]
fn podmans_own_files_are_not_data_and_its_images_containers_and_volumes_are() {
    let fresh =
        ["overlay-images/images.lock", "overlay-images/images.json", "overlay-containers/containers.lock", "overlay/l/X", "storage.lock"];
    assert_eq!(in_podman(made(&fresh).path()), Kept::Nothing);
    for (path, kept) in [
        ("overlay-images/9f3c/manifest", Kept::Images),
        ("vfs-containers/4fd/userdata/config.json", Kept::Images),
        ("volumes/db/_data/x", Kept::Volumes),
    ] {
        assert_eq!(in_podman(made(&[path]).path()), kept, "{path}");
    }
}
