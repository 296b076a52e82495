//! The thin pool: made as the shell tool makes it, but with its profile from the start, so that the kernel's low-water mark is set.

use config::sysconfig::size::{self, Asked};
use config::{Bytes, GIB, KIB, MIB, Percent};

use super::Deed;
use super::draft::{Draft, Space};
use crate::legacy::{Options, Refusal};
use crate::render::profile;
use crate::{LogicalVolume, Role, stamp};

/// dm-thin's own bound: 255 bitmap blocks, 15.81 GiB.
const MOST_METADATA: u64 = 16_978_542_592;
/// LVM makes none smaller.
const LEAST_METADATA: u64 = 2 * MIB;
const SECTOR: u64 = 512;

/// A pool of that name that is there; one that became none, since lvcreate was killed, is made anew.
pub(super) fn existing<'a>(draft: &Draft<'a>, group: &str) -> Result<Option<&'a LogicalVolume>, Refusal> {
    let pool = &draft.want.pool;
    let Some(found) = named(draft, group) else { return Ok(None) };
    match &found.role {
        Role::Pool(_) => Ok(Some(found)),
        Role::Linear if stamp::is_unfinished_pool(found) => Ok(None),
        Role::Linear | Role::Thin { .. } | Role::Other => draft.refuse(format!("{group}/{pool} exists already and is no thin pool.")),
    }
}

fn named<'a>(draft: &Draft<'a>, group: &str) -> Option<&'a LogicalVolume> {
    draft.have.groups.get(group).and_then(|found| found.volumes.get(&draft.want.pool))
}

/// Plans the pool's creation.
pub(super) fn create(draft: &mut Draft<'_>, group: &str, on_demand: bool) -> Result<(), Refusal> {
    let want = draft.want;
    let Some(space) = draft.space else { return draft.refuse("No valid volume group found. Exiting.") };
    if let Some(missing) = draft.have.groups.get(group).map(|found| found.missing).filter(|missing| *missing > 0) {
        return draft.refuse(format!("Volume group {group} lacks {missing} of its physical volumes. Attach the missing disks and retry."));
    }
    let space = match named(draft, group).filter(|found| stamp::is_unfinished_pool(found)) {
        Some(remnant) => {
            draft.push(Deed::RemoveVolume { group: group.to_owned(), volume: want.pool.clone() });
            Space { free: space.free + remnant.extents, ..space }
        }
        None => space,
    };
    let (key, asked) = data_size(draft, group, space)?;
    let chunk = chunk(draft)?;
    let metadata = metadata(draft, space)?;
    let meta = metadata.extents_up(space.extent);
    let spare = meta.saturating_sub(space.spare);
    let data = match asked {
        Asked::Bytes(bytes) => bytes.extents_up(space.extent),
        Asked::OfGroup(share) => share.of(space.total),
        // As LVM does: a share of the free space holds the metadata and its spare too.
        Asked::OfFree(share) => share.of(space.free).saturating_sub(2 * meta),
    };
    let needed = data.checked_add(meta).and_then(|sum| sum.checked_add(spare));
    let Some(needed) = needed.filter(|needed| *needed <= space.free && data > 0) else {
        let size = draft.want.raw.get(key);
        return draft.refuse(format!("There is not enough free space in volume group {group} to create data volume of size {key}={size}."));
    };
    if data.saturating_mul(space.extent.0) < chunk.0 {
        return draft.refuse(format!("CHUNK_SIZE={chunk} is larger than the pool's data, {}.", Bytes(data.saturating_mul(space.extent.0))));
    }
    let profile = write_profile(draft, group, None)?;
    draft.push(Deed::CreatePool {
        group: group.to_owned(),
        pool: want.pool.clone(),
        data,
        metadata: Bytes::of_extents(meta, space.extent).unwrap_or(metadata),
        chunk,
        profile,
        asked: asked.as_tag(),
        on_demand,
    });
    draft.space = Some(Space { free: space.free - needed, spare: space.spare.max(meta), ..space });
    Ok(())
}

/// `DATA_SIZE`, raised to `MIN_DATA_SIZE`; and the key that it came from.
fn data_size(draft: &mut Draft<'_>, group: &str, space: Space) -> Result<(&'static str, Asked), Refusal> {
    let (text, least) = (draft.want.raw.get("DATA_SIZE").to_owned(), draft.want.raw.get("MIN_DATA_SIZE").to_owned());
    if text.is_empty() {
        return draft.refuse("DATA_SIZE not specified.");
    }
    let asked = size::asked(&text).or_else(|wrong| draft.refuse(wrong.sentence("DATA_SIZE", &text)))?;
    if least.is_empty() {
        return Ok(("DATA_SIZE", asked));
    }
    let minimum = size::bytes(&least, MIB).or_else(|wrong| draft.refuse(wrong.sentence("MIN_DATA_SIZE", &least)))?;
    let of = |extents: u64| extents.saturating_mul(space.extent.0);
    if of(space.free) < minimum.0 {
        return draft.refuse(format!(
            "There is not enough free space in volume group {group} to create data volume of size MIN_DATA_SIZE={least}."
        ));
    }
    let bytes = match asked {
        Asked::Bytes(bytes) => bytes.0,
        Asked::OfFree(share) => share.of(of(space.free)),
        Asked::OfGroup(share) => share.of(of(space.total)),
    };
    if bytes >= minimum.0 {
        return Ok(("DATA_SIZE", asked));
    }
    draft.info(format!(
        "DATA_SIZE={text} is smaller than MIN_DATA_SIZE={least}. Will create data volume of size specified by MIN_DATA_SIZE."
    ));
    Ok(("MIN_DATA_SIZE", Asked::Bytes(minimum)))
}

