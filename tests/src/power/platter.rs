//! What a disk holds: a base file that is never written, and the blocks that differ from it, in memory.
//! In: reads and writes at byte offsets. Out: bytes, and a fingerprint by which two contents are told apart.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Bytes that are kept together.
const BLOCK: usize = 4096;
type Block = [u8; BLOCK];

/// The content of one disk. A clone shares what is the same.
#[derive(Debug, Clone)]
pub(super) struct Platter {
    base: Arc<File>,
    size: u64,
    changed: BTreeMap<u64, Arc<Block>>,
    /// The sum over what is changed, so that order does not matter.
    print: u64,
}

impl Platter {
    /// A disk that holds what the file does.
    pub(super) fn new(base: &Path) -> Result<Platter> {
        let file = File::open(base).with_context(|| base.display().to_string())?;
        let size = file.metadata()?.len();
        ensure!(size.is_multiple_of(BLOCK as u64), "{}: {size} bytes are no whole blocks", base.display());
        Ok(Platter { base: Arc::new(file), size, changed: BTreeMap::new(), print: 0 })
    }

    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Fills the buffer from there on.
    pub(super) fn read(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        self.check(at, bytes.len() as u64)?;
        self.base.read_exact_at(bytes, at)?;
        let end = at + bytes.len() as u64;
        for (number, block) in self.changed.range(at / BLOCK as u64..end.div_ceil(BLOCK as u64)) {
            let start = number * BLOCK as u64;
            let (from, to) = (start.max(at), (start + BLOCK as u64).min(end));
            bytes[index(from - at)..index(to - at)].copy_from_slice(&block[index(from - start)..index(to - start)]);
        }
        Ok(())
    }

    /// Puts these bytes there.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.change(at, bytes.len() as u64, |block, from| block.copy_from_slice(&bytes[from..from + block.len()]))
    }

    /// Puts zeros there.
    pub(super) fn zero(&mut self, at: u64, length: u64) -> Result<()> {
        self.change(at, length, |block, _| block.fill(0))
    }

    /// The same for the same content over the same base.
    pub(super) fn fingerprint(&self) -> u64 {
        self.print
    }

    /// Gives each block's part to be changed, with the offset of that part in what is written.
    fn change(&mut self, at: u64, length: u64, mut into: impl FnMut(&mut [u8], usize)) -> Result<()> {
        self.check(at, length)?;
        let mut here = at;
        while here < at + length {
            let number = here / BLOCK as u64;
            let start = number * BLOCK as u64;
            let to = (start + BLOCK as u64).min(at + length);
            let base = self.of_base(start)?;
            let mut block = base;
            if let Some(before) = self.changed.remove(&number) {
                block = *before;
                self.print = self.print.wrapping_sub(hash(&(number, block)));
            }
            into(&mut block[index(here - start)..index(to - start)], index(here - at));
            if block != base {
                self.print = self.print.wrapping_add(hash(&(number, block)));
                self.changed.insert(number, Arc::new(block));
            }
            here = to;
        }
        Ok(())
    }

    fn of_base(&self, at: u64) -> Result<Block> {
        let mut block = [0; BLOCK];
        self.base.read_exact_at(&mut block, at)?;
        Ok(block)
    }

    fn check(&self, at: u64, length: u64) -> Result<()> {
        let end = at.checked_add(length).filter(|end| *end <= self.size);
        ensure!(end.is_some(), "{length} bytes at {at} are beyond the end of a disk of {}", self.size);
        Ok(())
    }
}

/// Offsets within one request or block, which are in memory.
fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("what is in memory can be indexed")
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
