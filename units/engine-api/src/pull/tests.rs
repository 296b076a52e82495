//! Progress in words, and whose fault a failure is, in the words of both engines.

use bollard::models::CreateImageInfo;
use serde_json::json;

use super::{Progress, is_of_the_host};

fn after(lines: &[serde_json::Value]) -> String {
    let mut progress = Progress::default();
    for line in lines {
        progress.take(serde_json::from_value::<CreateImageInfo>(line.clone()).unwrap());
    }
    progress.in_words()
}

#[test]
fn dockers_layers_are_counted_and_their_bytes_added() {
    let words = after(&[
        json!({ "status": "Pulling from library/redis", "id": "7.4" }),
        json!({ "status": "Already exists", "progressDetail": {}, "id": "a" }),
        json!({ "status": "Pulling fs layer", "progressDetail": {}, "id": "b" }),
        json!({ "status": "Pulling fs layer", "progressDetail": {}, "id": "c" }),
        json!({ "status": "Downloading", "progressDetail": { "current": 3_145_728, "total": 9_000_000 }, "progress": "[==>]", "id": "b" }),
        json!({ "status": "Downloading", "progressDetail": { "current": 1_048_576, "total": 1_048_576 }, "progress": "[==>]", "id": "c" }),
        json!({ "status": "Download complete", "progressDetail": {}, "id": "c" }),
        json!({ "status": "Extracting", "progressDetail": { "current": 1, "total": 2 }, "id": "c" }),
    ]);
    assert_eq!(words, "2 of 3 layers, 4 MiB");
}

#[test]
fn podmans_last_word_is_about_the_image_and_not_a_layer() {
    let words = after(&[
        json!({ "status": "Pulling fs layer", "progressDetail": {}, "id": "a" }),
        json!({ "status": "Download complete", "progressDetail": {}, "id": "a" }),
        json!({ "status": "Download complete", "progressDetail": {}, "id": "0123456789ab" }),
    ]);
    assert_eq!(words, "1 of 1 layers, 0 MiB");
}

#[test]
fn a_registry_that_says_no_or_is_not_there_is_not_the_hosts_fault() {
    for why in [
        "manifest for redis:nope not found: manifest unknown: manifest unknown",
        "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
        "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
        "toomanyrequests: You have reached your pull rate limit.",
        "initializing source docker://quay.io/nope/nope:1: reading manifest 1 in quay.io/nope/nope: unauthorized: access denied",
        "no matching manifest for linux/amd64 in the manifest list entries",
    ] {
        assert!(!is_of_the_host(why), "{why}");
    }
}

#[test]
fn a_full_disk_is() {
    for why in [
        "failed to register layer: Error processing tar file(exit status 1): write /usr/lib/x: no space left on device",
        "writing blob: adding layer with blob \"sha256:feed\": Error processing tar file(exit status 1): disk quota exceeded",
        "open /var/lib/docker/tmp/GetImageBlob1: read-only file system",
    ] {
        assert!(is_of_the_host(why), "{why}");
    }
}
