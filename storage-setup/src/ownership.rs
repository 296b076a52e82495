//! Which volume groups are ours to mend, by LVM's metadata alone: asked while devices may be suspended, when nothing else can be looked at.
//!
//! The worker runs [`COMMAND`]; its text comes here; the names go back, with root's group added by whoever knows it.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::fullreport::ReportError;
use crate::stamp;

/// The command, in words. Waits for the locks of every group; no column asks device-mapper. Tags come last, as in
/// [`crate::fullreport::COMMAND`].
pub const COMMAND: [&str; 5] = ["lvs", "--reportformat", "json", "-o", "vg_name,lv_layout,lv_tags"];

#[derive(Deserialize)]
struct RawReport {
    report: Vec<RawSection>,
}

#[derive(Deserialize)]
struct RawSection {
    lv: Vec<RawVolume>,
}

#[derive(Deserialize)]
struct RawVolume {
    vg_name: String,
    lv_layout: String,
    lv_tags: String,
}

/// Groups with a volume of ours, and those with a thin pool: it may be dockerd's, which is extended here and carries no tag when the shell
/// tool made it.
///
/// # Errors
/// [`ReportError::NotJson`].
pub fn groups(text: &str) -> Result<BTreeSet<String>, ReportError> {
    let raw: RawReport = serde_json::from_str(text).map_err(ReportError::NotJson)?;
    let volumes = raw.report.into_iter().flat_map(|section| section.lv);
    Ok(volumes.filter(is_ours).map(|volume| volume.vg_name).collect())
}

fn is_ours(volume: &RawVolume) -> bool {
    // lvs(8), lv_layout: `thin,pool`.
    let is = |word: &str| volume.lv_layout.split(',').any(|layout| layout == word);
    volume.lv_tags.split(',').any(|tag| tag == stamp::OURS) || (is("thin") && is("pool"))
}

#[cfg(test)]
mod tests;
