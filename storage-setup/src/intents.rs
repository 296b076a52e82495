//! Which disk goes to which group, recorded before the first write to it.
//!
//! A power cut between writing LVM's label and committing the group leaves a physical volume of no group. With the intent on record
//! the next run knows it for its own and goes on; without it the disk is somebody's and is refused.
//! Text only; the worker keeps the file `intents.json` in the state directory.

use config::Bytes;
use serde::{Deserialize, Serialize};

/// The file's name in the state directory.
pub const FILE: &str = "intents.json";

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

/// Why the file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum IntentsError {
    /// Not what we write.
    #[error("{FILE} is not readable as JSON; it records disks on their way into a volume group: look at it, then remove it")]
    NotJson(#[source] serde_json::Error),
    /// From a later version of this program.
    #[error("{FILE} has version {found}, this program knows {VERSION}: run the newer program, or remove the file")]
    Newer {
        /// The version in the file.
        found: u32,
    },
}

impl Default for Intents {
    fn default() -> Intents {
        Intents { version: VERSION, intents: Vec::new() }
    }
}

impl Intents {
    /// Reads the file's text; an empty text is no intents.
    ///
    /// # Errors
    /// See [`IntentsError`].
    pub fn parse(text: &str) -> Result<Intents, IntentsError> {
        if text.trim().is_empty() {
            return Ok(Intents::default());
        }
        let read: Intents = serde_json::from_str(text).map_err(IntentsError::NotJson)?;
        if read.version > VERSION {
            return Err(IntentsError::Newer { found: read.version });
        }
        Ok(read)
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never with these types; passed on from the JSON library.
    pub fn to_text(&self) -> Result<String, IntentsError> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(IntentsError::NotJson)
    }

    /// The group that this very disk is meant for.
    #[must_use]
    pub fn group_of(&self, identity: &str, size: Bytes) -> Option<&str> {
        self.intents.iter().find(|intent| intent.identity == identity && intent.size == size).map(|intent| intent.group.as_str())
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
