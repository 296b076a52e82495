//! The validated spec: what the host shall be. No value here is raw text, and no `None` means "the default".
//!
//! Made by [`crate::read`] from the layers; read by the families' planners.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::{Container, ContainerName, EngineOptions, Journal, Registry, RegistryHost, Rsyslog};
use crate::{Bytes, Disruption, Label, Level, LvName, MIB, MountPoint, Percent, Placed, Size, StorageOption, VgName};

/// A whole host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// `[agent]`
    pub agent: Agent,
    /// `[os]`
    pub os: Os,
    /// `[storage]`; `None` when no layer has it: storage is then left alone.
    pub storage: Option<Storage>,
    /// `[engine]`
    pub engine: Engine,
    /// `[registry.HOST]`
    pub registries: BTreeMap<RegistryHost, Placed<Registry>>,
    /// `[container.NAME]`, those that are enabled.
    pub containers: BTreeMap<ContainerName, Placed<Container>>,
    /// `[rsyslog]`; `None` when no layer has it, or it is switched off.
    pub rsyslog: Option<Placed<Rsyslog>>,
    /// `[journal]`
    pub journal: Journal,
}

/// `[agent]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The highest disruption allowed unattended.
    pub allow: Ceiling,
    /// What to do about drift.
    pub drift: Drift,
}

/// The highest disruption allowed unattended; data loss is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ceiling {
    /// Only what nobody notices.
    None,
    /// Up to reloads.
    Reload,
    /// Up to restarts; the default.
    Restart,
    /// Up to reboots.
    Reboot,
}

impl Ceiling {
    /// Whether a step of this disruption may run unattended.
    #[must_use]
    pub fn permits(self, disruption: Disruption) -> bool {
        disruption <= self.as_disruption()
    }

    /// The highest permitted disruption.
    #[must_use]
    pub fn as_disruption(self) -> Disruption {
        match self {
            Ceiling::None => Disruption::None,
            Ceiling::Reload => Disruption::Reload,
            Ceiling::Restart => Disruption::Restart,
            Ceiling::Reboot => Disruption::Reboot,
        }
    }
}

/// What to do when the host no longer matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// Make it match again; the default.
    Repair,
    /// Only say so.
    Report,
}

/// `[os]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Os {
    /// `ref = "REMOTE:BRANCH"`, when the spec says one.
    pub follow: Option<Placed<OsRef>>,
    /// `[os.remote.NAME]`
    pub remotes: BTreeMap<String, Placed<Remote>>,
}

/// A branch at a remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsRef {
    /// Left of the colon.
    pub remote: String,
    /// Right of the colon.
    pub branch: String,
}

/// `[os.remote.NAME]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// http, https or file.
    pub url: String,
    /// Absolute paths of the public keys that sign commits.
    pub gpg_keys: Vec<String>,
    /// Whether a commit needs a signature by one of them.
    pub gpg_verify: bool,
}

/// `[storage]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// The engine's storage driver.
    pub driver: Placed<Driver>,
    /// Further storage options of dockerd, no key twice, all for this driver.
    pub options: Vec<Placed<StorageOption>>,
    /// The group that pool and volumes live in.
    pub group: Group,
    /// Disks that shall belong to the group, absolute paths as written (by-id links are welcome).
    pub devices: Vec<Placed<String>>,
    /// Those among them that may be wiped.
    pub wipe: Vec<Placed<String>>,
    /// How long the run at boot waits for those that are not there yet.
    pub device_timeout: Duration,
    /// Whether partitions that root's group lies on take the free space behind them.
    pub grow_partition: Placed<bool>,
    /// The least size of the root volume; `None`: as it is.
    pub root_size: Option<Placed<Level>>,
    /// The thin pool; `None`: none is wanted.
    pub pool: Option<Placed<Pool>>,
    /// By name.
    pub volumes: BTreeMap<LvName, Placed<Volume>>,
}

/// The engine's storage driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// The pool is given to the engine.
    Devicemapper,
    /// Layers as directories, on the volume mounted at the engine's root or on the root file system.
    Overlay2,
    /// The older form of overlay2.
    Overlay,
    /// The engine's storage is left alone.
    None,
}

impl Driver {
    /// As the spec and dockerd write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Driver::Devicemapper => "devicemapper",
            Driver::Overlay2 => "overlay2",
            Driver::Overlay => "overlay",
            Driver::None => "none",
        }
    }
}

/// Which volume group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Group {
    /// The one that holds the root volume; the default.
    OfRoot,
    /// By name; made from `devices` when absent.
    Named(Placed<VgName>),
}

/// `[storage.pool]`: the thin pool `docker-pool`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Data, metadata and spare together.
    pub size: Size,
    /// The part of it that is for the metadata; a minimum.
    pub metadata: PoolMetadata,
    /// The least bytes of data with which it is made; `None`: whatever its size comes to.
    pub minimum: Option<NonZeroU64>,
    /// Block size of the pool, a multiple of 64 KiB from 64 KiB to 1 GiB.
    pub chunk: Bytes,
    /// When, by how much and how far it grows by itself; `None`: never.
    pub autoextend: Option<Autoextend>,
}

impl Pool {
    /// LVM makes no smaller metadata volume.
    pub const LEAST_METADATA: Bytes = Bytes(2 * MIB);
    /// dm-thin's own bound: 255 bitmap blocks, 15.81 GiB.
    pub const MOST_METADATA: Bytes = Bytes(16_978_542_592);
}

/// How much of a pool is for its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolMetadata {
    /// A thousandth of the pool when it is made; the default.
    Thousandth,
    /// As many bytes, within [`Pool::LEAST_METADATA`] and [`Pool::MOST_METADATA`].
    Bytes(NonZeroU64),
}

/// How the pool grows by itself; the first two are lvm.conf(5)'s `thin_pool_autoextend_threshold` and `_percent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autoextend {
    /// Usage in percent past which the pool grows, 50 to 99 (LVM acts on nothing below 50; 100 means never).
    pub threshold: Percent,
    /// The least growth, in percent of the pool's size.
    pub percent: Percent,
    /// How large its data may become by itself; `None`: as large as the group.
    pub limit: Option<Level>,
    /// What shall be free in it at all times; 0: no more than the threshold leaves.
    pub headroom: Bytes,
}

/// `[storage.volume.NAME]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Where it is mounted.
    pub mount: MountPoint,
    /// In the pool or beside it.
    pub kind: VolumeKind,
    /// What it is formatted with.
    pub filesystem: Filesystem,
    /// Its file system's label; `None`: as it is.
    pub label: Option<Label>,
    /// Whether it counts, and can bound, what the projects in it take (as overlay2.size does for containers).
    pub quota: bool,
}

/// In the pool or beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumeKind {
    /// Takes space from the pool as it is written.
    Thin {
        /// What its file system sees.
        size: NonZeroU64,
    },
    /// Takes its extents from the group at once.
    Plain {
        /// What it takes.
        size: Size,
    },
}

/// What a volume is formatted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Filesystem {
    /// The default.
    Xfs,
    /// Extended file system, version 4.
    Ext4,
}

impl Filesystem {
    /// As mkfs, blkid and mount name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Filesystem::Xfs => "xfs",
            Filesystem::Ext4 => "ext4",
        }
    }
}

/// `[engine]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// Which engine runs the containers; `None` when no layer says, and then whichever is installed alone.
    pub kind: Option<Placed<EngineKind>>,
    /// What it is started with, beside its storage.
    pub options: EngineOptions,
}

/// The container engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// dockerd
    Docker,
    /// podman, without a daemon
    Podman,
}
