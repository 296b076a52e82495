//! Sizes as the spec writes them and as the planners count them.
//!
//! Text comes from the spec; bytes and percentages go to the families.

use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

/// A number of bytes. Never mixed with extents or sectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// One kibibyte, mebibyte, gibibyte in bytes.
pub const KIB: u64 = 1 << 10;
/// One mebibyte in bytes.
pub const MIB: u64 = 1 << 20;
/// One gibibyte in bytes.
pub const GIB: u64 = 1 << 30;

impl Bytes {
    /// How many whole extents hold this many bytes, rounded up.
    #[must_use]
    pub fn extents_up(self, extent: Bytes) -> u64 {
        self.0.div_ceil(extent.0.max(1))
    }

    /// `extents * extent`, or `None` when that is past 2^64 bytes.
    #[must_use]
    pub fn of_extents(extents: u64, extent: Bytes) -> Option<Bytes> {
        extents.checked_mul(extent.0).map(Bytes)
    }
}

/// The largest binary unit that keeps the number readable: `6 GiB`, `1.5 GiB`, `512 KiB`.
impl fmt::Display for Bytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u32); 6] = [("EiB", 60), ("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
        for (unit, shift) in UNITS {
            let whole = self.0 >> shift;
            if whole == 0 {
                continue;
            }
            let rest = self.0 & ((1 << shift) - 1);
            if rest == 0 {
                return write!(out, "{whole} {unit}");
            }
            let hundredths = (u128::from(rest) * 100) >> shift;
            return write!(out, "{whole}.{hundredths:02} {unit}");
        }
        write!(out, "{} B", self.0)
    }
}

/// A percentage from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

impl Percent {
    /// `None` outside 1..=100.
    #[must_use]
    pub const fn new(value: u8) -> Option<Percent> {
        if value >= 1 && value <= 100 { Some(Percent(value)) } else { None }
    }

    /// The number, 1..=100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// This share of `whole`, rounded down.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        let share = u128::from(whole) * u128::from(self.0) / 100;
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

impl TryFrom<u8> for Percent {
    type Error = String;
    fn try_from(value: u8) -> Result<Self, Self::Error> {
        Percent::new(value).ok_or_else(|| format!("{value} is not a percentage from 1 to 100"))
    }
}

impl From<Percent> for u8 {
    fn from(value: Percent) -> u8 {
        value.0
    }
}

/// How much of a volume group something takes. Written `6G`, `60%FREE` or `20%VG`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Size {
    /// An absolute number of bytes; a minimum.
    Bytes(NonZeroU64),
    /// A share of what is free when it is made; resolved once, recorded in a tag.
    OfFree(Percent),
    /// A share of the whole group; a minimum.
    OfGroup(Percent),
}

/// A size that is a level the host can be held to: absolute or a share of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// An absolute number of bytes.
    Bytes(NonZeroU64),
    /// A share of the whole group.
    OfGroup(Percent),
}

/// As an LVM tag can hold it (`%` is not allowed there): `6442450944`, `60pFREE`, `20pVG`.
impl Size {
    /// The text for the tag `atomic-host/asked=...`.
    #[must_use]
    pub fn as_tag(self) -> String {
        match self {
            Size::Bytes(bytes) => bytes.to_string(),
            Size::OfFree(share) => format!("{}pFREE", share.get()),
            Size::OfGroup(share) => format!("{}pVG", share.get()),
        }
    }

    /// Reads what [`Size::as_tag`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_tag(text: &str) -> Option<Size> {
        let percent = |digits: &str| digits.parse().ok().and_then(Percent::new);
        if let Some(digits) = text.strip_suffix("pFREE") {
            return percent(digits).map(Size::OfFree);
        }
        if let Some(digits) = text.strip_suffix("pVG") {
            return percent(digits).map(Size::OfGroup);
        }
        text.parse().ok().map(Size::Bytes)
    }
}

/// As the spec writes it.
impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Bytes(bytes) => Bytes(bytes.get()).fmt(out),
            Size::OfFree(share) => write!(out, "{}%FREE", share.get()),
            Size::OfGroup(share) => write!(out, "{}%VG", share.get()),
        }
    }
}
