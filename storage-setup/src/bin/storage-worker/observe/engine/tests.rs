//! Stores as dockerd lays them out.

use std::path::Path;

use super::is_filled;

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
    assert!(!is_filled(Path::new("/nowhere/at/all")));
    let fresh = ["image/overlay2/repositories.json", "volumes/metadata.db", "volumes/backingFsBlockDev", "overlay2/l/X"];
    let store = made(&fresh);
    std::fs::create_dir_all(store.path().join("image/overlay2/imagedb/content/sha256")).expect("directories");
    std::fs::create_dir_all(store.path().join("containers")).expect("directories");
    assert!(!is_filled(store.path()));
}

#[test]
fn an_image_a_container_or_a_volume_is_data() {
    for path in ["image/devicemapper/imagedb/content/sha256/9f3c", "containers/4fd/config.v2.json", "volumes/db/_data/x"] {
        assert!(is_filled(made(&[path]).path()), "{path}");
    }
}
