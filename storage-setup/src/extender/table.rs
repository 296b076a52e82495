//! The kernel's table of a thin pool: what of it the extender needs, the size of a chunk and the low-water mark.
//!
//! `thin-pool METADATA DATA CHUNK LOW-WATER FEATURES...`; device-mapper gives the target's name and length apart from the rest.

use std::str::FromStr;

use config::Bytes;

/// Of the target `thin-pool`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Bytes of a chunk, a multiple of 64 KiB from 64 KiB to 1 GiB.
    pub chunk: Bytes,
    /// The kernel tells once when so few chunks are free; with 0 it tells when the pool is full.
    pub low_water: u64,
}

/// The text is not that of a thin pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel's table of the thin pool has {text:?} for {field}; please report this with the kernel's version")]
pub struct TableError {
    field: &'static str,
    text: String,
}

/// The kernel counts in sectors of this size, whatever the disk's are.
pub const SECTOR: u64 = 512;
const CHUNK_LEAST: u64 = 128;
const CHUNK_MOST: u64 = 2 << 20;

impl FromStr for Table {
    type Err = TableError;

    fn from_str(line: &str) -> Result<Table, TableError> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let number = |place: usize, field| {
            let text = words.get(place).copied().unwrap_or_default();
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let strange = || TableError { field, text: text.chars().take(64).collect() };
            text.parse::<u64>().ok().filter(|_| digits).ok_or_else(strange)
        };
        let sectors = number(2, "the chunk")?;
        let low_water = number(3, "the low-water mark")?;
        let is_chunk = (CHUNK_LEAST..=CHUNK_MOST).contains(&sectors) && sectors.is_multiple_of(CHUNK_LEAST);
        if !is_chunk {
            return Err(TableError { field: "the chunk", text: sectors.to_string() });
        }
        Ok(Table { chunk: Bytes(sectors * SECTOR), low_water })
    }
}

#[cfg(test)]
mod tests;
