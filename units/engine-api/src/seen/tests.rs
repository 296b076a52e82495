//! Lists as docker 20.10 and podman 4.3 give them.

use bollard::models::{ContainerSummary, ImageSummary};
use serde_json::{Value, json};

use super::{container, image};
use crate::{ContainerState, SeenImage, Stamp};

fn of(value: Value) -> crate::SeenContainer {
    container(serde_json::from_value::<ContainerSummary>(value).unwrap())
}

fn image_of(names: &Value, digests: &Value) -> Option<SeenImage> {
    let told = json!({
        "Containers": -1, "Created": 1, "Id": "sha256:b", "Labels": null, "ParentId": "", "RepoDigests": digests, "RepoTags": names,
        "SharedSize": -1, "Size": 1, "VirtualSize": 1,
    });
    image(serde_json::from_value::<ImageSummary>(told).unwrap())
}

#[test]
fn a_container_with_our_label_is_ours_and_any_other_is_not() {
    let labels = json!({
        "io.atomic-host.unit": "container-redis.service", "io.atomic-host.blueprint": "1-feed",
        "io.atomic-host.image": "docker.io/library/redis:7.4", "io.atomic-host.digest": "sha256:feed",
    });
    let seen = of(json!({ "Id": "a", "Names": ["/redis"], "State": "running", "Labels": labels }));
    let stamp = Stamp {
        unit: "container-redis.service".to_owned(),
        blueprint: "1-feed".to_owned(),
        image: "docker.io/library/redis:7.4".to_owned(),
        digest: "sha256:feed".to_owned(),
    };
    assert_eq!((seen.id.as_str(), seen.name.as_str(), seen.stamp), ("a", "redis", Some(stamp)));
    assert_eq!(of(json!({ "Id": "b", "Names": ["/other"], "State": "running", "Labels": { "io.podman": "x" } })).stamp, None);
    assert_eq!(of(json!({ "Id": "c", "Names": ["/other"], "State": "running", "Labels": null })).stamp, None);
}

#[test]
fn a_name_is_told_from_dockers_links() {
    assert_eq!(of(json!({ "Id": "a", "Names": ["/web/db", "/redis"] })).name, "redis");
}

#[test]
fn states_of_podman_are_put_into_dockers_words_and_new_ones_are_kept() {
    for (word, state) in [
        ("created", ContainerState::Created),
        ("initialized", ContainerState::Created),
        ("running", ContainerState::Running),
        ("exited", ContainerState::Exited),
        ("stopped", ContainerState::Exited),
        ("paused", ContainerState::Other("paused".to_owned())),
        ("hibernating", ContainerState::Other("hibernating".to_owned())),
    ] {
        assert_eq!(of(json!({ "Id": "a", "Names": ["/x"], "State": word })).state, state);
    }
}

#[test]
fn images_have_full_names_and_those_without_any_are_left_out() {
    let redis = image_of(&json!(["redis:7.4"]), &json!(["redis@sha256:feed"])).unwrap();
    assert_eq!(
        (redis.names, redis.digests),
        (vec!["docker.io/library/redis:7.4".to_owned()], vec!["docker.io/library/redis@sha256:feed".to_owned()])
    );
    let untagged = image_of(&json!(["redis:<none>"]), &json!(["redis@sha256:feed"])).unwrap();
    assert_eq!((untagged.names.len(), untagged.digests.len()), (0, 1));
    assert_eq!(image_of(&json!(["<none>:<none>"]), &json!(["<none>@<none>"])), None);
    assert_eq!(image_of(&Value::Null, &Value::Null), None);
}
