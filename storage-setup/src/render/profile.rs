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

/// Its text. At 100 % used LVM never grows a pool.
#[must_use]
pub fn text(autoextend: Option<Autoextend>) -> String {
    const NEVER: (u8, u8) = (100, 20);
    let (threshold, percent) = autoextend.map_or(NEVER, |growth| (growth.threshold.get(), growth.percent.get()));
    format!("activation {{\n\tthin_pool_autoextend_threshold={threshold}\n\tthin_pool_autoextend_percent={percent}\n\n}}\n")
}
