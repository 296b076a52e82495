//! `storage.options`: further storage options of dockerd, each one word, as `dm.basesize=20G`.
//!
//! They end up in /etc/sysconfig/docker-storage, which systemd splits into words: nothing that it would read otherwise gets through.

use serde::{Deserialize, Serialize};

use crate::reader::{Fault, Findings, Written, quoted};
use crate::{Driver, EngineKind, Placed};

/// One option, checked: `KEY=VALUE` without anything that systemd, a shell or dockerd would split or expand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StorageOption {
    key: String,
    value: String,
}

impl StorageOption {
    /// `dm.basesize`
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// `20G`
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl std::fmt::Display for StorageOption {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}={}", self.key, self.value)
    }
}

impl TryFrom<String> for StorageOption {
    type Error = String;
    /// Says what is wrong with it, as a clause.
    fn try_from(text: String) -> Result<Self, String> {
        const MOST: usize = 200;
        let in_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let in_value = |c: char| c.is_ascii_alphanumeric() || "._-/:,=+@".contains(c);
        let Some((key, value)) = text.split_once('=') else { return Err("is not of the form KEY=VALUE".to_owned()) };
        if let Some(odd) = key.chars().find(|c| !in_key(*c)).or_else(|| value.chars().find(|c| !in_value(*c))) {
            return Err(format!("has {odd:?}, but an option is one word of letters, digits and . _ - / : , = + @"));
        }
        if key.is_empty() || value.is_empty() || text.len() > MOST {
            return Err(format!("is not of the form KEY=VALUE with 1 to {MOST} characters"));
        }
        Ok(StorageOption { key: key.to_owned(), value: value.to_owned() })
    }
}

impl From<StorageOption> for String {
    fn from(option: StorageOption) -> String {
        option.to_string()
    }
}

/// What is written here already, by the pool, or would have dockerd make one of its own.
const OWNED: [(&str, &str); 11] = [
    ("dm.thinpooldev", "storage.pool"),
    ("dm.datadev", "storage.pool"),
    ("dm.metadatadev", "storage.pool"),
    ("dm.loopdatasize", "storage.pool"),
    ("dm.loopmetadatasize", "storage.pool"),
    ("dm.directlvm_device", "storage.devices"),
    ("dm.directlvm_device_force", "storage.wipe"),
    ("dm.thinp_percent", "storage.pool"),
    ("dm.thinp_metapercent", "storage.pool"),
    ("dm.thinp_autoextend_threshold", "storage.pool.autoextend"),
    ("dm.thinp_autoextend_percent", "storage.pool.autoextend"),
];

/// What else dockerd's drivers know: dockerd(8), "Storage driver options".
const DEVICEMAPPER: [&str; 12] = [
    "dm.basesize",
    "dm.fs",
    "dm.mkfsarg",
    "dm.mountopt",
    "dm.blkdiscard",
    "dm.blocksize",
    "dm.override_udev_sync_check",
    "dm.use_deferred_removal",
    "dm.use_deferred_deletion",
    "dm.xfs_nospace_max_retries",
    "dm.min_free_space",
    "dm.libdm_log_level",
];
const OVERLAY2: [&str; 2] = ["overlay2.override_kernel_check", "overlay2.size"];
const OVERLAY: [&str; 1] = ["overlay.override_kernel_check"];

/// Those that are sizes.
const SIZES: [&str; 3] = ["dm.basesize", "dm.blocksize", "overlay2.size"];

/// The options, or `None` when one is faulty.
pub(crate) fn check_all(
    written: Option<Written<Vec<Written<String>>>>,
    driver: Option<&Placed<Driver>>,
    engine: Option<EngineKind>,
    findings: &mut Findings,
) -> Option<Vec<Placed<StorageOption>>> {
    let Some(list) = written else { return Some(Vec::new()) };
    let mut options: Vec<Placed<StorageOption>> = Vec::new();
    let mut faulty = false;
    for item in list.value? {
        let key = item.key.clone();
        let Some(option) = findings.check(item, one) else {
            faulty = true;
            continue;
        };
        let other = options.iter().find(|other| other.value.key == option.value.key);
        let fault = match (other, driver) {
            (Some(other), _) => Some(twice(&option.value, other)),
            (None, Some(driver)) => for_driver(&option.value, driver.value, engine),
            (None, None) => None,
        };
        if let Some(fault) = fault {
            findings.report(&option.place, &key, fault);
            faulty = true;
        }
        options.push(option);
    }
    (!faulty).then_some(options)
}

fn one(text: String) -> Result<StorageOption, Fault> {
    let shown = quoted(&text);
    let option = StorageOption::try_from(text)
        .map_err(|clause| Fault::new(format!("{shown} {clause}")).hint("write one option in each text, as \"dm.basesize=20G\""))?;
    if let Some((key, section)) = OWNED.iter().find(|(key, _)| *key == option.key) {
        return Err(Fault::new(format!("{key} is set by {section}")).hint("take it out; dockerd is told of the pool that is made here"));
    }
    if option.key == "dm.fs" && option.value != "xfs" && option.value != "ext4" {
        return Err(Fault::new(format!("{shown} is no file system that dockerd makes")).hint("write \"dm.fs=xfs\" or \"dm.fs=ext4\""));
    }
    if SIZES.contains(&option.key.as_str()) && !is_size(&option.value) {
        return Err(Fault::new(format!("{shown} is no size that dockerd reads")).hint(format!("write \"{}=20G\"", option.key)));
    }
    Ok(option)
}

/// As go-units reads it: `20G`, `20GB`, `20GiB`, `1.5T`, or bytes.
fn is_size(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.to_ascii_lowercase();
    let letters = unit.strip_suffix('b').unwrap_or(&unit);
    let letters = letters.strip_suffix('i').unwrap_or(letters);
    number.parse::<f64>().is_ok_and(|number| number > 0.0) && ["", "k", "m", "g", "t", "p"].contains(&letters)
}

fn twice(option: &StorageOption, other: &Placed<StorageOption>) -> Fault {
    Fault::new(format!("{} is there already, at {}", option.key, other.place)).hint("write every option once")
}

/// dockerd does not start with an option that its driver does not know.
fn for_driver(option: &StorageOption, driver: Driver, engine: Option<EngineKind>) -> Option<Fault> {
    if engine == Some(EngineKind::Podman) {
        return Some(Fault::new("podman takes no storage options from here").hint("write them into /etc/containers/storage.conf"));
    }
    let known = match driver {
        Driver::Devicemapper => DEVICEMAPPER.as_slice(),
        Driver::Overlay2 => &OVERLAY2,
        Driver::Overlay => &OVERLAY,
        Driver::None => {
            return Some(
                Fault::new(format!("{} needs a driver, but the driver is none", option.key)).hint("write a driver, or take it out"),
            );
        }
    };
    if known.contains(&option.key.as_str()) {
        return None;
    }
    let fault = Fault::new(format!("{} is no option of the driver {}, and dockerd would not start", option.key, driver.as_str()));
    Some(fault.hint(format!("it knows {}", known.join(", "))))
}
