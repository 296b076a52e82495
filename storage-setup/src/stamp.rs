//! The marks by which we know our own: LVM tags on volumes.
//!
//! The worker and the simulator put them on, the planner reads them. Tags commit together with LVM's metadata, so that a cut-off run
//! never leaves a volume of ours without them. `%` is not allowed in tags.

use config::Size;

use crate::{LogicalVolume, Role};

/// On every volume of ours; without it a volume is somebody's and is left alone.
pub const OURS: &str = "atomic-host";
/// On the pool.
pub const ROLE_POOL: &str = "atomic-host/role=pool";
/// On a pool that the engine has for itself. Both LVM and dockerd number the thin volumes of a pool, each alone: neither can use one
/// that the other has used.
pub const ENGINES: &str = "atomic-host/for=engine";
/// On a volume.
pub const ROLE_VOLUME: &str = "atomic-host/role=volume";
/// From lvcreate until mkfs is done; a volume that has it was never mounted by us.
pub const UNFORMATTED: &str = "atomic-host/state=unformatted";

/// On a volume of the drop-in's, from the end of mkfs until restorecon is done, where SELinux is on.
pub const UNLABELLED: &str = "atomic-host/state=unlabelled";

const ASKED: &str = "atomic-host/asked=";

/// Whether the tags say that it is ours.
#[must_use]
pub fn is_ours(tags: &[String]) -> bool {
    tags.iter().any(|tag| tag == OURS)
}

/// Whether the volume became no pool, since lvcreate was killed: LVM first makes the pool's metadata, as a plain volume by the pool's name.
#[must_use]
pub fn is_unfinished_pool(found: &LogicalVolume) -> bool {
    is_ours(&found.tags) && found.tags.iter().any(|tag| tag == ROLE_POOL) && found.role == Role::Linear
}

/// Whether the volume still waits for its file system.
#[must_use]
pub fn is_unformatted(tags: &[String]) -> bool {
    tags.iter().any(|tag| tag == UNFORMATTED)
}

/// Whether the files on the volume still wait for their SELinux contexts.
#[must_use]
pub fn is_unlabelled(tags: &[String]) -> bool {
    tags.iter().any(|tag| tag == UNLABELLED)
}

/// The tag that records what size was asked; `asked` is from [`Size::as_tag`].
#[must_use]
pub fn asked_tag(asked: &str) -> String {
    format!("{ASKED}{asked}")
}

/// The text after `asked=`, as [`Size::as_tag`] made it.
#[must_use]
pub fn asked_text(tags: &[String]) -> Option<&str> {
    tags.iter().find_map(|tag| tag.strip_prefix(ASKED))
}

/// The size that was asked when it was made or last grown.
#[must_use]
pub fn asked(tags: &[String]) -> Option<Size> {
    asked_text(tags).and_then(Size::from_tag)
}

/// Puts another asked size in the place of the recorded one; the tags are sorted then.
pub(crate) fn record(tags: &mut Vec<String>, asked: &str) {
    tags.retain(|tag| !tag.starts_with(ASKED));
    tags.push(asked_tag(asked));
    tags.sort();
}

/// Whether the pool is the engine's.
#[must_use]
pub fn is_engines(tags: &[String]) -> bool {
    tags.iter().any(|tag| tag == ENGINES)
}

/// Whether dockerd may have had a pool with these tags: not when it was made here for volumes.
#[must_use]
pub fn may_be_engines(tags: &[String]) -> bool {
    is_engines(tags) || !is_ours(tags)
}

/// All tags of a new pool, sorted; `engines`: not for volumes.
#[must_use]
pub fn of_pool(asked: &str, engines: bool) -> Vec<String> {
    let mut tags = vec![OURS.to_owned(), asked_tag(asked), ROLE_POOL.to_owned()];
    if engines {
        tags.insert(2, ENGINES.to_owned());
    }
    tags
}

/// All tags of a new volume, sorted.
#[must_use]
pub fn of_volume(asked: &str) -> Vec<String> {
    vec![OURS.to_owned(), asked_tag(asked), ROLE_VOLUME.to_owned(), UNFORMATTED.to_owned()]
}
