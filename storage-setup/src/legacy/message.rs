//! What is said on standard error: `INFO: ` and `ERROR: `, as the shell tool's callers know it.

use std::fmt;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// Goes on.
    Info(String),
    /// Something is wrong.
    Error(String),
}

impl fmt::Display for Say {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Say::Info(text) => write!(out, "INFO: {text}"),
            Say::Error(text) => write!(out, "ERROR: {text}"),
        }
    }
}

/// Nothing was touched: what was said before, then why. The exit code is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// In order; the last is an error.
    pub said: Vec<Say>,
}

impl Refusal {
    /// One error.
    #[must_use]
    pub fn new(why: impl Into<String>) -> Refusal {
        Refusal { said: vec![Say::Error(why.into())] }
    }

    /// What was said before it comes first.
    #[must_use]
    pub fn after(self, mut said: Vec<Say>) -> Refusal {
        said.extend(self.said);
        Refusal { said }
    }
}
