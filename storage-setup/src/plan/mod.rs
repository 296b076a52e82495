//! The storage planner: a spec and what the host is go in, steps come out. Pure: no I/O, no clock, no log, no await.
//!
//! The plan holds every step, those that lose data too; the agent gates them by disruption and consent, and a step whose `after`
//! waits, waits too. So `after` names every real dependency and nothing else.
//! Order: disks, root, pool, volumes by name (those that ask for a share of the free space last), mount units, engine options, removals.

mod allocation;
mod copies;
mod disks;
mod draft;
mod members;
mod mounts;
mod options;
mod orphans;
mod pool;
mod record;
mod remove;
mod root;
mod space;
mod store;
mod volumes;

use config::{EngineKind, Group, Place, Problem, Step, Storage};
use serde::{Deserialize, Serialize};

use crate::render::{mount_unit, options as engine_options, profile};
use crate::{Action, Observed};
pub(crate) use disks::{NEW_EXTENT, extents_of};
use draft::Draft;
pub(crate) use remove::spare_goes_with;
pub(crate) use volumes::LEAST_XFS;

/// The thin pool's name; docker-storage-setup's too.
pub const POOL: &str = "docker-pool";

/// What shall be done, and what a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In an order in which they can be carried out.
    pub steps: Vec<Step<Action>>,
    /// Shown by `plan` and `status`.
    pub notes: Vec<Note>,
}

/// Something that is not wrong and that nothing is done about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The value that it is about.
    pub place: Place,
    /// One sentence without a period.
    pub text: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::Default => out.write_str(&self.text),
            Place::File { .. } => write!(out, "{}: {}", self.place, self.text),
        }
    }
}

/// The files that [`plan`] wants to see, for [`crate::protocol::Look::files`]: all of each form, since those that the spec no longer
/// asks for count too, and the group of a pool may be known only after looking.
#[must_use]
pub fn look_for(_want: &Storage) -> Vec<String> {
    [engine_options::PATH, profile::EVERY, mount_unit::EVERY].map(str::to_owned).into()
}

/// The group that has to be there, since no device is listed that it could be made from: [`crate::protocol::Look::group`].
#[must_use]
pub fn awaited_group(want: &Storage) -> Option<String> {
    match &want.group {
        Group::Named(name) if want.devices.is_empty() => Some(name.value.to_string()),
        // Root's is there, or there would be no root.
        Group::Named(_) | Group::OfRoot => None,
    }
}

/// Plans storage.
///
/// # Errors
/// All that stands in the way, found before anything is touched.
pub fn plan(want: &Storage, engine: Option<EngineKind>, have: &Observed) -> Result<Plan, Vec<Problem>> {
    let mut draft = Draft::new(want, engine, have);
    if !have.suspended.is_empty() {
        // Nothing else was looked at; the agent looks again once these run.
        draft.resume_devices();
        return draft.finish();
    }
    options::check(&mut draft);
    let group = disks::plan(&mut draft);
    draft.group.clone_from(&group);
    draft.options_change = options::changes(&draft, group.as_deref());
    copies::plan(&mut draft);
    members::plan(&mut draft);
    orphans::plan(&mut draft, group.as_deref());
    root::plan(&mut draft);
    if let Some(group) = &group {
        pool::plan(&mut draft, group);
        volumes::plan(&mut draft, group);
    }
    options::plan(&mut draft, group.as_deref());
    store::check_root(&mut draft);
    draft.finish()
}

#[cfg(test)]
mod tests;
