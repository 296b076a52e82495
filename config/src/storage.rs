//! `[storage]`: keys in, [`Storage`] out, with the checks between driver, pool and volumes.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written, quoted};
use crate::volume::{self, VolumeKeys};
use crate::{
    Driver, Engine, Filesystem, Group, LvName, Placed, Storage, StorageOption, VgName, Volume, engine, pool, size_text, storage_option,
    time_text,
};

/// As docker-storage-setup has it.
const DEVICE_TIMEOUT: Duration = Duration::from_secs(60);

/// Disks, the thin pool and the volumes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Keys {
    /// The engine's storage driver. Default: overlay2.
    driver: Option<Written<Driver>>,
    /// Further storage options of dockerd, as dm.basesize=20G: each one word, and one that the driver knows.
    #[schemars(extend("examples" = [["dm.basesize=20G"]]))]
    options: Option<Written<Vec<Written<String>>>>,
    /// The volume group of the pool and the volumes. Default: the one of the root volume.
    #[schemars(example = &"atomicos")]
    volume_group: Option<Written<String>>,
    /// Disks that shall belong to the group.
    #[schemars(extend("examples" = [["/dev/vdb"]]))]
    devices: Option<Written<Vec<Written<String>>>>,
    /// How long the run at boot waits for disks that are listed and not there yet, up to 1h; "0s" is not at all. Default: 60s.
    #[schemars(example = &"60s")]
    device_timeout: Option<Written<String>>,
    /// Disks among these that may be wiped, by names that stay the same over reboots: at once on a host that was never configured, later
    /// with consent. Never one that is in use.
    #[schemars(extend("examples" = [["/dev/disk/by-id/virtio-data0"]]))]
    wipe: Option<Written<Vec<Written<String>>>>,
    /// Whether partitions that root's group lies on take the free space behind them. Default: false.
    grow_partition: Option<Written<bool>>,
    /// The least size of the root volume. Default: as it is.
    #[schemars(example = &"6G", extend("format" = "size"))]
    root_size: Option<Written<String>>,
    /// The thin pool, which the devicemapper driver and thin volumes need.
    pool: Option<Written<pool::Keys>>,
    /// The volumes, by name.
    volume: Option<Written<BTreeMap<String, Written<VolumeKeys>>>>,
}

/// `engine` is `None` when that section is faulty.
pub(crate) fn check(keys: Keys, engine: Option<&Engine>, findings: &mut Findings) -> Option<Storage> {
    let driver = findings.or_default(keys.driver, Driver::Overlay2, Ok);
    if let (Some(engine), Some(driver)) = (engine, &driver) {
        engine::check_driver(engine, driver, findings);
    }
    let group = findings.optional(keys.volume_group, group_name).map(|group| group.map_or(Group::OfRoot, Group::Named));
    let devices = check_devices(keys.devices, findings);
    let device_timeout = findings.or_default(keys.device_timeout, DEVICE_TIMEOUT, |text| time_text::between(&text, (0, 3600), "0s to 1h"));
    let wipe = check_wipe(keys.wipe, devices.as_deref(), findings);
    let grow_partition = findings.or_default(keys.grow_partition, false, Ok);
    let kind = engine.and_then(|engine| engine.kind.as_ref()).map(|kind| kind.value);
    let options = storage_option::check_all(keys.options, driver.as_ref(), kind, findings);
    let root_size = findings.optional(keys.root_size, |text| size_text::level(&text));
    let volumes = volume::check_all(keys.volume, findings);
    let pool = pool::check(keys.pool, findings);
    // What the pool is for is known only when all who may use it are.
    let (driver, volumes, pool) = (driver?, volumes?, pool?);
    let pool = pool::needed(pool, &driver, &volumes, findings);
    let options = options?;
    check_quota_of_store(&options, &volumes, findings)?;
    Some(Storage {
        driver,
        options,
        group: group?,
        devices: devices?,
        wipe: wipe?,
        device_timeout: device_timeout?.value,
        grow_partition: grow_partition?,
        root_size: root_size?,
        pool,
        volumes,
    })
}

