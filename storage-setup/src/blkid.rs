//! What `blkid -p -o export DEVICE` prints.
//!
//! The worker runs it; its text comes here; the names go into [`crate::DiskUse`] and [`crate::Content`].

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
