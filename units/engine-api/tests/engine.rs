//! The calls of the API against a made-up engine that answers as docker 20.10 or podman 4.3 do.
#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests, which fail by panic")]

#[expect(dead_code, reason = "the runner's tests use the rest")]
mod fake;

use std::collections::BTreeMap;
use std::error::Error;

use config::{ContainerName, EngineKind, ImageRef, Mount, MountSource, Namespace, Network, Relabel};
use engine_api::{ApiError, Blueprint, ContainerState, EngineApi, SeenContainer, SeenImage, Store};
use serde_json::{Value, json};

use fake::Engine;

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

fn reference(text: &str) -> ImageRef {
    ImageRef::try_from(text.to_owned()).unwrap()
}

fn blueprint() -> Blueprint {
    Blueprint {
        name: ContainerName::try_from("redis".to_owned()).unwrap(),
        unit: "container-redis.service".to_owned(),
        slice: "container-redis.slice".to_owned(),
        image: reference("docker.io/library/redis:7.4"),
        command: Vec::new(),
        env: BTreeMap::from([("PASSWORD".to_owned(), "hunter2".to_owned())]),
        publish: Vec::new(),
        mounts: Vec::new(),
        network: Network::Bridge,
        privileged: false,
        pid: Namespace::Private,
        ipc: Namespace::Private,
        files: String::new(),
    }
}

fn docker_image() -> Value {
    json!({
        "Containers": -1, "Created": 1, "Id": "sha256:b", "Labels": null, "ParentId": "", "RepoDigests": [format!("redis@{DIGEST}")],
        "RepoTags": ["redis:7.4"], "SharedSize": -1, "Size": 1, "VirtualSize": 1,
    })
}

/// With the containers and images of docker.
async fn docker(containers: Value) -> (Engine, EngineApi) {
    let engine = Engine::start().await;
    engine.answer("GET /containers/json", 200, &containers);
    engine.answer("GET /images/json", 200, &json!([docker_image()]));
    let api = EngineApi::connect_to(EngineKind::Docker, &engine.socket()).await.unwrap();
    (engine, api)
}

#[tokio::test]
async fn without_an_engine_the_error_says_where_to_look() {
    for (kind, message) in [
        (EngineKind::Docker, "cannot reach docker to see whether it is up; see: systemctl status docker.service"),
        (EngineKind::Podman, "cannot reach podman to see whether it is up; see: systemctl status podman.socket"),
    ] {
        let error = EngineApi::connect_to(kind, "/nonexistent/engine.sock".as_ref()).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.source().is_some() && !error.is_answer());
    }
}

#[tokio::test]
async fn docker_is_looked_at() {
    let (engine, api) = docker(json!([{
        "Id": "c0ffee", "Names": ["/redis"], "Image": "redis:7.4", "ImageID": "sha256:b", "Command": "redis-server", "Created": 1,
        "Ports": [{ "IP": "0.0.0.0", "PrivatePort": 6379, "PublicPort": 6379, "Type": "tcp" }], "Labels": { "io.atomic-host.unit": "u" },
        "State": "running", "Status": "Up 2 hours", "HostConfig": { "NetworkMode": "default" },
        "NetworkSettings": { "Networks": { "bridge": { "IPAMConfig": null, "Links": null, "Aliases": null, "NetworkID": "x", "DriverOpts": null } } },
        "Mounts": [{ "Type": "bind", "Source": "/srv", "Destination": "/data", "Mode": "z", "RW": true, "Propagation": "rprivate" }],
    }]))
    .await;
    let Store::Known { containers, images } = api.look().await.unwrap() else { panic!() };
    assert_eq!(
        (containers[0].id.as_str(), containers[0].name.as_str(), &containers[0].state),
        ("c0ffee", "redis", &ContainerState::Running)
    );
    assert_eq!(containers[0].stamp.as_ref().unwrap().unit, "u");
    assert_eq!(images[0].names, ["docker.io/library/redis:7.4"]);
    assert_eq!(images[0].digests, [format!("docker.io/library/redis@{DIGEST}")]);
    assert!(engine.heard()[0].starts_with("GET /containers/json?all=true"), "stopped ones as well: {:?}", engine.heard());
    assert_eq!(engine.heard()[1], "GET /images/json", "podman refuses to be asked for digests");
}

