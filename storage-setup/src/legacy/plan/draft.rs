//! A plan being written, and the free space of its group on the way.

use config::Bytes;

use super::{Deed, Plan, Task};
use crate::legacy::{Options, Refusal, Say, Seen};
use crate::plan::NEW_EXTENT;

/// A plan being written.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) want: &'a Options,
    pub(super) have: &'a Seen,
    pub(super) plan: Plan,
    pub(super) space: Option<Space>,
}

/// Extents of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) extent: Bytes,
    pub(super) total: u64,
    pub(super) free: u64,
    /// Of the spare metadata volume.
    pub(super) spare: u64,
}

impl<'a> Draft<'a> {
    /// The group is that of the options, or root's.
    pub(super) fn new(want: &'a Options, have: &'a Seen) -> Draft<'a> {
        let root = have.root.as_ref().map(|root| root.group.as_str()).unwrap_or_default();
        let group = if want.group.is_empty() { root } else { &want.group };
        let space =
            have.groups.get(group).map(|found| Space { extent: found.extent, total: found.extents, free: found.free, spare: found.spare });
        let plan = Plan { group: group.to_owned(), ..Plan::default() };
        let mut draft = Draft { want, have, plan, space };
        let grows_root = !want.raw.get("ROOT_SIZE").is_empty() || want.raw.get("GROWPART") == "true";
        let behind = |name: &&String| **name == group || (**name == root && grows_root);
        for name in have.lagging.iter().filter(behind) {
            draft.push(Deed::RenewMetadata { group: name.clone() });
        }
        if have.root.is_none() {
            draft.info("Volume group backing root filesystem could not be determined");
        }
        draft
    }

    pub(super) fn group(&self) -> String {
        self.plan.group.clone()
    }

    pub(super) fn info(&mut self, text: impl Into<String>) {
        self.plan.tasks.push(Task::Say(Say::Info(text.into())));
    }

    pub(super) fn push(&mut self, deed: Deed) {
        self.plan.tasks.push(Task::Do(deed));
    }

    /// Writes a file unless it says so already.
    pub(super) fn write(&mut self, path: String, text: String, now: Option<&str>) {
        if now != Some(text.as_str()) {
            self.push(Deed::Write { path, text });
        }
    }

    /// Disks bring extents.
    pub(super) fn gain(&mut self, extents: u64) {
        let space = self.space.get_or_insert(Space { extent: NEW_EXTENT, total: 0, free: 0, spare: 0 });
        space.total += extents;
        space.free += extents;
    }

    /// What is said so far.
    pub(super) fn said(&self) -> Vec<Say> {
        let said = self.plan.tasks.iter().filter_map(|task| match task {
            Task::Say(say) => Some(say.clone()),
            Task::Do(_) => None,
        });
        said.collect()
    }

    /// A refusal, after what was said so far.
    pub(super) fn refuse<T>(&self, why: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::new(why).after(self.said()))
    }
}
