//! What the kernel can do, by trying it in a mount namespace of our own: nothing is left behind.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use storage_setup::legacy::Deferred;

use crate::apply::private_mounts;
use crate::program::Program;

const NO: Option<&str> = None;

/// Whether an overlay with two lower directories can be mounted.
pub(super) fn has_overlay() -> bool {
    const ROOM: &str = "/run/container-storage-setup";
    let made = std::fs::create_dir_all(ROOM).is_ok();
    let tried = private_mounts::inside(|| Ok(overlay(ROOM).is_ok()));
    // The probe of another run may be at work in it.
    let _ = std::fs::remove_dir(ROOM);
    made && tried.unwrap_or(false)
}

fn overlay(room: &str) -> std::io::Result<()> {
    mount(Some("tmpfs"), room, Some("tmpfs"), MsFlags::empty(), NO)?;
    for name in ["lower1", "lower2", "upper", "work", "merged"] {
        std::fs::create_dir(Path::new(room).join(name))?;
    }
    let options = format!("lowerdir={room}/lower1:{room}/lower2,upperdir={room}/upper,workdir={room}/work");
    mount(Some("overlay"), format!("{room}/merged").as_str(), Some("overlay"), MsFlags::empty(), Some(options.as_str()))?;
    Ok(())
}

/// What docker and the kernel do with devices in use. No docker: nothing is asked of it.
pub(super) fn deferred() -> Deferred {
    // dockerd is a program of its own since 1.12.
    let version = if installed("dockerd") {
        Some((1, 12))
    } else if installed("docker") {
        docker_version()
    } else {
        None
    };
    let removal = version >= Some((1, 7));
    Deferred { removal, deletion: version >= Some((1, 9)) && can_remove_mount_point() }
}

fn installed(program: &str) -> bool {
    const USUAL: &str = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin";
    let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL.into());
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// `Docker version 1.8.2, build ...`
fn docker_version() -> Option<(u32, u32)> {
    let said = Program::new("docker", &["--version"]).run().ok()?.stdout;
    let version = said.split_whitespace().nth(2)?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??))
}

/// Whether a directory can be removed that is a mount point in another mount namespace.
fn can_remove_mount_point() -> bool {
    let directory = std::path::PathBuf::from(format!("/run/container-storage-setup-{}", std::process::id()));
    let tried = std::fs::create_dir(&directory).is_ok() && elsewhere(&directory).unwrap_or(false);
    let _ = std::fs::remove_dir(&directory);
    tried
}

fn elsewhere(directory: &Path) -> std::io::Result<bool> {
    let home = File::open("/proc/self/ns/mnt")?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    let bound = mount(NO, "/", NO, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NO)
        .and_then(|()| mount(Some(directory), directory, NO, MsFlags::MS_BIND, NO))
        .is_ok();
    // The namespace lives as long as this is open.
    let away = File::open("/proc/self/ns/mnt");
    setns(home.as_fd(), CloneFlags::CLONE_NEWNS)?;
    let removed = bound && away.is_ok() && std::fs::remove_dir(directory).is_ok();
    drop(away);
    Ok(removed)
}
