//! Which disk goes to which group, recorded before the first write to it.
//!
//! A power cut between writing LVM's label and committing the group leaves a physical volume of no group. With the intent on record
//! the next run knows it for its own and goes on; without it the disk is somebody's and is refused.
//! The worker keeps the file `intents.json` in the state directory.

use config::Bytes;
use serde::{Deserialize, Serialize};

use crate::record::Record;

const VERSION: u32 = 1;

/// All intents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intents {
    version: u32,
    intents: Vec<Intent>,
}

/// One disk on its way into a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// As in [`crate::Disk::identity`].
    pub identity: String,
    /// Its size; another size is another disk, whatever it is called.
    pub size: Bytes,
    /// Where it goes.
    pub group: String,
}

impl Default for Intents {
    fn default() -> Intents {
        Intents { version: VERSION, intents: Vec::new() }
    }
}

impl Record for Intents {
    const FILE: &'static str = "intents.json";
    const WHAT: &'static str = "disks on their way into a volume group";
    const VERSION: u32 = VERSION;

    fn version(&self) -> u32 {
        self.version
    }
}

impl Intents {
    /// The group that this very disk is meant for.
    #[must_use]
    pub fn group_of(&self, identity: &str, size: Bytes) -> Option<&str> {
        self.intents.iter().find(|intent| intent.identity == identity && intent.size == size).map(|intent| intent.group.as_str())
    }

    /// The disks that are on their way into that group, or out of it.
    pub fn of_group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Intent> {
        self.intents.iter().filter(move |intent| intent.group == group)
    }

    /// These, with that one; an older one for the same disk goes.
    #[must_use]
    pub fn with(&self, new: Intent) -> Intents {
        let mut next = self.without(&new.identity);
        next.intents.push(new);
        next
    }

    /// These, without those for that disk.
    #[must_use]
    pub fn without(&self, identity: &str) -> Intents {
        let intents = self.intents.iter().filter(|intent| intent.identity != identity).cloned().collect();
        Intents { version: VERSION, intents }
    }
}

#[cfg(test)]
mod tests;
