//! Mount units started and removed, and what dockerd sees of its store then.

use super::{Refused, refused, volume};
use crate::mountinfo::is_below;
use crate::render::mount_unit;
use crate::{Content, Kept, Mount, Observed, stamp};

/// podman's store.
const PODMAN: &str = "/var/lib/containers";

/// What an engine kept where something is mounted or unmounted is not seen any more.
fn hide(have: &mut Observed, mount: &str) {
    let touches = |store: &str| mount == store || is_below(store, mount) || is_below(mount, store);
    if touches(have.engine.root.path()) {
        have.engine.docker = Kept::Nothing;
    }
    if touches(PODMAN) {
        have.engine.podman = Kept::Nothing;
    }
}

pub(super) fn start_mount(have: &mut Observed, of: &str, name: &str, point: &str) -> Result<(), Refused> {
    let device = mount_unit::device(of, name);
    let unit = have.files.get(&mount_unit::path(point)).and_then(|file| mount_unit::read(&file.text));
    let Some(unit) = unit.filter(|unit| unit.group == of && unit.volume == name) else {
        return Err(refused(point, "there is no unit for it"));
    };
    let found = volume(have, of, name)?;
    if !found.active || stamp::is_unformatted(&found.tags) {
        return Err(refused(name, "nothing to mount"));
    }
    if unit.quota && matches!(found.content, Content::Filesystem { projects: false, .. }) {
        return Err(refused(name, "the kernel mounts no ext4 with quotas that was made without"));
    }
    match have.mounts.get(point) {
        Some(mount) if mount.source == device => return Ok(()),
        Some(_) => return Err(refused(point, "something else is mounted there")),
        None => {}
    }
    have.mounts.insert(point.to_owned(), Mount { source: device, quota: unit.quota });
    hide(have, point);
    Ok(())
}

pub(super) fn remount(have: &mut Observed, of: &str, name: &str, point: &str, quota: bool) -> Result<(), Refused> {
    if have.mounts.keys().any(|other| is_below(other, point)) {
        return Err(refused(point, "something is mounted below it"));
    }
    let kept = (have.engine.docker, have.engine.podman);
    let was = have.mounts.remove(point).ok_or_else(|| refused(point, "not mounted"))?;
    start_mount(have, of, name, point)?;
    // The same volume comes back, with all that is on it.
    if was.source == mount_unit::device(of, name) {
        (have.engine.docker, have.engine.podman) = kept;
    }
    let now = have.mounts.get(point).is_some_and(|mount| mount.quota == quota);
    if now { Ok(()) } else { Err(refused(point, "its unit says otherwise of quotas")) }
}

pub(super) fn remove_mount(have: &mut Observed, point: &str, path: &str) {
    // systemd unmounts what is mounted below, too.
    let mounted = have.mounts.contains_key(point);
    have.mounts.retain(|other, _| other != point && !is_below(other, point));
    have.files.remove(path);
    if mounted {
        hide(have, point);
    }
}
