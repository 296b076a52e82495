//! Runs the appliance's recipe, `image/host/*.sh`, and names what it makes.
//! In: the recipe, the built binaries, a [`Layout`]. Out: a disk image in `target/guest/`, made only if an input changed.

use crate::{made, top};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

/// How the disk of the machine is laid out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Root is a logical volume of 3 GiB in this group; the rest of the disk is free in the group.
    Lvm {
        /// Name of the volume group.
        vg: String,
    },
    /// Root is an XFS of 4 GiB right on a partition, with free space after it; no volume group.
    Plain,
}

impl Default for Layout {
    fn default() -> Self {
        Self::vg("atomicos")
    }
}

impl Layout {
    /// Root in the volume group of this name.
    pub fn vg(name: &str) -> Self {
        Self::Lvm { vg: name.to_owned() }
    }

    /// The label in file names, as `disk.sh` forms it.
    pub fn label(&self) -> String {
        match self {
            Self::Lvm { vg } if vg == "atomicos" => "default".to_owned(),
            Self::Lvm { vg } => format!("vg-{vg}"),
            Self::Plain => "plain".to_owned(),
        }
    }

    fn arguments(&self) -> Vec<&str> {
        match self {
            Self::Lvm { vg } => vec!["--vg", vg],
            Self::Plain => vec!["--plain"],
        }
    }
}

/// A disk image of a machine that was never booted.
#[derive(Debug, Clone)]
pub struct Disk {
    /// The qcow2 file; replaced, never written, when the image changes.
    pub path: PathBuf,
    /// Changes whenever the image does.
    pub hash: String,
}

/// Makes the disk image, unless it is there already, holding `lock` against other processes.
pub fn build(layout: &Layout) -> Result<Disk> {
    let _lock = lock("image")?;
    script("base.sh", &[])?;
    script("host.sh", &[])?;
    script("disk.sh", &layout.arguments())?;
    let label = layout.label();
    let stamp = made().join(format!("disk-{label}.hash"));
    let hash = fs::read_to_string(&stamp).with_context(|| stamp.display().to_string())?;
    Ok(Disk { path: made().join(format!("disk-{label}.qcow2")), hash: hash.trim().to_owned() })
}

/// One script of the recipe, through sudo if need be: a tree with its owners needs root.
fn script(name: &str, arguments: &[&str]) -> Result<()> {
    let path = top().join("image/host").join(name);
    let mut command = if is_root()? { Command::new("bash") } else { Command::new("sudo") };
    if command.get_program() == "sudo" {
        command.args(["--preserve-env=PROFILE,WITHOUT_AGENT", "bash"]);
    }
    let status = command.arg(&path).args(arguments).status().with_context(|| path.display().to_string())?;
    if !status.success() {
        bail!("image/host/{name} failed: {status}");
    }
    Ok(())
}

fn is_root() -> Result<bool> {
    let id = Command::new("id").arg("-u").output().context("id")?;
    Ok(id.stdout == b"0\n")
}

/// Waits for, and takes, a lock between processes; dropped with the file.
pub(crate) fn lock(name: &str) -> Result<File> {
    fs::create_dir_all(made())?;
    let path = made().join(format!("{name}.lock"));
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    file.lock().with_context(|| path.display().to_string())?;
    Ok(file)
}
