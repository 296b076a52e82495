//! Containers of specs for the tests beside.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Container, ContainerName, ImageRef, Limits, Namespace, Network, Place, Placed, Restart};

pub(super) fn name(text: &str) -> ContainerName {
    ContainerName::try_from(text.to_owned()).unwrap()
}

pub(super) fn placed<T>(value: T) -> Placed<T> {
    Placed { value, place: Place::File { file: "/etc/atomic-host.toml".to_owned(), line: 1, column: 1 } }
}

pub(super) fn image(text: &str) -> ImageRef {
    ImageRef::try_from(text.to_owned()).unwrap()
}

pub(super) fn container(text: &str) -> Container {
    Container {
        image: placed(image(text)),
        command: Vec::new(),
        env: BTreeMap::new(),
        publish: Vec::new(),
        volumes: Vec::new(),
        network: Network::Bridge,
        privileged: false,
        pid: Namespace::Private,
        ipc: Namespace::Private,
        limits: Limits { memory: None, cpu_percent: None },
        restart: Restart::Always,
        stop_timeout: Duration::from_secs(10),
        after: Vec::new(),
    }
}
