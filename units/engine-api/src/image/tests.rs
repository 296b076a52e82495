//! Names as both engines write them, and every way to an image.

use config::ImageRef;

use super::{Pick, full_name, pick};
use crate::SeenImage;

const OLD: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
const NEW: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const ID: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn reference(text: &str) -> ImageRef {
    ImageRef::try_from(text.to_owned()).unwrap()
}

fn seen(id: &str, names: &[&str], digests: &[String]) -> SeenImage {
    SeenImage { id: id.to_owned(), names: names.iter().map(|&name| name.to_owned()).collect(), digests: digests.to_vec() }
}

/// The tag has moved on; the image before it is still there.
fn store() -> Vec<SeenImage> {
    vec![
        seen("sha256:a", &[], &[format!("docker.io/library/redis@{OLD}")]),
        seen(
            "sha256:b",
            &["docker.io/library/redis:7.4"],
            &[format!("quay.io/copy/redis@{OLD}"), format!("docker.io/library/redis@{NEW}")],
        ),
        seen(ID, &["localhost/tool:1"], &[]),
    ]
}

fn by_digest(digest: &str) -> Option<Pick> {
    Some(Pick { reference: format!("docker.io/library/redis@{digest}"), digest: digest.to_owned() })
}

#[test]
fn a_tag_is_taken_at_the_digest_that_it_has_now_in_its_own_repository() {
    assert_eq!(pick(&store(), &reference("docker.io/library/redis:7.4"), None), by_digest(NEW));
}

#[test]
fn the_image_of_the_container_before_is_kept_as_long_as_it_is_there() {
    assert_eq!(pick(&store(), &reference("docker.io/library/redis:7.4"), Some(OLD)), by_digest(OLD));
    assert_eq!(pick(&store()[1..], &reference("docker.io/library/redis:7.4"), Some(OLD)), by_digest(NEW));
}

#[test]
fn a_digest_of_the_spec_wins_over_everything() {
    let pinned = reference(&format!("docker.io/library/redis:7.4@{OLD}"));
    assert_eq!(pick(&store(), &pinned, Some(NEW)), by_digest(OLD));
    assert_eq!(pick(&store()[1..], &pinned, Some(NEW)), None);
}

#[test]
fn an_image_loaded_from_a_file_is_known_by_its_id() {
    let by_id = Some(Pick { reference: ID.to_owned(), digest: ID.to_owned() });
    assert_eq!(pick(&store(), &reference("localhost/tool:1"), None), by_id);
    assert_eq!(pick(&store(), &reference("localhost/tool:2"), Some(ID)), by_id);
}

#[test]
fn what_is_not_in_the_store_is_not_guessed() {
    for missing in ["docker.io/library/redis:7", "quay.io/library/redis:7.4", "docker.io/redis/redis:7.4"] {
        assert_eq!(pick(&store(), &reference(missing), None), None, "{missing}");
    }
}

#[test]
fn names_get_the_registry_that_docker_leaves_out() {
    for (short, full) in [
        ("redis:7.4", "docker.io/library/redis:7.4"),
        ("redis@sha256:feed", "docker.io/library/redis@sha256:feed"),
        ("bitnami/redis:7.4", "docker.io/bitnami/redis:7.4"),
        ("docker.io/redis", "docker.io/library/redis"),
        ("index.docker.io/bitnami/redis:1", "docker.io/bitnami/redis:1"),
        ("localhost/tool:1", "localhost/tool:1"),
        ("registry:5000/tool:1", "registry:5000/tool:1"),
        ("quay.io/podman/hello:latest", "quay.io/podman/hello:latest"),
    ] {
        assert_eq!(full_name(short), full);
        assert_eq!(full_name(full), full, "a whole name stays as it is");
    }
}
