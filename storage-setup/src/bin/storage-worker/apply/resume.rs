//! Devices that a killed LVM command left half-changed.

use storage_setup::dm_name;

use super::error::ApplyError;
use super::{Change, Machine};
use crate::observe::suspended;

/// Resumes one, and after the last one lets LVM load the tables that its metadata asks for.
pub(super) fn resume_device(machine: &mut Machine<'_>, name: &str) -> Result<Change, ApplyError> {
    let stuck = suspended::stuck(&mut machine.lvm)?;
    if !stuck.iter().any(|other| other == name) {
        return Ok(Change::Already);
    }
    machine.effects.run(&format!("dmsetup resume {name}"), || Ok(suspended::resume(name)?))?;
    if stuck.len() == 1
        && let Some(group) = dm_name::group(name)
    {
        machine.lvm_in_kernel(&["vgchange", "--refresh", &group])?;
    }
    Ok(Change::Made)
}
