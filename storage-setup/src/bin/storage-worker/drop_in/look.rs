//! One look at the host: LVM's report, sysfs, mounts, a few files.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use storage_setup::fullreport::FullReport;
use storage_setup::legacy::{Mode, Options, RootVolume, Seen, docker_root};
use storage_setup::mountinfo::MountEntry;
use storage_setup::render::options;
use storage_setup::superblock;

use super::devices::{self, Eyes};
use super::error::DropInError;
use super::{STATE, kernel};
use crate::apply::Machine;
use crate::apply::records::Known;
use crate::host::{self, Host, Number};
use crate::observe::files;

/// What is there.
pub(super) fn look(machine: &mut Machine<'_>, options: &Options) -> Result<Seen, DropInError> {
    let report = machine.survey()?;
    let host = Host::read()?;
    let known = Known::read(Path::new(STATE)).map_err(crate::apply::ApplyError::from)?;
    let eyes = Eyes { host: &host, report: &report, known: &known };
    let devices = devices::look(options, &eyes)?;
    let docker = text("/etc/sysconfig/docker")?.and_then(|text| docker_root(&text)).unwrap_or_else(|| "/var/lib/docker".to_owned());
    let devicemapper = options.driver == "devicemapper";
    let overlay = matches!(options.driver.as_str(), "overlay" | "overlay2");
    Ok(Seen {
        root: root(&host, &report),
        devices,
        output: match options.mode {
            Mode::Compat => text(options::PATH)?,
            Mode::Create => None,
        },
        files: files::read(&[]).into_iter().map(|(path, file)| (path, file.text)).collect::<BTreeMap<_, _>>(),
        mounts: host.mounts.iter().map(|mount| (Host::source(mount), mount.point.clone())).collect(),
        holders: host::holders(),
        docker_records: Path::new(&docker).join("devicemapper/metadata").is_dir(),
        overlay: overlay && kernel::has_overlay(),
        deferred: if devicemapper { kernel::deferred() } else { storage_setup::legacy::Deferred { removal: false, deletion: false } },
        flat_xfs: if overlay { flat_xfs(&host, options, &docker) } else { None },
        labels: Path::new("/sys/fs/selinux/enforce").exists(),
        docker_root: docker,
        groups: report.groups,
    })
}

/// A file's text; `None` when there is none.
pub(super) fn text(path: &str) -> Result<Option<String>, DropInError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DropInError::Read { path: path.to_owned(), source }),
    }
}

fn root(host: &Host, report: &FullReport) -> Option<RootVolume> {
    let mount = host.mounted_at("/")?;
    let (group, volume) = Number(mount.device.clone()).logical_volume()?;
    report.groups.get(&group)?.volumes.get(&volume)?;
    let found = Host::mounted_filesystem(mount);
    Some(RootVolume { group, volume, filesystem: found.kind, size: found.size })
}

/// The XFS that would carry the overlay, when its directories do not tell types. A volume that is not mounted yet is made with them.
fn flat_xfs(host: &Host, options: &Options, docker: &str) -> Option<String> {
    let own = options.volume.as_ref().map(|(_, point)| point.as_str()).or(options.docker_root.then_some(docker));
    let mount = match own {
        Some(point) => host.mounted_at(point)?,
        None => carrier(host, "/var")?,
    };
    if mount.kind != "xfs" {
        return None;
    }
    let head = Number(mount.device.clone()).head().ok()?;
    (superblock::xfs_has_file_types(&head) == Some(false)).then(|| mount.point.clone())
}

fn carrier<'a>(host: &'a Host, path: &str) -> Option<&'a MountEntry> {
    Path::new(path).ancestors().find_map(|part| host.mounted_at(part.to_str()?))
}
