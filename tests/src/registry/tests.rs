//! The registry keeps what is pushed, also over a stop; no guest is needed for that.

use super::*;
use tempfile::TempDir;

fn registry() -> (TempDir, Registry) {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::at(home.path().join("registry"), home.path().join("socket")).unwrap();
    (home, registry)
}

fn version(text: &str) -> Image {
    Image::of(b"program").unwrap().with_file("version", text).unwrap()
}

#[test]
fn a_pushed_image_is_there_under_its_tag_and_the_next_takes_the_tag() {
    let (_home, registry) = registry();
    let one = registry.push("team/app", "1", &version("1")).unwrap();
    assert_eq!(registry.digest("team/app", "1").unwrap(), one);
    let two = registry.push("team/app", "1", &version("2")).unwrap();
    assert_ne!(one, two);
    assert_eq!(registry.digest("team/app", "1").unwrap(), two);
    // The image that lost the tag is still there by its digest.
    assert_eq!(registry.digest("team/app", &one).unwrap(), one);
}

#[test]
fn a_stopped_registry_answers_nobody_and_started_again_has_all_it_had() {
    let (_home, mut registry) = registry();
    let pushed = registry.push("app", "1", &version("1")).unwrap();
    registry.stop();
    assert!(registry.digest("app", "1").is_err());
    registry.start_again().unwrap();
    assert_eq!(registry.digest("app", "1").unwrap(), pushed);
}

#[test]
fn a_removed_image_is_gone_with_its_tag() {
    let (_home, registry) = registry();
    let pushed = registry.push("app", "1", &version("1")).unwrap();
    registry.remove("app", &pushed).unwrap();
    let refused = registry.digest("app", "1").unwrap_err();
    assert!(refused.to_string().contains("404"), "{refused}");
}
