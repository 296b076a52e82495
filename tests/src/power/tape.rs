//! What was done to all disks of a machine, in one order, and what of it a power cut leaves.
//!
//! A write is safe once a later flush of its disk has been answered, or at once if it asked for that. Of the others a power cut may
//! leave each or none: a disk reorders what it holds in its memory. Pure: records in, contents out; chance comes from a seed.

use super::platter::Platter;
use anyhow::Result;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One thing done to a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// These bytes there.
    Write { at: u64, bytes: Vec<u8> },
    /// Zeros there; what is discarded reads as zeros too.
    Zero { at: u64, length: u64 },
    /// All that was answered before is safe when this is answered.
    Flush,
}

/// A deed, on which disk, and whether it was safe when it was answered.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) disk: usize,
    pub(super) deed: Deed,
    pub(super) safe: bool,
}

/// What a power cut leaves of that which was not safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// All of it: whatever was answered was done.
    All,
    /// Nothing of it.
    Nothing,
    /// By chance: on each disk all, nothing, what came first, or any of it.
    Some {
        /// What the chance begins with.
        seed: u64,
    },
}

/// A power cut: before this record was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// How many records there are before it.
    pub(super) at: usize,
    /// Which flush that is, counted from 1.
    pub flush: usize,
    /// What is left.
    pub left: Left,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let left = match self.left {
            Left::All => "all that was written".to_owned(),
            Left::Nothing => "only what was flushed".to_owned(),
            Left::Some { seed } => format!("what was flushed and some of the rest (seed {seed})"),
        };
        write!(out, "power cut at flush {}, leaving {left}", self.flush)
    }
}

/// The disks as they were at first, and all that was done since.
#[derive(Debug, Clone)]
pub(super) struct Tape {
    pub(super) first: Vec<Platter>,
    pub(super) records: Vec<Record>,
}

/// The cuts at every flush, each with a content of the disks that no other has.
#[derive(Debug)]
pub struct Cuts {
    /// In the order of the tape.
    pub distinct: Vec<Cut>,
    /// Flushes on the tape.
    pub flushes: usize,
    /// Cuts that would leave the disks as an earlier one does.
    pub same: usize,
}

impl Tape {
    /// Every flush, and the end: with all that was written, and by turns with nothing and with some of what was not flushed.
    pub(super) fn cuts(&self, seed: u64) -> Result<Cuts> {
        let mut cuts = Cuts { distinct: Vec::new(), flushes: 0, same: 0 };
        let (mut seen, mut disks) = (BTreeSet::new(), Disks::new(&self.first));
        for at in 0..=self.records.len() {
            let record = self.records.get(at);
            if record.is_none_or(|record| record.deed == Deed::Flush) {
                cuts.flushes += usize::from(record.is_some());
                let by_chance = Left::Some { seed: seed.wrapping_add(at as u64) };
                let turn = if cuts.flushes.is_multiple_of(2) { Left::Nothing } else { by_chance };
                for left in [Left::All, turn] {
                    let prints: Vec<u64> = disks.after_cut(self, left)?.iter().map(Platter::fingerprint).collect();
                    if seen.insert(prints) {
                        cuts.distinct.push(Cut { at, flush: cuts.flushes + usize::from(record.is_none()), left });
                    } else {
                        cuts.same += 1;
                    }
                }
            }
            if let Some(record) = record {
                disks.take(at, record)?;
            }
        }
        Ok(cuts)
    }

    /// What the disks hold after it.
    pub(super) fn after(&self, cut: Cut) -> Result<Vec<Platter>> {
        let mut disks = Disks::new(&self.first);
        for (at, record) in self.records[..cut.at].iter().enumerate() {
            disks.take(at, record)?;
        }
        disks.after_cut(self, cut.left)
    }
}

/// The disks somewhere on a tape.
struct Disks {
    /// With all that was done.
    now: Vec<Platter>,
    /// As they were at the last flush of each.
    flushed: Vec<Platter>,
    /// The records of each since then.
    since: Vec<Vec<usize>>,
}

impl Disks {
    fn new(first: &[Platter]) -> Disks {
        Disks { now: first.to_vec(), flushed: first.to_vec(), since: vec![Vec::new(); first.len()] }
    }

    fn take(&mut self, at: usize, record: &Record) -> Result<()> {
        let disk = record.disk;
        record.deed.carry_out(&mut self.now[disk])?;
        if record.deed == Deed::Flush {
            self.flushed[disk] = self.now[disk].clone();
            self.since[disk].clear();
        } else {
            self.since[disk].push(at);
        }
        Ok(())
    }

    fn after_cut(&self, tape: &Tape, left: Left) -> Result<Vec<Platter>> {
        let seed = match left {
            Left::All => return Ok(self.now.clone()),
            Left::Nothing => None,
            Left::Some { seed } => Some(seed),
        };
        let mut disks = self.flushed.clone();
        for (disk, platter) in disks.iter_mut().enumerate() {
            let fate = seed.map_or(Fate::Nothing, |seed| Fate::draw(seed, disk));
            let since = &self.since[disk];
            for (place, at) in since.iter().enumerate() {
                let record = &tape.records[*at];
                if record.safe || fate.keeps(place, since.len()) {
                    record.deed.carry_out(platter)?;
                }
            }
        }
        Ok(disks)
    }
}

impl Deed {
    pub(super) fn carry_out(&self, platter: &mut Platter) -> Result<()> {
        match self {
            Deed::Write { at, bytes } => platter.write(*at, bytes),
            Deed::Zero { at, length } => platter.zero(*at, *length),
            Deed::Flush => Ok(()),
        }
    }
}

/// What becomes of that which one disk held in its memory.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Everything,
    Nothing,
    /// So many of 256 parts of the time.
    First(u64),
    /// Each by chance, begun with this.
    Any(u64),
}

impl Fate {
    fn draw(seed: u64, disk: usize) -> Fate {
        let chance = chance(&(seed, disk));
        match chance % 4 {
            0 => Fate::Everything,
            1 => Fate::Nothing,
            2 => Fate::First(chance >> 8 & 0xff),
            _ => Fate::Any(chance),
        }
    }

    /// Whether it keeps the one at that place among so many.
    fn keeps(self, place: usize, many: usize) -> bool {
        match self {
            Fate::Everything => true,
            Fate::Nothing => false,
            Fate::First(parts) => (place as u64) << 8 < many as u64 * parts,
            Fate::Any(seed) => chance(&(seed, place)).is_multiple_of(2),
        }
    }
}

fn chance(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
