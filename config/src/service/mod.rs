//! Container services as the spec asks for them: the validated values of `[container.NAME]`, `[registry.HOST]`, `[rsyslog]` and
//! `[journal]`.
//!
//! Made by the sections of the same names; read by the units family. No value can break out of the line of a unit, a path or an option:
//! none holds control characters, and names hold only what their kind allows.

mod address;
pub(crate) mod container;
mod image_ref;
pub(crate) mod journal;
mod limits;
mod mount;
mod name;
mod order;
mod publish;
pub(crate) mod registry;
pub(crate) mod rsyslog;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU64};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Placed;

pub use image_ref::ImageRef;
pub use name::{ContainerName, RegistryHost};

/// `[container.NAME]`: one container and the unit that runs it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// What it is made from.
    pub image: Placed<ImageRef>,
    /// What it runs in place of the image's own command; empty: the image's own.
    pub command: Vec<String>,
    /// Its environment, over the image's own. May hold secrets: never shown, never in a unit.
    pub env: BTreeMap<String, String>,
    /// Ports of the host that lead into it. Empty when `network` is not [`Network::Bridge`].
    pub publish: Vec<Placed<Publish>>,
    /// What it sees of the host's files.
    pub volumes: Vec<Placed<Mount>>,
    /// How it is connected.
    pub network: Network,
    /// Whether it has the rights of root on the host.
    pub privileged: bool,
    /// Whose processes it sees.
    pub pid: Namespace,
    /// Whose shared memory it sees.
    pub ipc: Namespace,
    /// What it may use; changed while it runs.
    pub limits: Limits,
    /// When systemd starts it again.
    pub restart: Restart,
    /// How long it may take to stop before it is killed, whole seconds from 1 s to 1 h.
    pub stop_timeout: Duration,
    /// Containers of the spec that are started before it, sorted; free of cycles.
    pub after: Vec<ContainerName>,
}

/// Without the values of the environment, which may be secrets.
impl std::fmt::Debug for Container {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Container { image, command, env, publish, volumes, network, privileged, pid, ipc, limits, restart, stop_timeout, after } = self;
        out.debug_struct("Container")
            .field("image", image)
            .field("command", command)
            .field("env", &env.keys().collect::<Vec<_>>())
            .field("publish", publish)
            .field("volumes", volumes)
            .field("network", network)
            .field("privileged", privileged)
            .field("pid", pid)
            .field("ipc", ipc)
            .field("limits", limits)
            .field("restart", restart)
            .field("stop_timeout", stop_timeout)
            .field("after", after)
            .finish()
    }
}

/// A port of the host that leads into a container: `[IP:][HOST:]CONTAINER[/tcp|/udp]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Publish {
    /// Address on the host; `None`: all.
    pub address: Option<IpAddr>,
    /// Port on the host.
    pub host: NonZeroU16,
    /// Port in the container.
    pub container: NonZeroU16,
    /// Of which protocol.
    pub protocol: Protocol,
}

/// Of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The default.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Protocol {
    /// As engines write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

/// Something of the host's files in a container: `SOURCE:TARGET[:ro,z,Z,rslave]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What.
    pub source: MountSource,
    /// Where in the container: an absolute, plain path.
    pub target: String,
    /// Whether the container may only read.
    pub read_only: bool,
    /// SELinux: nothing, `z` (shared label) or `Z` (private label).
    pub relabel: Relabel,
    /// Whether mounts that the host makes below it later show in the container (`rslave`).
    pub follow_mounts: bool,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MountSource {
    /// An absolute, plain path of the host, without a slash at its end (`/` itself excepted). It has to be there.
    Path(String),
    /// A volume of the engine, made when absent and kept.
    Volume(String),
}

/// SELinux label of what is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relabel {
    /// As it is.
    None,
    /// `z`: for all containers.
    Shared,
    /// `Z`: for this container alone.
    Private,
}

/// How a container is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// A network of its own behind the host's; the default.
    Bridge,
    /// The host's own.
    Host,
    /// None but loopback.
    None,
}

/// Whose namespace a container uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Namespace {
    /// One of its own; the default.
    Private,
    /// The host's.
    Host,
}

/// What a container may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes, at least 6 MiB; `None`: no limit.
    pub memory: Option<NonZeroU64>,
    /// In hundredths of a processor, as `CPUQuota=` counts (150: one and a half); `None`: no limit.
    pub cpu_percent: Option<NonZeroU64>,
}

/// When systemd starts a container again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Whenever it ends; the default.
    Always,
    /// When it ends with another code than 0.
    OnFailure,
    /// Never.
    No,
}

impl Restart {
    /// As `Restart=` writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Restart::Always => "always",
            Restart::OnFailure => "on-failure",
            Restart::No => "no",
        }
    }
}

/// `[registry.HOST]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    /// http or https URLs that are asked first, without a slash at the end. docker knows mirrors of docker.io alone, and no path in them.
    pub mirrors: Vec<Placed<String>>,
    /// Whether it may be reached without TLS, or with a certificate that nobody vouches for.
    pub insecure: bool,
}

/// Options of the engine beside its storage. docker alone has them, but for `dns`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineOptions {
    /// Whether containers run on while dockerd restarts.
    pub live_restore: Option<Placed<bool>>,
    /// Whether SELinux separates containers.
    pub selinux: Option<Placed<bool>>,
    /// How much dockerd tells.
    pub log_level: Option<Placed<LogLevel>>,
    /// Name servers of containers, in order; empty: the host's.
    pub dns: Vec<Placed<IpAddr>>,
    /// The bridge's own address with its prefix, as `172.30.0.1/16`.
    pub bip: Option<Placed<String>>,
    /// The bridge's MTU, 68 to 65535.
    pub mtu: Option<Placed<u16>>,
}

/// How much dockerd tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// docker's default.
    Info,
    /// What looks wrong.
    Warn,
    /// What is wrong.
    Error,
}

impl LogLevel {
    /// As dockerd writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// `[rsyslog]`: the guide's chapter 12.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rsyslog {
    /// The image, as `image/containers/rsyslog` makes it.
    pub image: Placed<ImageRef>,
    /// Where lines go besides /var/log, in order; maybe nowhere.
    pub forward: Vec<Placed<LogTarget>>,
    /// Whether lines also go to files below /var/log.
    pub files: bool,
}

/// `tcp://HOST:PORT` or `udp://HOST:PORT`, port 514 when none is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTarget {
    /// tcp or udp.
    pub protocol: Protocol,
    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: NonZeroU16,
}

/// `[journal]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// `Storage=` of journald.conf(5); `None`: left alone.
    pub storage: Option<Placed<JournalStorage>>,
    /// `SystemMaxUse=` and `RuntimeMaxUse=`, bytes; `None`: left alone.
    pub max_use: Option<Placed<NonZeroU64>>,
}

/// Where the journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JournalStorage {
    /// In memory: gone at reboot. Needs `[rsyslog]`, or logs would have no home.
    Volatile,
    /// On disk.
    Persistent,
    /// On disk when /var/log/journal is there.
    Auto,
}

impl JournalStorage {
    /// As journald.conf(5) writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            JournalStorage::Volatile => "volatile",
            JournalStorage::Persistent => "persistent",
            JournalStorage::Auto => "auto",
        }
    }
}
