//! Disks that are not there yet when the host boots: their paths are waited for, woken by the kernel as directories below /dev change.
//!
//! Comes before LVM is asked, which lists the disks once. What has not come in time is told as missing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use std::os::fd::AsFd;

use crate::program::Program;

/// Waits until all paths lead somewhere, at most so long.
pub(crate) fn wait(paths: &[String], limit: Duration) {
    if limit.is_zero() || missing(paths).is_empty() {
        return;
    }
    // Where the kernel tells of nothing, nothing is waited for: a disk that is not there is then an error at once.
    if let Err(error) = until_all_are_there(paths, Instant::now() + limit) {
        eprintln!("storage-worker: cannot wait for disks: {error}");
    }
    // udev makes a link as soon as it has seen the disk, and may not be done with it. LVM asks udev.
    if let Err(error) = Program::new("udevadm", &["settle", "--timeout=10"]).limit(Duration::from_secs(15)).run() {
        eprintln!("storage-worker: {}", crate::events::chain(&error));
    }
}

fn missing(paths: &[String]) -> Vec<&Path> {
    // Through links: one whose disk is not there is not there.
    paths.iter().map(Path::new).filter(|path| !path.exists()).collect()
}

fn until_all_are_there(paths: &[String], deadline: Instant) -> Result<(), Errno> {
    let watch = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let seen = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ATTRIB;
    loop {
        // Armed first, looked at afterwards: nothing comes unseen in between.
        watch.add_watch("/dev", seen)?;
        for path in missing(paths) {
            watch.add_watch(&nearest(path), seen)?;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if missing(paths).is_empty() || left.is_zero() {
            return Ok(());
        }
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(watch.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
        match watch.read_events() {
            Ok(_) | Err(Errno::EAGAIN) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The directory above a path that is there: what it lacks will be made in it.
fn nearest(path: &Path) -> PathBuf {
    let there = path.ancestors().skip(1).find(|directory| directory.is_dir());
    there.unwrap_or(Path::new("/dev")).to_owned()
}

#[cfg(test)]
mod tests;
