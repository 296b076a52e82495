//! One look at the host: LVM's report, and meanwhile sysfs, mounts, a few files, what the kernel can do.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use storage_setup::DockerRoot;
use storage_setup::fullreport::FullReport;
use storage_setup::legacy::{Deferred, Mode, Options, RootVolume, Seen};
use storage_setup::render::options;

use super::devices::{self, Eyes};
use super::error::DropInError;
use super::{STATE, kernel};
use crate::apply::Machine;
use crate::apply::records::Known;
use crate::docker_root;
use crate::host::{self, Host, Number};
use crate::observe::files;

/// What is there. LVM takes most of the time that a run takes, so what needs nothing of it is looked at meanwhile.
pub(super) fn look(machine: &mut Machine<'_>, options: &Options) -> Result<Seen, DropInError> {
    machine.resume()?;
    let (report, around) = std::thread::scope(|scope| {
        let around = scope.spawn(|| Around::look(options));
        let report = machine.report();
        (report, around.join())
    });
    let report = report?;
    let Around { host, known, output, files, holders, docker_root, deferred, overlay } =
        around.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let devices = devices::look(options, &Eyes { host: &host, report: &report, known: &known })?;
    let is_whole = |name: &&String| report.groups.get(*name).is_some_and(|group| group.missing == 0);
    Ok(Seen {
        lagging: report.lagging.keys().filter(is_whole).cloned().collect(),
        root: root(&host, &report),
        devices,
        output,
        files,
        mounts: host.mounts.iter().map(|mount| (Host::source(mount), mount.point.clone())).collect(),
        holders,
        docker_records: Path::new(&docker_root).join("devicemapper/metadata").is_dir(),
        overlay,
        deferred,
        flat_xfs: if wants_overlay(options) { flat_xfs(&host, options, &docker_root) } else { None },
        labels: Path::new("/sys/fs/selinux/enforce").exists(),
        docker_root,
        groups: report.groups,
    })
}

fn wants_overlay(options: &Options) -> bool {
    matches!(options.driver.as_str(), "overlay" | "overlay2")
}

/// All that needs nothing of LVM.
struct Around {
    host: Host,
    known: Known,
    output: Option<String>,
    files: BTreeMap<String, String>,
    holders: BTreeMap<String, String>,
    docker_root: String,
    deferred: Deferred,
    overlay: bool,
}

impl Around {
    fn look(options: &Options) -> Result<Around, DropInError> {
        let docker_root = match docker_root::look() {
            root @ (DockerRoot::Usual | DockerRoot::Moved { .. }) => root.path().to_owned(),
            // dockerd does not start either, which is no reason to leave the host without its disks.
            unknown @ DockerRoot::Unknown { .. } if !options.docker_root => unknown.path().to_owned(),
            DockerRoot::Unknown { why } => return Err(DropInError::plain(format!("Failed to find docker's directory: {why}"))),
        };
        Ok(Around {
            host: Host::read()?,
            known: Known::read(Path::new(STATE)).map_err(crate::apply::ApplyError::from)?,
            output: match options.mode {
                Mode::Compat => text(options::PATH)?,
                Mode::Create => None,
            },
            files: files::read(&[]).into_iter().map(|(path, file)| (path, file.text)).collect(),
            holders: host::holders(),
            docker_root,
            deferred: if options.driver == "devicemapper" { kernel::deferred() } else { Deferred { removal: false, deletion: false } },
            overlay: wants_overlay(options) && kernel::has_overlay(),
        })
    }
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
        None => host.carriers("/var").next()?,
    };
    Host::is_flat_xfs(mount).then(|| mount.point.clone())
}
