//! `create` and `add-dev`.
//!
//! What is about to be made is on record first, as a configuration that is invalid: a run that was cut off is taken away by `remove`.

use std::path::{Path, PathBuf};

use storage_setup::legacy::plan::{add_device as plan_device, create as plan_create};
use storage_setup::legacy::{Metadata, Mode, Options, Plan, Status, Variables};

use super::super::error::DropInError;
use super::super::run::{carry_out, resolved, with_machine};
use super::super::{answer, configuration, devices, look, say};
use super::kept::Kept;

pub(super) fn create(kept: &Kept, input: &str, output: Option<&str>) -> Result<(), DropInError> {
    if !Path::new(input).exists() {
        return Err(DropInError::plain(format!("File {input} does not exist.")));
    }
    if kept.exists() && kept.has_metadata() {
        return Err(DropInError::plain(format!("Storage configuration {} already exists", kept.name())));
    }
    let output = output.map(writable).transpose()?;
    let text = std::fs::read(input).map_err(|source| DropInError::Read { path: input.to_owned(), source })?;
    let variables = configuration::read(input, &[])?;
    let (options, said) = Options::read(&variables, Mode::Create, resolved)?;
    said.iter().for_each(say);
    devices::wait(&options);
    with_machine(|machine| {
        let plan = plan_create(&options, &look::look(machine, &options)?)?;
        kept.set_input(&text)?;
        kept.set_metadata(&metadata(&options, &plan))?;
        kept.set_status(Status::Invalid)?;
        carry_out(machine, &plan, &mut false)?;
        let line = plan.output.clone().unwrap_or_default();
        kept.set_output(&line)?;
        if let Some(path) = output {
            let wrote = durable::replace(&path, line.as_bytes(), 0o644);
            wrote.map_err(|source| DropInError::Write { path: path.display().to_string(), source })?;
        }
        kept.set_status(Status::Active)
    })?;
    answer(&format!("Created storage configuration {}\n", kept.name()));
    Ok(())
}

/// Where the engine's options go too: known to be possible before anything is made.
fn writable(path: &str) -> Result<PathBuf, DropInError> {
    let absolute = std::path::absolute(path).map_err(|source| DropInError::Write { path: path.to_owned(), source })?;
    let directory = absolute.parent().is_some_and(Path::is_dir);
    if !directory || absolute.is_dir() {
        return Err(DropInError::plain(format!("{path} cannot be written: name a file in a directory that is there.")));
    }
    Ok(absolute)
}

fn metadata(options: &Options, plan: &Plan) -> Metadata {
    let (volume, mount) = options.volume.clone().unwrap_or_default();
    Metadata {
        driver: options.driver.clone(),
        group: plan.group.clone(),
        group_created: plan.group_created,
        devices: plan.devices.clone(),
        pool: options.pool.clone(),
        volume,
        mount,
        auto_extend: options.raw.get("AUTO_EXTEND_POOL").to_owned(),
        timeout: options.raw.get("DEVICE_WAIT_TIMEOUT").to_owned(),
    }
}

/// Signatures are wiped as the shipped configuration says, whatever the configuration's own file said.
pub(super) fn add_device(kept: &Kept, device: &str) -> Result<(), DropInError> {
    let mut metadata = kept.metadata()?;
    let none = [("DEVS", device), ("VG", metadata.group.as_str()), ("STORAGE_DRIVER", "")].map(owned);
    let variables: Variables = configuration::read("", &[])?.with(none);
    let (options, _) = Options::read(&variables, Mode::Create, resolved)?;
    // A blank would make two of it.
    let options = Options { devices: vec![device.to_owned()], ..options };
    devices::wait(&options);
    with_machine(|machine| {
        let plan = plan_device(&options, &look::look(machine, &options)?)?;
        // By its real name, and before it is used: remove finds it.
        for path in &plan.devices {
            if !metadata.devices.contains(path) {
                metadata.devices.push(path.clone());
            }
        }
        kept.set_metadata(&metadata)?;
        carry_out(machine, &plan, &mut false)
    })?;
    answer(&format!("Added device {device} to storage configuration {}\n", kept.name()));
    Ok(())
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}
