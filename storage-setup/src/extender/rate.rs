//! How fast a pool fills: the looks at it of the last seconds, as values.
//!
//! The daemon notes what it saw and when; the policy asks for the [`Rate`].

use std::collections::VecDeque;
use std::time::Duration;

use config::Bytes;

/// Looks older than this say nothing about now.
const WINDOW: Duration = Duration::from_secs(10);
/// Looks closer together than this are one: a single chunk between them would be a torrent.
const APART: Duration = Duration::from_millis(20);

/// How fast a pool fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// It was not looked at twice.
    Unknown,
    /// Bytes a second; 0 when it does not fill.
    Known(Bytes),
}

impl Rate {
    /// How long until `free` is gone; `None` when that is not known, or never.
    #[must_use]
    pub fn time_to_use(self, free: Bytes) -> Option<Duration> {
        match self {
            Rate::Unknown | Rate::Known(Bytes(0)) => None,
            Rate::Known(Bytes(rate)) => {
                let millis = u128::from(free.0) * 1000 / u128::from(rate);
                Some(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
            }
        }
    }
}

/// The looks of the last seconds.
#[derive(Clone, Debug, Default)]
pub struct Fill {
    looks: VecDeque<(Duration, Bytes)>,
}

impl Fill {
    /// At this time, counted from any fixed moment, so much was in use.
    pub fn note(&mut self, at: Duration, used: Bytes) {
        match self.looks.back() {
            // A clock that goes back, or chunks that were freed: what was seen before says nothing.
            Some((last, before)) if *last > at || *before > used => self.looks.clear(),
            Some((last, _)) if self.looks.len() > 1 && at - *last < APART => drop(self.looks.pop_back()),
            Some(_) | None => {}
        }
        self.looks.push_back((at, used));
        while self.looks.front().is_some_and(|(first, _)| at.saturating_sub(*first) > WINDOW) {
            self.looks.pop_front();
        }
    }

    /// The fastest of the last stretch and of the whole window: a writer that just began counts in full, one that pauses is remembered.
    #[must_use]
    pub fn rate(&self) -> Rate {
        let Some(last) = self.looks.back() else { return Rate::Unknown };
        let before = self.looks.iter().rev().skip(1);
        let rates = before.filter_map(|look| between(look, last));
        rates.max().map_or(Rate::Unknown, |rate| Rate::Known(Bytes(rate)))
    }
}

fn between((from, before): &(Duration, Bytes), (to, after): &(Duration, Bytes)) -> Option<u64> {
    let span = to.saturating_sub(*from);
    if span < APART {
        return None;
    }
    let rate = u128::from(after.0.saturating_sub(before.0)) * 1000 / span.as_millis();
    Some(u64::try_from(rate).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
