//! What `blkid -p -o export DEVICE` prints.
//!
//! The worker runs it; its text comes here; the names go into [`crate::DiskUse`] and [`crate::Content`].

/// The content that a physical volume of LVM has, as blkid(8) and wipefs(8) call it.
pub const PHYSICAL_VOLUME: &str = "LVM2_member";

/// Who uses a physical volume that LVM's report does not have. A devices file, a filter or a foreign system ID hides groups that are in
/// good health.
pub const HIDDEN_BY_LVM: &str = "LVM, which does not show its group here (devices file, filter or system ID)";

/// The signatures of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// A file system, LVM, RAID or other content: `xfs`, `LVM2_member`.
    pub content: Option<String>,
    /// A partition table: `dos`, `gpt`.
    pub table: Option<String>,
}

/// Reads `KEY=value` lines; keys that are not needed are left out.
#[must_use]
pub fn parse(text: &str) -> Signatures {
    let mut found = Signatures::default();
    for line in text.lines() {
        match line.split_once('=') {
            Some(("TYPE", value)) => found.content = Some(value.to_owned()),
            Some(("PTTYPE", value)) => found.table = Some(value.to_owned()),
            Some(_) | None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
