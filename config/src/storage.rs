//! `[storage]`: keys in, [`Storage`] out, with the checks between driver, pool and volumes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written, quoted};
use crate::volume::{self, VolumeKeys};
use crate::{
    Autoextend, Bytes, Driver, Engine, Group, KIB, LvName, Percent, Place, Placed, Pool, Size, Storage, VgName, Volume, VolumeKind, engine,
    size_text,
};

/// Disks, the thin pool and the volumes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Keys {
    /// The engine's storage driver. Default: overlay2.
    driver: Option<Written<Driver>>,
    /// The volume group of the pool and the volumes. Default: the one of the root volume.
    #[schemars(example = &"atomicos")]
    volume_group: Option<Written<String>>,
    /// Disks that shall belong to the group.
    #[schemars(extend("examples" = [["/dev/vdb"]]))]
    devices: Option<Written<Vec<Written<String>>>>,
    /// The least size of the root volume. Default: as it is.
    #[schemars(example = &"6G", extend("format" = "size"))]
    root_size: Option<Written<String>>,
    /// The thin pool, which the devicemapper driver and thin volumes need.
    pool: Option<Written<PoolKeys>>,
    /// The volumes, by name.
    volume: Option<Written<BTreeMap<String, Written<VolumeKeys>>>>,
}

/// The thin pool.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PoolKeys {
    /// Whether the pool counts; false switches off one of a lower file. Default: true.
    enabled: Option<Written<bool>>,
    /// Data and metadata together. Default: 60%FREE.
    #[schemars(example = &"60%FREE", extend("format" = "size"))]
    size: Option<Written<String>>,
    /// Block size, a multiple of 64K up to 1G. Default: 512K.
    #[schemars(example = &"512K", extend("format" = "size"))]
    chunk: Option<Written<String>>,
    /// When the pool grows, and by how much.
    autoextend: Option<Written<AutoextendKeys>>,
}

/// When the pool grows, and by how much.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct AutoextendKeys {
    /// Usage in percent past which it grows. Default: 60.
    #[schemars(range(min = 50, max = 99), example = 60)]
    threshold: Option<Written<u8>>,
    /// By how much it grows, in percent of its size. Default: 20.
    #[schemars(range(min = 1, max = 100), example = 20)]
    percent: Option<Written<u8>>,
}

/// `engine` is `None` when that section is faulty.
pub(crate) fn check(keys: Keys, engine: Option<&Engine>, findings: &mut Findings) -> Option<Storage> {
    let driver = findings.or_default(keys.driver, Driver::Overlay2, Ok);
    if let (Some(engine), Some(driver)) = (engine, &driver) {
        engine::check_driver(engine, driver, findings);
    }
    let group = findings.optional(keys.volume_group, group_name).map(|group| group.map_or(Group::OfRoot, Group::Named));
    let devices = check_devices(keys.devices, findings);
    let root_size = findings.optional(keys.root_size, |text| size_text::level(&text));
    let volumes = volume::check_all(keys.volume, findings);
    let pool = check_pool(keys.pool, findings);
    // What the pool is for is known only when all who may use it are.
    let (driver, volumes, pool) = (driver?, volumes?, pool?);
    let pool = needed_pool(pool, &driver, &volumes, findings);
    Some(Storage { driver, group: group?, devices: devices?, root_size: root_size?, pool, volumes })
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

/// The pool as written: none, switched off at a place, or wanted.
enum WrittenPool {
    None,
    Off(Place),
    On(Placed<Pool>),
}

fn check_pool(written: Option<Written<PoolKeys>>, findings: &mut Findings) -> Option<WrittenPool> {
    let Some(Written { place, value, .. }) = written else { return Some(WrittenPool::None) };
    let keys = value?;
    let enabled = findings.or_default(keys.enabled, true, Ok);
    if let Some(Placed { value: false, place }) = enabled {
        return Some(WrittenPool::Off(place));
    }
    let default = default_pool();
    let size = findings.or_default(keys.size, default.size, |text| size_text::size(&text));
    let chunk = findings.or_default(keys.chunk, default.chunk, |text| size_text::chunk(&text));
    let autoextend = match keys.autoextend {
        Some(table) => check_autoextend(table.value?, default.autoextend, findings),
        None => Some(default.autoextend),
    };
    enabled?;
    let value = Pool { size: size?.value, chunk: chunk?.value, autoextend: autoextend? };
    Some(WrittenPool::On(Placed { value, place }))
}

fn check_autoextend(keys: AutoextendKeys, default: Autoextend, findings: &mut Findings) -> Option<Autoextend> {
    let percent = |number| Percent::try_from(number).map_err(Fault::new);
    let threshold = findings.or_default(keys.threshold, default.threshold, percent);
    let step = findings.or_default(keys.percent, default.percent, percent);
    Some(Autoextend { threshold: threshold?.value, percent: step?.value })
}

fn default_pool() -> Pool {
    const fn percent(number: u8) -> Percent {
        match Percent::new(number) {
            Some(percent) => percent,
            None => panic!("not a percentage"),
        }
    }
    const SIZE: Percent = percent(60);
    const AUTOEXTEND: Autoextend = Autoextend { threshold: percent(60), percent: percent(20) };
    Pool { size: Size::OfFree(SIZE), chunk: Bytes(512 * KIB), autoextend: AUTOEXTEND }
}

/// The pool, if one is wanted; reports a pool that nobody uses, and one that is switched off and used.
fn needed_pool(
    pool: WrittenPool,
    driver: &Placed<Driver>,
    volumes: &BTreeMap<LvName, Placed<Volume>>,
    findings: &mut Findings,
) -> Option<Placed<Pool>> {
    let thin = volumes.iter().find(|(_, volume)| matches!(volume.value.kind, VolumeKind::Thin { .. }));
    let user = match (driver.value, thin) {
        (Driver::Devicemapper, _) => Some(("the devicemapper driver keeps its layers in it".to_owned(), &driver.place)),
        (_, Some((name, volume))) => Some((format!("the volume {name} is thin"), &volume.place)),
        (_, None) => None,
    };
    if let (Driver::Devicemapper, Some((name, volume))) = (driver.value, thin) {
        let message = format!("the volume {name} is thin, but the devicemapper driver has the pool for itself ({})", driver.place);
        let hint = "write thin = false, so that it lies beside the pool, or driver = \"overlay2\"";
        findings.report_of_whole(&volume.place, &format!("storage.volume.{name}"), Fault::new(message).hint(hint));
        return None;
    }
    match (pool, user) {
        (WrittenPool::On(pool), Some(_)) => Some(pool),
        (WrittenPool::On(pool), None) => {
            let message = format!("nothing uses the pool: the driver is {} and no volume is thin", driver.value.as_str());
            let hint = "remove [storage.pool], or give it a use: a section [storage.volume.NAME], or driver = \"devicemapper\"";
            findings.report_of_whole(&pool.place, "storage.pool", Fault::new(message).hint(hint));
            None
        }
        (WrittenPool::Off(place), Some((use_of_it, user))) => {
            let fault = Fault::new(format!("the pool is switched off, but {use_of_it} ({user})")).hint("remove one of the two");
            findings.report(&place, "storage.pool.enabled", fault);
            None
        }
        (WrittenPool::None, Some((_, place))) => Some(Placed { value: default_pool(), place: place.clone() }),
        (WrittenPool::None | WrittenPool::Off(_), None) => None,
    }
}
