//! Grows a file system to the size of its device: through a writable mount of it where there is one, else in a mount namespace of our own.
//!
//! On an OSTree host `/` is a read-only bind, and xfs_growfs and resize2fs want to write through a mount point.

use std::time::Duration;

use config::{Bytes, Filesystem};
use storage_setup::mountinfo::{self, MountEntry};
use storage_setup::{Content, MountedFilesystem, superblock};

use super::error::{ApplyError, changed, refused};
use super::{Change, Machine, private_mounts};
use crate::host::{Host, Node, Number};
use crate::observe::{content, devices};
use crate::program::Program;

const LIMIT: Duration = Duration::from_mins(30);

pub(super) fn grow(machine: &mut Machine<'_>, filesystem: Filesystem, device: &str, to: Bytes) -> Result<Change, ApplyError> {
    let Some(number) = number_of(device)? else {
        return changed(format!("{device} is not there"));
    };
    let host = Host::read()?;
    let (kind, size) = present(&number, &host)?;
    if kind != Some(filesystem) {
        return changed(format!("there is no {} on {device}", filesystem.as_str()));
    }
    if size.is_some_and(|size| size >= to) {
        return Ok(Change::Already);
    }
    let Some(node) = number.node() else {
        return changed(format!("{device} has no node"));
    };
    match host.mount_of(&number) {
        Some(_) => grow_mounted(machine, filesystem, &host, &number, &node)?,
        None => grow_unmounted(machine, filesystem, &node)?,
    }
    Ok(Change::Made)
}

/// `/dev/GROUP/VOLUME` is udev's link; without udev the volume is found by its name in device-mapper.
fn number_of(device: &str) -> Result<Option<Number>, ApplyError> {
    if let Node::Block(number) = Node::at(device)? {
        return Ok(Some(number));
    }
    let name = device.strip_prefix("/dev/").and_then(|name| name.split_once('/'));
    Ok(name.and_then(|(group, volume)| Number::of_volume(group, volume)))
}

fn present(number: &Number, host: &Host) -> Result<(Option<Filesystem>, Option<Bytes>), ApplyError> {
    if let Some(mount) = host.mount_of(number) {
        let MountedFilesystem { kind, size } = Host::mounted_filesystem(mount);
        return Ok((kind, size));
    }
    let Some(node) = number.node() else { return Ok((None, None)) };
    let name = devices::probed(&node)?.content;
    let kind = [Filesystem::Xfs, Filesystem::Ext4].into_iter().find(|kind| Some(kind.as_str()) == name.as_deref());
    let head = number.head()?;
    let size = kind.and_then(|kind| match kind {
        Filesystem::Xfs => superblock::xfs(&head).map(|found| found.size),
        Filesystem::Ext4 => superblock::ext(&head).map(|found| found.size),
    });
    Ok((kind, size))
}

fn grow_mounted(machine: &mut Machine<'_>, kind: Filesystem, host: &Host, number: &Number, node: &str) -> Result<(), ApplyError> {
    let mounts: Vec<&MountEntry> = host.mounts.iter().filter(|mount| mount.device == number.0).collect();
    match (kind, mountinfo::writable_point(&host.mounts, &number.0)) {
        (Filesystem::Xfs, Some(point)) => machine.program(&growing(kind, node, point)),
        // resize2fs takes the first mount that it finds.
        (Filesystem::Ext4, Some(point)) if mounts.iter().all(|mount| mount.writable) => machine.program(&growing(kind, node, point)),
        (Filesystem::Xfs | Filesystem::Ext4, _) => {
            let points: Vec<&str> = mounts.iter().map(|mount| mount.point.as_str()).collect();
            let Some(first) = points.first() else {
                return refused(format!("{node} is not mounted any more"));
            };
            let program = growing(kind, node, first);
            machine.effects.run(&program.words(), || {
                private_mounts::inside(|| {
                    points.iter().try_for_each(|point| private_mounts::make_writable(point))?;
                    Ok(program.run()?.expect(&[0]).map(drop)?)
                })
            })
        }
    }
}

/// Both file systems grow while mounted only, or more safely so: mounting replays the journal that a crash may have left.
fn grow_unmounted(machine: &mut Machine<'_>, kind: Filesystem, node: &str) -> Result<(), ApplyError> {
    let words = growing(kind, node, "/mnt").words();
    machine.effects.run(&format!("{words} (mounted for this alone)"), || {
        private_mounts::inside(|| {
            let point = private_mounts::mount_device(node, kind.as_str())?;
            Ok(growing(kind, node, point).run()?.expect(&[0]).map(drop)?)
        })
    })
}

/// Through the mount where there is one: the tools for unmounted file systems refuse those.
pub(super) fn label(machine: &mut Machine<'_>, filesystem: Filesystem, device: &str, label: &str) -> Result<Change, ApplyError> {
    let Some(number) = number_of(device)? else {
        return changed(format!("{device} is not there"));
    };
    let host = Host::read()?;
    match content::on_device(&number, &host) {
        Content::Filesystem { kind, label: there, .. } if kind == filesystem => {
            if there.as_deref() == Some(label) {
                return Ok(Change::Already);
            }
        }
        Content::Filesystem { .. } | Content::Unknown | Content::Nothing | Content::Other(_) => {
            return changed(format!("there is no {} on {device}", filesystem.as_str()));
        }
    }
    let Some(node) = number.node() else {
        return changed(format!("{device} has no node"));
    };
    let command = format!("label -s {label}");
    let program = match (filesystem, host.mount_of(&number)) {
        (Filesystem::Xfs, Some(mount)) => Program::new("xfs_io", &["-c", &command, &mount.point]),
        (Filesystem::Xfs, None) => Program::new("xfs_admin", &["-L", label, &node]),
        (Filesystem::Ext4, _) => Program::new("tune2fs", &["-L", label, &node]),
    };
    machine.program(&program)?;
    Ok(Change::Made)
}

fn growing<'a>(kind: Filesystem, node: &'a str, point: &'a str) -> Program<'a> {
    match kind {
        Filesystem::Xfs => Program::new("xfs_growfs", &[point]).limit(LIMIT),
        Filesystem::Ext4 => Program::new("resize2fs", &[node]).limit(LIMIT),
    }
}
