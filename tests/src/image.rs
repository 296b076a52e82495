//! Runs the appliance's recipe, `image/host/*.sh`, and names what it makes.
//! In: the recipe, the built binaries, a [`Layout`]. Out: a disk image in `target/guest/`, made only if an input changed.

use crate::{made, top};
use anyhow::{Context, Result, bail};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

/// Makes the disk image, unless it is there already; what the recipe says goes to standard error.
pub fn build(layout: &Layout) -> Result<Disk> {
    build_with(layout, &mut |line| eprintln!("{line}"))
}

/// As [`build`], giving each line that the recipe says to `say`. One process at a time.
pub fn build_with(layout: &Layout, say: &mut dyn FnMut(&str)) -> Result<Disk> {
    let _lock = lock("image")?;
    script("host/base.sh", &[], say)?;
    script("host/host.sh", &[], say)?;
    script("host/disk.sh", &layout.arguments(), say)?;
    let label = layout.label();
    let stamp = made().join(format!("disk-{label}.hash"));
    let hash = fs::read_to_string(&stamp).with_context(|| stamp.display().to_string())?;
    Ok(Disk { path: made().join(format!("disk-{label}.qcow2")), hash: hash.trim().to_owned() })
}

/// Makes an archive repository with the image's commit, as a server has it, unless it is there already; gives its directory.
pub fn archive() -> Result<PathBuf> {
    let _lock = lock("image")?;
    script("host/archive.sh", &[], &mut |line| eprintln!("{line}"))?;
    Ok(made().join("archive"))
}

/// The directory of the tree with the kernel, `vmlinuz`, and its `initramfs.img`, as the disk image has them too.
pub(crate) fn kernel() -> Result<PathBuf> {
    let all = made().join("tree/usr/lib/modules");
    for entry in fs::read_dir(&all).with_context(|| all.display().to_string())? {
        let dir = entry?.path();
        if dir.join("initramfs.img").exists() {
            return Ok(dir);
        }
    }
    bail!("no kernel with an initramfs in {}", all.display());
}

/// One script below `image/`, through sudo if need be: a tree with its owners needs root.
pub(crate) fn script(name: &str, arguments: &[&str], say: &mut dyn FnMut(&str)) -> Result<()> {
    let path = top().join("image").join(name);
    let mut command = if is_root()? { Command::new("bash") } else { Command::new("sudo") };
    if command.get_program() == "sudo" {
        command.args(["--preserve-env=PROFILE", "bash"]);
    }
    run(command.arg(path).args(arguments), say).with_context(|| format!("image/{name}"))
}

/// Runs a command that has to succeed, giving each line of its standard error to `say`.
pub fn run(command: &mut Command, say: &mut dyn FnMut(&str)) -> Result<()> {
    const SHOWN: usize = 40;
    let program = command.get_program().display().to_string();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().with_context(|| program.clone())?;
    let mut last: VecDeque<String> = VecDeque::new();
    for line in BufReader::new(child.stderr.take().context("no pipe")?).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        say(&line);
        last.push_back(line);
        last.drain(..last.len().saturating_sub(SHOWN));
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{program}: {status}\n{}", last.make_contiguous().join("\n"));
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
