//! `activate`, `deactivate` and `remove`. Each can be repeated after it was cut off.

use storage_setup::fullreport::FullReport;
use storage_setup::legacy::plan::{activate as plan_activate, deactivate as plan_deactivate, remove as plan_remove};
use storage_setup::legacy::{Metadata, Mode, Options, Status, Variables};

use super::super::error::DropInError;
use super::super::run::{carry_out, resolved, with_machine};
use super::super::{answer, late, look, say};
use super::kept::Kept;
use crate::apply::Machine;

pub(super) fn activate(kept: &Kept) -> Result<(), DropInError> {
    let metadata = kept.metadata()?;
    if kept.status()? == Some(Status::Invalid) {
        return Err(DropInError::plain(format!("Storage configuration {} is invalid. Can't activate it.", kept.name())));
    }
    let nothing = nothing()?;
    let done = with_machine(|machine| {
        let point = mount_point(&metadata)?;
        let awaited = [
            (metadata.driver == "devicemapper").then_some((&metadata.pool, "lvm thin pool")),
            point.is_some().then_some((&metadata.volume, "logical volume")),
        ];
        for (volume, what) in awaited.into_iter().flatten() {
            if !wait(machine, &metadata, volume, what)? {
                return Err(DropInError::plain(format!("{} does not come", metadata.group)));
            }
        }
        let plan = plan_activate(&metadata, point.as_deref(), &look::look(machine, &nothing)?)?;
        carry_out(machine, &plan, &mut false)?;
        kept.set_status(Status::Active)
    });
    done.map_err(|error| ended(&error, "Activation of", kept))?;
    answer(&format!("Activated storage config {}\n", kept.name()));
    Ok(())
}

pub(super) fn deactivate(kept: &Kept) -> Result<(), DropInError> {
    let metadata = kept.metadata()?;
    with_machine(|machine| down(machine, kept, &metadata)).map_err(|error| ended(&error, "Deactivation of", kept))?;
    answer(&format!("Deactivated storage config {}\n", kept.name()));
    Ok(())
}

/// Says why; what it comes to is the shell tool's sentence.
fn ended(error: &DropInError, what: &str, kept: &Kept) -> DropInError {
    error.lines().iter().for_each(say);
    DropInError::plain(format!("{what} storage config {} failed", kept.name()))
}

fn down(machine: &mut Machine<'_>, kept: &Kept, metadata: &Metadata) -> Result<(), DropInError> {
    let plan = plan_deactivate(metadata, &look::look(machine, &nothing()?)?)?;
    carry_out(machine, &plan, &mut false)?;
    match kept.status()? {
        // Half made or half removed, and nothing to activate.
        Some(Status::Invalid) => Ok(()),
        Some(Status::Active | Status::Inactive) | None => kept.set_status(Status::Inactive),
    }
}

/// Nothing is asked for: only what is there is looked at.
fn nothing() -> Result<Options, DropInError> {
    Ok(Options::read(&Variables::default(), Mode::Create, resolved).map(|(options, _)| options)?)
}

pub(super) fn remove(kept: &Kept) -> Result<(), DropInError> {
    if kept.exists() && !kept.has_metadata() {
        // Cut off before anything was made.
        kept.forget()?;
        answer(&format!("Removed storage configuration {}\n", kept.name()));
        return Ok(());
    }
    let (metadata, nothing) = (kept.metadata()?, nothing()?);
    with_machine(|machine| {
        // All that stands in the way, before anything goes.
        plan_remove(&metadata, &look::look(machine, &nothing)?)?;
        if kept.status()? == Some(Status::Active) {
            down(machine, kept, &metadata)?;
            answer(&format!("Deactivated storage config {}\n", kept.name()));
        }
        kept.set_status(Status::Invalid)?;
        let plan = plan_remove(&metadata, &look::look(machine, &nothing)?)?;
        carry_out(machine, &plan, &mut false)?;
        kept.forget()
    })?;
    answer(&format!("Removed storage configuration {}\n", kept.name()));
    Ok(())
}

fn mount_point(metadata: &Metadata) -> Result<Option<String>, DropInError> {
    if metadata.mount.is_empty() {
        return Ok(None);
    }
    let point = resolved(&metadata.mount);
    point.map(Some).ok_or_else(|| DropInError::plain(format!("Failed to resolve path {}", metadata.mount)))
}

/// Waits until LVM shows the volume; false when it does not come.
fn wait(machine: &mut Machine<'_>, metadata: &Metadata, volume: &str, what: &str) -> Result<bool, DropInError> {
    let Metadata { group, timeout, .. } = metadata;
    let there = |report: &FullReport| report.groups.get(group).is_some_and(|found| found.volumes.contains_key(volume));
    late::wait(machine, &format!("{what} {group}/{volume}"), timeout.parse().unwrap_or(0), there)
}
