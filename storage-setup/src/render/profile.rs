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

/// Its text.
#[must_use]
pub fn text(autoextend: Autoextend) -> String {
    let (threshold, percent) = (autoextend.threshold.get(), autoextend.percent.get());
    format!("activation {{\n\tthin_pool_autoextend_threshold={threshold}\n\tthin_pool_autoextend_percent={percent}\n\n}}\n")
}
