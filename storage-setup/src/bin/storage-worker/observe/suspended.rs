//! Devices of LVM that a killed command left half-changed: suspended, or running with another table that waits to be taken. I/O to a
//! suspended one hangs for ever, so nothing else is looked at meanwhile. A table that waits is as bad: LVM takes it for its own and loads
//! none, so its next change fails half-way, and leaves devices suspended.
//!
//! LVM suspends devices and loads tables in its everyday work too; only what stays so while nobody holds LVM's locks is stuck. Groups that
//! are not ours stay as they are: somebody may have suspended a device there on purpose.

use std::collections::BTreeSet;
use std::time::Duration;

use devicemapper::{DM, DevId, Device, DmError, DmFlags, DmName, DmOptions};
use storage_setup::fullreport::ReportError;
use storage_setup::render::options;
use storage_setup::{dm_name, ownership};

use crate::host::{Host, HostError, Number};
use crate::lvm::{Lvm, LvmError};

/// Why device-mapper did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SuspendedError {
    #[error("the kernel offers no device-mapper; load it with `modprobe dm_mod`, and check that /dev/mapper/control exists")]
    Absent(#[source] DmError),
    #[error("device-mapper refused to list its devices")]
    List(#[source] DmError),
    #[error("cannot ask LVM which groups are ours")]
    Lvm(#[from] LvmError),
    #[error("cannot use LVM's report")]
    Report(#[from] ReportError),
    #[error("cannot tell which group root is in")]
    Host(#[from] HostError),
    #[error("{name:?} is not a name of device-mapper")]
    Name { name: String },
    #[error("cannot resume {name}; look at `dmsetup info {name}` and `dmesg`")]
    Resume {
        name: String,
        #[source]
        source: DmError,
    },
}

/// The table that a device runs with, and the next one.
const TWO_TABLES: DmFlags = DmFlags::DM_ACTIVE_PRESENT.union(DmFlags::DM_INACTIVE_PRESENT);

/// How often a device must be seen half-changed, and the pause between.
const LOOKS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(500);

/// Stuck devices by name, each after those that it lies on: the order in which they can be resumed.
pub(crate) fn stuck(lvm: &mut Lvm) -> Result<Vec<String>, SuspendedError> {
    let dm = DM::new().map_err(SuspendedError::Absent)?;
    let mut stuck = half_changed(&dm)?;
    if stuck.is_empty() {
        return Ok(Vec::new());
    }
    // The report takes every group's lock, so this waits until no other LVM command is at work.
    let ours = our_groups(lvm, &stuck)?;
    stuck.retain(|name| dm_name::group(name).is_some_and(|group| ours.contains(&group)));
    if stuck.is_empty() {
        return Ok(Vec::new());
    }
    for _ in 1..LOOKS {
        std::thread::sleep(PAUSE);
        let again = half_changed(&dm)?;
        stuck.retain(|name| again.contains(name));
    }
    Ok(in_order(&dm, stuck))
}

/// Resumes one, if it is suspended, with the table that it had. A table that the killed command loaded and did not commit goes: LVM
/// loads the right one from its metadata afterwards. A device that never had a table takes the loaded one.
pub(crate) fn resume(name: &str) -> Result<(), SuspendedError> {
    let dm = DM::new().map_err(SuspendedError::Absent)?;
    let dm_name = DmName::new(name).map_err(|_| SuspendedError::Name { name: name.to_owned() })?;
    let id = DevId::Name(dm_name);
    let failed = |source| SuspendedError::Resume { name: name.to_owned(), source };
    let flags = dm.device_info(&id).map_err(failed)?.flags();
    if flags.contains(TWO_TABLES) {
        dm.table_clear(&id).map_err(failed)?;
    }
    dm.device_suspend(&id, DmOptions::default()).map_err(failed)?;
    Ok(())
}

fn our_groups(lvm: &mut Lvm, stuck: &BTreeSet<String>) -> Result<BTreeSet<String>, SuspendedError> {
    let report = lvm.run(&ownership::COMMAND)?.report;
    let root = Host::read()?.mounted_at("/").and_then(|mount| Number(mount.device.clone()).logical_volume()).map(|(group, _)| group);
    // The file lies on root: it is not read while root itself may be stuck.
    let of_root = root.is_some() && stuck.iter().any(|name| dm_name::group(name) == root);
    let told = if of_root { String::new() } else { std::fs::read_to_string(options::PATH).unwrap_or_default() };
    let mut ours = ownership::groups(&report, options::pool_device(&told))?;
    ours.extend(root);
    Ok(ours)
}

fn half_changed(dm: &DM) -> Result<BTreeSet<String>, SuspendedError> {
    let mut found = BTreeSet::new();
    for (name, _, _) in dm.list_devices().map_err(SuspendedError::List)? {
        // One that has gone since the listing is not stuck.
        let Ok(info) = dm.device_info(&DevId::Name(&name)) else { continue };
        let of_lvm = info.uuid().is_some_and(|uuid| uuid.to_string().starts_with("LVM-"));
        if of_lvm && (info.flags().contains(DmFlags::DM_SUSPEND) || info.flags().contains(TWO_TABLES)) {
            found.insert(name.to_string());
        }
    }
    Ok(found)
}

/// Resuming a device writes to those below, so these come first. Without an answer about what lies below, the order is by name.
fn in_order(dm: &DM, mut left: BTreeSet<String>) -> Vec<String> {
    let listed = dm.list_devices().unwrap_or_default();
    let mut order = Vec::new();
    while !left.is_empty() {
        let waits = |name: &str| {
            let below = lies_on(dm, name);
            listed.iter().any(|(other, device, _)| {
                let other = other.to_string();
                other != name && left.contains(&other) && below.contains(device)
            })
        };
        let Some(next) = left.iter().find(|name| !waits(name)).or_else(|| left.first()).cloned() else { break };
        left.remove(&next);
        order.push(next);
    }
    order
}

fn lies_on(dm: &DM, name: &str) -> Vec<Device> {
    DmName::new(name).and_then(|name| dm.table_deps(&DevId::Name(name), DmOptions::default())).unwrap_or_default()
}
