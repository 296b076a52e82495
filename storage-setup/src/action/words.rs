//! Actions in words: kind and target, from what to what. A step's id is a hash over them, so that consent is for what was read.

use config::{Bytes, Describe};

use super::Action;

fn size(extents: u64, extent: Bytes) -> String {
    Bytes::of_extents(extents, extent).map_or_else(|| format!("{extents} extents"), |size| size.to_string())
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
            Action::RenewMetadata { .. } => "renew-metadata",
            Action::AddDisk { .. } => "add-disk",
            Action::SettleRecord { .. } => "settle-record",
            Action::GrowRootPartition { .. } => "grow-root-partition",
            Action::GrowRootVolume { .. } => "grow-root-volume",
            Action::GrowRootFilesystem { .. } => "grow-root-filesystem",
            Action::WriteFile { .. } => "write-file",
            Action::CreatePool { .. } => "create-pool",
            Action::AdoptPool { .. } => "adopt-pool",
            Action::GrowPool { .. } => "grow-pool",
            Action::GrowPoolMetadata { .. } => "grow-pool-metadata",
            Action::RenewProfile { .. } => "renew-profile",
            Action::AttachProfile { .. } => "attach-profile",
            Action::CreateVolume { .. } => "create-volume",
            Action::FormatVolume { .. } => "format-volume",
            Action::LabelVolume { .. } => "label-filesystem",
            Action::ActivateVolume { .. } => "activate-volume",
            Action::GrowVolume { .. } => "grow-volume",
            Action::RecordSize { .. } => "record-size",
            Action::GrowVolumeFilesystem { .. } => "grow-filesystem",
            Action::StartMount { .. } => "start-mount",
            Action::Remount { .. } => "remount",
            Action::RemoveMount { .. } => "remove-mount",
            Action::RemoveVolume { .. } => "remove-volume",
            Action::RemovePool { .. } => "remove-pool",
            Action::RemoveLoopStore { .. } => "remove-loop-store",
        }
    }

    fn target(&self) -> String {
        match self {
            Action::ResumeDevice { name } => name.clone(),
            Action::CreateGroup { group, .. } | Action::RenewMetadata { group, .. } => group.clone(),
            Action::AddDisk { disk, .. } | Action::SettleRecord { disk, .. } | Action::WipeDisk { disk, .. } => disk.identity.clone(),
            Action::GrowPartition { disk, number, .. } => format!("{disk} partition {number}"),
            Action::GrowMember { group, node, .. } => format!("{node} in {group}"),
            Action::GrowRootPartition { disk, number, .. } => format!("{disk} partition {number}"),
            Action::GrowRootFilesystem { device, .. } => device.clone(),
            Action::WriteFile { path, .. } => path.clone(),
            Action::CreatePool { group, pool, .. }
            | Action::AdoptPool { group, pool, .. }
            | Action::GrowPool { group, pool, .. }
            | Action::GrowPoolMetadata { group, pool, .. }
            | Action::RenewProfile { group, pool, .. }
            | Action::AttachProfile { group, pool, .. } => format!("{group}/{pool}"),
            Action::RemovePool { group, pool, uuid, .. } => format!("{group}/{pool} ({uuid})"),
            Action::RemoveVolume { group, volume, uuid, .. } => format!("{group}/{volume} ({uuid})"),
            Action::RemoveLoopStore { inode, .. } => format!("/var/lib/docker/devicemapper (inode {inode})"),
            Action::GrowRootVolume { group, volume, .. }
            | Action::CreateVolume { group, volume, .. }
            | Action::FormatVolume { group, volume, .. }
            | Action::LabelVolume { group, volume, .. }
            | Action::ActivateVolume { group, volume }
            | Action::GrowVolume { group, volume, .. }
            | Action::RecordSize { group, volume, .. }
            | Action::GrowVolumeFilesystem { group, volume, .. } => format!("{group}/{volume}"),
            Action::RemoveMount { mount, uuid: Some(uuid), .. } => format!("{mount} ({uuid})"),
            Action::StartMount { mount, .. } | Action::Remount { mount, .. } | Action::RemoveMount { mount, uuid: None, .. } => {
                mount.clone()
            }
        }
    }

    fn from(&self) -> String {
        match self {
            Action::ResumeDevice { .. } => "half-changed".to_owned(),
            Action::CreateGroup { .. } | Action::CreatePool { .. } | Action::CreateVolume { .. } => "absent".to_owned(),
            Action::AdoptPool { .. } => "without our tags".to_owned(),
            Action::WipeDisk { holds, .. } => holds.clone(),
            Action::GrowPartition { from, .. } => from.to_string(),
            Action::RenewMetadata { nodes, .. } => format!("older or torn on {}", nodes.join(" ")),
            Action::AddDisk { .. } => "unused".to_owned(),
            Action::SettleRecord { .. } => "on its way by the record".to_owned(),
            Action::GrowRootPartition { from, .. } => from.to_string(),
            Action::GrowRootVolume { from, extent, .. }
            | Action::GrowMember { from, extent, .. }
            | Action::GrowPool { from, extent, .. }
            | Action::GrowPoolMetadata { from, extent, .. }
            | Action::GrowVolume { from, extent, .. } => size(*from, *extent),
            Action::GrowRootFilesystem { .. } | Action::GrowVolumeFilesystem { .. } => "smaller than its volume".to_owned(),
            Action::WriteFile { from: Some(_), .. } | Action::RenewProfile { from: Some(_), .. } => "other text".to_owned(),
            Action::WriteFile { from: None, .. } | Action::RenewProfile { from: None, .. } => "absent".to_owned(),
            Action::RecordSize { from, .. } => from.clone().unwrap_or_else(|| "no recorded size".to_owned()),
            Action::AttachProfile { from, .. } => from.clone().unwrap_or_else(|| "none".to_owned()),
            Action::FormatVolume { .. } => "unformatted".to_owned(),
            Action::LabelVolume { from, .. } => from.clone().unwrap_or_else(|| "no label".to_owned()),
            Action::ActivateVolume { .. } => "inactive".to_owned(),
            Action::StartMount { .. } => "not mounted".to_owned(),
            Action::Remount { quota, .. } => quotas(!quota).to_owned(),
            Action::RemoveMount { .. } => "mounted".to_owned(),
            Action::RemoveVolume { extents, extent, .. } => size(*extents, *extent),
            Action::RemovePool { data, extent, .. } => size(*data, *extent),
            Action::RemoveLoopStore { .. } => "a pool in loop files".to_owned(),
        }
    }

    fn to(&self) -> String {
        match self {
            Action::ResumeDevice { .. } => "running".to_owned(),
            Action::CreateGroup { disks, .. } => disks.iter().map(|disk| disk.identity.as_str()).collect::<Vec<_>>().join(" "),
            Action::WipeDisk { .. } => "empty".to_owned(),
            Action::GrowPartition { to, .. } => to.to_string(),
            Action::GrowMember { to, extent, .. } => size(*to, *extent),
            Action::RenewMetadata { .. } => "the same on all disks".to_owned(),
            Action::AddDisk { group, disk } => format!("in {group}, {}", disk.size),
            Action::SettleRecord { group, .. } => format!("in {group}"),
            Action::GrowRootPartition { to, .. } => to.to_string(),
            Action::GrowRootVolume { to, extent, .. } | Action::GrowPool { to, extent, .. } | Action::GrowVolume { to, extent, .. } => {
                size(*to, *extent)
            }
            Action::GrowRootFilesystem { to, .. } | Action::GrowVolumeFilesystem { to, .. } => to.to_string(),
            Action::WriteFile { what, .. } | Action::RenewProfile { what, .. } => what.clone(),
            Action::CreatePool { data, metadata, extent, .. } => {
                format!("{} data, {} metadata", size(*data, *extent), size(*metadata, *extent))
            }
            Action::AdoptPool { engines: true, .. } => "the engine's, its data as it is".to_owned(),
            Action::AdoptPool { engines: false, .. } => "for volumes, its data as it is".to_owned(),
            Action::GrowPoolMetadata { to, extent, .. } => size(*to, *extent),
            Action::AttachProfile { profile, .. } => profile.clone(),
            Action::RecordSize { to, .. } => to.clone(),
            Action::CreateVolume { extents, extent, pool, .. } => match pool {
                Some(pool) => format!("{} thin in {pool}", size(*extents, *extent)),
                None => size(*extents, *extent),
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
            Action::RemovePool { records: true, .. } | Action::RemoveLoopStore { .. } => {
                "absent, as dockerd's images and containers in it".to_owned()
            }
            Action::RemoveVolume { .. } | Action::RemovePool { records: false, .. } => "absent".to_owned(),
        }
    }
}
