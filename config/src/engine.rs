//! `[engine]`: keys in, [`Engine`] out; and whether the engine can do what `[storage]` asks of it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written};
use crate::{Driver, Engine, EngineKind, Placed};

/// The container engine.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// Which engine runs the containers. Needed only when both are installed.
    kind: Option<Written<EngineKind>>,
}

pub(crate) fn check(keys: Keys, findings: &mut Findings) -> Option<Engine> {
    Some(Engine { kind: findings.optional(keys.kind, Ok)? })
}

/// Reports a driver that the engine lacks, at the driver.
pub(crate) fn check_driver(engine: &Engine, driver: &Placed<Driver>, findings: &mut Findings) {
    let Some(kind) = &engine.kind else { return };
    let fault = match (kind.value, driver.value) {
        (EngineKind::Podman, Driver::Devicemapper) => {
            Fault::new(format!("podman has no devicemapper driver, and podman is the engine ({})", kind.place))
                .hint("write driver = \"overlay2\", and give podman a volume of the pool: [storage.volume.containers]")
        }
        (EngineKind::Podman, Driver::Overlay) => {
            Fault::new(format!("overlay is an old driver of docker, and podman is the engine ({})", kind.place))
                .hint("write driver = \"overlay2\"; podman calls that one overlay")
        }
        (EngineKind::Podman, Driver::Overlay2 | Driver::None) | (EngineKind::Docker, _) => return,
    };
    findings.report(&driver.place, "storage.driver", fault);
}
