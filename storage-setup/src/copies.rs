//! Copies of a group's metadata that lag behind the others or are torn.
//!
//! Each physical volume has one. LVM writes them one after another, so that a power cut may leave an older one on a disk; by itself it
//! flushes none, so that what dmeventd or a person's lvm wrote may be half there. LVM goes by the newest that is whole and warns with
//! each command; no column of its reports tells. What it warned of comes here from the worker; the physical volumes whose copy is to be
//! written anew go into [`crate::Observed`].
//!
//! A copy may also be missing, on a disk that was on its way into the group: LVM then says that the disk's label does not say it is used.
//!
//! Its next write to the group renews an older copy, never a torn one. Until then the group stands on fewer copies than it has disks.

use std::collections::{BTreeMap, BTreeSet};

use crate::VolumeGroup;

/// A warning that is about copies.
#[derive(Debug, PartialEq, Eq)]
enum Warning<'a> {
    /// `WARNING: ignoring metadata seqno 1 on /dev/vdb for seqno 2 on /dev/vda2 for VG atomicos.`
    Older { node: &'a str, group: &'a str },
    /// `WARNING: PV /dev/vdb in VG atomicos is missing the used flag in PV header.`
    Unused { node: &'a str, group: &'a str },
    /// `WARNING: repair VG metadata on /dev/vdb with vgck --updatemetadata.`
    Torn { node: &'a str },
    /// `WARNING: outdated PV /dev/vdb seqno 1 has been removed in current VG atomicos seqno 4.`
    Removed { group: &'a str },
}

/// The nodes whose copy lags or is torn, by group.
///
/// What renews them also wipes the label of a disk that was taken out of its group while it was missing. Whose that is now is not known:
/// a group with such a disk is left to a person.
#[must_use]
pub fn lagging(warnings: &[String], groups: &BTreeMap<String, VolumeGroup>) -> BTreeMap<String, Vec<String>> {
    let said: Vec<Warning<'_>> = warnings.iter().filter_map(|warning| read(warning)).collect();
    let of_group = |(name, group): (&String, &VolumeGroup)| {
        let is_member = |node: &str| group.members.iter().any(|member| member.node == node);
        let mut nodes = BTreeSet::new();
        for warning in &said {
            match warning {
                Warning::Older { node, group: of } | Warning::Unused { node, group: of } if of == name && is_member(node) => {
                    nodes.insert((*node).to_owned());
                }
                Warning::Older { group: of, .. } | Warning::Removed { group: of } if of == name => return None,
                Warning::Torn { node } if is_member(node) => {
                    nodes.insert((*node).to_owned());
                }
                Warning::Older { .. } | Warning::Unused { .. } | Warning::Removed { .. } | Warning::Torn { .. } => {}
            }
        }
        (!nodes.is_empty()).then(|| (name.clone(), nodes.into_iter().collect()))
    };
    groups.iter().filter_map(of_group).collect()
}

fn read(warning: &str) -> Option<Warning<'_>> {
    let warning = warning.trim().strip_prefix("WARNING: ")?.strip_suffix('.')?;
    match warning.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["ignoring", "metadata", "seqno", _, "on", node, "for", "seqno", _, "on", _, "for", "VG", group] => {
            Some(Warning::Older { node, group })
        }
        ["PV", node, "in", "VG", group, "is", "missing", "the", "used", "flag", "in", "PV", "header"] => {
            Some(Warning::Unused { node, group })
        }
        ["repair", "VG", "metadata", "on", node, "with", "vgck", "--updatemetadata"] => Some(Warning::Torn { node }),
        ["outdated", "PV", _, "seqno", _, "has", "been", "removed", "in", "current", "VG", group, "seqno", _] => {
            Some(Warning::Removed { group })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
