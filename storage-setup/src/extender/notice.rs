//! The kernel's notice that the data of a pool runs low: it comes once, and not again before the pool is resumed.
//!
//! Every look is noted here. A notice that may have come is taken for one that has: what a needless resume costs is little.

/// What is known of the notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The kernel's count of the pool's events, of which the notice is one. It counts from 0 when the pool is made active.
    event: u32,
    /// The notice may have come since the pool was resumed.
    came: bool,
    /// More is free than the low-water mark, so that the notice would come again after a resume.
    above: bool,
    low_water: u64,
}

impl Notice {
    /// Notes a look: the count of events, the low-water mark and what is free, both in chunks. `None`: the kernel did not say.
    pub fn note(&mut self, event: u32, low_water: u64, free: Option<u64>) {
        self.above = free.is_some_and(|free| free > low_water);
        self.came |= event != self.event || free.is_some_and(|free| free <= low_water);
        (self.event, self.low_water) = (event, low_water);
    }

    /// The pool was resumed after the last look. What the kernel told between the two counts as new at the next look.
    pub fn resumed(&mut self) {
        self.came = false;
    }

    /// The count of events at the last look.
    #[must_use]
    pub fn event(&self) -> u32 {
        self.event
    }

    /// Whether the table has a mark. Without one the kernel tells when the data is full.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.low_water > 0
    }

    /// Whether the kernel may have nothing to tell before the data is full.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.came
    }

    /// Whether a resume would make the kernel tell again.
    #[must_use]
    pub fn can_be_renewed(&self) -> bool {
        self.came && self.above && self.is_marked()
    }
}

#[cfg(test)]
mod tests;
