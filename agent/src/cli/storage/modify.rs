//! `atomic storage modify`: changes keys of `[storage]` where the spec holds them, comments kept, once the new spec is known to be sound and
//! to be possible on this host.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use config::sysconfig::Legacy;
use config::{Change, Layer, Spec};

use super::{Modify, ModifyError};
use crate::cli::VerbError;
use crate::host::Host;
use crate::reconcile::intention::{self, Intention, IntentionError, Source};
use crate::reconcile::plan::Consent;
use crate::reconcile::{self, Scope};
use crate::report;

/// Of a spec that is made here; it may hold passwords some day.
const MODE: u32 = 0o600;

pub(super) async fn run(host: &Host, choices: &Modify) -> Result<ExitCode, VerbError> {
    let before = intention::from_layers(host)?.spec;
    in_toml(&before)?;
    let own = host.root.join("etc/atomic-host.toml");
    let edited = config::edit(before.layers(), &own.to_string_lossy(), &changes(choices, &before)?).map_err(ModifyError::from)?;
    let spec = config::parse(edited.layers).map_err(IntentionError::Bad)?;
    let intention = Intention { spec, source: Source::Layers };
    let (_, plan) = reconcile::preview(host, &intention, Scope::Whole, &Consent::default()).await?;
    for layer in &edited.changed {
        if !choices.dry_run {
            write(layer, before.layers())?;
        }
        println!("{} {}", if choices.dry_run { "would change" } else { "changed" }, layer.file);
    }
    if edited.changed.is_empty() {
        println!("the spec says so already");
    }
    print!("{}", report::plan_text(&plan.rows(), &plan.notes));
    if !choices.dry_run && plan.has_open_steps() {
        println!("atomic-hostd does it now if it runs; else: atomic host apply");
    }
    Ok(ExitCode::SUCCESS)
}

/// A section of the spec's own would put the shell file out of force, with all else that it says.
fn in_toml(spec: &Spec) -> Result<(), ModifyError> {
    match &spec.legacy {
        Legacy::InForce { file, .. } => Err(ModifyError::Legacy { file: file.clone(), text: spec.storage_text() }),
        Legacy::Absent | Legacy::Silent { .. } | Legacy::Ignored { .. } => Ok(()),
    }
}

/// The changes asked for, as keys of the spec.
fn changes(choices: &Modify, spec: &Spec) -> Result<Vec<Change>, ModifyError> {
    let texts = [
        (vec!["storage", "driver"], &choices.driver),
        (vec!["storage", "volume-group"], &choices.volume_group),
        (vec!["storage", "root-size"], &choices.root_size),
        (vec!["storage", "pool", "size"], &choices.pool_size),
    ];
    let mut changes: Vec<Change> = texts.into_iter().filter_map(|(key, to)| to.clone().map(|to| Change::Text { key, to })).collect();
    if choices.add_device.is_empty() && choices.remove_device.is_empty() {
        return Ok(changes);
    }
    let listed = spec.desired.storage.as_ref().map(|storage| storage.devices.as_slice()).unwrap_or_default();
    let mut devices: Vec<String> = listed.iter().map(|device| device.value.clone()).collect();
    for device in &choices.remove_device {
        let index = devices.iter().position(|listed| listed == device);
        devices.remove(index.ok_or_else(|| ModifyError::NotListed { device: device.clone() })?);
    }
    for device in &choices.add_device {
        if !devices.contains(device) {
            devices.push(device.clone());
        }
    }
    changes.push(Change::List { key: vec!["storage", "devices"], to: devices });
    Ok(changes)
}

/// Writes a layer unless somebody else has written it since it was read; where it is a link, what it points at.
fn write(layer: &Layer, before: &[Layer]) -> Result<(), ModifyError> {
    let path = Path::new(&layer.file);
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let was = before.iter().find(|known| known.file == layer.file).map(|known| known.text.as_str());
    if fs::read_to_string(&path).ok().as_deref() != was {
        return Err(ModifyError::Raced { path });
    }
    let mode = fs::metadata(&path).map_or(MODE, |metadata| metadata.permissions().mode() & 0o7777);
    durable::replace(&path, layer.text.as_bytes(), mode).map_err(|source| ModifyError::Write { path, source })
}

#[cfg(test)]
mod tests;
