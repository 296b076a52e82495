//! /etc/sysconfig/docker-storage: the words that dockerd is started with.
//!
//! Bytes as docker-storage-setup writes them, the trailing blank included, so that changing from the one to the other rewrites nothing.

use config::Driver;

use crate::dm_name;

/// The file.
pub const PATH: &str = "/etc/sysconfig/docker-storage";

/// The text for a driver; `pool` is group and name of the pool that devicemapper gets.
#[must_use]
pub fn text(driver: Driver, group: &str, pool: &str) -> String {
    match driver {
        Driver::Devicemapper => {
            let device = dm_name::of(group, pool);
            format!(
                "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.fs=xfs --storage-opt \
                 dm.thinpooldev=/dev/mapper/{device} --storage-opt dm.use_deferred_removal=true --storage-opt \
                 dm.use_deferred_deletion=true \"\n"
            )
        }
        Driver::Overlay2 | Driver::Overlay => format!("DOCKER_STORAGE_OPTIONS=\"--storage-driver {} \"\n", driver.as_str()),
        Driver::None => "DOCKER_STORAGE_OPTIONS=\"\"\n".to_owned(),
    }
}

/// The pool's device that a text names, if any: another pool is another store.
#[must_use]
pub fn pool_device(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("dm.thinpooldev=")?;
    rest.split([' ', '"', '\'', '\t', '\n']).next()
}