#[tokio::test]
async fn podman_is_looked_at_in_whatever_state_its_containers_are() {
    let engine = Engine::start().await;
    let container = |id: &str, state: &str| {
        json!({
            "Id": id, "Names": [format!("/{id}")], "Image": "localhost/bb:1", "ImageID": "b", "Command": "sleep", "Created": 1, "Ports": null,
            "Labels": null, "State": state, "Status": "", "NetworkSettings": null, "Mounts": null, "Name": "", "Config": null,
            "NetworkingConfig": null, "Platform": null, "AdjustCPUShares": false,
        })
    };
    engine.answer(
        "GET /containers/json",
        200,
        &json!([container("a", "initialized"), container("b", "stopped"), container("c", "unknown")]),
    );
    let image = json!({
        "Id": "sha256:b", "ParentId": "", "RepoTags": ["localhost/bb:1"], "RepoDigests": [format!("localhost/bb@{DIGEST}")], "Created": 1, "Size": 1,
        "SharedSize": 0, "VirtualSize": 1, "Labels": null, "Containers": 1, "Names": ["localhost/bb:1"], "Digest": DIGEST, "History": ["localhost/bb:1"],
    });
    engine.answer("GET /images/json", 200, &json!([image]));
    let api = EngineApi::connect_to(EngineKind::Podman, &engine.socket()).await.unwrap();
    let seen = |id: &str, state| SeenContainer { id: id.to_owned(), name: id.to_owned(), stamp: None, state, volumes: Vec::new() };
    let containers =
        vec![seen("a", ContainerState::Created), seen("b", ContainerState::Exited), seen("c", ContainerState::Other("unknown".to_owned()))];
    let images = vec![SeenImage {
        id: "sha256:b".to_owned(),
        names: vec!["localhost/bb:1".to_owned()],
        digests: vec![format!("localhost/bb@{DIGEST}")],
    }];
    assert_eq!(api.look().await.unwrap(), Store::Known { containers, images });
}

#[tokio::test]
async fn an_answer_in_another_form_is_an_error_and_not_an_empty_store() {
    let (_engine, api) = docker(json!({ "containers": [] })).await;
    let error = api.look().await.unwrap_err();
    assert!(matches!(error, ApiError::Garbled { .. }), "{error}");
}

#[tokio::test]
async fn a_container_is_made_by_digest_and_nothing_is_fetched() {
    let (engine, api) = docker(json!([])).await;
    engine.answer("POST /containers/create", 201, &json!({ "Id": "c0ffee", "Warnings": null }));
    assert_eq!(api.create("redis.new", &blueprint(), None, &[]).await.unwrap(), "c0ffee");
    assert_eq!(engine.heard()[2..], ["POST /containers/create?name=redis.new"]);
    assert_eq!(engine.bodies()[0]["Image"], format!("docker.io/library/redis@{DIGEST}"));
    assert_eq!(engine.bodies()[0]["Labels"]["io.atomic-host.digest"], DIGEST);
}

#[tokio::test]
async fn what_was_made_already_from_the_same_blueprint_is_the_answer_and_anything_else_is_in_the_way() {
    let labels = |hash: &str| json!({ "io.atomic-host.unit": "container-redis.service", "io.atomic-host.blueprint": hash });
    let there = |labels| json!([{ "Id": "0ld", "Names": ["/redis"], "State": "created", "Labels": labels }]);
    let (engine, api) = docker(there(labels(&blueprint().hash()))).await;
    assert_eq!(api.create("redis", &blueprint(), None, &[]).await.unwrap(), "0ld");
    engine.answer("GET /containers/json", 200, &there(labels("1-other")));
    let error = api.create("redis", &blueprint(), None, &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "there is a container redis already, made from something else; look at it: docker inspect redis");
    assert!(!engine.heard().iter().any(|heard| heard.starts_with("POST")));
}

#[tokio::test]
async fn nothing_is_made_when_an_image_or_a_path_of_the_host_is_missing() {
    let (engine, api) = docker(json!([])).await;
    let other = Blueprint { image: reference("docker.io/library/redis:8"), ..blueprint() };
    let error = api.create("redis", &other, None, &[]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "docker does not have the image docker.io/library/redis:8; fetch it first: docker pull docker.io/library/redis:8"
    );
    let source = MountSource::Path(engine.directory().join("missing").to_str().unwrap().to_owned());
    let mount = Mount { source, target: "/data".to_owned(), read_only: false, relabel: Relabel::None, follow_mounts: false };
    let error = api.create("redis", &Blueprint { mounts: vec![mount], ..blueprint() }, None, &[]).await.unwrap_err();
    assert!(matches!(error, ApiError::NoSource { .. }), "{error}");
    assert!(!engine.heard().iter().any(|heard| heard.starts_with("POST")));
}

#[tokio::test]
async fn a_refusal_is_told_in_the_engines_words_without_values_of_the_environment() {
    let (engine, api) = docker(json!([])).await;
    engine.answer("POST /containers/create", 400, &json!({ "message": "invalid environment variable: PASSWORD=hunter2\n" }));
    let error = api.create("redis", &blueprint(), None, &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "docker cannot make container redis: invalid environment variable: PASSWORD=***");
    assert!(!format!("{error:?} {:?}", blueprint()).contains("hunter2"));
}

