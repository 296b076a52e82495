//! An error on one line, for records and the journal.

use std::error::Error;

/// An error with all its causes: `cannot write /etc/x: Read-only file system`.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
