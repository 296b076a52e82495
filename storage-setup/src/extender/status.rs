//! The kernel's status line of a thin pool, all fields of it: `dmsetup status`, Documentation/admin-guide/device-mapper/thin-provisioning.rst.
//!
//! The text comes from an ioctl; the daemon hands what is in it to the policy. Fields that a later kernel adds at the end are ignored.

use std::str::FromStr;

/// What the kernel says of a thin pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its metadata is damaged: no I/O at all.
    Failed,
    /// The kernel could not read its own figures.
    Unknown,
    /// It has figures.
    Known(Figures),
}

/// The figures of a pool that has not failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The transaction id, a counter for whoever manages the pool.
    pub transaction: u64,
    /// Metadata, in blocks of [`METADATA_BLOCK`].
    pub metadata: Use,
    /// Data, in chunks of the pool.
    pub data: Use,
    /// The metadata root that is held for a reader.
    pub held_root: Option<u64>,
    /// What may be done to it.
    pub mode: Mode,
    /// What a discard does.
    pub discards: Discards,
    /// What a write meets when the data is full.
    pub when_full: WhenFull,
    /// The metadata has to be checked by hand; until then it cannot grow.
    pub needs_check: bool,
    /// The kernel tells of metadata when so many blocks are free; absent before Linux 4.19.
    pub metadata_low_water: Option<u64>,
}

/// Bytes of a block of metadata.
pub const METADATA_BLOCK: u64 = 4096;

/// How much of something is in use; never more than all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    used: u64,
    total: u64,
}

impl Use {
    /// `None` when more would be used than there is.
    #[must_use]
    pub fn new(used: u64, total: u64) -> Option<Use> {
        (used <= total).then_some(Use { used, total })
    }

    /// How many are in use.
    #[must_use]
    pub fn used(self) -> u64 {
        self.used
    }

    /// How many there are.
    #[must_use]
    pub fn total(self) -> u64 {
        self.total
    }

    /// How many are free.
    #[must_use]
    pub fn free(self) -> u64 {
        self.total - self.used
    }
}

/// What may be done to a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything.
    Write,
    /// Reads, and writes to what is there; new chunks wait, for a minute at most.
    OutOfDataSpace,
    /// Reads: the metadata is full or damaged.
    ReadOnly,
}

/// What a discard does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discards {
    /// Nothing.
    Ignored,
    /// Frees chunks.
    Kept,
    /// Frees chunks and is passed on to the disks.
    PassedDown,
}

/// What a write meets when the data is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits.
    Queues,
    /// It fails.
    Fails,
}

/// Why a status line could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// Not what the kernel writes.
    #[error("the kernel's status of the thin pool has {text:?} for {field}; please report this with the kernel's version")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is there.
        text: String,
    },
    /// Cut off.
    #[error("the kernel's status of the thin pool ends before {field}; a kernel from Linux 4.14 on is needed")]
    Short {
        /// The first field that is absent.
        field: &'static str,
    },
}

impl FromStr for Status {
    type Err = StatusError;

    fn from_str(line: &str) -> Result<Status, StatusError> {
        match line.trim() {
            "Fail" => return Ok(Status::Failed),
            "Error" => return Ok(Status::Unknown),
            _ => {}
        }
        let mut words = line.split_ascii_whitespace();
        let mut next = |field| words.next().ok_or(StatusError::Short { field });
        let figures = Figures {
            transaction: number("the transaction id", next("the transaction id")?)?,
            metadata: share("metadata", next("metadata")?)?,
            data: share("data", next("data")?)?,
            held_root: unless_dash("the held root", next("the held root")?)?,
            mode: mode(next("the mode")?)?,
            discards: discards(next("discards")?)?,
            when_full: when_full(next("what happens without space")?)?,
            needs_check: needs_check(next("needs_check")?)?,
            metadata_low_water: words.next().map(|word| number("the low water mark of metadata", word)).transpose()?,
        };
        Ok(Status::Known(figures))
    }
}

fn strange(field: &'static str, text: &str) -> StatusError {
    StatusError::Field { field, text: text.chars().take(64).collect() }
}

fn number(field: &'static str, text: &str) -> Result<u64, StatusError> {
    // `+1` is a number for Rust, but the kernel never writes it.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| strange(field, text))
}

fn share(field: &'static str, text: &str) -> Result<Use, StatusError> {
    let (used, total) = text.split_once('/').ok_or_else(|| strange(field, text))?;
    Use::new(number(field, used)?, number(field, total)?).ok_or_else(|| strange(field, text))
}

fn unless_dash(field: &'static str, text: &str) -> Result<Option<u64>, StatusError> {
    if text == "-" { Ok(None) } else { number(field, text).map(Some) }
}

fn mode(text: &str) -> Result<Mode, StatusError> {
    match text {
        "rw" => Ok(Mode::Write),
        "ro" => Ok(Mode::ReadOnly),
        "out_of_data_space" => Ok(Mode::OutOfDataSpace),
        _ => Err(strange("the mode", text)),
    }
}

fn discards(text: &str) -> Result<Discards, StatusError> {
    match text {
        "ignore_discard" => Ok(Discards::Ignored),
        "no_discard_passdown" => Ok(Discards::Kept),
        "discard_passdown" => Ok(Discards::PassedDown),
        _ => Err(strange("discards", text)),
    }
}

fn when_full(text: &str) -> Result<WhenFull, StatusError> {
    match text {
        "queue_if_no_space" => Ok(WhenFull::Queues),
        "error_if_no_space" => Ok(WhenFull::Fails),
        _ => Err(strange("what happens without space", text)),
    }
}

fn needs_check(text: &str) -> Result<bool, StatusError> {
    match text {
        "-" => Ok(false),
        "needs_check" => Ok(true),
        _ => Err(strange("needs_check", text)),
    }
}

#[cfg(test)]
mod tests;
