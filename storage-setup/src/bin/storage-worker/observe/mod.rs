//! Looks at the host's storage and changes nothing: device-mapper, LVM, sysfs, mounts, files, the engine's store.
//!
//! Devices left suspended come first, since everything else may hang on one. What cannot be read is left out or said to be unknown.

pub(crate) mod content;
pub(crate) mod devices;
mod engine;
pub(crate) mod files;
pub(crate) mod late;
pub(crate) mod links;
pub(crate) mod root;
pub(crate) mod signatures;
pub(crate) mod suspended;

use std::collections::BTreeMap;
use std::path::Path;

use storage_setup::fullreport::{self, FullReport, ReportError};
use storage_setup::protocol::Look;
use storage_setup::{EngineStore, Mount, Observed, Root};

use crate::apply::records::Known;
use crate::host::{Host, HostError};
use crate::lvm::{Lvm, LvmError};

/// Why nothing can be said of the host's storage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObserveError {
    #[error("cannot ask device-mapper")]
    DeviceMapper(#[from] suspended::SuspendedError),
    #[error("cannot ask LVM")]
    Lvm(#[from] LvmError),
    #[error("cannot use LVM's report")]
    Report(#[from] ReportError),
    #[error("cannot ask the kernel")]
    Host(#[from] HostError),
}

/// The answer to [`Look`].
pub(crate) fn observe(look: &Look, mut lvm: Lvm) -> Result<Observed, ObserveError> {
    let suspended = suspended::stuck(&mut lvm)?;
    if !suspended.is_empty() {
        return Ok(only_suspended(suspended));
    }
    // Before any thread of the bus could exist.
    let report = match &look.group {
        None => report(&mut lvm)?,
        Some(group) => late::report_with(group, look.wait, |is_later| {
            if is_later {
                lvm.reread();
            }
            report(&mut lvm)
        })?,
    };
    drop(lvm);
    look_at_all(look, report)
}

/// All but device-mapper and LVM.
fn look_at_all(look: &Look, report: FullReport) -> Result<Observed, ObserveError> {
    let host = Host::read()?;
    let root = root::root(&host, &report.groups);
    let known = Known::read_what_can_be(Path::new(&look.state));
    let mut devices = BTreeMap::new();
    for path in &look.devices {
        devices.insert(path.clone(), devices::device(path, &host, &report, &known)?);
    }
    let mut groups = report.groups;
    let blocked = look.named.as_deref().filter(|name| !groups.contains_key(*name)).and_then(in_the_place_of);
    content::fill_in(&mut groups, &host);
    Ok(Observed {
        suspended: Vec::new(),
        root,
        lagging: report.lagging,
        blocked,
        partitions: if look.partitions { root::partitions(&groups) } else { BTreeMap::new() },
        groups,
        devices,
        mounts: host.mounts.iter().map(|mount| (mount.point.clone(), Mount { source: Host::source(mount), quota: mount.quota })).collect(),
        links: links::read(&look.mounts),
        files: files::read(&look.files),
        engine: engine::engine(&host),
    })
}

/// What is below /dev by the name of a group that is not there.
pub(crate) fn in_the_place_of(group: &str) -> Option<String> {
    Some(format!("/dev/{group}")).filter(|path| Path::new(path).exists())
}

/// LVM's report, all groups under their locks in one command.
pub(crate) fn report(lvm: &mut Lvm) -> Result<FullReport, ObserveError> {
    let output = lvm.run(&fullreport::COMMAND)?;
    Ok(fullreport::parse(&output.report, &output.warnings)?)
}

fn only_suspended(suspended: Vec<String>) -> Observed {
    Observed {
        suspended,
        root: Root::Other("not looked at while devices are suspended".to_owned()),
        groups: BTreeMap::new(),
        lagging: BTreeMap::new(),
        blocked: None,
        partitions: BTreeMap::new(),
        devices: BTreeMap::new(),
        mounts: BTreeMap::new(),
        links: BTreeMap::new(),
        files: BTreeMap::new(),
        engine: EngineStore::unused(),
    }
}

#[cfg(test)]
mod tests;
