//! The policy: whether the pool grows now, by how much, whether somebody must be told, and when to look again.
//!
//! Called after every look and after every growth, so that one decision need not be enough: sizes are corrected at the next one.

use std::time::Duration;

use config::{Bytes, Percent};
use serde::{Deserialize, Serialize};

use super::rate::Rate;
use super::status::{Figures, METADATA_BLOCK, Mode, Status, Use};

/// What the spec says, for the pool at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Usage in percent past which the pool grows.
    pub threshold: Percent,
    /// The least growth, in percent of its size.
    pub percent: Percent,
    /// What shall be free in it, as far as the group has it.
    pub headroom: Bytes,
    /// How many extents its data may have; `None`: as many as there are.
    pub limit: Option<u64>,
}

/// The pool at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Size of its data.
    pub size: Bytes,
    /// Bytes of a chunk.
    pub chunk: Bytes,
    /// What the kernel says of it.
    pub status: Status,
}

/// Its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of an extent.
    pub extent: Bytes,
    /// Free extents.
    pub free: u64,
}

/// What one `lvextend` adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Growth {
    /// So many extents of data, at least one.
    Data(u64),
    /// So many extents of metadata, at least one; LVM adds as many to the spare.
    Metadata(u64),
}

/// Why a pool that should grow does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The group has no free extent.
    GroupFull,
    /// The spec allows no more.
    Limit,
    /// The metadata should grow, and the group has no room for that and for the spare.
    Metadata,
    /// The metadata has to be checked first.
    NeedsCheck,
    /// The kernel lets nobody write to it.
    ReadOnly,
    /// The kernel has given it up.
    Failed,
}

/// Something that a person has to see to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Why.
    pub cause: Cause,
    /// Writes wait or fail, or soon will.
    pub urgent: bool,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// To be carried out at once, and then decided again.
    pub grow: Option<Growth>,
    /// What somebody must be told; the pool may grow all the same.
    pub alarm: Option<Alarm>,
    /// When to look again without an event of the kernel; `None`: the kernel tells in time.
    pub again: Option<Duration>,
}

/// A pool that would be full sooner than this at its present rate grows, whatever its threshold: many times what a growth takes.
const LEAD: Duration = Duration::from_secs(10);
/// A growth is meant to last so long: few growths, each of which the writer feels.
const LASTS_SECONDS: u64 = 60;
/// A pool that is full later than this is left to the kernel's events.
const SOON: Duration = Duration::from_secs(600);
/// The least and the longest pause between looks while a pool fills.
const PAUSE_LEAST: Duration = Duration::from_millis(250);
const PAUSE_MOST: Duration = Duration::from_secs(10);
/// A rate needs a second look.
const SECOND_LOOK: Duration = Duration::from_millis(500);
/// While something is wrong the host is looked at so often.
const ALARMED: Duration = Duration::from_secs(60);
/// An alarm ends when the usage is so many percent below what raised it.
const HYSTERESIS: u64 = 5;
/// Percent of use from which an alarm is urgent.
const NEARLY_FULL: u64 = 95;
/// dm-thin's own bound: 255 bitmap blocks, 15.81 GiB.
const MOST_METADATA: u64 = 16_978_542_592;

/// Decides; `alarmed`: there was an alarm at the last decision.
#[must_use]
pub fn decide(settings: &Settings, pool: &Pool, rate: Rate, room: &Room, alarmed: bool) -> Decision {
    match &pool.status {
        Status::Failed => stuck(Cause::Failed),
        Status::Unknown => Decision { grow: None, alarm: None, again: Some(PAUSE_MOST) },
        Status::Known(Figures { needs_check: true, .. }) => stuck(Cause::NeedsCheck),
        Status::Known(Figures { mode: Mode::ReadOnly, .. }) => stuck(Cause::ReadOnly),
        Status::Known(figures) => working(&View { settings, pool, figures, rate, room, alarmed }),
    }
}

/// Growth mends none of these.
fn stuck(cause: Cause) -> Decision {
    Decision { grow: None, alarm: Some(Alarm { cause, urgent: true }), again: Some(ALARMED) }
}

fn working(view: &View<'_>) -> Decision {
    let metadata = view.metadata();
    let grow = metadata.or_else(|| view.data());
    let alarm = view.alarm();
    let again = if alarm.is_some() { Some(ALARMED.min(view.pause().unwrap_or(ALARMED))) } else { view.pause() };
    Decision { grow, alarm, again }
}

struct View<'a> {
    settings: &'a Settings,
    pool: &'a Pool,
    figures: &'a Figures,
    rate: Rate,
    room: &'a Room,
    alarmed: bool,
}

