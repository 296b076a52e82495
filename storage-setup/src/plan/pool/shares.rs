//! How a pool's extents are divided between data, metadata and the spare of that.

use config::{Bytes, Pool, PoolMetadata};

/// How a pool's extents are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Shares {
    pub(in crate::plan) data: u64,
    pub(in crate::plan) metadata: u64,
    /// What LVM adds to the spare metadata volume, so that it can hold this pool's.
    pub(in crate::plan) spare: u64,
}

/// Divides `total` extents: some for the metadata, as many for its spare if there is none yet, the rest for the data.
pub(in crate::plan) fn shares(total: u64, metadata: PoolMetadata, extent: Bytes, spare: u64) -> Option<Shares> {
    let bytes = match metadata {
        PoolMetadata::Thousandth => Bytes::of_extents(total, extent)?.0.div_ceil(1000).max(Pool::LEAST_METADATA.0),
        PoolMetadata::Bytes(bytes) => bytes.get(),
    };
    let metadata = Bytes(bytes).extents_up(extent).min(most_metadata(extent));
    let added = metadata.saturating_sub(spare);
    let data = total.checked_sub(metadata)?.checked_sub(added)?;
    (data > 0).then_some(Shares { data, metadata, spare: added })
}

pub(super) fn most_metadata(extent: Bytes) -> u64 {
    (Pool::MOST_METADATA.0 / extent.0.max(1)).max(1)
}
