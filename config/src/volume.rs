//! `[storage.volume.NAME]`: keys in, [`Volume`] out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written, quoted};
use crate::{Filesystem, LvName, MountPoint, Place, Placed, Volume, VolumeKind, label, size_text};

/// A volume with a file system, mounted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VolumeKeys {
    /// Whether this volume counts; false switches off one of a lower file. Default: true.
    enabled: Option<Written<bool>>,
    /// Where it is mounted.
    #[schemars(example = &"/var/lib/docker")]
    mount: Option<Written<String>>,
    /// What its file system sees. A plain volume may also take a share, as 20%VG.
    #[schemars(example = &"20G", extend("format" = "size"))]
    size: Option<Written<String>>,
    /// Whether it takes space from the pool as it is written (true), or from the group at once. Default: true.
    thin: Option<Written<bool>>,
    /// What it is formatted with. Default: xfs.
    filesystem: Option<Written<Filesystem>>,
    /// Its file system's label, up to 12 letters and digits, 16 for ext4. Default: as it is.
    #[schemars(example = &"data")]
    label: Option<Written<String>>,
    /// Project quotas: with them overlay2.size can bound what a container takes. Default: false.
    quota: Option<Written<bool>>,
}

/// The volumes, or `None` when one of them is faulty.
pub(crate) fn check_all(
    written: Option<Written<BTreeMap<String, Written<VolumeKeys>>>>,
    findings: &mut Findings,
) -> Option<BTreeMap<LvName, Placed<Volume>>> {
    let Some(table) = written else { return Some(BTreeMap::new()) };
    let mut volumes = BTreeMap::new();
    let mut mounts = Mounts::default();
    let mut faulty = false;
    for (name, volume) in table.value? {
        match check(name, volume, &mut mounts, findings) {
            Checked::Good(name, volume) => drop(volumes.insert(name, volume)),
            Checked::Off => {}
            Checked::Faulty => faulty = true,
        }
    }
    (!faulty).then_some(volumes)
}

enum Checked {
    Good(LvName, Placed<Volume>),
    Off,
    Faulty,
}

fn check(name: String, written: Written<VolumeKeys>, mounts: &mut Mounts, findings: &mut Findings) -> Checked {
    let Written { key, place, value } = written;
    let Some(mut keys) = value else { return Checked::Faulty };
    let enabled = findings.or_default(keys.enabled.take(), true, Ok);
    if let Some(Placed { value: false, .. }) = enabled {
        return Checked::Off;
    }
    let shown = quoted(&name);
    let name = LvName::try_from(name).map_err(|clause| {
        findings.report(&place, &key, Fault::new(format!("the name {shown} {clause}")).hint("choose another name for the volume"));
    });
    let volume = check_keys(keys, (&key, &place), mounts, findings);
    match (name, volume, enabled) {
        (Ok(name), Some(value), Some(_)) => Checked::Good(name, Placed { value, place }),
        _ => Checked::Faulty,
    }
}

fn check_keys(keys: VolumeKeys, (key, place): (&str, &Place), mounts: &mut Mounts, findings: &mut Findings) -> Option<Volume> {
    let mount = findings.required(keys.mount, (place, &format!("{key}.mount")), "\"/var/lib/docker\"", mount_point);
    if let Some(mount) = &mount {
        mounts.take(mount, key, findings);
    }
    let size_key = format!("{key}.size");
    let thin = findings.or_default(keys.thin, true, Ok);
    let kind = findings.required(keys.size, (place, &size_key), "\"20G\"", |text| match &thin {
        Some(Placed { value: true, .. }) => size_text::thin_size(&text).map(|size| VolumeKind::Thin { size }),
        Some(Placed { value: false, .. }) | None => size_text::size(&text).map(|size| VolumeKind::Plain { size }),
    });
    let filesystem = findings.or_default(keys.filesystem, Filesystem::Xfs, Ok);
    // What fits the one may be too long for the other: of a faulty one nothing is said.
    let of = filesystem.as_ref().map_or(Filesystem::Ext4, |filesystem| filesystem.value);
    let label = findings.optional(keys.label, |text| label::check(text, of));
    let quota = findings.or_default(keys.quota, false, Ok);
    thin?;
    Some(Volume {
        mount: mount?.value,
        kind: kind?.value,
        filesystem: filesystem?.value,
        label: label?.map(|label| label.value),
        quota: quota?.value,
    })
}

fn mount_point(text: String) -> Result<MountPoint, Fault> {
    let shown = quoted(&text);
    MountPoint::try_from(text)
        .map_err(|clause| Fault::new(format!("{shown} {clause}")).hint("write a path as \"/var/lib/docker\" or \"/var/data\""))
}

/// Which mount points are taken, where, and by which key.
#[derive(Default)]
struct Mounts(BTreeMap<MountPoint, (String, Place)>);

impl Mounts {
    fn take(&mut self, mount: &Placed<MountPoint>, key: &str, findings: &mut Findings) {
        if let Some((other, place)) = self.0.get(&mount.value) {
            let fault = Fault::new(format!("{} is where {other} is mounted too ({place})", mount.value))
                .hint("mount one of them elsewhere; one below the other is fine");
            findings.report(&mount.place, &format!("{key}.mount"), fault);
        } else {
            self.0.insert(mount.value.clone(), (key.to_owned(), mount.place.clone()));
        }
    }
}