fn chunk(draft: &Draft<'_>) -> Result<Bytes, Refusal> {
    const STEP: u64 = 64 * KIB;
    let text = draft.want.raw.get("CHUNK_SIZE");
    if text.is_empty() {
        return Ok(Bytes(512 * KIB));
    }
    match size::lvm_bytes(text, KIB) {
        Ok(bytes) if bytes.0 >= STEP && bytes.0 <= GIB && bytes.0.is_multiple_of(STEP) => Ok(bytes),
        Ok(_) => draft.refuse(format!("CHUNK_SIZE value {text} is invalid. LVM has multiples of 64K from 64K to 1G.")),
        Err(wrong) => draft.refuse(wrong.sentence("CHUNK_SIZE", text)),
    }
}

/// `POOL_META_SIZE`, or a thousandth of the group.
fn metadata(draft: &Draft<'_>, space: Space) -> Result<Bytes, Refusal> {
    let text = draft.want.raw.get("POOL_META_SIZE");
    if text.is_empty() {
        let sectors = space.total.saturating_mul(space.extent.0) / SECTOR / 1000 + 1;
        // Whole extents within the bound.
        let most = MOST_METADATA / space.extent.0.max(1) * space.extent.0;
        return Ok(Bytes((sectors * SECTOR).clamp(LEAST_METADATA, most.max(LEAST_METADATA))));
    }
    match size::lvm_bytes(text, MIB) {
        Ok(bytes) if bytes.0 > MOST_METADATA => {
            draft.refuse(format!("POOL_META_SIZE value {text} is invalid. LVM has at most {} for metadata.", Bytes(MOST_METADATA)))
        }
        Ok(bytes) if bytes.0 < LEAST_METADATA => draft.refuse(format!("POOL_META_SIZE value {text} is invalid. The least is 2M.")),
        Ok(bytes) => Ok(bytes),
        Err(wrong) => draft.refuse(wrong.sentence("POOL_META_SIZE", text)),
    }
}

/// The profile's text; `None` when the pool does not grow by itself.
fn profile_text(want: &Options) -> Result<Option<String>, String> {
    if !want.extends() {
        return Ok(None);
    }
    let figure = |key: &str| {
        let text = want.raw.get(key);
        if text.is_empty() {
            return Err(format!("{key} not specified"));
        }
        let number = text.parse::<u32>().map_err(|_| format!("{key} value {text} is invalid."))?;
        // LVM takes any percentage to grow by; a threshold only up to 100.
        let known = number > 0 && (key == "POOL_AUTOEXTEND_PERCENT" || u8::try_from(number).ok().and_then(Percent::new).is_some());
        if known { Ok(number) } else { Err(format!("{key} value {text} is invalid.")) }
    };
    let (threshold, percent) = (figure("POOL_AUTOEXTEND_THRESHOLD")?, figure("POOL_AUTOEXTEND_PERCENT")?);
    Ok(Some(format!("activation {{\n\tthin_pool_autoextend_threshold={threshold}\n\tthin_pool_autoextend_percent={percent}\n\n}}\n")))
}

/// Writes the profile where it is not as it should be, and gives its name. A pool that is in use with it has its table loaded again.
fn write_profile(draft: &mut Draft<'_>, group: &str, found: Option<&LogicalVolume>) -> Result<Option<String>, Refusal> {
    let text = profile_text(draft.want).or_else(|why| draft.refuse(why))?;
    let Some(text) = text else { return Ok(None) };
    let path = profile::path(group, &draft.want.pool);
    let (pool, name) = (draft.want.pool.clone(), profile::name(group, &draft.want.pool));
    let now = draft.have.files.get(&path).cloned();
    let in_use = |found: &LogicalVolume| found.active && matches!(&found.role, Role::Pool(state) if state.profile.as_ref() == Some(&name));
    if found.is_some_and(in_use) && now.as_ref() != Some(&text) {
        draft.push(Deed::RenewProfile { group: group.to_owned(), pool, path, text });
    } else {
        draft.write(path, text, now.as_deref());
    }
    Ok(Some(name))
}

/// Keeps the profile of a pool that is there, in its own group, whatever `VG` says now.
pub(super) fn keep_profile(draft: &mut Draft<'_>, group: &str, found: &LogicalVolume) -> Result<(), Refusal> {
    let Role::Pool(state) = &found.role else { return Ok(()) };
    let profile = write_profile(draft, group, Some(found))?;
    let pool = draft.want.pool.clone();
    if state.profile != profile {
        draft.push(Deed::SetProfile { group: group.to_owned(), pool: pool.clone(), profile: profile.clone() });
    }
    let path = profile::path(group, &pool);
    if profile.is_none() && draft.have.files.contains_key(&path) {
        draft.push(Deed::Delete { path });
    }
    Ok(())
}
