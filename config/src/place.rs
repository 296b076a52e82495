//! Where a value of the spec was written, and what is wrong there.
//!
//! The reader makes places; diagnostics, plans and `status` show them.

use serde::{Deserialize, Serialize};

/// Where a value was written, or that nobody wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Place {
    /// A built-in default: no file says it.
    Default,
    /// A line of a layer; line and column count from 1.
    File {
        /// The layer's path as given.
        file: String,
        /// Counted from 1.
        line: u32,
        /// Counted from 1, in characters.
        column: u32,
    },
}

/// `file:line:column`, or `default`.
impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Default => out.write_str("default"),
            Place::File { file, line, column } => write!(out, "{file}:{line}:{column}"),
        }
    }
}

/// A value with the place that set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed<T> {
    /// What is asked.
    pub value: T,
    /// Who asks.
    pub place: Place,
}

/// One thing that is wrong with the spec, or with what it asks of this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where it was asked.
    pub place: Place,
    /// The full key, as `storage.pool.size`; empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong and why, one sentence without a period.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}
