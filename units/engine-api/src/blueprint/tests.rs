//! The hash is a promise to every container that was ever made.

use std::num::NonZeroU16;

use config::{MountSource, Protocol, Relabel};

use super::*;

fn blueprint() -> Blueprint {
    Blueprint {
        name: ContainerName::try_from("redis".to_owned()).unwrap(),
        unit: "container-redis.service".to_owned(),
        slice: "container-redis.slice".to_owned(),
        image: ImageRef::try_from("docker.io/library/redis:7.4".to_owned()).unwrap(),
        command: vec!["redis-server".to_owned()],
        env: BTreeMap::from([("TOKEN".to_owned(), "do-not-tell".to_owned())]),
        publish: vec![Publish {
            address: None,
            host: NonZeroU16::new(6379).unwrap(),
            container: NonZeroU16::new(6379).unwrap(),
            protocol: Protocol::Tcp,
        }],
        mounts: vec![Mount {
            source: MountSource::Path("/srv/redis".to_owned()),
            target: "/data".to_owned(),
            read_only: false,
            relabel: Relabel::Shared,
            follow_mounts: false,
        }],
        network: Network::Bridge,
        privileged: false,
        pid: Namespace::Private,
        ipc: Namespace::Private,
        files: String::new(),
    }
}

#[test]
fn the_hash_of_a_blueprint_never_changes() {
    // Another value here means that an update of the agent makes every container of a fleet anew: keep it, whatever becomes of the types.
    assert_eq!(blueprint().hash(), "1-67abc4f9464d");
}

#[test]
fn a_secret_counts_and_is_not_shown() {
    let mut other = blueprint();
    other.env.insert("TOKEN".to_owned(), "another".to_owned());
    assert_ne!(other.hash(), blueprint().hash());
    assert!(!format!("{:?}", blueprint()).contains("do-not-tell"));
}
