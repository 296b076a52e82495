//! Machines before anything was done to them.

use std::collections::BTreeMap;

use config::{Bytes, Driver, Filesystem, GIB, MIB};

use super::Choices;
use crate::{
    Content, Device, Disk, DiskUse, EngineStore, LogicalVolume, Member, MountedFilesystem, Observed, OurFile, Partition, Role, Root,
    VolumeGroup, render::options,
};

/// The disks beside root's: the path that a spec lists, the node, the serial number, the size.
pub const DISKS: [(&str, &str, &str, Bytes); 3] = [
    ("/dev/disk/by-id/virtio-data1", "/dev/vdb", "data1", Bytes(4 * GIB)),
    ("/dev/disk/by-id/virtio-data2", "/dev/vdc", "data2", Bytes(2 * GIB)),
    ("/dev/disk/by-id/virtio-data3", "/dev/vdd", "data3", Bytes(GIB)),
];

/// The guest: root on LVM in 4 MiB extents, 3 GiB of 15.5 taken, three empty disks, and the engine's options as the first boot writes
/// them.
#[must_use]
pub fn real() -> Observed {
    let mut have = on_lvm("atomicos", Bytes(4 * MIB), 768, 3199);
    for group in have.groups.values_mut() {
        group.members = vec![member("/dev/vda2", group.extents, group.extent)];
    }
    have.files.insert(options::PATH.to_owned(), OurFile { text: options::text(Driver::Overlay2, "", "", &[]) });
    have.engine = EngineStore { driver: Some(Driver::Overlay2), running: true, ..EngineStore::unused() };
    have
}

/// Any of the machines that the planner knows.
pub(super) fn any(choices: &mut Choices) -> Observed {
    let extent = Bytes(choices.one_of(&[4, 1, 32]) * MIB);
    let root = (3 * GIB) / extent.0;
    let free = (choices.one_of(&[13, 0, 1, 40, 200]) * GIB + choices.below(7) * extent.0) / extent.0;
    let mut have = on_lvm(choices.one_of(&["atomicos", "my-vg"]), extent, root, free);
    match choices.below(6) {
        4 => {
            have.groups.clear();
            have.root = Root::Partition {
                node: "/dev/vda2".to_owned(),
                disk: "/dev/vda".to_owned(),
                number: 2,
                size: Bytes(3 * GIB),
                room: Bytes((3 + choices.below(6)) * GIB),
                filesystem: filesystem(choices, 3 * GIB),
            };
        }
        5 => {
            have.groups.clear();
            have.root = Root::Other("btrfs on /dev/vda2".to_owned());
        }
        _ => {
            if let Root::Logical { filesystem: of, .. } = &mut have.root {
                *of = filesystem(choices, 3 * GIB);
            }
        }
    }
    have.engine.running = choices.below(2) == 1;
    if choices.once_in(3) {
        leave_room(choices, &mut have);
    }
    have
}

/// Free space behind the partition of the group, or a disk that has grown already.
fn leave_room(choices: &mut Choices, have: &mut Observed) {
    let room = choices.one_of(&[0, 1, 700, 4096]) * MIB;
    for member in have.groups.values_mut().flat_map(|group| &mut group.members) {
        let Some(size) = &mut member.size else { continue };
        if choices.below(2) == 1 {
            *size = Bytes(size.0 + room);
        } else {
            let found = Partition { disk: "/dev/vda".to_owned(), number: 3, size: *size, room: Bytes(size.0 + room) };
            have.partitions.insert(member.node.clone(), found);
        }
    }
}

fn filesystem(choices: &mut Choices, size: u64) -> MountedFilesystem {
    let kind = choices.one_of(&[Some(Filesystem::Xfs), Some(Filesystem::Ext4), None]);
    MountedFilesystem { kind, size: (!choices.once_in(8)).then_some(Bytes(size)) }
}

fn on_lvm(group: &str, extent: Bytes, root: u64, free: u64) -> Observed {
    let volume = LogicalVolume {
        uuid: "uuid-of-root".to_owned(),
        extents: root,
        role: Role::Linear,
        tags: Vec::new(),
        active: true,
        origin: false,
        content: Content::Unknown,
    };
    let found = VolumeGroup {
        uuid: format!("uuid-of-{group}"),
        extent,
        extents: root + free,
        free,
        missing: 0,
        members: vec![member("/dev/vda3", root + free, extent)],
        volumes: BTreeMap::from([("root".to_owned(), volume)]),
        spare: 0,
    };
    let filesystem = MountedFilesystem { kind: Some(Filesystem::Xfs), size: Bytes::of_extents(root, extent) };
    Observed {
        suspended: Vec::new(),
        root: Root::Logical { group: group.to_owned(), volume: "root".to_owned(), filesystem },
        groups: BTreeMap::from([(group.to_owned(), found)]),
        lagging: BTreeMap::new(),
        blocked: None,
        partitions: BTreeMap::new(),
        devices: DISKS.iter().map(|(path, node, serial, size)| ((*path).to_owned(), disk(node, serial, *size))).collect(),
        mounts: BTreeMap::new(),
        links: BTreeMap::new(),
        files: BTreeMap::new(),
        engine: EngineStore::unused(),
    }
}

/// A physical volume on a device that it fills.
fn member(node: &str, extents: u64, extent: Bytes) -> Member {
    let uuid = format!("uuid-of-{}", node.trim_start_matches("/dev/"));
    Member { node: node.to_owned(), uuid, extents, start: Bytes(MIB), size: Some(Bytes(extents * extent.0 + MIB)) }
}

fn disk(node: &str, serial: &str, size: Bytes) -> Device {
    Device::Disk(Disk {
        node: node.to_owned(),
        identity: format!("serial:{serial}"),
        size,
        read_only: false,
        use_: DiskUse::Empty,
        intended: None,
        wiped: false,
    })
}
