//! Disk files of a machine, in a directory of its own.
//! In: the disk image of [`crate::image`], or the directory of a saved machine. Out: `base.qcow2` (a hard link, never written),
//! `vda.qcow2` on top of it, and the data disks.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The machine's first disk.
pub(super) const OS_DISK: &str = "vda.qcow2";
/// What [`OS_DISK`] holds only the changes to; the name is relative, so copies find their own.
const BASE: &str = "base.qcow2";

/// An empty disk besides the first.
#[derive(Debug, Clone)]
pub(super) struct DataDisk {
    /// Serial number: /dev/disk/by-id/virtio-SERIAL in the guest.
    pub(super) serial: String,
    /// Plugged in after the machine was made.
    pub(super) added: bool,
}

impl DataDisk {
    pub(super) fn file(&self) -> String {
        format!("{}.qcow2", self.serial)
    }
}

/// The disks every machine has: vdb, vdc and vdd.
const USUAL: [(&str, u32); 3] = [("data1", 4), ("data2", 2), ("data3", 1)];

/// The data disks every machine starts with.
pub(super) fn usual() -> Vec<DataDisk> {
    USUAL.iter().map(|(serial, _)| DataDisk { serial: (*serial).to_owned(), added: false }).collect()
}

/// Fresh disks over a disk image.
pub(super) fn create(dir: &Path, image: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    fs::hard_link(image, dir.join(BASE)).with_context(|| format!("{} -> {}", dir.display(), image.display()))?;
    qemu_img(dir, &["create", "-f", "qcow2", "-b", BASE, "-F", "qcow2", OS_DISK])?;
    for (serial, gib) in USUAL {
        empty(dir, serial, gib)?;
    }
    Ok(())
}

/// Copies the disks of a saved machine.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    fs::hard_link(from.join(BASE), to.join(BASE)).with_context(|| from.display().to_string())?;
    let mut files = vec![from.join(OS_DISK)];
    files.extend(usual().iter().map(|disk| from.join(disk.file())));
    let status = Command::new("cp").args(["--reflink=auto", "--sparse=always", "-t"]).arg(to).args(files).status()?;
    if !status.success() {
        bail!("copying the saved machine failed: {status}");
    }
    Ok(())
}

/// One empty disk.
pub(super) fn empty(dir: &Path, serial: &str, gib: u32) -> Result<()> {
    qemu_img(dir, &["create", "-f", "qcow2", &format!("{serial}.qcow2"), &format!("{gib}G")])
}

/// The content of a machine's disks as plain files beside them: `vda.raw` and one for each data disk.
pub(super) fn flatten(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut names = vec![OS_DISK.to_owned()];
    names.extend(usual().iter().map(DataDisk::file));
    let flat = |name: &String| {
        let raw = Path::new(name).with_extension("raw");
        qemu_img(dir, &["convert", "-O", "raw", name, &raw.display().to_string()])?;
        Ok(dir.join(raw))
    };
    names.iter().map(flat).collect()
}

fn qemu_img(dir: &Path, arguments: &[&str]) -> Result<()> {
    let done = Command::new("qemu-img").current_dir(dir).args(arguments).output().context("qemu-img (make setup installs it)")?;
    if !done.status.success() {
        bail!("qemu-img {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(())
}

/// Removes directories that begin so and are older than that.
pub(super) fn sweep(all: &Path, prefix: &str, age: Duration) -> Result<()> {
    for entry in fs::read_dir(all)? {
        let entry = entry?;
        let begins = entry.file_name().to_string_lossy().starts_with(prefix);
        // One that another process is just removing is gone, which is what we want.
        let old = entry.metadata().and_then(|data| data.modified()).is_ok_and(|at| at.elapsed().is_ok_and(|past| past > age));
        if begins && old {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}
