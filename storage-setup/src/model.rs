//! What the host's storage is, as values: made by the worker's `observe`, read by the planner, changed by the simulator.
//!
//! Sizes of volumes are in extents of their group. What could not be read is absent or `Unknown`, never zero.

use std::collections::{BTreeMap, BTreeSet};

use config::{Bytes, Driver, Filesystem};
use serde::{Deserialize, Serialize};

use crate::DockerRoot;

/// Everything that the planner looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Devices of device-mapper that a killed LVM command left suspended, or with a table that waits to be taken, by dm name.
    /// While there are any, the rest was not looked at (a probe would hang) and is empty.
    pub suspended: Vec<String>,
    /// What `/` lives on.
    pub root: Root,
    /// Every volume group of the host, by name.
    pub groups: BTreeMap<String, VolumeGroup>,
    /// Physical volumes whose copy of their group's metadata lags behind the others or is torn: what a power cut leaves. By group.
    pub lagging: BTreeMap<String, Vec<String>>,
    /// What is below /dev by the name of the group that is named and not there: LVM makes no group of that name.
    pub blocked: Option<String>,
    /// The partitions that physical volumes lie on, by node, with the room behind them; only looked at when they may grow.
    pub partitions: BTreeMap<String, Partition>,
    /// What is found at each path of `storage.devices`, by the path as written.
    pub devices: BTreeMap<String, Device>,
    /// What is mounted where, by mount point.
    pub mounts: BTreeMap<String, Mount>,
    /// The mount points asked for whose path goes through a symbolic link, each with the path that it leads to. systemd refuses those.
    pub links: BTreeMap<String, String>,
    /// Our files, by absolute path, with their text; an absent file is absent here.
    /// Observed: the LVM profiles, mount units and engine options that a plan may write.
    pub files: BTreeMap<String, OurFile>,
    /// The state of the engine's store.
    pub engine: EngineStore,
}

/// What `/` lives on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// A logical volume.
    Logical {
        /// Its group.
        group: String,
        /// Its name there.
        volume: String,
        /// The file system on it, with its own size.
        filesystem: MountedFilesystem,
    },
    /// A partition of a disk, as in plain cloud images.
    Partition {
        /// The partition's node: `/dev/vda2`.
        node: String,
        /// The disk's node: `/dev/vda`.
        disk: String,
        /// Its number in the partition table.
        number: u32,
        /// Its size.
        size: Bytes,
        /// How large it could become: up to the next partition or the end of the disk.
        room: Bytes,
        /// The file system on it.
        filesystem: MountedFilesystem,
    },
    /// Anything else; the text says what, for people.
    Other(String),
}

/// A mounted file system and its own size, which is not that of its volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountedFilesystem {
    /// `None`: one that we cannot grow.
    pub kind: Option<Filesystem>,
    /// Its own size, from its superblock; `None`: could not be read.
    pub size: Option<Bytes>,
}

/// A volume group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeGroup {
    /// LVM's UUID.
    pub uuid: String,
    /// Size of an extent.
    pub extent: Bytes,
    /// All extents.
    pub extents: u64,
    /// Free extents.
    pub free: u64,
    /// How many of its physical volumes are missing; with any, nothing is planned on it.
    pub missing: u64,
    /// Largest free run is not needed: LVM allocates across runs.
    /// Physical volumes: node and UUID.
    pub members: Vec<Member>,
    /// Visible logical volumes by name.
    pub volumes: BTreeMap<String, LogicalVolume>,
    /// Extents of the spare metadata volume (`lvol0_pmspare`), 0 when there is none.
    pub spare: u64,
}

/// A physical volume of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `/dev/vdb`
    pub node: String,
    /// LVM's UUID.
    pub uuid: String,
    /// Extents on it, taken and free.
    pub extents: u64,
    /// Where the first of them begins.
    pub start: Bytes,
    /// The size of its device; `None`: it is missing.
    pub size: Option<Bytes>,
}

/// A partition of a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The disk's node: `/dev/vda`.
    pub disk: String,
    /// Its number in the partition table.
    pub number: u32,
    /// Its size.
    pub size: Bytes,
    /// How large it could become: up to the next partition or the end of the disk.
    pub room: Bytes,
}

/// A logical volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalVolume {
    /// LVM's UUID.
    pub uuid: String,
    /// Extents; for a pool those of its data, for a thin volume those of its virtual size.
    pub extents: u64,
    /// What it is.
    pub role: Role,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// Whether device-mapper has it.
    pub active: bool,
    /// Whether snapshots or thin volumes hang on it, which LVM would remove with it.
    pub origin: bool,
    /// What is on it; only probed for linear and thin volumes that carry our tag, else `Unknown`.
    pub content: Content,
}

/// What a logical volume is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Plain extents.
    Linear,
    /// A thin pool.
    Pool(PoolState),
    /// A thin volume in the pool of that name.
    Thin {
        /// The pool's name.
        pool: String,
    },
    /// Mirrors, snapshots, caches: nothing that we make.
    Other,
}

