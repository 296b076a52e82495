//! What file systems write into their superblocks: size, label, and whether they can count projects.
//!
//! The worker reads the first 4 KiB of a device; they come here. Of a mounted XFS only the log's size is trusted: the kernel writes
//! the rest back late, so that the size right after a growth is the old one.

use config::Bytes;

/// How much of a device has to be read.
pub const HEAD: usize = 4096;

/// From the superblock of an XFS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xfs {
    /// Its whole size.
    pub size: Bytes,
    /// The part that its log takes, which statvfs(2) leaves out; 0 for a log on another device.
    pub log: Bytes,
    /// Its label.
    pub label: Option<String>,
}

/// From the superblock of an ext2, 3 or 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ext {
    /// Its whole size.
    pub size: Bytes,
    /// Its label.
    pub label: Option<String>,
    /// It has the features `quota` and `project`.
    pub projects: bool,
}

/// Reads an XFS superblock; `None` when it is none.
#[must_use]
pub fn xfs(head: &[u8]) -> Option<Xfs> {
    if head.get(..4)? != b"XFSB" {
        return None;
    }
    let block = u64::from(u32::from_be_bytes(array(head, 4)?));
    let blocks = u64::from_be_bytes(array(head, 8)?);
    let log_start = u64::from_be_bytes(array(head, 48)?);
    let log_blocks = u64::from(u32::from_be_bytes(array(head, 96)?));
    let log = if log_start == 0 { 0 } else { log_blocks.checked_mul(block)? };
    Some(Xfs { size: Bytes(blocks.checked_mul(block)?), log: Bytes(log), label: label(&array::<12>(head, 108)?) })
}

/// Whether directories of an XFS tell the types of their entries, which overlay needs; `None` when it is no XFS.
#[must_use]
pub fn xfs_has_file_types(head: &[u8]) -> Option<bool> {
    const FEATURES2: usize = 200;
    const FILE_TYPES2: u32 = 0x200;
    const INCOMPATIBLE: usize = 216;
    const FILE_TYPES: u32 = 1;
    if head.get(..4)? != b"XFSB" {
        return None;
    }
    let version = u16::from_be_bytes(array(head, 100)?) & 0xf;
    let flag = |at: usize, bit: u32| Some(u32::from_be_bytes(array(head, at)?) & bit != 0);
    if version == 5 { flag(INCOMPATIBLE, FILE_TYPES) } else { flag(FEATURES2, FILE_TYPES2) }
}

/// Reads an ext2, 3 or 4 superblock; `None` when it is none.
#[must_use]
pub fn ext(head: &[u8]) -> Option<Ext> {
    const START: usize = 1024;
    const INCOMPAT_64BIT: u32 = 0x80;
    /// RO_COMPAT_QUOTA and RO_COMPAT_PROJECT.
    const PROJECTS: u32 = 0x100 | 0x2000;
    if u16::from_le_bytes(array(head, START + 0x38)?) != 0xEF53 {
        return None;
    }
    let low = u64::from(u32::from_le_bytes(array(head, START + 0x4)?));
    let shift = u32::from_le_bytes(array(head, START + 0x18)?).checked_add(10)?;
    let wide = u32::from_le_bytes(array(head, START + 0x60)?) & INCOMPAT_64BIT != 0;
    let high = if wide { u64::from(u32::from_le_bytes(array(head, START + 0x150)?)) } else { 0 };
    let block = 1_u64.checked_shl(shift)?;
    let size = ((high << 32) | low).checked_mul(block).map(Bytes)?;
    let features = u32::from_le_bytes(array(head, START + 0x64)?);
    Some(Ext { size, label: label(&array::<16>(head, START + 0x78)?), projects: features & PROJECTS == PROJECTS })
}

fn label(field: &[u8]) -> Option<String> {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    Some(String::from_utf8_lossy(text).into_owned()).filter(|text| !text.is_empty())
}

fn array<const N: usize>(head: &[u8], at: usize) -> Option<[u8; N]> {
    head.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests;
