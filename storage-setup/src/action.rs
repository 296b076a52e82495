//! What can be done to storage: each action is one thing that a person would call one thing.
//!
//! Made by the planner, carried out by the worker's `apply`, imitated by the simulator.

use config::{Bytes, Describe, Filesystem};
use serde::{Deserialize, Serialize};

/// One action. Every size is final: what the plan shows is what LVM is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// Resume a device that a killed LVM command left suspended.
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
    /// vgextend: add one disk to the group.
    AddDisk {
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
    /// daemon-reload, enable and start the mount unit. When the engine runs on that directory it is stopped before and started after.
    StartMount {
        /// Group.
        group: String,
        /// Volume.
        volume: String,
        /// Mount point.
        mount: String,
        /// The unit, as `var-lib-docker.mount`.
        unit: String,
        /// The engine's store lies there and it runs: it restarts around the mount.
        engine_restarts: bool,
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
        engine_restarts: bool,
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
        engine_restarts: bool,
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
        /// dockerd runs on the pool: it is stopped before. The units family starts it again.
        engine_stops: bool,
    },
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

impl Action {
    fn size(extents: u64, extent: Bytes) -> String {
        Bytes::of_extents(extents, extent).map_or_else(|| format!("{extents} extents"), |size| size.to_string())
    }
}

fn quotas(counted: bool) -> &'static str {
    if counted { "mounted with project quotas" } else { "mounted without quotas" }
}

impl Describe for Action {
    const FAMILY: &'static str = "storage";