#[tokio::test]
async fn a_container_that_is_gone_is_removed_and_one_that_runs_is_not() {
    let (engine, api) = docker(json!([])).await;
    api.remove("g0ne").await.unwrap();
    assert_eq!(engine.heard(), ["DELETE /containers/g0ne?v=false&force=false&link=false"]);
    engine.answer("DELETE /containers/c0ffee", 409, &json!({ "message": "You cannot remove a running container c0ffee." }));
    let error = api.remove("c0ffee").await.unwrap_err();
    assert_eq!(error.to_string(), "docker cannot remove container c0ffee: You cannot remove a running container c0ffee.");
}

#[tokio::test]
async fn a_container_is_renamed() {
    let (engine, api) = docker(json!([])).await;
    engine.answer("POST /containers/redis.new/rename", 204, &"");
    api.rename("redis.new", "redis").await.unwrap();
    assert_eq!(engine.heard(), ["POST /containers/redis.new/rename?name=redis"]);
}

#[tokio::test]
async fn an_image_is_fetched_by_digest_when_it_has_one_and_by_tag_otherwise() {
    let (engine, api) = docker(json!([])).await;
    let lines = [
        json!({ "status": "Pulling from library/redis", "id": "7.4" }),
        json!({ "status": "Pulling fs layer", "progressDetail": {}, "id": "a" }),
        json!({ "status": "Pull complete", "progressDetail": {}, "id": "a" }),
        json!({ "status": "Status: Downloaded newer image for redis:7.4" }),
    ];
    engine.answer("POST /images/create", 200, &lines.map(|line| format!("{line}\r\n")).concat());
    let mut told = Vec::new();
    api.pull(&reference("docker.io/library/redis:7.4"), &mut |words| told.push(words)).await.unwrap();
    api.pull(&reference(&format!("docker.io/library/redis:7.4@{DIGEST}")), &mut drop).await.unwrap();
    assert_eq!(told, ["0 of 0 layers, 0 MiB"], "once in so short a time");
    let asked: Vec<_> =
        engine.heard().iter().map(|heard| heard.contains("fromImage=docker.io%2Flibrary%2Fredis") && heard.contains("tag=")).collect();
    assert_eq!(asked, [true, true], "{:?}", engine.heard());
    assert!(engine.heard()[0].contains("tag=7.4") && engine.heard()[1].contains("tag=sha256%3A1111"), "{:?}", engine.heard());
}

#[tokio::test]
async fn a_pull_that_fails_half_way_fails_whichever_engine_says_so() {
    let (engine, api) = docker(json!([])).await;
    let docker = json!({ "errorDetail": { "message": "toomanyrequests: slow down" }, "error": "toomanyrequests: slow down" });
    let podman = json!({ "progressDetail": {}, "error": "toomanyrequests: slow down" });
    for last in [docker, podman] {
        engine.answer("POST /images/create", 200, &format!("{}\r\n{last}\r\n", json!({ "status": "Pulling fs layer", "id": "a" })));
        let error = api.pull(&reference("docker.io/library/redis:7.4"), &mut drop).await.unwrap_err();
        assert!(matches!(&error, ApiError::Registry { why, .. } if why == "toomanyrequests: slow down"), "{error:?}");
        assert_eq!(error.to_string(), "cannot fetch docker.io/library/redis:7.4: toomanyrequests: slow down");
    }
}

#[tokio::test]
async fn a_pull_that_the_registry_refuses_is_told_from_one_that_the_disk_does() {
    let (engine, api) = docker(json!([])).await;
    engine.answer("POST /images/create", 404, &json!({ "message": "manifest for redis:7.4 not found: manifest unknown" }));
    let error = api.pull(&reference("docker.io/library/redis:7.4"), &mut drop).await.unwrap_err();
    assert!(matches!(error, ApiError::Registry { .. }), "{error:?}");
    let full = json!({ "error": "failed to register layer: write /usr/lib/x: no space left on device" });
    engine.answer("POST /images/create", 200, &format!("{full}\r\n"));
    let error = api.pull(&reference("docker.io/library/redis:7.4"), &mut drop).await.unwrap_err();
    assert!(matches!(error, ApiError::Refused { status: 200, .. }), "{error:?}");
}

#[tokio::test]
async fn a_pull_whose_engine_goes_away_did_not_succeed() {
    let (mut engine, api) = docker(json!([])).await;
    engine.answer("POST /images/create", 200, &format!("{}\r\n", json!({ "status": "Pulling fs layer", "id": "a" })));
    engine.cut_answers();
    let error = api.pull(&reference("docker.io/library/redis:7.4"), &mut drop).await.unwrap_err();
    assert!(matches!(error, ApiError::Unreachable { .. }), "{error:?}");
    engine.go_away().await;
    let error = api.pull(&reference("docker.io/library/redis:7.4"), &mut drop).await.unwrap_err();
    assert!(matches!(error, ApiError::Unreachable { .. }), "{error:?}");
}
