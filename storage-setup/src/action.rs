//! What can be done to storage: each action is one thing that a person would call one thing.
//!
//! Made by the planner, carried out by the worker's `apply`, imitated by the simulator. What people read of them is in `words`.

mod words;

use config::{Bytes, Filesystem};
use serde::{Deserialize, Serialize};

/// One action. Every size is final: what the plan shows is what LVM is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// Resume a device that a killed LVM command left suspended, or with a table that waits to be taken.
    ResumeDevice {
        /// dm name
        name: String,
    },
    /// vgcreate: make the group from these disks.
    CreateGroup {
        /// Its name.
        group: String,
        /// The disks, at least one.
        disks: Vec<DiskRef>,
    },
    /// wipefs: what is on a disk is lost, for good. Never one that is in use.
    WipeDisk {
        /// The disk.
        disk: DiskRef,
        /// What is on it: `ext4`.
        holds: String,
    },
    /// Grow a partition that holds a physical volume.
    GrowPartition {
        /// The group.
        group: String,
        /// The partition's node.
        node: String,
        /// The disk.
        disk: String,
        /// The partition's number.
        number: u32,
        /// From bytes.
        from: Bytes,
        /// To bytes.
        to: Bytes,
    },
    /// pvresize: the physical volume takes all of its device.
    GrowMember {
        /// The group.
        group: String,
        /// Its node.
        node: String,
        /// LVM's UUID.
        uuid: String,
        /// From extents.
        from: u64,
        /// To extents.
        to: u64,
        /// Bytes of an extent, for the words.
        extent: Bytes,
    },
    /// vgck --updatemetadata: copies of the group's metadata that a power cut left behind are written anew.
    RenewMetadata {
        /// The group.
        group: String,
        /// The physical volumes with such a copy, by node.
        nodes: Vec<String>,
    },
    /// vgextend: add one disk to the group.
    AddDisk {
        /// The group.
        group: String,
        /// The disk.
        disk: DiskRef,
    },
    /// A run was cut off after LVM took the disk: what it had on record of the disk is settled.
    SettleRecord {
        /// The group.
        group: String,
        /// The disk.
        disk: DiskRef,
    },
    /// Grow the partition that holds the root file system.
    GrowRootPartition {
        /// The disk.
        disk: String,
        /// The partition's number.
        number: u32,
        /// From bytes.
        from: Bytes,
        /// To bytes.
        to: Bytes,
    },
    /// lvextend the root volume.
    GrowRootVolume {
        /// Group.
        group: String,
        /// Volume.
        volume: String,
        /// From extents.
        from: u64,
        /// To extents.
        to: u64,
        /// Bytes of an extent, for the words.
        extent: Bytes,
    },
    /// Grow the root file system to the size of what it lies on.
    GrowRootFilesystem {
        /// Which.
        filesystem: Filesystem,
        /// Its device, as `/dev/atomicos/root` or `/dev/vda2`.
        device: String,
        /// To at least this.
        to: Bytes,
    },
    /// Write one of our files: profile, mount unit, engine options. Whole, atomically.
    WriteFile {
        /// What it is to a person: `autoextend profile`.
        what: String,
        /// Absolute path.
        path: String,
        /// The text there now, if any.
        from: Option<String>,
        /// The whole text.
        text: String,
    },
    /// lvcreate --type thin-pool with its metadata profile and tags.
    CreatePool {
        /// Group.
        group: String,
        /// Name: `docker-pool`.
        pool: String,
        /// Extents of data.
        data: u64,
        /// Extents of metadata.
        metadata: u64,
        /// Extents that LVM adds to the spare metadata volume.
        spare: u64,
        /// Chunk.
        chunk: Bytes,
        /// Name of the metadata profile, without `.profile`.
        profile: String,
        /// `Size::as_tag`
        asked: String,
        /// The engine has it for itself; else it is for volumes.
        engines: bool,
        /// Bytes of an extent, for the words.
        extent: Bytes,
    },
    /// Put our tags on a pool that docker-storage-setup made, or somebody by hand: nothing in it is touched.
    AdoptPool {
        /// Group.
        group: String,
        /// Name.
        pool: String,
        /// LVM's UUID.
        uuid: String,
        /// `Size::as_tag`
        asked: String,
        /// The engine has it for itself; else it is for volumes.
        engines: bool,
    },
    /// lvextend the pool's data.
    GrowPool {
        /// Group.
        group: String,
        /// Name.
        pool: String,
        /// From extents of data.
        from: u64,
        /// To extents of data.
        to: u64,
        /// New `asked` tag, the old one goes.
        asked: String,
        /// Bytes of an extent, for the words.
        extent: Bytes,
    },
    /// lvextend the pool's metadata; LVM grows the spare metadata volume with it.
    GrowPoolMetadata {
        /// Group.
        group: String,
        /// Name.
        pool: String,
        /// From extents of metadata.
        from: u64,
        /// To extents of metadata.
        to: u64,
        /// Extents that LVM adds to the spare metadata volume.
        spare: u64,
        /// Bytes of an extent.
        extent: Bytes,
    },
    /// Write the profile of an active pool and load its table again: the low-water mark that comes of the profile is part of that.
    RenewProfile {
        /// Group.
        group: String,
        /// Pool.
        pool: String,
        /// What it says, for a person.
        what: String,
        /// Its file.
        path: String,
        /// The text that is there now.
        from: Option<String>,
        /// The text.
        text: String,
    },
    /// lvchange --metadataprofile.
    AttachProfile {
        /// Group.
        group: String,
        /// Pool.
        pool: String,
        /// What is attached now.
        from: Option<String>,
        /// Name of the metadata profile.
        profile: String,
    },
    /// lvcreate a volume with our tags and `state=unformatted`.
    CreateVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// The pool for a thin one.
        pool: Option<String>,
        /// Extents (virtual for a thin one).
        extents: u64,
        /// `Size::as_tag`
        asked: String,
        /// Bytes of an extent, for the words.
        extent: Bytes,
    },
    /// mkfs, then the tag `state=unformatted` goes. Refuses when the volume has no such tag.
    FormatVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// With what.
        filesystem: Filesystem,
        /// The volume's size, which the file system will have.
        size: Bytes,
        /// Its label, if it gets one.
        label: Option<String>,
        /// Made for project quotas.
        quota: bool,
    },
    /// Give the file system another label; mounted or not.
    LabelVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// Which file system.
        filesystem: Filesystem,
        /// The label now.
        from: Option<String>,
        /// The label then.
        to: String,
    },
    /// lvchange -ay: a volume of ours that is not active.
    ActivateVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
    },
    /// lvextend a volume, and renew its `asked` tag.
    GrowVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// From extents.
        from: u64,
        /// To extents.
        to: u64,
        /// New `asked` tag.
        asked: String,
        /// Bytes of an extent, for the words.
        extent: Bytes,
    },
    /// lvchange: what is asked of a volume or pool that has it already, in its tag.
    RecordSize {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// `Size::as_tag` of what was asked before, if it is known.
        from: Option<String>,
        /// `Size::as_tag`
        to: String,
    },
    /// Grow the file system to the volume's size; mounted if it can be, else in place.
    GrowVolumeFilesystem {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// Which.
        filesystem: Filesystem,
        /// To at least this.
        to: Bytes,
    },
    /// daemon-reload, enable and start the mount unit.
    StartMount {
        /// Group.
        group: String,
        /// Volume.
        volume: String,
        /// Mount point.
        mount: String,
        /// The unit, as `var-lib-docker.mount`.
        unit: String,
        /// When its store lies there.
        dockerd: Dockerd,
    },
    /// Stop and start the mount unit, so that its options count: no file system takes up quotas while it is mounted.
    Remount {
        /// Group.
        group: String,
        /// Volume.
        volume: String,
        /// Mount point.
        mount: String,
        /// The unit.
        unit: String,
        /// Whether projects are counted then.
        quota: bool,
        /// As in StartMount.
        dockerd: Dockerd,
    },
    /// Stop and disable the mount unit and delete its file.
    RemoveMount {
        /// LVM's UUID of the volume, so that consent is for this very volume; `None`: the volume is gone already.
        uuid: Option<String>,
        /// Mount point.
        mount: String,
        /// The unit.
        unit: String,
        /// The unit's file.
        path: String,
        /// As in StartMount.
        dockerd: Dockerd,
    },
    /// lvremove a volume of ours. Data loss.
    RemoveVolume {
        /// Group.
        group: String,
        /// Name.
        volume: String,
        /// LVM's UUID, so that consent is for this very volume.
        uuid: String,
        /// Extents.
        extents: u64,
        /// Bytes of an extent, for the words.
        extent: Bytes,
    },
    /// Remove the pool that dockerd made in loop files, with its records of it. Data loss.
    RemoveLoopStore {
        /// Number of the inode of its data file, so that consent is for this very pool.
        inode: u64,
        /// dockerd runs on it: it is stopped before. The units family starts it again.
        engine_stops: bool,
    },
    /// lvremove the pool with all that is in it. Data loss.
    RemovePool {
        /// Group.
        group: String,
        /// Name.
        pool: String,
        /// LVM's UUID.
        uuid: String,
        /// Bytes of an extent, for the words.
        extent: Bytes,
        /// Extents of data.
        data: u64,
        /// The file of its metadata profile, deleted after it; `None`: another pool of that name comes and needs it.
        profile_path: Option<String>,
        /// dockerd runs, on the pool as far as is known: it is stopped before. The units family starts it again.
        engine_stops: bool,
        /// dockerd has had it: what it knows of it goes with it, since it starts on no other pool with that.
        records: bool,
    },
}

/// What becomes of dockerd around a step that changes what it sees of its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dockerd {
    /// It does not run, or does not see it.
    Untouched,
    /// It is stopped before and started after.
    Restarts,
    /// It is stopped before. Its options change too, and with those that it has it may not start on what it finds then; the units
    /// family starts it again.
    Stops,
}

/// A disk by what identifies it and by where it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskRef {
    /// As in [`crate::Disk::identity`].
    pub identity: String,
    /// `/dev/vdb`
    pub node: String,
    /// Its size.
    pub size: Bytes,
}
