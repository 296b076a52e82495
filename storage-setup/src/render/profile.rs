//! The LVM metadata profile that says when dmeventd grows the pool.
//!
//! Name, path and bytes are those of docker-storage-setup, so that either program finds the other's.

use config::Autoextend;

/// Every profile of this form, for [`crate::look_for`].
pub const EVERY: &str = "/etc/lvm/profile/*-extend.profile";

/// The profile's name, as `lvcreate --metadataprofile` takes it.
#[must_use]
pub fn name(group: &str, pool: &str) -> String {
    format!("{group}--{pool}-extend")
}

/// Its file.
#[must_use]
pub fn path(group: &str, pool: &str) -> String {
    format!("/etc/lvm/profile/{}.profile", name(group, pool))
}

/// Ends a text that is written already while the kernel still has the pool's table of before: a run that is cut off in between goes on
/// there. To LVM it is a comment.
const PENDING: &str = "# The pool's table has yet to be loaded with this.\n";

/// The text while the pool's table is loaded with it.
#[must_use]
pub fn pending(text: &str) -> String {
    format!("{}{PENDING}", settled(text))
}

/// The text once the table has been loaded.
#[must_use]
pub fn settled(text: &str) -> &str {
    text.strip_suffix(PENDING).unwrap_or(text)
}

/// Its text. At 100 % used LVM never grows a pool.
#[must_use]
pub fn text(autoextend: Option<Autoextend>) -> String {
    const NEVER: (u8, u8) = (100, 20);
    let (threshold, percent) = autoextend.map_or(NEVER, |growth| (growth.threshold.get(), growth.percent.get()));
    format!("activation {{\n\tthin_pool_autoextend_threshold={threshold}\n\tthin_pool_autoextend_percent={percent}\n\n}}\n")
}
