//! New volumes: made with the tag that says that they have no file system yet, then formatted. Only what has that tag is formatted.

use std::time::Duration;

use config::{Bytes, Filesystem};
use storage_setup::{Content, stamp};

use super::error::{ApplyError, changed, refused};
use super::{Change, Machine, volumes};
use crate::host::{Host, Number};
use crate::observe::content;
use crate::program::Program;

/// Its size comes in extents, and of how many bytes they are: a thin volume has a size of its own choice, without extents.
pub(super) fn create(
    machine: &mut Machine<'_>,
    group: &str,
    volume: &str,
    pool: Option<&str>,
    (extents, extent): (u64, Bytes),
    asked: &str,
) -> Result<Change, ApplyError> {
    if volumes::find(&machine.report()?, group, volume)?.is_some() {
        return Ok(Change::Already);
    }
    let tags = stamp::of_volume(asked);
    let count = extents.to_string();
    let mut words = vec!["lvcreate", "-n", volume];
    let virtual_size;
    match pool {
        Some(pool) => {
            let Some(size) = Bytes::of_extents(extents, extent) else {
                return refused(format!("{extents} extents of {extent} are more than LVM can count"));
            };
            virtual_size = format!("{}b", size.0);
            words.extend(["--type", "thin", "-V", &virtual_size, "--thinpool", pool]);
        }
        // What an earlier volume left on the same extents must not look like content of this one.
        None => words.extend(["--type", "linear", "-l", &count, "-Z", "y", "-W", "y"]),
    }
    for tag in &tags {
        words.extend(["--addtag", tag]);
    }
    // Yes to wiping old signatures on extents that were free a moment ago.
    words.extend(["-y", group]);
    machine.lvm(&words)?;
    Ok(Change::Made)
}

/// A file system to be made.
#[derive(Debug)]
pub(super) struct NewFilesystem<'a> {
    pub(super) kind: Filesystem,
    pub(super) label: Option<&'a str>,
    pub(super) quota: bool,
    /// Its files get their SELinux contexts once it is mounted; until then it is marked.
    pub(super) contexts: bool,
}

pub(super) fn format(machine: &mut Machine<'_>, group: &str, volume: &str, new: &NewFilesystem<'_>) -> Result<Change, ApplyError> {
    let report = machine.report()?;
    let found = volumes::ours(&report, group, volume)?;
    let host = Host::read()?;
    let name = format!("{group}/{volume}");
    if !stamp::is_unformatted(&found.tags) {
        return match content::content(group, volume, &host) {
            Content::Filesystem { kind, .. } if kind == new.kind => Ok(Change::Already),
            Content::Filesystem { .. } | Content::Unknown | Content::Nothing | Content::Other(_) => refused(format!(
                "{name} has no tag {} and is not formatted: it may hold data; look with `blkid -p /dev/{name}`",
                stamp::UNFORMATTED
            )),
        };
    }
    let Some(number) = Number::of_volume(group, volume) else {
        return changed(format!("{name} is not active"));
    };
    if let Some(mount) = host.mount_of(&number) {
        return refused(format!("{name} is mounted on {} although it is marked as unformatted; it may hold data", mount.point));
    }
    let Some(node) = number.node() else {
        return changed(format!("{name} has no device"));
    };
    machine.program(&mkfs(new, &node))?;
    let mut words = vec!["lvchange", "--deltag", stamp::UNFORMATTED];
    if new.contexts {
        words.extend(["--addtag", stamp::UNLABELLED]);
    }
    words.push(&name);
    machine.lvm(&words)?;
    Ok(Change::Made)
}

/// By force, since a cut-off mkfs leaves half a file system that it would else refuse to overwrite.
fn mkfs<'a>(new: &NewFilesystem<'a>, node: &'a str) -> Program<'a> {
    const LIMIT: Duration = Duration::from_mins(30);
    let (name, mut words) = match new.kind {
        Filesystem::Xfs => ("mkfs.xfs", vec!["-q", "-f"]),
        Filesystem::Ext4 => ("mkfs.ext4", vec!["-q", "-F"]),
    };
    match new.kind {
        // Every XFS can count projects.
        Filesystem::Xfs => {}
        Filesystem::Ext4 if new.quota => words.extend(["-O", "quota,project", "-E", "quotatype=prjquota"]),
        Filesystem::Ext4 => {}
    }
    if let Some(label) = new.label {
        words.extend(["-L", label]);
    }
    words.push(node);
    Program::new(name, &words).limit(LIMIT)
}