/// A thin pool's own figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolState {
    /// Extents of its metadata.
    pub metadata: u64,
    /// Its chunk.
    pub chunk: Bytes,
    /// The attached metadata profile.
    pub profile: Option<String>,
    /// Hundredths of a percent of the data in use; `None` when inactive. For people only, never planned on.
    pub data_used: Option<u32>,
    /// Hundredths of a percent of the metadata in use.
    pub metadata_used: Option<u32>,
    /// Who lets it grow; `None` when inactive or unknown.
    pub watcher: Option<Watcher>,
}

/// Who watches a pool, to let it grow before it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watcher {
    /// LVM's own daemon.
    Dmeventd,
    /// The agent's daemon, which has taken it over. LVM does not know; the agent adds this to what LVM says.
    Agent,
    /// Nobody.
    Nobody,
}

/// What is on a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Not looked at, or could not be read.
    Unknown,
    /// No signature.
    Nothing,
    /// A file system that we make, with its own size.
    Filesystem {
        /// Which.
        kind: Filesystem,
        /// From its superblock, or from the kernel while mounted.
        size: Bytes,
        /// Its label.
        label: Option<String>,
        /// Whether it can count projects: every XFS, and an ext4 that was made for it.
        projects: bool,
    },
    /// Anything else, by its name from blkid.
    Other(String),
}

/// What is found at a path of `storage.devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// Nothing there.
    Missing,
    /// There is something, but no block device.
    NotBlock,
    /// A partition, not a whole disk.
    Partition,
    /// A whole disk (or a loop or multipath device).
    Disk(Disk),
}

/// A whole disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The node that the path leads to: `/dev/vdb`.
    pub node: String,
    /// Stable over reboots: WWN or serial where the disk has one (`serial:data1`), else its by-path name, else the node.
    pub identity: String,
    /// Its size.
    pub size: Bytes,
    /// The kernel refuses writes.
    pub read_only: bool,
    /// What is on it.
    pub use_: DiskUse,
    /// We recorded, before the first write, that this disk goes to this group.
    pub intended: Option<String>,
    /// It was wiped before because the configuration asked for it, which is done once; see [`crate::wipes`].
    pub wiped: bool,
}

/// What is on a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskUse {
    /// Nothing.
    Empty,
    /// A physical volume of that group, or with a partition that is one.
    Member {
        /// The group.
        group: String,
    },
    /// A physical volume of no group: what a cut-off vgextend leaves.
    OrphanMember,
    /// A partition table of that type, with or without partitions.
    Partitioned(String),
    /// A file system or another signature, by its name from blkid.
    Signature(String),
    /// Something in the kernel holds it (mounted, device-mapper, md), by name.
    Held(String),
    /// Could not be read; the text says why.
    Unreadable(String),
}

impl DiskUse {
    /// What a wipe would lose, in words, of what may be wiped at all.
    #[must_use]
    pub fn that_a_wipe_loses(&self) -> Option<String> {
        match self {
            DiskUse::OrphanMember => Some("a physical volume of no group".to_owned()),
            DiskUse::Partitioned(table) => Some(format!("partition table ({table})")),
            DiskUse::Signature(kind) => Some(kind.clone()),
            DiskUse::Empty | DiskUse::Member { .. } | DiskUse::Held(_) | DiskUse::Unreadable(_) => None,
        }
    }
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The canonical source as `/dev/GROUP/VOLUME` for logical volumes, else as the kernel says.
    pub source: String,
    /// Whether its file system counts projects.
    pub quota: bool,
}

/// One of our files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OurFile {
    /// Its whole text.
    pub text: String,
}

/// Where podman keeps images, layers and volumes: containers-storage.conf(5), graphroot.
pub const PODMAN_STORAGE: &str = "/var/lib/containers/storage";

/// What an engine keeps in its store, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// Nothing that anybody would miss.
    Nothing,
    /// Volumes alone: files, which every storage driver sees.
    Volumes,
    /// Images or containers, which only the driver sees that made them.
    Images,
}

impl Kept {
    /// After images and containers are removed; whether there were volumes beside them is not known.
    #[must_use]
    pub fn without_images(self) -> Kept {
        match self {
            Kept::Nothing => Kept::Nothing,
            Kept::Volumes | Kept::Images => Kept::Volumes,
        }
    }
}

/// The state of the engine's store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineStore {
    /// The driver that /etc/sysconfig/docker-storage names; `None` without file or option.
    pub driver: Option<Driver>,
    /// Where dockerd's store is.
    pub root: DockerRoot,
    /// What is in it. Where it was moved, the usual place counts too: dockerd may be told of yet another one where nobody looks.
    pub docker: Kept,
    /// What is in podman's.
    pub podman: Kept,
    /// The data file of a pool that dockerd made in its store, which is what it does with devicemapper and no pool: its inode.
    pub loopback: Option<u64>,
    /// Where an XFS is mounted that carries a store and on which no overlay can lie: its directories do not tell types (ftype=0).
    pub flat: BTreeSet<String>,
    /// Whether dockerd runs.
    pub running: bool,
}

impl EngineStore {
    /// That of a host on which no engine ever ran.
    #[must_use]
    pub fn unused() -> EngineStore {
        EngineStore {
            driver: None,
            root: DockerRoot::Usual,
            docker: Kept::Nothing,
            podman: Kept::Nothing,
            loopback: None,
            flat: BTreeSet::new(),
            running: false,
        }
    }
}
