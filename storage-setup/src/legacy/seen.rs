//! What the host has, as far as the drop-in plans on it. Made by the edge; a table test makes its own.

use std::collections::{BTreeMap, BTreeSet};

use config::{Bytes, Filesystem};

use super::Deferred;
use crate::VolumeGroup;

/// Everything that the planner looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Volume groups by name.
    pub groups: BTreeMap<String, VolumeGroup>,
    /// Those of them that have all their disks, but not on each the same copy of their metadata: [`crate::copies`].
    pub lagging: BTreeSet<String>,
    /// `None`: `/` is not on a logical volume.
    pub root: Option<RootVolume>,
    /// What is at each word of `DEVS`, in its order.
    pub devices: Vec<(String, Found)>,
    /// The text of the output file; `None`: there is none.
    pub output: Option<String>,
    /// Texts of profiles and mount units that are there, by path.
    pub files: BTreeMap<String, String>,
    /// What is mounted where: `/dev/GROUP/VOLUME` or another source, and the mount point; later ones lie over earlier ones.
    pub mounts: Vec<(String, String)>,
    /// Who holds an active volume, by `GROUP/VOLUME`: docker's thin devices hold their pool. Mounts are no holders.
    pub holders: BTreeMap<String, String>,
    /// Where docker keeps its data.
    pub docker_root: String,
    /// docker has records of another pool there.
    pub docker_records: bool,
    /// The kernel can do the overlay that is asked for.
    pub overlay: bool,
    /// For devicemapper's options.
    pub deferred: Deferred,
    /// The mount point whose XFS cannot carry an overlay (ftype=0), if it is the one that would.
    pub flat_xfs: Option<String>,
    /// SELinux is on, so that new mounts get their labels.
    pub labels: bool,
}

/// The logical volume that `/` lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootVolume {
    /// Its group.
    pub group: String,
    /// Its name.
    pub volume: String,
    /// Its file system; `None`: one that we cannot grow.
    pub filesystem: Option<Filesystem>,
    /// The file system's own size, if it could be read.
    pub size: Option<Bytes>,
}

/// What is at a word of `DEVS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No block device; the path that was tried.
    Missing {
        /// As the message names it.
        path: String,
    },
    /// A link, or a path, that leads nowhere.
    Broken,
    /// A partition, or made of other devices.
    Partition,
    /// A whole disk.
    Disk(Box<LegacyDisk>),
}

/// A whole disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyDisk {
    /// As the messages name it.
    pub path: String,
    /// The kernel's node: `/dev/vdb`.
    pub node: String,
    /// Stable over reboots, as [`crate::Disk::identity`].
    pub identity: String,
    /// Its size.
    pub size: Bytes,
    /// The kernel refuses writes.
    pub read_only: bool,
    /// LVM's word on the disk itself.
    pub member: Membership,
    /// Who uses it or a part of it: a mount, swap, device-mapper.
    pub held: Option<String>,
    /// Its partitions.
    pub parts: Vec<Part>,
    /// LVM's, or the first signature: type and offset (`xfs`, `0x0`). Only looked for where it matters.
    pub signature: Option<(String, String)>,
    /// It could not be read; the text says why.
    pub unreadable: Option<String>,
    /// The group that our record says it goes to.
    pub intended: Option<String>,
    /// We wiped it once already, and something else is on it now. Only looked at when `WIPE_SIGNATURES` is on.
    pub wiped: bool,
}

/// A partition of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `/dev/vdb1`
    pub node: String,
    /// Its size.
    pub size: Bytes,
    /// LVM's word on it.
    pub member: Membership,
    /// As the disk's. Only looked for where the disk may be wiped, or a run of ours may have made it.
    pub signature: Option<(String, String)>,
}

/// Whether LVM has a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// No physical volume that LVM knows.
    None,
    /// One of no group.
    Orphan,
    /// One of that group.
    Of(String),
}
