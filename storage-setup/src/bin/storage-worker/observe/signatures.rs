//! Every signature on a device, as wipefs(8) finds them. Looking only.
//!
//! blkid names the one that counts; what may be wiped, and what was wiped, is told by all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use storage_setup::wipes::Wipes;

use crate::host::Number;
use crate::program::{Program, ProgramError};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// `0x438`
    pub(crate) offset: String,
    /// Where it has one.
    pub(crate) uuid: String,
    /// `ext4`
    pub(crate) kind: String,
}

impl Signature {
    /// Of a partition table.
    pub(crate) fn is_table(&self) -> bool {
        ["dos", "gpt", "PMBR"].contains(&self.kind.as_str())
    }
}

/// Those on one device.
pub(crate) fn on(node: &str) -> Result<Vec<Signature>, ProgramError> {
    let program = Program::new("wipefs", &["-p", node]).limit(Duration::from_secs(30));
    Ok(parse(&program.run()?.expect(&[0])?.stdout))
}

/// `# offset,uuid,label,type`, then a line for each.
fn parse(text: &str) -> Vec<Signature> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let found = lines.filter_map(|line| {
        let mut fields = line.split(',');
        let (offset, uuid) = (fields.next()?, fields.next()?);
        Some(Signature { offset: offset.to_owned(), uuid: uuid.to_owned(), kind: fields.next_back()?.to_owned() })
    });
    found.collect()
}

/// What a disk and its partitions hold. Tables are left out: a run of ours that was cut off may have written its own.
pub(crate) fn contents(disk: &Number) -> Result<BTreeSet<String>, ProgramError> {
    let mut held = BTreeSet::new();
    for node in std::iter::once(disk.clone()).chain(disk.partitions()).filter_map(|number| number.node()) {
        let found = on(&node)?.into_iter().filter(|signature| !signature.is_table());
        held.extend(found.map(|signature| format!("{} {}", signature.kind, signature.uuid)));
    }
    Ok(held)
}

/// Whether the configuration has had its word on wiping the disk. What cannot be told counts as yes.
pub(crate) fn wiped(disk: &Number, identity: &str, wipes: Option<&Wipes>) -> bool {
    use storage_setup::wipes::Wiping;
    let Some(wipes) = wipes else { return true };
    match wipes.of(identity) {
        Wiping::Never => false,
        Wiping::Done => true,
        begun @ Wiping::Begun(_) => contents(disk).map_or(true, |now| begun.is_spent(&now)),
    }
}

#[cfg(test)]
mod tests;
