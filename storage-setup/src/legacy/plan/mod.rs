//! What the drop-in does: options and the host go in, tasks come out. Every check is made here, before the first task is carried out.

mod create;
mod devices;
mod draft;
mod lifecycle;
mod pool;
mod reset;
mod root;
mod volumes;

use config::{Bytes, Filesystem, MIB};

use super::{Refusal, Say};
use crate::DiskRef;

pub use create::plan as create;
pub use devices::add_device;
pub use lifecycle::{activate, deactivate};
pub use reset::{plan as reset, remove};

/// In order: what is said, and what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub tasks: Vec<Task>,
    /// The group is made by this plan.
    pub group_created: bool,
    /// The group that things lie in, when it is known.
    pub group: String,
    /// The disks by the names that are kept of them.
    pub devices: Vec<String>,
    /// The text for the engine, when there is a driver.
    pub output: Option<String>,
}

/// One entry of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A line for standard error.
    Say(Say),
    /// A change.
    Do(Deed),
}

/// One change. What the agent would do in the same way is its own action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// One LVM label and partition on each disk, then vgcreate or vgextend with the partitions.
    TakeDisks {
        /// The group.
        group: String,
        /// It is made of them.
        create: bool,
        /// The disks.
        disks: Vec<NewDisk>,
    },
    /// LVM's metadata is written anew, since a power cut left an older copy, half a one or none on some disk.
    RenewMetadata {
        /// The group.
        group: String,
    },
    /// The record of a disk that is in its group goes.
    Forget {
        /// The disk's.
        identity: String,
    },
    /// Grow the partition of a physical volume into the space behind it.
    GrowMember {
        /// The physical volume.
        node: String,
    },
    /// The growth of root that is on record, before it is done: `atomic-host/grown=+5G:1234`.
    MarkRoot {
        /// Group.
        group: String,
        /// Volume.
        volume: String,
        /// The tag.
        tag: String,
        /// Earlier ones, which go.
        drop: Vec<String>,
    },
    /// lvextend of root.
    GrowRoot {
        /// Group.
        group: String,
        /// Volume.
        volume: String,
        /// To so many extents.
        to: u64,
    },
    /// The file system of root, to the size of its volume.
    GrowRootFilesystem {
        /// Its device.
        device: String,
        /// Which.
        filesystem: Filesystem,
        /// To at least this.
        to: Bytes,
    },
    /// lvcreate of the thin pool.
    CreatePool {
        /// Group.
        group: String,
        /// Name.
        pool: String,
        /// Extents of data.
        data: u64,
        /// Bytes of metadata, whole extents.
        metadata: Bytes,
        /// Chunk.
        chunk: Bytes,
        /// The metadata profile, when it grows by itself.
        profile: Option<String>,
        /// For the stamp.
        asked: String,
        /// Not activated at boot, only by `activate`.
        on_demand: bool,
    },
    /// Write the profile of an active pool and load its table again: the low-water mark that comes of the profile is part of that.
    RenewProfile {
        /// Group.
        group: String,
        /// Pool.
        pool: String,
        /// The profile's file.
        path: String,
        /// Its text.
        text: String,
    },
    /// Attach the profile, or detach what is attached.
    SetProfile {
        /// Group.
        group: String,
        /// Pool.
        pool: String,
        /// The profile; `None` detaches.
        profile: Option<String>,
    },
    /// A text file, whole.
    Write {
        /// Where.
        path: String,
        /// What.
        text: String,
    },
    /// A file that goes.
    Delete {
        /// Where.
        path: String,
    },
    /// lvcreate of a plain volume, marked as unformatted.
    CreateVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// Extents.
        extents: u64,
        /// Bytes of an extent.
        extent: Bytes,
        /// For the stamp.
        asked: String,
    },
    /// mkfs.xfs, then the mark goes.
    Format {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// Another mark takes its place: restorecon is to come.
        labels: bool,
    },
    /// lvchange -ay
    Activate {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// Although it is marked for activation on demand only.
        on_demand: bool,
    },
    /// lvchange -an
    Deactivate {
        /// Group.
        group: String,
        /// Name.
        volume: String,
    },
    /// Mount it, with quotas, and put labels right.
    Mount {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// Where.
        point: String,
        /// restorecon
        labels: bool,
    },
    /// enable and start its mount unit, and put labels right.
    StartMount {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// Where.
        point: String,
        /// restorecon
        labels: bool,
    },
    /// Unmount it there. What else is mounted at that point stays.
    Unmount {
        /// `/dev/GROUP/VOLUME`
        source: String,
        /// Where.
        point: String,
    },
    /// disable and stop the mount unit, and delete its file.
    RemoveMount {
        /// Where.
        point: String,
    },
    /// lvremove: data goes. Only on `--reset` and `remove`.
    RemoveVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
    },
    /// vgremove, then pvremove and the partition of each of its disks. Also what a run that was cut off left of that.
    RemoveGroup {
        /// Group.
        group: String,
        /// Its disks, as they were called when they were taken.
        disks: Vec<String>,
    },
}

/// A disk that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDisk {
    /// Which.
    pub disk: DiskRef,
    /// Its partition table.
    pub label: Label,
    /// What is on it goes first, as asked by `WIPE_SIGNATURES`.
    pub wipe: bool,
}

/// A partition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Up to 2 TiB.
    Dos,
    /// Beyond.
    Gpt,
}

impl Label {
    /// The one that the shell tool would write.
    #[must_use]
    pub fn of(disk: Bytes) -> Label {
        const DOS_MOST: u64 = 2_199_023_255_040;
        if disk.0 > DOS_MOST { Label::Gpt } else { Label::Dos }
    }
}

impl NewDisk {
    /// Its partition: from the first MiB to the last whole one; a GPT keeps the last one for itself.
    #[must_use]
    pub fn partition_size(&self) -> Bytes {
        let behind = match self.label {
            Label::Dos => 0,
            Label::Gpt => MIB,
        };
        Bytes(self.disk.size.0.saturating_sub(MIB + behind) / MIB * MIB)
    }
}

impl Plan {
    /// Nothing to do; it may still say something.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.tasks.iter().all(|task| matches!(task, Task::Say(_)))
    }

    /// The changes.
    pub fn deeds(&self) -> impl Iterator<Item = &Deed> {
        self.tasks.iter().filter_map(|task| match task {
            Task::Say(_) => None,
            Task::Do(deed) => Some(deed),
        })
    }
}

/// The drop-in's answer: a plan, or nothing touched.
pub type Planned = Result<Plan, Refusal>;

mod compat;
pub use compat::{awaited_group, awaited_pool, members_to_grow, plan as compat};
