//! Which volume groups are ours to mend, by LVM's metadata alone: asked while devices may be suspended, when nothing else can be looked at.
//!
//! The worker runs [`COMMAND`]; its text comes here; the names go back, with root's group added by whoever knows it.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::fullreport::ReportError;
use crate::{POOL, dm_name, stamp};

/// The command, in words. Waits for the locks of every group; no column asks device-mapper. `vgs` reports volumes when it is asked for
/// their columns, and takes groups that were exported, as `lvs` does not. Tags come last, as in [`crate::fullreport::COMMAND`].
pub const COMMAND: [&str; 5] = ["vgs", "--reportformat", "json", "-o", "vg_name,lv_name,lv_layout,lv_tags"];

#[derive(Deserialize)]
struct RawReport {
    report: Vec<RawSection>,
}

#[derive(Deserialize)]
struct RawSection {
    // By the command's kind, whatever the columns are of.
    vg: Vec<RawVolume>,
}

#[derive(Deserialize)]
struct RawVolume {
    vg_name: String,
    lv_name: String,
    lv_layout: String,
    lv_tags: String,
}

/// Groups with a volume of ours, and those with a pool that is dockerd's: it carries no tag when the shell tool made it, and is extended
/// here all the same. `named` is the device of the pool that dockerd is told to use.
///
/// # Errors
/// [`ReportError::NotJson`].
pub fn groups(text: &str, named: Option<&str>) -> Result<BTreeSet<String>, ReportError> {
    let raw: RawReport = serde_json::from_str(text).map_err(ReportError::NotJson)?;
    let volumes = raw.report.into_iter().flat_map(|section| section.vg);
    Ok(volumes.filter(|volume| is_ours(volume) || is_dockers(volume, named)).map(|volume| volume.vg_name).collect())
}

fn is_ours(volume: &RawVolume) -> bool {
    volume.lv_tags.split(',').any(|tag| tag == stamp::OURS)
}

fn is_dockers(volume: &RawVolume, named: Option<&str>) -> bool {
    // lvs(8), lv_layout: `thin,pool`.
    let is = |word: &str| volume.lv_layout.split(',').any(|layout| layout == word);
    let device = || format!("/dev/mapper/{}", dm_name::of(&volume.vg_name, &volume.lv_name));
    is("thin") && is("pool") && (volume.lv_name == POOL || named.is_some_and(|named| named == device()))
}

#[cfg(test)]
mod tests;
