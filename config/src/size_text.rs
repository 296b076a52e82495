//! Sizes as people write them: `6G`, `1.5 TiB`, `60%FREE`, `20%VG`.
//!
//! Text of the spec goes in, [`Size`] and its narrower kinds come out, or what is wrong with the text.
//! Units count in 1024s. A fraction is rounded up to a whole byte, since an absolute size is a minimum.

use std::num::NonZeroU64;

use crate::reader::{Fault, quoted};
use crate::{Bytes, GIB, KIB, Level, MIB, Percent, Pool, Size};

/// Any of the three ways.
pub(crate) fn size(text: &str) -> Result<Size, Fault> {
    let text = text.trim();
    if let Some(sign) = text.strip_prefix('+') {
        let hint = format!("write the size wanted, as {}; the agent only grows", if sign.is_empty() { "6G" } else { sign });
        return Err(Fault::new(format!("{} is a step, but the spec says how large, not how much larger", quoted(text))).hint(hint));
    }
    if text.starts_with('-') {
        return Err(
            Fault::new(format!("{} is negative", quoted(text))).hint("write the size wanted, as \"6G\"; nothing is ever made smaller")
        );
    }
    match text.split_once('%') {
        Some((digits, whole)) => share(text, digits, whole),
        None => absolute(text).map(Size::Bytes),
    }
}

/// A size that can be held to later.
pub(crate) fn level(text: &str) -> Result<Level, Fault> {
    match size(text)? {
        Size::Bytes(bytes) => Ok(Level::Bytes(bytes)),
        Size::OfGroup(percent) => Ok(Level::OfGroup(percent)),
        Size::OfFree(_) => Err(Fault::new(format!("{} changes with what is free, so that nothing can be held to it", quoted(text)))
            .hint("write a size, as \"6G\", or a share of the whole group, as \"20%VG\"")),
    }
}

/// What a thin volume's file system sees: no share of anything.
pub(crate) fn thin_size(text: &str) -> Result<NonZeroU64, Fault> {
    match size(text)? {
        Size::Bytes(bytes) => Ok(bytes),
        Size::OfFree(_) | Size::OfGroup(_) => {
            Err(Fault::new(format!("{} is a share, but a thin volume takes only what is written to it", quoted(text)))
                .hint("write what its file system shall see, as \"20G\", or set thin = false"))
        }
    }
}

/// A pool's block size.
pub(crate) fn chunk(text: &str) -> Result<Bytes, Fault> {
    const STEP: u64 = 64 * KIB;
    match size(text)? {
        Size::Bytes(bytes) if bytes.get().is_multiple_of(STEP) && bytes.get() <= GIB => Ok(Bytes(bytes.get())),
        Size::Bytes(_) | Size::OfFree(_) | Size::OfGroup(_) => {
            Err(Fault::new(format!("{} is not a block size that LVM has", quoted(text)))
                .hint("write a multiple of 64K, from \"64K\" to \"1G\""))
        }
    }
}

/// A pool's metadata, as much as LVM makes and the kernel uses.
pub(crate) fn pool_metadata(text: &str) -> Result<NonZeroU64, Fault> {
    let bytes = amount(text)?;
    if (Pool::LEAST_METADATA.0..=Pool::MOST_METADATA.0).contains(&bytes.get()) {
        return Ok(bytes);
    }
    let (least, most) = (Pool::LEAST_METADATA, Pool::MOST_METADATA);
    Err(Fault::new(format!("{} is not from {least} to {most}, which is all that LVM makes of a pool's metadata", quoted(text)))
        .hint("write \"15.8G\" or less; 128M are enough for a terabyte in chunks of 512K"))
}

/// A number of bytes that is no share of a disk.
pub(crate) fn amount(text: &str) -> Result<NonZeroU64, Fault> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains('%') {
        return Err(Fault::new(format!("{} is not a number of bytes", quoted(text))).hint("write a number and a unit, as \"512M\""));
    }
    absolute(text)
}

/// A number of bytes that may be none: "0".
pub(crate) fn amount_or_none(text: &str) -> Result<Bytes, Fault> {
    if text.trim() == "0" { Ok(Bytes(0)) } else { amount(text).map(|bytes| Bytes(bytes.get())) }
}

fn share(text: &str, digits: &str, whole: &str) -> Result<Size, Fault> {
    let kind = match whole.to_ascii_uppercase().as_str() {
        "FREE" => Size::OfFree,
        "VG" => Size::OfGroup,
        _ => {
            return Err(Fault::new(format!("{} does not say of what it is a share", quoted(text)))
                .hint(format!("write {digits}%FREE, a share of what is free, or {digits}%VG, a share of the whole group")));
        }
    };
    let percent = digits.parse().ok().and_then(Percent::new).map(kind);
    percent.ok_or_else(|| {
        Fault::new(format!("{} is not a share from 1% to 100%", quoted(text)))
            .hint(format!("write a whole number from 1 to 100 before %{}", whole.to_ascii_uppercase()))
    })
}

fn absolute(text: &str) -> Result<NonZeroU64, Fault> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let not_a_size =
        || Fault::new(format!("{} is not a size", quoted(text))).hint("write a number and a unit, as \"6G\", or a share, as \"60%FREE\"");
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(not_a_size());
    }
    let unit = bytes_of_unit(unit.trim_start()).ok_or_else(|| unit_fault(text, number, unit.trim_start()))?;
    let bytes = multiplied(whole, fraction, unit).ok_or_else(|| {
        Fault::new(format!("{} is more than any disk holds", quoted(text)))
            .hint("the largest size is just below 16384P, with at most 9 digits after the point")
    })?;
    NonZeroU64::new(bytes)
        .ok_or_else(|| Fault::new(format!("{} is nothing", quoted(text))).hint("write the size wanted, as \"6G\", or leave the key out"))
}

fn bytes_of_unit(unit: &str) -> Option<u64> {
    match unit.to_ascii_lowercase().as_str() {
        "k" | "kib" => Some(KIB),
        "m" | "mib" => Some(MIB),
        "g" | "gib" => Some(GIB),
        "t" | "tib" => Some(GIB * KIB),
        "p" | "pib" => Some(GIB * MIB),
        _ => None,
    }
}

fn unit_fault(text: &str, number: &str, unit: &str) -> Fault {
    match unit.to_ascii_lowercase().as_str() {
        "" => Fault::new(format!("{} has no unit", quoted(text)))
            .hint(format!("write {number}G for gibibytes; the units are K, M, G, T and P")),
        "kb" | "mb" | "gb" | "tb" | "pb" => {
            let letter: String = unit.chars().take(1).flat_map(char::to_uppercase).collect();
            Fault::new(format!("{} could count in 1000s or in 1024s", quoted(text)))
                .hint(format!("write {number}{letter}, which counts in 1024s"))
        }
        _ => Fault::new(format!("{} has no unit that is known: {}", quoted(text), quoted(unit)))
            .hint("the units are K, M, G, T and P, and count in 1024s"),
    }
}

/// `None` when it does not fit.
fn multiplied(whole: &str, fraction: &str, unit: u64) -> Option<u64> {
    const MOST_DIGITS: usize = 9;
    let digits = fraction.trim_end_matches('0');
    if digits.len() > MOST_DIGITS {
        return None;
    }
    let scale = 10_u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let fraction: u128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let parts = u128::from(whole.parse::<u64>().ok()?).checked_mul(scale)?.checked_add(fraction)?;
    u64::try_from(parts.checked_mul(u128::from(unit))?.div_ceil(scale)).ok()
}
