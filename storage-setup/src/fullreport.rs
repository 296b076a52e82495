//! LVM's own report, `lvm fullreport --reportformat json`, as volume groups.
//!
//! The worker runs [`COMMAND`]; its text comes here; groups go into [`crate::Observed`].

use std::collections::BTreeMap;

use config::Bytes;
use serde::Deserialize;

use crate::{Content, LogicalVolume, Member, PoolState, Role, VolumeGroup, Watcher, copies};

/// What LVM knows of the host's disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullReport {
    /// By name.
    pub groups: BTreeMap<String, VolumeGroup>,
    /// Nodes of the physical volumes that belong to no group. A power cut may have torn what their label leads to.
    pub orphans: Vec<String>,
    /// Nodes of those whose group is not to be seen, though they say that one has them: LVM was killed right before it wrote that group's
    /// metadata, or the disks that have the metadata are not here.
    pub half_members: Vec<String>,
    /// As in [`crate::Observed::lagging`].
    pub lagging: BTreeMap<String, Vec<String>>,
}

impl FullReport {
    /// Whether that group is there with all of its disks: nothing is made in one that lacks some.
    #[must_use]
    pub fn has_whole(&self, group: &str) -> bool {
        self.groups.get(group).is_some_and(|found| found.missing == 0)
    }
}

/// Why a report could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not the JSON that was asked for.
    #[error(
        "LVM's report is not the JSON that was asked for; when it is cut off, a volume has more than 3000 bytes of tags (liblvm2cmd \
         cuts each row at 4095 bytes): remove some with `lvchange --deltag`"
    )]
    NotJson(#[source] serde_json::Error),
    /// A figure that is no number.
    #[error("LVM reports {text:?} for {field} of {of}, which is not a number")]
    NotANumber {
        /// The column.
        field: &'static str,
        /// The volume or group.
        of: String,
        /// What LVM wrote.
        text: String,
    },
    /// Two groups of one name: LVM itself cannot tell them apart on a command line.
    #[error("two volume groups are called {name}; rename one by its UUID: `vgrename UUID NEWNAME`")]
    SameName {
        /// The name.
        name: String,
    },
}

/// The command, in words: all groups, each under its lock, with the columns that are read here.
///
/// One row is one message of liblvm2cmd, and that is cut at 4095 bytes. All columns together come near it, so they are chosen; tags, the
/// only ones without a bound of their own, come last. Not chosen by `--config`: for that LVM reads its configuration twice more.
#[rustfmt::skip]
pub const COMMAND: [&str; 27] = [
    "fullreport", "--all", "--reportformat", "json", "--units", "b", "--nosuffix",
    "--configreport", "vg", "-o", "vg_name,vg_uuid,vg_extent_size,vg_extent_count,vg_free_count,vg_missing_pv_count",
    "--configreport", "pv", "-o", "pv_name,pv_uuid,pv_pe_count,pe_start,dev_size,pv_in_use",
    "--configreport", "lv", "-o", "lv_uuid,lv_name,lv_role,lv_active,lv_size,lv_metadata_size,pool_lv,lv_profile,data_percent,metadata_percent,lv_tags",
    "--configreport", "pvseg", "-o", "pv_uuid",
    "--configreport", "seg", "-o", "lv_uuid,segtype,chunk_size,seg_monitor",
];

#[derive(Deserialize)]
struct RawReport {
    report: Vec<RawSection>,
}

/// One group with all that is its own, or the physical volumes of none.
#[derive(Deserialize)]
struct RawSection {
    #[serde(default)]
    vg: Vec<RawGroup>,
    #[serde(default)]
    pv: Vec<RawMember>,
    #[serde(default)]
    lv: Vec<RawVolume>,
    #[serde(default)]
    seg: Vec<RawSegment>,
}

#[derive(Deserialize)]
struct RawGroup {
    vg_name: String,
    vg_uuid: String,
    vg_extent_size: String,
    vg_extent_count: String,
    vg_free_count: String,
    vg_missing_pv_count: String,
}

#[derive(Deserialize)]
struct RawMember {
    pv_name: String,
    pv_uuid: String,
    pv_pe_count: String,
    pe_start: String,
    dev_size: String,
    pv_in_use: String,
}

#[derive(Deserialize)]
struct RawVolume {
    lv_uuid: String,
    lv_name: String,
    lv_role: String,
    lv_active: String,
    lv_size: String,
    lv_metadata_size: String,
    pool_lv: String,
    lv_profile: String,
    data_percent: String,
    metadata_percent: String,
    lv_tags: String,
}

#[derive(Deserialize)]
struct RawSegment {
    lv_uuid: String,
    segtype: String,
    chunk_size: String,
    seg_monitor: String,
}

/// Reads the report, and what LVM warned of meanwhile.
///
/// # Errors
/// See [`ReportError`].
pub fn parse(text: &str, warnings: &[String]) -> Result<FullReport, ReportError> {
    let raw: RawReport = serde_json::from_str(text).map_err(ReportError::NotJson)?;
    let mut report = FullReport { groups: BTreeMap::new(), orphans: Vec::new(), half_members: Vec::new(), lagging: BTreeMap::new() };
    for section in raw.report {
        let Some(head) = section.vg.first() else {
            // Asking for hidden volumes (`--all`) may also list devices that are no physical volumes; those have no UUID.
            for member in section.pv.into_iter().filter(|member| !member.pv_uuid.is_empty()) {
                let found = if member.pv_in_use.is_empty() { &mut report.orphans } else { &mut report.half_members };
                found.push(member.pv_name);
            }
            continue;
        };
        let name = head.vg_name.clone();
        let group = group(&section, head)?;
        if report.groups.insert(name.clone(), group).is_some() {
            return Err(ReportError::SameName { name });
        }
    }
    report.lagging = copies::lagging(warnings, &report.groups);
    Ok(report)
}

