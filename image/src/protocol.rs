//! What the image worker is told on standard input and says on standard output: one JSON value a line.
//!
//! One request, one answer.

use serde::{Deserialize, Serialize};

use crate::ImageStatus;

/// What the worker shall do: `{"request":"status"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// Tell the deployments, and change nothing.
    Status,
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The answer to `Status`.
    Status(ImageStatus),
    /// It cannot be told.
    Failed {
        /// Why, with what to do.
        why: String,
    },
}
