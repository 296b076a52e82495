//! `[storage.pool]`: keys in, [`Pool`] out, and whether anything needs it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written};
use crate::{Autoextend, Bytes, Driver, GIB, KIB, LvName, Percent, Place, Placed, Pool, PoolMetadata, Size, Volume, VolumeKind, size_text};

/// The thin pool.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// Whether the pool counts; false switches off one of a lower file. Default: true.
    enabled: Option<Written<bool>>,
    /// Data and metadata together. Default: 60%FREE.
    #[schemars(example = &"60%FREE", extend("format" = "size"))]
    size: Option<Written<String>>,
    /// The part of it that is for its metadata, from 2M to 15.8G. Default: a thousandth.
    #[schemars(example = &"64M", extend("format" = "size"))]
    metadata: Option<Written<String>>,
    /// The least size of its data: a pool that would have less is not made. Default: whatever its size comes to.
    #[schemars(example = &"2G", extend("format" = "size"))]
    minimum: Option<Written<String>>,
    /// Block size, a multiple of 64K up to 1G. Default: 512K.
    #[schemars(example = &"512K", extend("format" = "size"))]
    chunk: Option<Written<String>>,
    /// When the pool grows by itself, by how much, and how far.
    autoextend: Option<Written<AutoextendKeys>>,
}

/// When the pool grows by itself, by how much, and how far.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct AutoextendKeys {
    /// Whether the pool grows by itself. Default: true.
    enabled: Option<Written<bool>>,
    /// Usage in percent past which it grows. Default: 60.
    #[schemars(range(min = 50, max = 99), example = 60)]
    threshold: Option<Written<u8>>,
    /// By how much it grows, at least, in percent of its size. Default: 20.
    #[schemars(range(min = 1, max = 100), example = 20)]
    percent: Option<Written<u8>>,
    /// How large its data may become. Default: as large as the group.
    #[schemars(example = &"90%VG", extend("format" = "size"))]
    limit: Option<Written<String>>,
    /// What shall be free in it at all times, so that a fast writer does not wait for its growth; "0" is nothing. Default: 1G.
    #[schemars(example = &"1G", extend("format" = "size"))]
    headroom: Option<Written<String>>,
}

/// The pool as written: none, switched off at a place, or wanted.
pub(crate) enum WrittenPool {
    None,
    Off(Place),
    On(Placed<Pool>),
}

/// What the section says; `None` when it is faulty.
pub(crate) fn check(written: Option<Written<Keys>>, findings: &mut Findings) -> Option<WrittenPool> {
    let Some(Written { place, value, .. }) = written else { return Some(WrittenPool::None) };
    let keys = value?;
    let enabled = findings.or_default(keys.enabled, true, Ok);
    if let Some(Placed { value: false, place }) = enabled {
        return Some(WrittenPool::Off(place));
    }
    let default = default_pool();
    let size = findings.or_default(keys.size, default.size, |text| size_text::size(&text));
    let chunk = findings.or_default(keys.chunk, default.chunk, |text| size_text::chunk(&text));
    let metadata = findings.or_default(keys.metadata, default.metadata, |text| size_text::pool_metadata(&text).map(PoolMetadata::Bytes));
    let minimum = findings.optional(keys.minimum, |text| size_text::amount(&text));
    let autoextend = match keys.autoextend {
        Some(table) => check_autoextend(table.value?, findings),
        None => Some(default.autoextend),
    };
    enabled?;
    let value = Pool {
        size: size?.value,
        metadata: metadata?.value,
        minimum: minimum?.map(|bytes| bytes.value),
        chunk: chunk?.value,
        autoextend: autoextend?,
    };
    Some(WrittenPool::On(Placed { value, place }))
}

fn check_autoextend(keys: AutoextendKeys, findings: &mut Findings) -> Option<Option<Autoextend>> {
    let percent = |number| Percent::try_from(number).map_err(Fault::new);
    let enabled = findings.or_default(keys.enabled, true, Ok);
    let threshold = findings.or_default(keys.threshold, AUTOEXTEND.threshold, percent);
    let step = findings.or_default(keys.percent, AUTOEXTEND.percent, percent);
    let limit = findings.optional(keys.limit, |text| size_text::level(&text));
    let headroom = findings.or_default(keys.headroom, AUTOEXTEND.headroom, |text| size_text::amount_or_none(&text));
    let written =
        Autoextend { threshold: threshold?.value, percent: step?.value, limit: limit?.map(|level| level.value), headroom: headroom?.value };
    // Bad values are told of also where they do not count.
    Some(enabled?.value.then_some(written))
}

const AUTOEXTEND: Autoextend = Autoextend { threshold: percent(60), percent: percent(20), limit: None, headroom: Bytes(GIB) };

fn default_pool() -> Pool {
    const SIZE: Percent = percent(60);
    Pool {
        size: Size::OfFree(SIZE),
        metadata: PoolMetadata::Thousandth,
        minimum: None,
        chunk: Bytes(512 * KIB),
        autoextend: Some(AUTOEXTEND),
    }
}

/// Of a number that is in this file.
const fn percent(number: u8) -> Percent {
    match Percent::new(number) {
        Some(percent) => percent,
        None => panic!("not a percentage"),
    }
}

/// The pool, if one is wanted; reports a pool that nobody uses, and one that is switched off and used.
pub(crate) fn needed(
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
