//! Which disks were wiped because the configuration asked for it: once each, ever, by the agent and by the drop-in alike.
//!
//! Before the first byte goes it is on record what the disk held. A run that was cut off while wiping goes on, as long as the disk holds
//! nothing else; once the disk is a member of its group, the configuration has had its word, and a person decides from then on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::record::Record;

const VERSION: u32 = 1;

/// All disks that were wiped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wipes {
    version: u32,
    wipes: Vec<Wipe>,
}

/// One disk that was wiped, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wipe {
    /// As in [`crate::Disk::identity`].
    identity: String,
    /// The signatures that were on the disk and its partitions when that was decided.
    held: BTreeSet<String>,
    /// It is done, and shall not be done again.
    done: bool,
}

/// How far the wiping of a disk has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiping<'a> {
    /// Nobody asked for it yet.
    Never,
    /// On record, and perhaps cut off; the disk held these.
    Begun(&'a BTreeSet<String>),
    /// Done once.
    Done,
}

impl Default for Wipes {
    fn default() -> Wipes {
        Wipes { version: VERSION, wipes: Vec::new() }
    }
}

impl Record for Wipes {
    const FILE: &'static str = "wiped.json";
    const WHAT: &'static str = "the disks that were wiped once and are not to be wiped again";
    const VERSION: u32 = VERSION;

    fn version(&self) -> u32 {
        self.version
    }
}

impl Wipes {
    /// How far it is with a disk.
    #[must_use]
    pub fn of(&self, identity: &str) -> Wiping<'_> {
        match self.wipes.iter().find(|wipe| wipe.identity == identity) {
            None => Wiping::Never,
            Some(wipe) if wipe.done => Wiping::Done,
            Some(wipe) => Wiping::Begun(&wipe.held),
        }
    }

    /// With that disk, which holds these signatures now. What is done stays done.
    #[must_use]
    pub fn begun(&self, identity: &str, held: BTreeSet<String>) -> Wipes {
        let mut next = self.clone();
        match next.wipes.iter_mut().find(|wipe| wipe.identity == identity) {
            Some(wipe) if wipe.done => {}
            Some(wipe) => wipe.held.extend(held),
            None => next.wipes.push(Wipe { identity: identity.to_owned(), held, done: false }),
        }
        next
    }

    /// The disk is where it was wiped for; one that was not wiped stays so.
    #[must_use]
    pub fn done(&self, identity: &str) -> Wipes {
        let mut next = self.clone();
        for wipe in next.wipes.iter_mut().filter(|wipe| wipe.identity == identity) {
            wipe.done = true;
            wipe.held.clear();
        }
        next
    }
}

impl Wiping<'_> {
    /// Whether the configuration has had its word, for a disk that holds these now.
    #[must_use]
    pub fn is_spent(self, now: &BTreeSet<String>) -> bool {
        match self {
            Wiping::Never => false,
            Wiping::Begun(held) => !now.is_subset(held),
            Wiping::Done => true,
        }
    }
}

#[cfg(test)]
mod tests;