/// dockerd does not start with overlay2.size where the file system of its store counts no projects.
fn check_quota_of_store(
    options: &[Placed<StorageOption>],
    volumes: &BTreeMap<LvName, Placed<Volume>>,
    findings: &mut Findings,
) -> Option<()> {
    let Some(option) = options.iter().find(|option| option.value.key() == "overlay2.size") else { return Some(()) };
    let store = volumes.iter().find(|(_, volume)| volume.value.mount.as_str() == "/var/lib/docker");
    let Some((name, volume)) = store else { return Some(()) };
    if volume.value.quota && volume.value.filesystem == Filesystem::Xfs {
        return Some(());
    }
    let message = format!("overlay2.size needs an xfs with quotas, but the volume {name} is none ({})", volume.place);
    let fault = Fault::new(message).hint(format!("write quota = true into [storage.volume.{name}], with filesystem = \"xfs\""));
    findings.report(&option.place, "storage.options", fault);
    None
}

fn group_name(text: String) -> Result<VgName, Fault> {
    let shown = quoted(&text);
    VgName::try_from(text).map_err(|clause| Fault::new(format!("{shown} {clause}")).hint("vgs lists the groups of this host"))
}

fn check_devices(written: Option<Written<Vec<Written<String>>>>, findings: &mut Findings) -> Option<Vec<Placed<String>>> {
    let Some(list) = written else { return Some(Vec::new()) };
    let mut devices: Vec<Placed<String>> = Vec::new();
    let mut faulty = false;
    for item in list.value? {
        let key = item.key.clone();
        let Some(device) = findings.check(item, device_path) else {
            faulty = true;
            continue;
        };
        match devices.iter().find(|other| other.value == device.value) {
            Some(first) => {
                let fault = Fault::new(format!("{} is listed twice, first at {}", device.value, first.place)).hint("list every disk once");
                findings.report(&device.place, &key, fault);
            }
            None => devices.push(device),
        }
    }
    (!faulty).then_some(devices)
}

/// Whether a name is one of those that udev gives disks by what they are or by where they are attached. The others are for what is on
/// them, or new at each boot.
pub(crate) fn stays_the_same(path: &str) -> bool {
    ["/dev/disk/by-id/", "/dev/disk/by-path/"].iter().any(|directory| path.starts_with(directory))
}

/// A disk may be another one at the next boot, under a name as /dev/vdb; what is wiped had better be the one that was meant.
fn check_wipe(
    written: Option<Written<Vec<Written<String>>>>,
    devices: Option<&[Placed<String>]>,
    findings: &mut Findings,
) -> Option<Vec<Placed<String>>> {
    let mut good = true;
    let wipe = check_devices(written, findings)?;
    for disk in &wipe {
        let listed = devices.is_none_or(|devices| devices.iter().any(|device| device.value == disk.value));
        let fault = if !stays_the_same(&disk.value) {
            let why = if disk.value.starts_with("/dev/disk/by-") {
                "is a name for what is on a disk, and goes when that is wiped"
            } else {
                "may be another disk after a reboot, and what is on it would be lost"
            };
            Fault::new(format!("{} {why}", disk.value))
                .hint("write a name below /dev/disk/by-id, here and in storage.devices; ls -l /dev/disk/by-id")
        } else if !listed {
            Fault::new(format!("{} is not listed in storage.devices", disk.value))
                .hint("list it there by the same name, or take it out here")
        } else {
            continue;
        };
        good = false;
        findings.report(&disk.place, "storage.wipe", fault);
    }
    good.then_some(wipe)
}

fn device_path(text: String) -> Result<String, Fault> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(char::is_whitespace);
    let fault = |what: &str| Fault::new(format!("{} {what}", quoted(&text)));
    match text.strip_prefix("/dev/") {
        Some(rest) if rest.split('/').all(plain) => Ok(text),
        Some(_) => Err(fault("is not a plain path below /dev").hint("write it without blanks, //, /./ and /../, as \"/dev/vdb\"")),
        None if plain(&text) && !text.contains('/') => {
            Err(fault("is not an absolute path").hint(format!("write {}", quoted(&format!("/dev/{text}")))))
        }
        None => Err(fault("is not below /dev").hint("write the path of a disk, as \"/dev/vdb\" or \"/dev/disk/by-id/...\"")),
    }
}
