//! Whose word it takes to wipe a disk: on a host that was never configured the spec's own, once for each disk; later a person's.
//!
//! A committed generation says that the host was configured; the ledger says which disks were wiped before.

use std::borrow::Cow;

use config::{Describe, Desired, StepId};
use storage_setup::{Action, Observed};

use super::plan::Consent;
use super::storage;
use crate::host::Host;
use crate::state::{StateError, generations, ledger};

/// What a person said, and what the spec may say for itself.
///
/// # Errors
/// When the memory of generations cannot be read.
pub(super) fn with<'a>(host: &Host, desired: &Desired, have: &Observed, said: &'a Consent) -> Result<Cow<'a, Consent>, StateError> {
    let names_any = desired.storage.as_ref().is_some_and(|storage| !storage.wipe.is_empty());
    if !names_any || generations::committed(host)?.is_some() {
        return Ok(Cow::Borrowed(said));
    }
    let Ok(plan) = storage::plan(desired, have) else { return Ok(Cow::Borrowed(said)) };
    let wipes = plan.steps.iter().filter(|step| matches!(step.action, Action::WipeDisk { .. }));
    let first = wipes.filter(|step| !ledger::has(host, step.action.kind(), &step.action.target()));
    let first: Vec<StepId> = first.map(|step| step.id.clone()).collect();
    let mut both = said.clone();
    both.steps.extend(first);
    Ok(Cow::Owned(both))
}

#[cfg(test)]
mod tests;
