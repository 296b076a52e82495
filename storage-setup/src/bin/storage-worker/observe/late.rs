//! Disks that are not there yet when the host boots: their paths, or the group that is on them, are waited for, woken by the kernel as
//! directories below /dev change.
//!
//! For paths before LVM is asked, which lists the disks once. What has not come in time is told as missing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use std::os::fd::AsFd;

use storage_setup::fullreport::FullReport;

use super::ObserveError;
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
    settle();
}

/// LVM's report, once it has the group with all of its disks, or at last the one that it gives when the time is up. `report` is told
/// whether it was asked before. A group that is there and lacks disks is not waited for: they may be gone for good.
pub(crate) fn report_with(
    group: &str,
    limit: Duration,
    mut report: impl FnMut(bool) -> Result<FullReport, ObserveError>,
) -> Result<FullReport, ObserveError> {
    let first = report(false)?;
    if limit.is_zero() || first.groups.contains_key(group) {
        return Ok(first);
    }
    let mut last = Ok(first);
    let waited = until(Instant::now() + limit, |_| {
        settle();
        // It may stumble over a disk that is just coming.
        last = report(true);
        Ok(last.as_ref().is_ok_and(|found| found.has_whole(group)))
    });
    if let Err(error) = waited {
        eprintln!("storage-worker: cannot wait for the volume group {group}: {error}");
    }
    last
}

/// udev makes a link as soon as it has seen the disk, and may not be done with it. LVM asks udev.
fn settle() {
    if let Err(error) = Program::new("udevadm", &["settle", "--timeout=10"]).limit(Duration::from_secs(15)).run() {
        eprintln!("storage-worker: {}", crate::events::chain(&error));
    }
}

fn missing(paths: &[String]) -> Vec<&Path> {
    // Through links: one whose disk is not there is not there.
    paths.iter().map(Path::new).filter(|path| !path.exists()).collect()
}

const SEEN: AddWatchFlags = AddWatchFlags::IN_CREATE.union(AddWatchFlags::IN_MOVED_TO).union(AddWatchFlags::IN_ATTRIB);

fn until_all_are_there(paths: &[String], deadline: Instant) -> Result<(), Errno> {
    until(deadline, |watch| {
        for path in missing(paths) {
            watch.add_watch(&nearest(path), SEEN)?;
        }
        Ok(missing(paths).is_empty())
    })
}

/// Asks whether it is there, and again whenever /dev or what it has added to the watch has changed. The last time when the time is up.
fn until(deadline: Instant, mut is_there: impl FnMut(&Inotify) -> Result<bool, Errno>) -> Result<(), Errno> {
    let watch = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    loop {
        // Armed first, looked at afterwards: nothing comes unseen in between.
        watch.add_watch("/dev", SEEN)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if is_there(&watch)? || left.is_zero() {
            return Ok(());
        }
        // The look took its time.
        let left = deadline.saturating_duration_since(Instant::now());
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
