//! What the kernel says of block devices and mounts: sysfs, /proc/self/mountinfo, and the first bytes of a device.
//!
//! Read by `observe`, and again by `apply` just before each action.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use config::{Bytes, Filesystem};
use storage_setup::mountinfo::{self, MountEntry};
use storage_setup::{MountedFilesystem, dm_name, superblock};

/// Why the kernel could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub(crate) struct HostError {
    path: String,
    #[source]
    source: std::io::Error,
}

/// The kernel's view at one moment.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) mounts: Vec<MountEntry>,
}

/// A block device by number, as /sys/dev/block names it: `253:0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) String);

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Missing,
    NotBlock,
    Block(Number),
}

impl Host {
    pub(crate) fn read() -> Result<Host, HostError> {
        const PATH: &str = "/proc/self/mountinfo";
        let text = std::fs::read_to_string(PATH).map_err(|source| HostError { path: PATH.to_owned(), source })?;
        Ok(Host { mounts: mountinfo::parse(&text) })
    }

    /// What is seen mounted at a point.
    pub(crate) fn mounted_at(&self, point: &str) -> Option<&MountEntry> {
        mountinfo::at(&self.mounts, point)
    }

    /// Where a device is mounted, if anywhere.
    pub(crate) fn mount_of(&self, number: &Number) -> Option<&MountEntry> {
        self.mounts.iter().rev().find(|mount| mount.device == number.0)
    }

    /// What a path lies on, and would lie on if that were not mounted.
    pub(crate) fn carriers<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a MountEntry> {
        Path::new(path).ancestors().filter_map(|part| self.mounted_at(part.to_str()?))
    }

    /// What the path lies on cannot be read until somebody resumes it.
    pub(crate) fn is_suspended(&self, path: &str) -> bool {
        self.carriers(path).next().is_some_and(|mount| Number(mount.device.clone()).is_suspended())
    }

    /// Whether it is an XFS whose directories do not tell types, on which no overlay can lie.
    pub(crate) fn is_flat_xfs(mount: &MountEntry) -> bool {
        let device = Number(mount.device.clone());
        let is_flat = || device.head().is_ok_and(|head| superblock::xfs_has_file_types(&head) == Some(false));
        mount.kind == "xfs" && !device.is_suspended() && is_flat()
    }

    /// Kind and own size of a file system that is mounted.
    pub(crate) fn mounted_filesystem(mount: &MountEntry) -> MountedFilesystem {
        let number = Number(mount.device.clone());
        let kind = [Filesystem::Xfs, Filesystem::Ext4].into_iter().find(|kind| kind.as_str() == mount.kind);
        let size = kind.and_then(|kind| match kind {
            // The superblock on disk may be older than the last growth; the kernel's figure leaves out the log.
            Filesystem::Xfs => {
                let seen = nix::sys::statvfs::statvfs(mount.point.as_str()).ok()?;
                let log = superblock::xfs(&number.head().ok()?)?.log;
                seen.blocks().checked_mul(seen.fragment_size())?.checked_add(log.0).map(Bytes)
            }
            Filesystem::Ext4 => superblock::ext(&number.head().ok()?).map(|found| found.size),
        });
        MountedFilesystem { kind, size }
    }

    /// The source of a mount: `/dev/GROUP/VOLUME` for a logical volume, else as the kernel says.
    pub(crate) fn source(mount: &MountEntry) -> String {
        match Number(mount.device.clone()).logical_volume() {
            Some((group, volume)) => format!("/dev/{group}/{volume}"),
            None => mount.source.clone(),
        }
    }
}

impl Node {
    pub(crate) fn at(path: &str) -> Result<Node, HostError> {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            // Below what is no directory, or longer than any name, there is nothing either.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename) => {
                return Ok(Node::Missing);
            }
            Err(source) => return Err(HostError { path: path.to_owned(), source }),
        };
        if !metadata.file_type().is_block_device() {
            return Ok(Node::NotBlock);
        }
        let number = metadata.rdev();
        Ok(Node::Block(Number(format!("{}:{}", nix::sys::stat::major(number), nix::sys::stat::minor(number)))))
    }
}

impl Number {
    /// The device of a logical volume; `None` when it is not active.
    pub(crate) fn of_volume(group: &str, volume: &str) -> Option<Number> {
        let wanted = dm_name::of(group, volume);
        let entries = std::fs::read_dir("/sys/block").ok()?;
        for entry in entries.flatten() {
            let path = entry.path();
            if text(&path.join("dm/name")).as_deref() == Some(&wanted) && is_lvm(&path) {
                return text(&path.join("dev")).map(Number);
            }
        }
        None
    }

