//! A machine that stands still where its kernel has started and has not looked at any disk: a boot goes on from there with whatever its
//! disks hold by then. Without the firmware, the boot loader and the kernel's own start, which have nothing to do with storage.
//! In: the kernel and initramfs of the tree, a kernel command line. Out: the machine's state in a file, once; then machines over a socket.

use super::disks;
use super::machine::{Backing, Direct, Load, Machine};
use super::served::save;
use super::{BOOT_PATIENCE, Guest};
use crate::image;
use anyhow::{Context, Result, ensure};
use cpio::newc;
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

const HERE: &str = "begun: no disk is known yet";
const GONE: &str = "begun: going on";

/// Runs in the initramfs before anything else does, as a part of its configuration: loads all drivers but the disks', says that it is
/// there unless a disk is known all the same, and waits long enough to be stopped meanwhile.
fn wait() -> String {
    format!(
        "for module in $(sed 's/#.*//; s/virtio_blk//' /conf/modules) virtio_net virtio_console virtio_rng; do modprobe -q -- $module; done\n\
         [ ! -e /sys/block/vda ] && echo '{HERE}' >/dev/console\n\
         sleep 2\n\
         echo '{GONE}' >/dev/console\n"
    )
}

/// A state from which boots go on.
#[derive(Debug)]
pub(crate) struct Begun(PathBuf);

impl Guest {
    /// Starts the kernel, with that command line, and stops it before it looks at a disk. Files go into the directory.
    pub(crate) fn begin(dir: &Path, socket: &Path, line: &str) -> Result<Begun> {
        let kernel = image::kernel()?;
        let direct = Direct { kernel: kernel.join("vmlinuz"), initramfs: dir.join("initramfs"), line: line.to_owned() };
        fs::write(&direct.initramfs, initramfs(&kernel.join("initramfs.img"))?)?;
        let sockets = tempfile::Builder::new().prefix("guest-").tempdir()?;
        let backing = Backing::Served(socket.to_owned());
        let mut machine = Machine::new(dir.to_owned(), sockets.path().to_owned(), disks::usual(), backing, true)?;
        machine.start(Load::Kernel(&direct))?;
        let serial = machine.serial_log();
        let said = || fs::read_to_string(&serial).unwrap_or_default();
        let until = Instant::now() + BOOT_PATIENCE;
        while !said().contains(HERE) {
            ensure!(Instant::now() < until && !said().contains(GONE), "the kernel does not start as it should:\n{}", said());
            machine.ensure_running()?;
            sleep(Duration::from_millis(5));
        }
        super::Qmp::connect(&machine.qmp_socket())?.execute("stop", &json!({}))?;
        ensure!(!said().contains(GONE), "this computer is too busy: the guest went on before it was stopped");
        let state = dir.join("state");
        save(&mut machine, &state)?;
        Ok(Begun(state))
    }

    /// Goes on from there with the disks behind a socket. Answers, but need not have finished its boot.
    pub(crate) fn go_on(begun: &Begun, socket: &Path) -> Result<Self> {
        Self::served(socket, Load::File(&begun.0))
    }
}

/// The initramfs, behind one that makes it wait; the kernel unpacks both.
fn initramfs(image: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut add = |name: &str, mode: u32, text: &str| -> std::io::Result<()> {
        let length = u32::try_from(text.len()).map_err(std::io::Error::other)?;
        let mut file = newc::Builder::new(name).mode(mode).write(&mut bytes, length);
        file.write_all(text.as_bytes())?;
        file.finish().map(drop)
    };
    add("conf", 0o040_755, "")?;
    add("conf/conf.d", 0o040_755, "")?;
    add("conf/conf.d/begun", 0o100_644, &wait())?;
    newc::trailer(&mut bytes)?;
    // The next archive begins where a block does.
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes.extend(fs::read(image).with_context(|| image.display().to_string())?);
    Ok(bytes)
}