fn group(section: &RawSection, head: &RawGroup) -> Result<VolumeGroup, ReportError> {
    let extent = number("vg_extent_size", &head.vg_name, &head.vg_extent_size)?;
    let mut group = VolumeGroup {
        uuid: head.vg_uuid.clone(),
        extent: Bytes(extent),
        extents: number("vg_extent_count", &head.vg_name, &head.vg_extent_count)?,
        free: number("vg_free_count", &head.vg_name, &head.vg_free_count)?,
        missing: number("vg_missing_pv_count", &head.vg_name, &head.vg_missing_pv_count)?,
        members: section.pv.iter().map(member).collect::<Result<_, _>>()?,
        volumes: BTreeMap::new(),
        spare: 0,
    };
    for raw in &section.lv {
        let size = Bytes(number("lv_size", &raw.lv_name, &raw.lv_size)?).extents_up(group.extent);
        // LVM writes the names of hidden volumes in brackets.
        if raw.lv_name.starts_with('[') {
            if raw.lv_role.split(',').any(|role| role == "spare") {
                group.spare += size;
            }
            continue;
        }
        let segments: Vec<&RawSegment> = section.seg.iter().filter(|segment| segment.lv_uuid == raw.lv_uuid).collect();
        let volume = volume(raw, &segments, size, group.extent)?;
        group.volumes.insert(raw.lv_name.clone(), volume);
    }
    Ok(group)
}

fn member(raw: &RawMember) -> Result<Member, ReportError> {
    let size = number("dev_size", &raw.pv_name, &raw.dev_size)?;
    Ok(Member {
        node: raw.pv_name.clone(),
        uuid: raw.pv_uuid.clone(),
        extents: number("pv_pe_count", &raw.pv_name, &raw.pv_pe_count)?,
        start: Bytes(number("pe_start", &raw.pv_name, &raw.pe_start)?),
        // LVM says 0 of a device that is missing.
        size: (size > 0).then_some(Bytes(size)),
    })
}

fn volume(raw: &RawVolume, segments: &[&RawSegment], extents: u64, extent: Bytes) -> Result<LogicalVolume, ReportError> {
    let mut tags: Vec<String> = raw.lv_tags.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    tags.sort();
    Ok(LogicalVolume {
        uuid: raw.lv_uuid.clone(),
        extents,
        role: role(raw, segments, extent)?,
        tags,
        active: raw.lv_active == "active",
        origin: has_role(raw, &["thickorigin", "extorigin"]),
        content: Content::Unknown,
    })
}

/// lvs(8), lv_role; a volume with several of them has `multi` before the word too.
fn has_role(raw: &RawVolume, wanted: &[&str]) -> bool {
    raw.lv_role.split(',').any(|role| wanted.contains(&role.strip_prefix("multi").unwrap_or(role)))
}

fn role(raw: &RawVolume, segments: &[&RawSegment], extent: Bytes) -> Result<Role, ReportError> {
    let all = |wanted: &[&str]| !segments.is_empty() && segments.iter().all(|segment| wanted.contains(&segment.segtype.as_str()));
    if all(&["thin-pool"]) {
        return pool(raw, segments, extent).map(Role::Pool);
    }
    if all(&["thin"]) {
        return Ok(Role::Thin { pool: raw.pool_lv.trim_matches(['[', ']']).to_owned() });
    }
    // A snapshot with a copy-on-write store looks linear by its segments.
    if all(&["linear", "striped"]) && !has_role(raw, &["snapshot"]) {
        return Ok(Role::Linear);
    }
    Ok(Role::Other)
}

fn pool(raw: &RawVolume, segments: &[&RawSegment], extent: Bytes) -> Result<PoolState, ReportError> {
    let metadata = number("lv_metadata_size", &raw.lv_name, &raw.lv_metadata_size)?;
    let mut state = PoolState {
        metadata: Bytes(metadata).extents_up(extent),
        chunk: Bytes(0),
        profile: Some(raw.lv_profile.clone()).filter(|profile| !profile.is_empty()),
        data_used: hundredths(&raw.data_percent),
        metadata_used: hundredths(&raw.metadata_percent),
        watcher: None,
    };
    for segment in segments {
        state.chunk = Bytes(number("chunk_size", &raw.lv_name, &segment.chunk_size)?);
        state.watcher = match segment.seg_monitor.as_str() {
            "monitored" => Some(Watcher::Dmeventd),
            "not monitored" => Some(Watcher::Nobody),
            // Empty while inactive, `pending` while dmeventd starts.
            _ => None,
        };
    }
    Ok(state)
}

fn number(field: &'static str, of: &str, text: &str) -> Result<u64, ReportError> {
    text.parse().map_err(|_| ReportError::NotANumber { field, of: of.to_owned(), text: text.to_owned() })
}

/// `12.34` as 1234; `None` for an empty or odd field, which is what LVM writes for an inactive pool.
fn hundredths(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = format!("{part:0<2}");
    let whole: u32 = whole.parse().ok()?;
    let part: u32 = part.get(..2)?.parse().ok()?;
    whole.checked_mul(100)?.checked_add(part)
}

#[cfg(test)]
mod tests;
