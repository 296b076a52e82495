//! A storage spec as the text that a person would write, for cases that are drawn as values.
//! In: [`Storage`] and the engine. Out: TOML that [`config::parse`] reads back as the same, but for the places.

use config::{EngineKind, Group, KIB, Level, Pool, PoolMetadata, Size, Storage, Volume, VolumeKind};
use std::fmt::Write as _;

/// The text of a spec. Sizes are whole KiB there.
pub fn toml(storage: &Storage, engine: Option<EngineKind>) -> String {
    let mut text = format!("[storage]\ndriver = {:?}\n", storage.driver.value.as_str());
    if let Group::Named(name) = &storage.group {
        line(&mut text, "volume-group", name.value.as_str());
    }
    let devices: Vec<&str> = storage.devices.iter().map(|device| device.value.as_str()).collect();
    // A list of strings is written alike in Rust and TOML.
    text.push_str(&format!("devices = {devices:?}\n"));
    let wipe: Vec<&str> = storage.wipe.iter().map(|device| device.value.as_str()).collect();
    text.push_str(&format!("wipe = {wipe:?}\ngrow-partition = {}\n", storage.grow_partition.value));
    line(&mut text, "device-timeout", &format!("{}s", storage.device_timeout.as_secs()));
    let options: Vec<String> = storage.options.iter().map(|option| option.value.to_string()).collect();
    text.push_str(&format!("options = {options:?}\n"));
    if let Some(level) = &storage.root_size {
        line(&mut text, "root-size", &level_text(level.value));
    }
    if let Some(pool) = &storage.pool {
        add_pool(&mut text, &pool.value);
    }
    for (name, volume) in &storage.volumes {
        add_volume(&mut text, name.as_str(), &volume.value);
    }
    match engine {
        Some(EngineKind::Docker) => text.push_str("\n[engine]\nkind = \"docker\"\n"),
        Some(EngineKind::Podman) => text.push_str("\n[engine]\nkind = \"podman\"\n"),
        None => {}
    }
    text
}

fn add_pool(text: &mut String, pool: &Pool) {
    text.push_str("\n[storage.pool]\n");
    line(text, "size", &size_text(pool.size));
    line(text, "chunk", &kib(pool.chunk.0));
    if let PoolMetadata::Bytes(bytes) = pool.metadata {
        line(text, "metadata", &kib(bytes.get()));
    }
    if let Some(bytes) = pool.minimum {
        line(text, "minimum", &kib(bytes.get()));
    }
    let Some(growth) = pool.autoextend else {
        text.push_str("autoextend = { enabled = false }\n");
        return;
    };
    let (threshold, percent) = (growth.threshold.get(), growth.percent.get());
    let limit = growth.limit.map(|level| format!(", limit = {:?}", level_text(level))).unwrap_or_default();
    let headroom = if growth.headroom.0 == 0 { "0".to_owned() } else { kib(growth.headroom.0) };
    text.push_str(&format!("autoextend = {{ threshold = {threshold}, percent = {percent}{limit}, headroom = {headroom:?} }}\n"));
}

fn add_volume(text: &mut String, name: &str, volume: &Volume) {
    text.push_str(&format!("\n[storage.volume.{name}]\n"));
    line(text, "mount", volume.mount.as_str());
    let (size, thin) = match volume.kind {
        VolumeKind::Thin { size } => (Size::Bytes(size), true),
        VolumeKind::Plain { size } => (size, false),
    };
    line(text, "size", &size_text(size));
    text.push_str(&format!("thin = {thin}\n"));
    line(text, "filesystem", volume.filesystem.as_str());
    if let Some(label) = &volume.label {
        line(text, "label", label.as_str());
    }
    text.push_str(&format!("quota = {}\n", volume.quota));
}

fn line(text: &mut String, key: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{key} = {value:?}");
}

fn size_text(size: Size) -> String {
    match size {
        Size::Bytes(bytes) => kib(bytes.get()),
        Size::OfFree(_) | Size::OfGroup(_) => size.to_string(),
    }
}

fn level_text(level: Level) -> String {
    size_text(match level {
        Level::Bytes(bytes) => Size::Bytes(bytes),
        Level::OfGroup(share) => Size::OfGroup(share),
    })
}

fn kib(bytes: u64) -> String {
    format!("{}K", bytes.div_ceil(KIB))
}

#[cfg(test)]
mod tests {
    use super::toml;
    use config::{Group, Layer, Place, Storage};
    use storage_setup::cases::{self, Choices, Flavour};

    fn without_places(mut storage: Storage) -> Storage {
        storage.driver.place = Place::Default;
        if let Group::Named(name) = &mut storage.group {
            name.place = Place::Default;
        }
        storage.wipe.iter_mut().for_each(|device| device.place = Place::Default);
        storage.grow_partition.place = Place::Default;
        storage.options.iter_mut().for_each(|option| option.place = Place::Default);
        storage.devices.iter_mut().for_each(|device| device.place = Place::Default);
        storage.root_size.iter_mut().for_each(|level| level.place = Place::Default);
        storage.pool.iter_mut().for_each(|pool| pool.place = Place::Default);
        storage.volumes.values_mut().for_each(|volume| volume.place = Place::Default);
        storage
    }

    #[test]
    fn a_drawn_spec_is_read_back_as_it_was() {
        for seed in 0..500 {
            let case = cases::draw(&mut Choices::seeded(seed), Flavour::Real);
            for spec in case.first.into_iter().chain([case.want]) {
                let text = toml(&spec, case.engine);
                let read = config::parse(vec![Layer { file: "spec.toml".to_owned(), text: text.clone() }]);
                let read = read.unwrap_or_else(|problems| panic!("seed {seed}: {}", problems.render(false)));
                assert_eq!(read.desired.engine.kind.map(|kind| kind.value), case.engine);
                let read = read.desired.storage.expect("the section is there");
                assert_eq!(without_places(read), without_places(spec), "seed {seed}: {text}");
            }
        }
    }
}
