//! The free extents of a group, followed through a plan.
//!
//! Some are free now; some come with a disk that the plan adds, some with a volume that it removes. Whoever draws on those depends on
//! that step, so that one who can do without a removal never waits for its consent.

use config::{Bytes, Size, StepId};

use crate::VolumeGroup;

/// Extents of one group.
#[derive(Debug)]
pub(super) struct Space {
    /// Size of an extent.
    pub(super) extent: Bytes,
    /// All extents, those of new disks included.
    pub(super) total: u64,
    /// All extents that the group has now.
    found: u64,
    /// Extents of the spare metadata volume, as they will be.
    pub(super) spare: u64,
    /// A disk could not be counted: that something does not fit is then no news.
    pub(super) uncertain: bool,
    free: u64,
    gains: Vec<Gain>,
    /// Disks that a share of the free space counts with and that take consent; see [`Space::wait_with_share`].
    behind: Vec<StepId>,
}

#[derive(Debug)]
struct Gain {
    step: StepId,
    left: u64,
    source: Source,
    /// The step stands behind one that takes consent.
    consent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Disk,
    Removal,
}

impl Space {
    /// Of a group that is there.
    pub(super) fn of(group: &VolumeGroup) -> Space {
        Space {
            extent: group.extent,
            total: group.extents,
            found: group.extents,
            spare: group.spare,
            uncertain: false,
            free: group.free,
            gains: Vec::new(),
            behind: Vec::new(),
        }
    }

    /// Of a group that the plan makes.
    pub(super) fn none(extent: Bytes) -> Space {
        Space { extent, total: 0, found: 0, spare: 0, uncertain: false, free: 0, gains: Vec::new(), behind: Vec::new() }
    }

    /// A step adds a disk; `consent`: once it has been wiped, which takes consent.
    pub(super) fn gain_disk(&mut self, step: StepId, extents: u64, consent: bool) {
        self.total += extents;
        self.gains.push(Gain { step, left: extents, source: Source::Disk, consent });
    }

    /// A step, which waits for consent, removes a volume.
    pub(super) fn gain_removal(&mut self, step: StepId, extents: u64) {
        self.gains.push(Gain { step, left: extents, source: Source::Removal, consent: true });
    }

    /// A step removes what a killed command left of a volume.
    pub(super) fn gain_remnant(&mut self, step: StepId, extents: u64) {
        self.gains.push(Gain { step, left: extents, source: Source::Removal, consent: false });
    }

    /// The steps that add disks; shares of the group or of its free space presuppose them.
    pub(super) fn disks(&self) -> Vec<StepId> {
        self.gains.iter().filter(|gain| gain.source == Source::Disk).map(|gain| gain.step.clone()).collect()
    }

    /// A share of the free space is drawn. Where it counts with a disk that takes consent, whatever is drawn after it waits for that disk
    /// too: made meanwhile, it would leave the share another size than the one that was shown.
    pub(super) fn wait_with_share(&mut self) {
        let waiting = self.gains.iter().filter(|gain| gain.source == Source::Disk && gain.consent);
        self.behind = waiting.map(|gain| gain.step.clone()).collect();
    }

    /// What everything waits for that is drawn now.
    pub(super) fn behind(&self) -> &[StepId] {
        &self.behind
    }

    /// Free without any consent but that for `own`.
    pub(super) fn ready(&self, own: &[StepId]) -> u64 {
        let counts = |gain: &&Gain| gain.source == Source::Disk || own.contains(&gain.step);
        self.free + self.gains.iter().filter(counts).map(|gain| gain.left).sum::<u64>()
    }

    /// Free once every step is done.
    pub(super) fn all(&self) -> u64 {
        self.free + self.gains.iter().map(|gain| gain.left).sum::<u64>()
    }

    /// What a size comes to; the share of the free space is that of [`Space::ready`].
    pub(super) fn resolve(&self, size: Size, own: &[StepId]) -> u64 {
        match size {
            Size::OfFree(share) => share.of(self.ready(own)),
            Size::Bytes(_) | Size::OfGroup(_) => self.level(size).unwrap_or(0),
        }
    }

    /// What a size comes to if it is a level; `None` for a share of the free space.
    pub(super) fn level(&self, size: Size) -> Option<u64> {
        self.level_of(size, self.total)
    }

    /// As [`Space::level`], in the group as it is now.
    pub(super) fn level_now(&self, size: Size) -> Option<u64> {
        self.level_of(size, self.found)
    }

    fn level_of(&self, size: Size, total: u64) -> Option<u64> {
        match size {
            Size::Bytes(bytes) => Some(Bytes(bytes.get()).extents_up(self.extent)),
            Size::OfGroup(share) => Some(share.of(total).max(1)),
            Size::OfFree(_) => None,
        }
    }

    /// Takes extents: first from `own` removals, then what is free, then from new disks, last from removals of others.
    /// Answers the steps that gave some; `None`, and nothing taken, when there are too few.
    pub(super) fn draw(&mut self, extents: u64, own: &[StepId]) -> Option<Vec<StepId>> {
        if self.all() < extents {
            return None;
        }
        let mut needed = extents;
        let mut from = Vec::new();
        let take = |left: &mut u64, needed: &mut u64| {
            let taken = (*left).min(*needed);
            *left -= taken;
            *needed -= taken;
            taken > 0
        };
        for gain in self.gains.iter_mut().filter(|gain| own.contains(&gain.step)) {
            take(&mut gain.left, &mut needed).then(|| from.push(gain.step.clone()));
        }
        take(&mut self.free, &mut needed);
        for source in [Source::Disk, Source::Removal] {
            for gain in self.gains.iter_mut().filter(|gain| gain.source == source) {
                take(&mut gain.left, &mut needed).then(|| from.push(gain.step.clone()));
            }
        }
        Some(from)
    }

    /// Bytes of that many extents, for people.
    pub(super) fn bytes(&self, extents: u64) -> Bytes {
        Bytes::of_extents(extents, self.extent).unwrap_or(Bytes(u64::MAX))
    }
}