impl View<'_> {
    fn free(&self) -> Bytes {
        Bytes(self.figures.data.free().saturating_mul(self.pool.chunk.0))
    }

    fn time_to_full(&self) -> Option<Duration> {
        self.rate.time_to_use(self.free())
    }

    fn out_of_space(&self) -> bool {
        self.figures.mode == Mode::OutOfDataSpace || self.figures.data.free() == 0
    }

    /// Past the threshold, full, or full soon.
    fn is_pressed(&self) -> bool {
        let threshold = u64::from(self.settings.threshold.get());
        let eased = if self.alarmed { threshold.saturating_sub(HYSTERESIS) } else { threshold };
        is_past(self.figures.data, eased) || self.out_of_space() || self.time_to_full().is_some_and(|left| left < LEAD)
    }

    fn wants_data(&self) -> bool {
        self.is_pressed() || self.free() < self.settings.headroom
    }

    /// The kernel tells of metadata at a fourth free, or 4 MiB of a large one; that is late for a fast writer, so twice as much of a
    /// small one (at most half of it) and a fourth of a large one is kept free.
    fn wants_metadata(&self) -> bool {
        let metadata = self.figures.metadata;
        let kernel = self.figures.metadata_low_water.unwrap_or(0).saturating_mul(4).min(metadata.total() / 2);
        metadata.free() < kernel.max(metadata.total() / 4)
    }

    /// Extents that double the metadata, up to the kernel's bound.
    fn doubled(&self) -> u64 {
        let now = Bytes(self.figures.metadata.total().saturating_mul(METADATA_BLOCK)).extents_up(self.room.extent);
        let most = MOST_METADATA / self.room.extent.0.max(1);
        now.min(most.saturating_sub(now))
    }

    /// As much again, or half of what is left in the group: the other half is for the spare.
    fn metadata(&self) -> Option<Growth> {
        let extents = self.doubled().min(self.room.free / 2);
        (self.wants_metadata() && extents > 0).then_some(Growth::Metadata(extents))
    }

    /// What data may not take: one doubling of the metadata and its spare, if the metadata would need it by the time the data is full.
    fn reserve(&self) -> u64 {
        let (data, metadata) = (self.figures.data, self.figures.metadata);
        let chunks =
            u128::from(data.total()) + u128::from(self.room.free) * u128::from(self.room.extent.0) / u128::from(self.pool.chunk.0.max(1));
        let full = u128::from(metadata.used()) * chunks / u128::from(data.used().max(1));
        // An almost empty pool has metadata of its own, which says nothing about the rest.
        let needed = is_past(data, 20) && full > u128::from(metadata.total()) * 3 / 4;
        if needed { self.doubled().saturating_mul(2) } else { 0 }
    }

    /// Extents that the data may still take.
    fn space(&self) -> u64 {
        let reserve = if self.out_of_space() { 0 } else { self.reserve() };
        let left = self.room.free.saturating_sub(reserve);
        self.settings.limit.map_or(left, |limit| left.min(limit.saturating_sub(self.pool.size.extents_up(self.room.extent))))
    }

    fn data(&self) -> Option<Growth> {
        let extents = self.step().min(self.space());
        (self.wants_data() && extents > 0).then_some(Growth::Data(extents))
    }

    /// The largest of what each reason asks for, in extents that make whole chunks.
    fn step(&self) -> u64 {
        let size = self.pool.size.0;
        let percent = self.settings.percent.of(size);
        let headroom = self.settings.headroom.0.saturating_sub(self.free().0);
        let used = u128::from(self.figures.data.used()) * u128::from(self.pool.chunk.0);
        let below = used * 100 / u128::from(self.settings.threshold.get());
        let below = u64::try_from(below).unwrap_or(u64::MAX).saturating_sub(size);
        let filling = match self.rate {
            Rate::Unknown => 0,
            // No more than doubles it: a burst may be over soon, and a pool never gives back.
            Rate::Known(rate) => rate.0.saturating_mul(LASTS_SECONDS).saturating_sub(self.free().0).min(size),
        };
        let bytes = percent.max(headroom).max(below).max(filling).max(1);
        let chunk = self.pool.chunk.0.max(1);
        Bytes(bytes.div_ceil(chunk).saturating_mul(chunk)).extents_up(self.room.extent)
    }

    fn alarm(&self) -> Option<Alarm> {
        let data = self.is_pressed() && self.space() == 0;
        let cause = if data {
            let limited = self.settings.limit.is_some_and(|limit| self.pool.size.extents_up(self.room.extent) >= limit);
            Some(if limited { Cause::Limit } else { Cause::GroupFull })
        } else {
            (self.wants_metadata() && self.metadata().is_none()).then_some(Cause::Metadata)
        };
        let nearly = |share: Use| is_past(share, NEARLY_FULL);
        let urgent = self.out_of_space() || nearly(self.figures.data) || nearly(self.figures.metadata);
        cause.map(|cause| Alarm { cause, urgent })
    }

    fn pause(&self) -> Option<Duration> {
        match self.rate {
            Rate::Unknown => Some(SECOND_LOOK),
            Rate::Known(_) => {
                let left = self.time_to_full().filter(|left| *left < SOON)?;
                Some((left / 8).clamp(PAUSE_LEAST, PAUSE_MOST))
            }
        }
    }
}

fn is_past(share: Use, percent: u64) -> bool {
    u128::from(share.used()) * 100 > u128::from(share.total()) * u128::from(percent)
}

#[cfg(test)]
mod tests;
