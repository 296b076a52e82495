//! Work in a mount namespace of the worker's own: what is mounted or remounted there, nobody else sees, and it ends with it.

use std::fs::File;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use super::error::ApplyError;

const NO: Option<&str> = None;

/// Does the work inside and comes back, whatever happens. unshare(2) gives the thread a working directory of its own, which setns(2)
/// requires.
pub(crate) fn inside<T>(work: impl FnOnce() -> Result<T, ApplyError>) -> Result<T, ApplyError> {
    let home = File::open("/proc/self/ns/mnt").map_err(|source| ApplyError::Write { path: "/proc/self/ns/mnt".to_owned(), source })?;
    let failed = |what| move |source| ApplyError::Namespace { what, source };
    unshare(CloneFlags::CLONE_NEWNS).map_err(failed("work"))?;
    let done = mount(NO, "/", NO, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NO).map_err(failed("make mounts private")).and_then(|()| work());
    setns(&home, CloneFlags::CLONE_NEWNS).map_err(failed("come back from work"))?;
    done
}

/// Makes a read-only bind writable, inside only.
pub(super) fn make_writable(point: &str) -> Result<(), ApplyError> {
    let remounted = mount(NO, point, NO, MsFlags::MS_REMOUNT | MsFlags::MS_BIND, NO);
    remounted.map_err(|source| ApplyError::Namespace { what: "make a read-only mount writable", source })
}

/// Mounts a device over a directory that every host has, inside only.
pub(super) fn mount_device(node: &str, kind: &str) -> Result<&'static str, ApplyError> {
    const POINT: &str = "/mnt";
    let mounted = mount(Some(node), POINT, Some(kind), MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, NO);
    mounted.map_err(|source| ApplyError::Namespace { what: "mount the volume on /mnt", source })?;
    Ok(POINT)
}
