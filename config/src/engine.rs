//! `[engine]`: keys in, [`Engine`] out; and whether the engine can do what `[storage]` and its own options ask of it.

use std::net::{IpAddr, Ipv4Addr};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written, quoted};
use crate::{Driver, Engine, EngineKind, EngineOptions, LogLevel, Place, Placed};

/// The container engine.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Keys {
    /// Which engine runs the containers. Needed only when both are installed.
    kind: Option<Written<EngineKind>>,
    /// Whether containers run on while dockerd restarts. Default: as docker has it.
    live_restore: Option<Written<bool>>,
    /// Whether SELinux separates containers, with docker. Default: as docker has it.
    selinux: Option<Written<bool>>,
    /// How much dockerd tells. Default: as docker has it.
    log_level: Option<Written<LogLevel>>,
    /// Name servers of containers, in order. Default: the host's.
    #[schemars(extend("examples" = [["10.0.0.53"]]))]
    dns: Option<Written<Vec<Written<String>>>>,
    /// The address of docker's bridge, with its prefix. Default: as docker has it.
    #[schemars(example = &"172.30.0.1/16")]
    bip: Option<Written<String>>,
    /// The MTU of docker's bridge. Default: as docker has it.
    #[schemars(range(min = 68, max = 65535), example = 1400)]
    mtu: Option<Written<u16>>,
}

pub(crate) fn check(keys: Keys, findings: &mut Findings) -> Option<Engine> {
    let kind = findings.optional(keys.kind, Ok);
    let live_restore = findings.optional(keys.live_restore, Ok);
    let selinux = findings.optional(keys.selinux, Ok);
    let log_level = findings.optional(keys.log_level, Ok);
    let dns = findings.list(keys.dns, |text| name_server(&text));
    let bip = findings.optional(keys.bip, bridge_address);
    let mtu = findings.optional(keys.mtu, Ok);
    let options = EngineOptions { live_restore: live_restore?, selinux: selinux?, log_level: log_level?, dns: dns?, bip: bip?, mtu: mtu? };
    let engine = Engine { kind: kind?, options };
    check_options(&engine, findings);
    Some(engine)
}

fn name_server(text: &str) -> Result<IpAddr, Fault> {
    text.parse().map_err(|_| Fault::new(format!("{} is not an address", quoted(text))).hint("write it as \"10.0.0.53\" or \"fd00::53\""))
}

/// `ADDRESS/PREFIX`, where the address is one of the network's hosts.
fn bridge_address(text: String) -> Result<String, Fault> {
    let fault =
        |clause: &str| Fault::new(format!("{} {clause}", quoted(&text))).hint("write the bridge's own address, as \"172.30.0.1/16\"");
    let (address, prefix) = text.split_once('/').ok_or_else(|| fault("does not say how long the prefix is"))?;
    let address: Ipv4Addr = address.parse().map_err(|_| fault("does not start with an IPv4 address"))?;
    let digits = prefix.chars().all(|c| c.is_ascii_digit());
    let prefix = prefix.parse::<u32>().ok().filter(|prefix| digits && (8..=30).contains(prefix));
    let hosts = u32::MAX >> prefix.ok_or_else(|| fault("has a prefix that is not from 8 to 30"))?;
    match address.to_bits() & hosts {
        0 => Err(fault("is the network itself, where the bridge needs an address in it")),
        host if host == hosts => Err(fault("is the network's broadcast address")),
        _ => Ok(text),
    }
}

/// Reports options that podman, which has no daemon, lacks: all but `dns`.
fn check_options(engine: &Engine, findings: &mut Findings) {
    let Some(Placed { value: EngineKind::Podman, place: podman }) = &engine.kind else { return };
    let EngineOptions { live_restore, selinux, log_level, dns: _, bip, mtu } = &engine.options;
    let written: [(&str, Option<&Place>); 5] = [
        ("live-restore", live_restore.as_ref().map(|option| &option.place)),
        ("selinux", selinux.as_ref().map(|option| &option.place)),
        ("log-level", log_level.as_ref().map(|option| &option.place)),
        ("bip", bip.as_ref().map(|option| &option.place)),
        ("mtu", mtu.as_ref().map(|option| &option.place)),
    ];
    for (name, place) in written {
        if let Some(place) = place {
            let fault = Fault::new(format!("{name} is an option of docker, and podman is the engine ({podman})"));
            findings.report(place, &format!("engine.{name}"), fault.hint("remove it; podman has no daemon that could take it"));
        }
    }
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
