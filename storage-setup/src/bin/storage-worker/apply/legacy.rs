//! The drop-in's deeds, through the same gate of effects as the agent's actions. Each looks again just before it acts.

mod disks;
mod given_back;
mod mounts;
mod volumes;

use std::path::Path;

use storage_setup::fullreport::FullReport;
use storage_setup::legacy::Deed;

use super::created::NewFilesystem;
use super::error::ApplyError;
use super::{Change, Machine, files, filesystems, resume, root};
use crate::observe::suspended::{self, SuspendedError};

/// As the shell tool's.
const XFS: NewFilesystem<'_> = NewFilesystem { kind: config::Filesystem::Xfs, label: None, quota: true, contexts: false };

impl Machine<'_> {
    /// LVM's report, of devices that can be looked at.
    pub(crate) fn survey(&mut self) -> Result<FullReport, ApplyError> {
        self.resume()?;
        self.report()
    }

    /// Resumes what a killed run left suspended: a look at such a device would hang.
    pub(crate) fn resume(&mut self) -> Result<(), ApplyError> {
        let stuck = match suspended::stuck(&mut self.lvm) {
            Ok(stuck) => stuck,
            // Without device-mapper nothing is suspended, and a driver that needs none of it can be set up.
            Err(SuspendedError::Absent(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        for name in stuck {
            resume::resume_device(self, &name)?;
        }
        Ok(())
    }

    /// Lets the next survey have the devices that came since LVM listed them.
    pub(crate) fn expect_devices(&mut self) {
        self.lvm.reread();
    }

    /// Does one thing; says whether there was anything to do.
    pub(crate) fn do_deed(&mut self, deed: &Deed) -> Result<bool, ApplyError> {
        Ok(self.deed(deed)? == Change::Made)
    }

    fn deed(&mut self, deed: &Deed) -> Result<Change, ApplyError> {
        match deed {
            Deed::TakeDisks { group, create, disks } => disks::take(self, group, *create, disks),
            Deed::RenewMetadata { group } => super::disks::renew_metadata(self, group),
            Deed::Forget { identity } => {
                super::disks::forget(self, std::iter::once(identity.as_str())).map(|made| if made { Change::Made } else { Change::Already })
            }
            Deed::GrowMember { node } => disks::grow_member(self, node),
            Deed::MarkRoot { group, volume, tag, drop } => volumes::mark(self, group, volume, tag, drop),
            Deed::GrowRoot { group, volume, to } => root::grow_volume(self, group, volume, *to),
            Deed::GrowRootFilesystem { device, filesystem, to } => filesystems::grow(self, *filesystem, device, *to),
            Deed::CreatePool { .. } => volumes::create_pool(self, deed),
            Deed::RenewProfile { group, pool, path, text } => volumes::renew_profile(self, (group, pool), path, text),
            Deed::SetProfile { group, pool, profile } => volumes::set_profile(self, group, pool, profile.as_deref()),
            Deed::Write { path, text } => write(self, path, text),
            Deed::Delete { path } => delete(self, path),
            Deed::CreateVolume { group, volume, extents, extent, asked } => {
                super::created::create(self, group, volume, None, (*extents, *extent), asked)
            }
            Deed::Format { group, volume, labels } => {
                super::created::format(self, group, volume, &NewFilesystem { contexts: *labels, ..XFS })
            }
            Deed::Activate { group, volume, on_demand } => volumes::activate(self, group, volume, *on_demand),
            Deed::Deactivate { group, volume } => volumes::deactivate(self, group, volume),
            Deed::Mount { group, volume, point, labels } => mounts::mount(self, group, volume, point, *labels),
            Deed::StartMount { group, volume, point, labels } => mounts::start(self, group, volume, point, *labels),
            Deed::Unmount { source, point } => mounts::unmount(self, source, point),
            Deed::RemoveMount { point } => mounts::remove_unit(self, point),
            Deed::RemoveVolume { group, volume } => volumes::remove(self, group, volume),
            Deed::RemoveGroup { group, disks } => given_back::group(self, group, disks),
        }
    }
}

fn write(machine: &mut Machine<'_>, path: &str, text: &str) -> Result<Change, ApplyError> {
    const MODE: u32 = 0o644;
    let failed = |source| ApplyError::Write { path: path.to_owned(), source };
    let was_there = Path::new(path).exists();
    machine.effects.run(&format!("write {path}"), || files::replace(Path::new(path), text, MODE).map_err(failed))?;
    machine.written(path, was_there);
    Ok(Change::Made)
}

fn delete(machine: &mut Machine<'_>, path: &str) -> Result<Change, ApplyError> {
    let failed = |source| ApplyError::Remove { path: path.to_owned(), source };
    machine.effects.run(&format!("rm {path}"), || files::remove(Path::new(path)).map_err(failed))?;
    Ok(Change::Made)
}
