//! /etc/sysconfig/docker-storage: the words that dockerd is started with.
//!
//! Bytes as docker-storage-setup writes them, the trailing blank included, so that changing from the one to the other rewrites nothing.

use config::{Driver, StorageOption};

use crate::dm_name;

/// The file.
pub const PATH: &str = "/etc/sysconfig/docker-storage";

const START: &str = "DOCKER_STORAGE_OPTIONS=\"";
const END: &str = "\"\n";

/// The text for a driver; `group` and `pool` name the pool that devicemapper gets, `further` are options beside ours.
#[must_use]
pub fn text(driver: Driver, group: &str, pool: &str, further: &[StorageOption]) -> String {
    let mut words = match driver {
        Driver::Devicemapper | Driver::Overlay2 | Driver::Overlay => format!("--storage-driver {} ", driver.as_str()),
        Driver::None => String::new(),
    };
    let ours = match driver {
        Driver::Devicemapper => vec![
            ("dm.fs", "xfs".to_owned()),
            ("dm.thinpooldev", format!("/dev/mapper/{}", dm_name::of(group, pool))),
            ("dm.use_deferred_removal", "true".to_owned()),
            ("dm.use_deferred_deletion", "true".to_owned()),
        ],
        Driver::Overlay2 | Driver::Overlay | Driver::None => Vec::new(),
    };
    for (key, value) in ours.iter().filter(|(key, _)| further.iter().all(|option| option.key() != *key)) {
        words.push_str(&format!("--storage-opt {key}={value} "));
    }
    for option in further {
        words.push_str(&format!("--storage-opt {option} "));
    }
    format!("{START}{words}{END}")
}

/// Whether a text is one of those that are written here, for whatever spec; else somebody edited it.
#[must_use]
pub fn is_as_written_here(text: &str) -> bool {
    let Some(words) = text.strip_prefix(START).and_then(|text| text.strip_suffix(END)) else { return false };
    let mut pairs = words.split(' ');
    loop {
        match (pairs.next(), pairs.next()) {
            (Some(""), None) => return true,
            (Some("--storage-driver"), Some(_)) => {}
            (Some("--storage-opt"), Some(option)) if StorageOption::try_from(option.to_owned()).is_ok() => {}
            (_, _) => return false,
        }
    }
}

/// The pool's device that a text names, if any: another pool is another store.
#[must_use]
pub fn pool_device(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("dm.thinpooldev=")?;
    rest.split([' ', '"', '\'', '\t', '\n']).next()
}
