//! Records in the state directory: one JSON file each, with a version, replaced as a whole.
//!
//! Text only; the worker keeps the files. Fields that are not known are passed over, so that an older program reads on.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What one file holds.
pub trait Record: Default + Serialize + DeserializeOwned {
    /// The file's name in the state directory.
    const FILE: &'static str;
    /// What it records, for people.
    const WHAT: &'static str;
    /// The version that this program writes.
    const VERSION: u32;

    /// The version that it was read with.
    fn version(&self) -> u32;

    /// Reads the file's text; an empty text is an empty record.
    ///
    /// # Errors
    /// See [`RecordError`].
    fn parse(text: &str) -> Result<Self, RecordError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let read: Self =
            serde_json::from_str(text).map_err(|source| RecordError::NotJson { file: Self::FILE, what: Self::WHAT, source })?;
        if read.version() > Self::VERSION {
            return Err(RecordError::Newer { file: Self::FILE, found: read.version(), known: Self::VERSION });
        }
        Ok(read)
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never with the types that there are; passed on from the JSON library.
    fn to_text(&self) -> Result<String, RecordError> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n").map_err(|source| RecordError::NotJson { file: Self::FILE, what: Self::WHAT, source })
    }
}

/// Why a file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not what we write.
    #[error("{file} is not readable as JSON; it records {what}: look at it, then remove it")]
    NotJson {
        /// Its name.
        file: &'static str,
        /// What it records.
        what: &'static str,
        /// Where it ends to be JSON.
        #[source]
        source: serde_json::Error,
    },
    /// From a later version of this program.
    #[error("{file} has version {found}, this program knows {known}: run the newer program, or remove the file")]
    Newer {
        /// Its name.
        file: &'static str,
        /// The version in the file.
        found: u32,
        /// The version that this program writes.
        known: u32,
    },
}
