//! What is on the volumes that carry our tag. Volumes of others are not opened.

use std::collections::BTreeMap;

use config::Filesystem;
use storage_setup::{Content, LogicalVolume, Role, VolumeGroup, stamp, superblock};

use crate::host::{Host, Number};
use crate::observe::devices;

pub(super) fn fill_in(groups: &mut BTreeMap<String, VolumeGroup>, host: &Host) {
    for (group_name, group) in groups {
        for (name, volume) in &mut group.volumes {
            if is_to_be_probed(volume) {
                volume.content = content(group_name, name, host);
            }
        }
    }
}

fn is_to_be_probed(volume: &LogicalVolume) -> bool {
    let plain = match &volume.role {
        Role::Linear | Role::Thin { .. } => true,
        Role::Pool(_) | Role::Other => false,
    };
    plain && volume.active && stamp::is_ours(&volume.tags)
}

/// What is on an active volume.
pub(crate) fn content(group: &str, volume: &str, host: &Host) -> Content {
    Number::of_volume(group, volume).map_or(Content::Unknown, |number| on_device(&number, host))
}

/// What is on a device.
pub(crate) fn on_device(number: &Number, host: &Host) -> Content {
    if let Some(mount) = host.mount_of(number) {
        let found = Host::mounted_filesystem(mount);
        return match (found.kind, found.size) {
            (Some(kind), Some(size)) => match filesystem(kind, number) {
                // The kernel's size, not that of a superblock which it writes back late.
                Content::Filesystem { kind, label, projects, .. } => Content::Filesystem { kind, size, label, projects },
                Content::Unknown | Content::Nothing | Content::Other(_) => Content::Unknown,
            },
            (Some(_), None) => Content::Unknown,
            (None, _) => Content::Other(mount.kind.clone()),
        };
    }
    let Some(node) = number.node() else { return Content::Unknown };
    let Ok(found) = devices::probed(&node) else { return Content::Unknown };
    match (found.content, found.table) {
        (Some(name), _) => match [Filesystem::Xfs, Filesystem::Ext4].into_iter().find(|kind| kind.as_str() == name) {
            Some(kind) => filesystem(kind, number),
            None => Content::Other(name),
        },
        (None, Some(table)) => Content::Other(format!("partition table ({table})")),
        (None, None) => Content::Nothing,
    }
}

fn filesystem(kind: Filesystem, number: &Number) -> Content {
    let Ok(head) = number.head() else { return Content::Unknown };
    let found = match kind {
        Filesystem::Xfs => superblock::xfs(&head).map(|found| (found.size, found.label, true)),
        Filesystem::Ext4 => superblock::ext(&head).map(|found| (found.size, found.label, found.projects)),
    };
    found.map_or(Content::Unknown, |(size, label, projects)| Content::Filesystem { kind, size, label, projects })
}
