//! Whose word it takes to wipe a disk: on a host that was never configured the spec's own, once for each disk; later a person's.
//!
//! A committed generation says that the host was configured, and so does a mark of a run that set its storage up and could not do the rest;
//! the worker's record, which the drop-in shares, says which disks were wiped before.

use std::borrow::Cow;

use config::{Desired, StepId};
use storage_setup::{Action, Device, DiskRef, Observed};

use super::plan::Consent;
use super::storage;
use crate::host::Host;
use crate::state::{StateError, first_wipes as mark, generations};

/// What a person said, and what the spec may say for itself.
///
/// # Errors
/// When the memory of generations cannot be read.
pub(super) fn with<'a>(host: &Host, desired: &Desired, have: &Observed, said: &'a Consent) -> Result<Cow<'a, Consent>, StateError> {
    let names_any = desired.storage.as_ref().is_some_and(|storage| !storage.wipe.is_empty());
    if !names_any || generations::committed(host)?.is_some() || mark::is_there(host) {
        return Ok(Cow::Borrowed(said));
    }
    let Ok(plan) = storage::plan(desired, have) else { return Ok(Cow::Borrowed(said)) };
    let is_first = |action: &Action| matches!(action, Action::WipeDisk { disk, .. } if !was_wiped(have, disk));
    let first = plan.steps.iter().filter(|step| is_first(&step.action));
    let first: Vec<StepId> = first.map(|step| step.id.clone()).collect();
    let mut both = said.clone();
    both.steps.extend(first);
    Ok(Cow::Owned(both))
}

/// From now on it takes a person's word: what a later disk holds in the place of one that is named was put there since.
///
/// # Errors
/// When /var cannot be written.
pub(super) fn are_over(host: &Host, desired: &Desired) -> Result<(), StateError> {
    let names_any = desired.storage.as_ref().is_some_and(|storage| !storage.wipe.is_empty());
    if !names_any || mark::is_there(host) {
        return Ok(());
    }
    mark::set(host)
}

/// A disk that is not among those seen may have been.
fn was_wiped(have: &Observed, disk: &DiskRef) -> bool {
    let seen = have.devices.values().find_map(|device| match device {
        Device::Disk(found) if found.identity == disk.identity => Some(found.wiped),
        Device::Disk(_) | Device::Missing | Device::NotBlock | Device::Partition => None,
    });
    seen.unwrap_or(true)
}

#[cfg(test)]
mod tests;