    /// Its directory in sysfs: a link to `/sys/devices/.../block/vda/vda2`. A partition's `..` is that of its disk.
    pub(crate) fn sysfs(&self) -> PathBuf {
        Path::new("/sys/dev/block").join(&self.0)
    }

    /// The kernel's own node, which exists with or without udev: `/dev/vda2`, `/dev/dm-3`.
    pub(crate) fn node(&self) -> Option<String> {
        let directory = std::fs::read_link(self.sysfs()).ok()?;
        let name = directory.file_name()?.to_str()?;
        // cciss!c0d0 is /dev/cciss/c0d0.
        Some(format!("/dev/{}", name.replace('!', "/")))
    }

    /// The disk of a partition.
    pub(crate) fn disk(&self) -> Option<Number> {
        self.attribute("partition")?;
        text(&self.sysfs().join("../dev")).map(Number)
    }

    /// Whoever reads from or writes to it waits until somebody resumes it.
    pub(crate) fn is_suspended(&self) -> bool {
        self.attribute("dm/suspended").is_some_and(|is| is == "1")
    }

    /// Several paths to one disk, as device-mapper joins them.
    pub(crate) fn is_multipath(&self) -> bool {
        self.attribute("dm/uuid").is_some_and(|uuid| uuid.starts_with("mpath-"))
    }

    /// Its partitions, in the order of the table. Those of a multipath device are devices of their own, which kpartx makes.
    pub(crate) fn partitions(&self) -> Vec<Number> {
        let holders = self.is_multipath().then_some("holders");
        let entries = std::fs::read_dir(self.sysfs().join(holders.unwrap_or_default()));
        let found = entries.into_iter().flatten().flatten().filter_map(|entry| {
            let index = match holders {
                None => text(&entry.path().join("partition"))?.parse::<u32>().ok()?,
                Some(_) => dm_name::partition_of_multipath(&text(&entry.path().join("dm/uuid"))?)?,
            };
            Some((index, Number(text(&entry.path().join("dev"))?)))
        });
        let mut found: Vec<(u32, Number)> = found.collect();
        found.sort_by_key(|(index, _)| *index);
        found.into_iter().map(|(_, number)| number).collect()
    }

    /// A file of its sysfs directory, trimmed; `None` when absent or empty.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        text(&self.sysfs().join(name))
    }

    /// A number in its sysfs directory.
    pub(crate) fn figure(&self, name: &str) -> Option<u64> {
        self.attribute(name)?.parse().ok()
    }

    /// Its size.
    pub(crate) fn size(&self) -> Option<Bytes> {
        const SECTOR: u64 = 512;
        self.figure("size")?.checked_mul(SECTOR).map(Bytes)
    }

    /// Group and volume, when this is a logical volume (and not an inner layer of one).
    pub(crate) fn logical_volume(&self) -> Option<(String, String)> {
        if !is_lvm(&self.sysfs()) {
            return None;
        }
        dm_name::split(&self.attribute("dm/name")?)
    }

    /// Its first bytes.
    pub(crate) fn head(&self) -> Result<Vec<u8>, HostError> {
        let path = self.node().unwrap_or_else(|| format!("block device {}", self.0));
        let mut head = vec![0; superblock::HEAD];
        let read = File::open(&path).and_then(|mut file| file.read_exact(&mut head));
        read.map_err(|source| HostError { path, source })?;
        Ok(head)
    }
}

/// Who holds an active logical volume, by `GROUP/VOLUME`: other devices that stand on it, by their names.
pub(crate) fn holders() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir("/sys/block").into_iter().flatten().flatten();
    let held = entries.map(|entry| entry.path()).filter(|path| is_lvm(path)).filter_map(|path| {
        let (group, volume) = dm_name::split(&text(&path.join("dm/name"))?)?;
        let holder = std::fs::read_dir(path.join("holders")).ok()?.flatten().next()?.file_name().into_string().ok()?;
        let named = text(&Path::new("/sys/block").join(&holder).join("dm/name"));
        Some((format!("{group}/{volume}"), named.unwrap_or(holder)))
    });
    held.collect()
}

fn is_lvm(sysfs: &Path) -> bool {
    text(&sysfs.join("dm/uuid")).is_some_and(|uuid| uuid.starts_with("LVM-"))
}

/// A sysfs file, trimmed; `None` when absent, unreadable or empty.
pub(crate) fn text(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim_matches(['\0', ' ', '\n', '\t']).to_owned();
    // `(null)` is what drivers without a serial number print.
    Some(text).filter(|text| !text.is_empty() && text != "(null)")
}

#[cfg(test)]
mod tests;
