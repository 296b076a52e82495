//! Paths with and without links.

use std::os::unix::fs::symlink;

use super::read;

#[test]
fn only_paths_through_links_lead_elsewhere() {
    let top = tempfile::tempdir().expect("directory");
    let top = top.path().canonicalize().expect("path");
    std::fs::create_dir_all(top.join("var/srv")).expect("directory");
    symlink("var/srv", top.join("srv")).expect("link");
    symlink("var/mnt", top.join("mnt")).expect("dangling link");
    let text = |path: &str| top.join(path).to_string_lossy().into_owned();
    let points = ["var/srv", "var/srv/new/deep", "srv/new/deep", "srv", "mnt/disk"].map(text);
    let expected = [("srv/new/deep", "var/srv/new/deep"), ("srv", "var/srv"), ("mnt/disk", "var/mnt/disk")];
    assert_eq!(read(&points), expected.map(|(point, target)| (text(point), text(target))).into());
}
