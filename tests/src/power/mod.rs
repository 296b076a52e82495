//! Power cuts: a machine whose disks are served by us, all that it writes on record, and the machine turned on again with the disks
//! as a cut at any flush may have left them.
//!
//! In: [`Origin`], the saved machine. Out: [`Powered`], a guest to do things to while a [`History`] is written, and guests that boot
//! from any point of that history.

mod nbd;
mod platter;
mod rack;
mod tape;

pub use tape::{Cut, Cuts, Left};

use crate::guest::{self, Begun, Frozen, Guest, disk_names};
use crate::image::Layout;
use anyhow::Result;
use platter::Platter;
use rack::Rack;
use std::path::Path;
use tape::Tape;
use tempfile::TempDir;

/// What has nothing to do with storage, and would be most of the boot.
pub const ASIDE: &str = "docker.service docker.socket containerd.service ssh.service apparmor.service systemd-logind.service \
    systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service systemd-network-generator.service \
    systemd-binfmt.service proc-sys-fs-binfmt_misc.automount modprobe@fuse.service modprobe@efi_pstore.service modprobe@drm.service \
    modprobe@configfs.service modprobe@loop.service sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    dev-hugepages.mount dev-mqueue.mount systemd-sysusers.service systemd-random-seed.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service systemd-user-sessions.service";

/// The saved machine, ready to be started over and over with disks of ours.
#[derive(Debug)]
pub struct Origin {
    frozen: Frozen,
    /// Where its files are.
    _dir: TempDir,
}

/// A guest over disks of ours.
#[derive(Debug)]
pub struct Powered {
    /// The machine. Ends before its disks do.
    pub guest: Guest,
    rack: Rack,
    _dir: TempDir,
}

/// What was written while something was done.
#[derive(Debug)]
pub struct History(Tape);

/// A boot that has begun and has not looked at its disks yet.
#[derive(Debug)]
pub struct Boot {
    begun: Begun,
    /// Where its files are.
    _dir: TempDir,
}

impl Origin {
    /// From the machine of [`Guest::ready`].
    pub fn ready(layout: &Layout) -> Result<Origin> {
        let dir = guest::home()?;
        Ok(Origin { frozen: Guest::freeze(layout, dir.path())?, _dir: dir })
    }

    /// That machine, running.
    pub fn start(&self) -> Result<Powered> {
        let platters = self.frozen.disks.iter().map(|path| Platter::new(path)).collect::<Result<Vec<Platter>>>()?;
        Powered::over(platters, |socket| Guest::thawed(&self.frozen, socket))
    }
}

impl Powered {
    fn over(platters: Vec<Platter>, start: impl FnOnce(&Path) -> Result<Guest>) -> Result<Powered> {
        let dir = tempfile::Builder::new().prefix("disks-").tempdir()?;
        let socket = dir.path().join("disks");
        let rack = Rack::serve(disk_names(), platters, &socket)?;
        Ok(Powered { guest: start(&socket)?, rack, _dir: dir })
    }

    /// Does something to the guest with all writes on record, from a moment when all disks are flushed.
    pub fn record<T>(&self, what: impl FnOnce(&Guest) -> Result<T>) -> Result<(T, History)> {
        // Twice: the first one may leave the log of a file system to be written.
        self.guest.check("sync && sync && blockdev --flushbufs /dev/vd?")?;
        self.rack.record();
        let done = what(&self.guest)?;
        Ok((done, History(self.rack.stop()?)))
    }
}

impl History {
    /// How many writes there were.
    pub fn writes(&self) -> usize {
        self.0.records.len()
    }

    /// The cuts at every flush, each with a content of its own.
    pub fn cuts(&self, seed: u64) -> Result<Cuts> {
        self.0.cuts(seed)
    }

    /// Turns a machine on with what the cut left on its disks. It answers, but need not have finished its boot.
    pub fn turn_on_after(&self, cut: Cut) -> Result<Powered> {
        Powered::over(self.0.after(cut)?, Guest::turned_on)
    }

    /// Begins a boot that [`History::go_on_after`] goes on with, as the machine on record would.
    pub fn begin_boot(&self, recorded: &Powered) -> Result<Boot> {
        let line = recorded.guest.check("sed 's/BOOT_IMAGE=[^ ]* //' /proc/cmdline")?;
        let dir = guest::home()?;
        let socket = dir.path().join("disks");
        let _rack = Rack::serve(disk_names(), self.0.first.clone(), &socket)?;
        Ok(Boot { begun: Guest::begin(dir.path(), &socket, &line)?, _dir: dir })
    }

    /// As [`History::turn_on_after`], without what a boot does before it looks at the disks.
    pub fn go_on_after(&self, boot: &Boot, cut: Cut) -> Result<Powered> {
        Powered::over(self.0.after(cut)?, |socket| Guest::go_on(&boot.begun, socket))
    }
}
