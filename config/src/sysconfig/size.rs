//! Sizes as the keys write them: a number with a unit in 1024s, or a share of the group. What is too large is refused, not wrapped.

use crate::{Bytes, KIB, MIB, Percent};

/// What is asked of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// So many bytes.
    Bytes(Bytes),
    /// A share of what is free when it is made.
    OfFree(Percent),
    /// A share of the whole group.
    OfGroup(Percent),
}

impl Asked {
    /// As the stamp records it.
    #[must_use]
    pub fn as_tag(self) -> String {
        match self {
            Asked::Bytes(bytes) => bytes.0.to_string(),
            Asked::OfFree(share) => format!("{}pFREE", share.get()),
            Asked::OfGroup(share) => format!("{}pVG", share.get()),
        }
    }
}

/// Why a text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Not of the form.
    Syntax,
    /// More bytes than fit a signed 64-bit number, as the shell counts.
    TooLarge,
}

impl Wrong {
    /// The shell tool's sentence.
    #[must_use]
    pub fn sentence(self, key: &str, text: &str) -> String {
        match self {
            Wrong::Syntax => format!("{key} value {text} is invalid."),
            Wrong::TooLarge => format!("{key}={text} is too large to handle."),
        }
    }
}

/// `40%FREE`, `20%VG`, or a number, which counts in MiB without a unit.
///
/// # Errors
/// [`Wrong`]
pub fn asked(text: &str) -> Result<Asked, Wrong> {
    let Some((digits, of)) = text.split_once('%') else { return bytes(text, MIB).map(Asked::Bytes) };
    let plain = !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let share = digits.parse().ok().filter(|_| plain).and_then(Percent::new).ok_or(Wrong::Syntax)?;
    match of {
        "FREE" => Ok(Asked::OfFree(share)),
        "VG" => Ok(Asked::OfGroup(share)),
        _ => Err(Wrong::Syntax),
    }
}

/// A number of `unit` bytes, or with a unit of its own: `b`, `s` (512 bytes), `k`, `m`, `g`, `t`, `p`, `e`, each also as `GB` or `GiB`.
///
/// # Errors
/// [`Wrong`]
pub fn bytes(text: &str, unit: u64) -> Result<Bytes, Wrong> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    if digits.is_empty() {
        return Err(Wrong::Syntax);
    }
    let unit = if suffix.is_empty() { unit } else { unit_of(suffix).ok_or(Wrong::Syntax)? };
    let most = i64::MAX.unsigned_abs();
    let total = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|total| *total <= most);
    total.map(Bytes).ok_or(Wrong::TooLarge)
}

/// The same, or with a fraction, as LVM itself takes it: `5.5G`. For keys that the shell tool hands on as they are.
///
/// # Errors
/// [`Wrong`]
pub fn lvm_bytes(text: &str, unit: u64) -> Result<Bytes, Wrong> {
    decimal(text).map_or_else(|| bytes(text, unit), Ok)
}

fn unit_of(suffix: &str) -> Option<u64> {
    let lower = suffix.to_ascii_lowercase();
    let (letter, rest) = lower.split_at_checked(1)?;
    match (letter, rest) {
        ("b", "") => Some(1),
        (_, "" | "b" | "ib") => match letter {
            "s" => Some(512),
            "k" => Some(KIB),
            "m" => Some(MIB),
            "g" => Some(MIB << 10),
            "t" => Some(MIB << 20),
            "p" => Some(MIB << 30),
            "e" => Some(MIB << 40),
            _ => None,
        },
        _ => None,
    }
}

/// What `ROOT_SIZE` asks: LVM's own syntax, of which a leading `+` means that much more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootSize {
    /// On top of what is there.
    pub step: bool,
    /// How much.
    pub asked: Asked,
}

/// Reads `ROOT_SIZE`.
///
/// # Errors
/// [`Wrong`]
pub fn root_size(text: &str) -> Result<RootSize, Wrong> {
    let (step, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    let asked = match (decimal(rest), rest.strip_suffix("%PVS")) {
        (Some(bytes), _) => Asked::Bytes(bytes),
        // Of the physical volumes that lvextend may use: without a list of them, of all.
        (None, Some(share)) => asked(&format!("{share}%VG"))?,
        (None, None) => asked(rest)?,
    };
    Ok(RootSize { step, asked })
}

/// LVM takes `5.5G`.
fn decimal(text: &str) -> Option<Bytes> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, suffix) = text.split_at(end);
    let (whole, part) = number.split_once('.')?;
    let unit = unit_of(suffix)?;
    let digits = part.len();
    if whole.is_empty() || digits == 0 || digits > 9 {
        return None;
    }
    let (whole, part): (u64, u64) = (whole.parse().ok()?, part.parse().ok()?);
    let scale = 10_u64.checked_pow(u32::try_from(digits).ok()?)?;
    let part = u64::try_from(u128::from(part) * u128::from(unit) / u128::from(scale)).ok()?;
    whole.checked_mul(unit)?.checked_add(part).map(Bytes)
}
