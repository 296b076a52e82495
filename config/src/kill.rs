//! The word in which tests tell a run where to die.
//!
//! The agent reads it from its environment and hands it on to its workers; each of them dies by its own hand.

use serde::{Deserialize, Serialize};

/// Where to die: SIGKILL for the whole process group, as a power cut would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// Number of the effect, counted from 1.
    pub effect: u32,
    /// Before it, or right after it.
    pub after: bool,
}

impl Kill {
    /// From `before:N` or `after:N`.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Kill> {
        let (when, number) = text.split_once(':')?;
        let after = match when {
            "before" => false,
            "after" => true,
            _ => return None,
        };
        Some(Kill { effect: number.parse().ok()?, after })
    }

    /// The same place, counted from the first effect after those that are done; `None`: that place is behind.
    #[must_use]
    pub fn counted_after(self, done: u32) -> Option<Kill> {
        let effect = self.effect.checked_sub(done).filter(|effect| *effect > 0)?;
        Some(Kill { effect, ..self })
    }
}

#[cfg(test)]
mod tests;