    fn kind(&self) -> &'static str {
        match self {
            Action::ResumeDevice { .. } => "resume-device",
            Action::CreateGroup { .. } => "create-group",
            Action::WipeDisk { .. } => "wipe-disk",
            Action::GrowPartition { .. } => "grow-partition",
            Action::GrowMember { .. } => "grow-physical-volume",
            Action::AddDisk { .. } => "add-disk",
            Action::GrowRootPartition { .. } => "grow-root-partition",
            Action::GrowRootVolume { .. } => "grow-root-volume",
            Action::GrowRootFilesystem { .. } => "grow-root-filesystem",
            Action::WriteFile { .. } => "write-file",
            Action::CreatePool { .. } => "create-pool",
            Action::AdoptPool { .. } => "adopt-pool",
            Action::GrowPool { .. } => "grow-pool",
            Action::GrowPoolMetadata { .. } => "grow-pool-metadata",
            Action::AttachProfile { .. } => "attach-profile",
            Action::CreateVolume { .. } => "create-volume",
            Action::FormatVolume { .. } => "format-volume",
            Action::LabelVolume { .. } => "label-filesystem",
            Action::ActivateVolume { .. } => "activate-volume",
            Action::GrowVolume { .. } => "grow-volume",
            Action::GrowVolumeFilesystem { .. } => "grow-filesystem",
            Action::StartMount { .. } => "start-mount",
            Action::Remount { .. } => "remount",
            Action::RemoveMount { .. } => "remove-mount",
            Action::RemoveVolume { .. } => "remove-volume",
            Action::RemovePool { .. } => "remove-pool",
        }
    }

    fn target(&self) -> String {
        match self {
            Action::ResumeDevice { name } => name.clone(),
            Action::CreateGroup { group, .. } => group.clone(),
            Action::AddDisk { disk, .. } | Action::WipeDisk { disk, .. } => disk.identity.clone(),
            Action::GrowPartition { disk, number, .. } => format!("{disk} partition {number}"),
            Action::GrowMember { group, node, .. } => format!("{node} in {group}"),
            Action::GrowRootPartition { disk, number, .. } => format!("{disk} partition {number}"),
            Action::GrowRootFilesystem { device, .. } => device.clone(),
            Action::WriteFile { path, .. } => path.clone(),
            Action::CreatePool { group, pool, .. }
            | Action::AdoptPool { group, pool, .. }
            | Action::GrowPool { group, pool, .. }
            | Action::GrowPoolMetadata { group, pool, .. }
            | Action::AttachProfile { group, pool, .. } => format!("{group}/{pool}"),
            Action::RemovePool { group, pool, uuid, .. } => format!("{group}/{pool} ({uuid})"),
            Action::RemoveVolume { group, volume, uuid, .. } => format!("{group}/{volume} ({uuid})"),
            Action::GrowRootVolume { group, volume, .. }
            | Action::CreateVolume { group, volume, .. }
            | Action::FormatVolume { group, volume, .. }
            | Action::LabelVolume { group, volume, .. }
            | Action::ActivateVolume { group, volume }
            | Action::GrowVolume { group, volume, .. }
            | Action::GrowVolumeFilesystem { group, volume, .. } => format!("{group}/{volume}"),
            Action::RemoveMount { mount, uuid: Some(uuid), .. } => format!("{mount} ({uuid})"),
            Action::StartMount { mount, .. } | Action::Remount { mount, .. } | Action::RemoveMount { mount, uuid: None, .. } => {
                mount.clone()
            }
        }
    }

    fn from(&self) -> String {
        match self {
            Action::ResumeDevice { .. } => "suspended".to_owned(),
            Action::CreateGroup { .. } | Action::CreatePool { .. } | Action::CreateVolume { .. } => "absent".to_owned(),
            Action::AdoptPool { .. } => "without our tags".to_owned(),
            Action::WipeDisk { holds, .. } => holds.clone(),
            Action::GrowPartition { from, .. } => from.to_string(),
            Action::AddDisk { .. } => "unused".to_owned(),
            Action::GrowRootPartition { from, .. } => from.to_string(),
            Action::GrowRootVolume { from, extent, .. }
            | Action::GrowMember { from, extent, .. }
            | Action::GrowPool { from, extent, .. }
            | Action::GrowPoolMetadata { from, extent, .. }
            | Action::GrowVolume { from, extent, .. } => Action::size(*from, *extent),
            Action::GrowRootFilesystem { .. } | Action::GrowVolumeFilesystem { .. } => "smaller than its volume".to_owned(),
            Action::WriteFile { from: Some(_), .. } => "other text".to_owned(),
            Action::WriteFile { from: None, .. } => "absent".to_owned(),
            Action::AttachProfile { from, .. } => from.clone().unwrap_or_else(|| "none".to_owned()),
            Action::FormatVolume { .. } => "unformatted".to_owned(),
            Action::LabelVolume { from, .. } => from.clone().unwrap_or_else(|| "no label".to_owned()),
            Action::ActivateVolume { .. } => "inactive".to_owned(),
            Action::StartMount { .. } => "not mounted".to_owned(),
            Action::Remount { quota, .. } => quotas(!quota).to_owned(),
            Action::RemoveMount { .. } => "mounted".to_owned(),
            Action::RemoveVolume { extents, extent, .. } => Action::size(*extents, *extent),
            Action::RemovePool { data, extent, .. } => Action::size(*data, *extent),
        }
    }

    fn to(&self) -> String {
        match self {
            Action::ResumeDevice { .. } => "running".to_owned(),
            Action::CreateGroup { disks, .. } => disks.iter().map(|disk| disk.identity.as_str()).collect::<Vec<_>>().join(" "),
            Action::WipeDisk { .. } => "empty".to_owned(),
            Action::GrowPartition { to, .. } => to.to_string(),
            Action::GrowMember { to, extent, .. } => Action::size(*to, *extent),
            Action::AddDisk { group, disk } => format!("in {group}, {}", disk.size),
            Action::GrowRootPartition { to, .. } => to.to_string(),
            Action::GrowRootVolume { to, extent, .. } | Action::GrowPool { to, extent, .. } | Action::GrowVolume { to, extent, .. } => {
                Action::size(*to, *extent)
            }
            Action::GrowRootFilesystem { to, .. } | Action::GrowVolumeFilesystem { to, .. } => to.to_string(),
            Action::WriteFile { what, .. } => what.clone(),
            Action::CreatePool { data, metadata, extent, .. } => {
                format!("{} data, {} metadata", Action::size(*data, *extent), Action::size(*metadata, *extent))
            }
            Action::AdoptPool { engines: true, .. } => "the engine's, its data as it is".to_owned(),
            Action::AdoptPool { engines: false, .. } => "for volumes, its data as it is".to_owned(),
            Action::GrowPoolMetadata { to, extent, .. } => Action::size(*to, *extent),
            Action::AttachProfile { profile, .. } => profile.clone(),
            Action::CreateVolume { extents, extent, pool, .. } => match pool {
                Some(pool) => format!("{} thin in {pool}", Action::size(*extents, *extent)),
                None => Action::size(*extents, *extent),
            },
            Action::FormatVolume { filesystem, label, quota, .. } => {
                let label = label.as_ref().map(|label| format!(" labelled {label}")).unwrap_or_default();
                let quota = if *quota { ", with project quotas" } else { "" };
                format!("{}{label}{quota}", filesystem.as_str())
            }
            Action::LabelVolume { to, .. } => to.clone(),
            Action::ActivateVolume { .. } => "active".to_owned(),
            Action::StartMount { group, volume, .. } => format!("/dev/{group}/{volume}"),
            Action::Remount { quota, .. } => quotas(*quota).to_owned(),
            Action::RemoveMount { .. } => "not mounted".to_owned(),
            Action::RemoveVolume { .. } | Action::RemovePool { .. } => "absent".to_owned(),
        }
    }
}
