//! Looks at containers: unit files and what systemd says of them, the engine's store, and what containers shall see of the host.
//!
//! From the file system, over D-Bus, and over the engine's socket. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use config::{Container, ContainerName, EngineKind, MountSource};
use engine_api::{EngineApi, Store};
use systemd::Systemd;

use super::{Containers, SeenUnit, Source, unit_text};
use crate::{OwnFile, UnitsError, file};

/// Looks at the containers of the spec, and at all others of ours. `engine` is the one that runs, or why none does.
pub(crate) async fn observe(
    root: &Path,
    systemd: &Systemd,
    engine: Result<EngineKind, String>,
    wanted: &[(&ContainerName, &Container)],
) -> Result<Containers, UnitsError> {
    let mut names: BTreeSet<ContainerName> = wanted.iter().map(|(name, _)| (*name).clone()).collect();
    names.extend(ours(root)?);
    let store = store(engine).await;
    if let Store::Known { containers, .. } = &store {
        let stamped = containers.iter().filter_map(|container| container.stamp.as_ref());
        names.extend(stamped.filter_map(|stamp| unit_text::name_of_file(&stamp.unit)));
    }
    let mut units = BTreeMap::new();
    for name in names {
        let unit = unit(root, systemd, &name).await?;
        units.insert(name, unit);
    }
    let paths = wanted.iter().flat_map(|(_, container)| &container.volumes).filter_map(|mount| match &mount.value.source {
        MountSource::Path(path) => Some(path.clone()),
        MountSource::Volume(_) => None,
    });
    let sources = paths.map(|path| (path.clone(), source(root, &path))).collect();
    Ok(Containers { store, units, sources })
}

async fn store(engine: Result<EngineKind, String>) -> Store {
    let kind = match engine {
        Ok(kind) => kind,
        Err(why) => return Store::Unknown(why),
    };
    let looked = async { EngineApi::connect(kind).await?.look().await };
    looked.await.unwrap_or_else(|error| Store::Unknown(config::chain(&error)))
}

/// The containers that units with our stamp are for.
fn ours(root: &Path) -> Result<Vec<ContainerName>, UnitsError> {
    let directory = unit_text::path("");
    let entries = match fs::read_dir(file::below(root, &directory)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(UnitsError::file("list", &directory)(source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(UnitsError::file("list", &directory))?;
        let Some(name) = entry.file_name().to_str().and_then(unit_text::name_of_file) else { continue };
        match own_unit(root, &unit_text::service_name(&name), &name) {
            OwnFile::Ours(_) => names.push(name),
            OwnFile::Absent | OwnFile::Foreign | OwnFile::Unreadable(_) => {}
        }
    }
    Ok(names)
}

fn own_unit(root: &Path, unit: &str, name: &ContainerName) -> OwnFile {
    OwnFile::read(root, &unit_text::path(unit), |text| unit_text::is_ours(text, name))
}

async fn unit(root: &Path, systemd: &Systemd, name: &ContainerName) -> Result<SeenUnit, UnitsError> {
    let service = unit_text::service_name(name);
    let slice = unit_text::slice_name(name);
    // Loaded already, a changed slice is read again only by a reload.
    let slice_needs_reload = systemd.unit(&slice).await?.need_reload;
    let mut state = systemd.unit(&service).await?;
    state.need_reload |= slice_needs_reload;
    let link = file::below(root, &unit_text::wants_link(&service));
    Ok(SeenUnit {
        enabled: fs::symlink_metadata(link).is_ok(),
        service: own_unit(root, &service, name),
        slice: own_unit(root, &slice, name),
        state,
    })
}

fn source(root: &Path, path: &str) -> Source {
    match fs::metadata(file::below(root, path)) {
        Ok(seen) => {
            let kind = seen.file_type();
            let unfit = kind.is_block_device() || kind.is_char_device() || kind.is_fifo();
            if unfit { Source::Unfit } else { Source::There }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Source::Missing,
        Err(error) if error.kind() == ErrorKind::NotADirectory => Source::BelowFile,
        // A link that leads to itself, a disk that fails: the spec's line is told with it.
        Err(error) => Source::Unreadable(error.to_string()),
    }
}
