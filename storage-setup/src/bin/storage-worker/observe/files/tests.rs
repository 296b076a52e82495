//! Patterns and odd files in a temporary directory.

use super::{matching, whole};

#[test]
fn a_star_in_the_last_part_stands_for_anything() {
    let directory = tempfile::tempdir().expect("directory");
    for name in ["a-extend.profile", "b-extend.profile", "thin.profile", "-extend.profil"] {
        std::fs::write(directory.path().join(name), "text").expect("write");
    }
    let mut found = matching(&format!("{}/*-extend.profile", directory.path().display()));
    found.sort();
    assert_eq!(found, ["a-extend.profile", "b-extend.profile"].map(|name| directory.path().join(name)));
    let plain = directory.path().join("absent");
    assert_eq!(matching(&plain.to_string_lossy()), [plain]);
    assert!(matching("/nowhere/at/all/*.mount").is_empty());
}

#[test]
fn a_masked_unit_is_an_empty_file_and_a_directory_is_none() {
    let directory = tempfile::tempdir().expect("directory");
    let link = directory.path().join("x.mount");
    std::os::unix::fs::symlink("/dev/null", &link).expect("link");
    assert_eq!(whole(&link).as_deref(), Some(""));
    assert_eq!(whole(directory.path()), None);
    assert_eq!(whole(&directory.path().join("absent")), None);
}
