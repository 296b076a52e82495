//! Each key of the file in the words of the spec. Values are checked by the sections, as those of any layer.

use super::layer::{Reading, table};
use super::size::{self, Asked, Wrong};
use crate::reader::{Fault, quoted};
use crate::storage::stays_the_same;
use crate::tree::{Node, Value};
use crate::{KIB, MIB};

type Entries = Vec<(&'static str, Node)>;

/// Keys that only count for a thin pool, which only the driver devicemapper gets.
const OF_POOL: [&str; 7] = [
    "DATA_SIZE",
    "MIN_DATA_SIZE",
    "POOL_META_SIZE",
    "CHUNK_SIZE",
    "AUTO_EXTEND_POOL",
    "POOL_AUTOEXTEND_THRESHOLD",
    "POOL_AUTOEXTEND_PERCENT",
];

/// The docker-root-lv of `DOCKER_ROOT_VOLUME`, and where docker has its data.
const DOCKER_ROOT: (&str, &str) = ("docker-root-lv", "/var/lib/docker");

/// `[storage]`
pub(super) fn storage(file: &mut Reading<'_>) -> Entries {
    let mut entries = Vec::new();
    let driver = driver(file, &mut entries);
    let group = file.value("VG");
    if !group.is_empty() {
        entries.push(file.entry("volume-group", "VG", Value::Text(group)));
    }
    devices(file, &mut entries);
    timeout(file, &mut entries);
    let grows = flag(file, "GROWPART", "true");
    entries.push(file.entry("grow-partition", "GROWPART", Value::Flag(grows)));
    root(file, &mut entries);
    options(file, &mut entries);
    if file.value("CONTAINER_THINPOOL") != "docker-pool" {
        let name = quoted(&file.value("CONTAINER_THINPOOL"));
        let fault = Fault::new(format!("the pool is called docker-pool, and not {name}")).hint("take it out");
        file.fault("CONTAINER_THINPOOL", fault);
    }
    if driver == "devicemapper" {
        let pool = pool(file);
        entries.push(("pool", table(&file.place("DATA_SIZE"), pool)));
    } else {
        for key in OF_POOL.into_iter().filter(|key| file.is_given(key)).collect::<Vec<_>>() {
            file.note(key, "counts with the driver devicemapper alone");
        }
    }
    volumes(file, &mut entries);
    entries
}

fn driver(file: &mut Reading<'_>, entries: &mut Entries) -> String {
    let driver = file.value("STORAGE_DRIVER");
    match driver.as_str() {
        "devicemapper" | "overlay2" | "overlay" => entries.push(file.entry("driver", "STORAGE_DRIVER", Value::Text(driver.clone()))),
        "" => entries.push(file.entry("driver", "STORAGE_DRIVER", Value::Text("none".to_owned()))),
        other => {
            let fault = Fault::new(format!("{} is not one of devicemapper, overlay2, overlay", quoted(other)));
            file.fault("STORAGE_DRIVER", fault.hint("write one of them, or nothing at all for no driver"));
        }
    }
    driver
}

/// `sdb` is /dev/sdb, `disk/by-id/x` is /dev/disk/by-id/x. What may be wiped has to be named so that it is the same disk at every boot.
fn devices(file: &mut Reading<'_>, entries: &mut Entries) {
    let mut paths: Vec<String> = Vec::new();
    for word in file.value("DEVS").split_ascii_whitespace() {
        let path = if word.starts_with('/') { word.to_owned() } else { format!("/dev/{word}") };
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let wipes = flag(file, "WIPE_SIGNATURES", "true");
    let (stable, other): (Vec<&String>, Vec<&String>) = paths.iter().partition(|path| wipes && stays_the_same(path));
    if wipes && !other.is_empty() {
        let other: Vec<&str> = other.into_iter().map(String::as_str).collect();
        let what = format!("counts for names below /dev/disk/by-id and by-path alone, which stay the same; not for {}", other.join(" "));
        file.note("WIPE_SIGNATURES", &what);
    }
    for (name, list) in [("devices", paths.iter().collect()), ("wipe", stable)] {
        if !list.is_empty() {
            let item = |path: &String| file.entry("", "DEVS", Value::Text(path.clone())).1;
            entries.push(file.entry(name, "DEVS", Value::List(list.into_iter().map(item).collect())));
        }
    }
}

fn timeout(file: &mut Reading<'_>, entries: &mut Entries) {
    const KEY: &str = "DEVICE_WAIT_TIMEOUT";
    let value = file.value(KEY);
    let seconds = if value.is_empty() { "0" } else { &value };
    if seconds.bytes().all(|digit| digit.is_ascii_digit()) {
        entries.push(file.entry("device-timeout", KEY, Value::Text(format!("{seconds}s"))));
    } else {
        file.fault(KEY, Fault::new(format!("{} is not a number of seconds", quoted(&value))).hint("write it as 60"));
    }
}

fn root(file: &mut Reading<'_>, entries: &mut Entries) {
    const KEY: &str = "ROOT_SIZE";
    let value = file.value(KEY);
    if value.is_empty() {
        return;
    }
    match size::root_size(&value) {
        // The section says why it has no steps.
        Ok(asked) if asked.step => entries.push(file.entry("root-size", KEY, Value::Text(value))),
        Ok(asked) => entries.push(file.entry("root-size", KEY, Value::Text(written(asked.asked)))),
        Err(wrong) => file.fault(KEY, not_a_size(wrong, &value)),
    }
}

fn options(file: &mut Reading<'_>, entries: &mut Entries) {
    const KEYS: [&str; 2] = ["EXTRA_STORAGE_OPTIONS", "EXTRA_DOCKER_STORAGE_OPTIONS"];
    let [new, old] = KEYS.map(|key| file.value(key));
    if !new.is_empty() && !old.is_empty() {
        let fault = Fault::new("EXTRA_STORAGE_OPTIONS is there too, and only one of them may be");
        file.fault("EXTRA_DOCKER_STORAGE_OPTIONS", fault.hint("write all into EXTRA_STORAGE_OPTIONS"));
        return;
    }
    let (key, text) = if old.is_empty() { (KEYS[0], new) } else { (KEYS[1], old) };
    let mut items = Vec::new();
    let mut words = text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let option = if word == "--storage-opt" { words.next() } else { word.strip_prefix("--storage-opt=") };
        let Some(option) = option else {
            let fault = Fault::new(format!("{} is no --storage-opt KEY=VALUE", quoted(word)));
            file.fault(key, fault.hint("options of dockerd itself belong into [engine] of /etc/atomic-host.toml"));
            return;
        };
        items.push(file.entry("", key, Value::Text(option.to_owned())).1);
    }
    if !items.is_empty() {
        entries.push(file.entry("options", key, Value::List(items)));
    }
}

fn pool(file: &mut Reading<'_>) -> Entries {
    let mut entries = data(file);
    for (name, key, unit) in [("metadata", "POOL_META_SIZE", MIB), ("chunk", "CHUNK_SIZE", KIB)] {
        let value = file.value(key);
        if value.is_empty() {
            continue;
        }
        match size::lvm_bytes(&value, unit) {
            Ok(bytes) => entries.push(file.entry(name, key, Value::Text(written(Asked::Bytes(bytes))))),
            Err(wrong) => file.fault(key, not_a_size(wrong, &value)),
        }
    }
    let mut extends = flag(file, "AUTO_EXTEND_POOL", "yes");
    // 100 is LVM's word for never.
    if extends && file.value("POOL_AUTOEXTEND_THRESHOLD") == "100" {
        extends = false;
        file.note("POOL_AUTOEXTEND_THRESHOLD", "is 100, so that the pool does not grow by itself");
    }
    let mut autoextend = vec![file.entry("enabled", "AUTO_EXTEND_POOL", Value::Flag(extends))];
    if extends {
        for (name, key) in [("threshold", "POOL_AUTOEXTEND_THRESHOLD"), ("percent", "POOL_AUTOEXTEND_PERCENT")] {
            let value = file.value(key);
            match value.parse::<i64>() {
                Ok(number) => autoextend.push(file.entry(name, key, Value::Whole(number))),
                Err(_) => file.fault(key, Fault::new(format!("{} is not a number", quoted(&value))).hint("write percent, as 60")),
            }
        }
    }
    entries.push(("autoextend", table(&file.place("AUTO_EXTEND_POOL"), autoextend)));
    entries
}

/// A size below the least is raised to it. Of a share that is only known on the host, where the least is a bound.
fn data(file: &mut Reading<'_>) -> Entries {
    let (size, least) = (file.value("DATA_SIZE"), file.value("MIN_DATA_SIZE"));
    let asked = match size::asked(&size) {
        Ok(asked) => asked,
        Err(wrong) => {
            file.fault("DATA_SIZE", not_a_size(wrong, &size));
            return Vec::new();
        }
    };
    let minimum = match least.as_str() {
        "" => None,
        text => match size::bytes(text, MIB) {
            Ok(bytes) => Some(bytes),
            Err(wrong) => {
                file.fault("MIN_DATA_SIZE", not_a_size(wrong, text));
                return Vec::new();
            }
        },
    };
    match (asked, minimum) {
        (Asked::Bytes(bytes), Some(minimum)) if bytes < minimum => {
            file.note("DATA_SIZE", &format!("is smaller than MIN_DATA_SIZE={least}, which is taken"));
            vec![file.entry("size", "MIN_DATA_SIZE", Value::Text(written(Asked::Bytes(minimum))))]
        }
        (Asked::Bytes(_), _) | (_, None) => vec![file.entry("size", "DATA_SIZE", Value::Text(written(asked)))],
        (Asked::OfFree(_) | Asked::OfGroup(_), Some(minimum)) => vec![
            file.entry("size", "DATA_SIZE", Value::Text(written(asked))),
            file.entry("minimum", "MIN_DATA_SIZE", Value::Text(written(Asked::Bytes(minimum)))),
        ],
    }
}

fn volumes(file: &mut Reading<'_>, entries: &mut Entries) {
    const NAME: &str = "CONTAINER_ROOT_LV_NAME";
    const MOUNT: &str = "CONTAINER_ROOT_LV_MOUNT_PATH";
    const DOCKERS: &str = "DOCKER_ROOT_VOLUME";
    let (name, mount) = (file.value(NAME), file.value(MOUNT));
    let dockers = flag(file, DOCKERS, "yes");
    let mut volumes: Vec<(String, Node)> = Vec::new();
    match (name.is_empty(), mount.is_empty()) {
        (true, true) => {}
        (false, false) if dockers => {
            let fault = Fault::new("DOCKER_ROOT_VOLUME is there too, and only one of them may be");
            file.fault(MOUNT, fault.hint("take DOCKER_ROOT_VOLUME out"));
        }
        (false, false) => {
            let mount = file.entry("mount", MOUNT, Value::Text(mount));
            let volume = volume(file, mount, NAME, "CONTAINER_ROOT_LV_SIZE");
            volumes.push((name, volume));
        }
        (true, false) => file.fault(MOUNT, Fault::new("it needs a volume").hint("add CONTAINER_ROOT_LV_NAME=containers")),
        (false, true) => file.fault(NAME, Fault::new("it needs a mount point").hint("add CONTAINER_ROOT_LV_MOUNT_PATH=/var/lib/docker")),
    }
    if dockers && volumes.is_empty() {
        let (name, mount) = DOCKER_ROOT;
        let mount = file.entry("mount", DOCKERS, Value::Text(mount.to_owned()));
        let volume = volume(file, mount, DOCKERS, "DOCKER_ROOT_VOLUME_SIZE");
        volumes.push((name.to_owned(), volume));
    }
    if let Some((_, first)) = volumes.first() {
        let place = first.place.clone();
        entries.push(("volume", table(&place, volumes)));
    }
}

/// A plain XFS that counts projects, as docker-storage-setup makes it.
fn volume(file: &mut Reading<'_>, mount: (&'static str, Node), named: &str, size: &str) -> Node {
    let text = file.value(size);
    let mut keys = vec![
        mount,
        file.entry("thin", named, Value::Flag(false)),
        file.entry("filesystem", named, Value::Text("xfs".to_owned())),
        file.entry("quota", named, Value::Flag(true)),
    ];
    match size::asked(&text) {
        Ok(asked) => keys.push(file.entry("size", size, Value::Text(written(asked)))),
        Err(wrong) => {
            file.fault(size, not_a_size(wrong, &text));
            keys.push(file.entry("size", size, Value::Reported));
        }
    }
    table(&file.place(named), keys)
}

/// Whether the key has the one word that switches it on. Other words than the usual ones for off are told.
fn flag(file: &mut Reading<'_>, key: &str, on: &str) -> bool {
    let value = file.value(key);
    if value != on && !["", "false", "no"].contains(&value.as_str()) {
        file.note(key, &format!("is {}, and only {on} switches it on", quoted(&value)));
    }
    value == on
}

/// As the spec writes it. Whole KiB: LVM counts in larger units.
fn written(asked: Asked) -> String {
    match asked {
        Asked::Bytes(bytes) => format!("{}K", bytes.0.div_ceil(KIB)),
        Asked::OfFree(share) => format!("{}%FREE", share.get()),
        Asked::OfGroup(share) => format!("{}%VG", share.get()),
    }
}

fn not_a_size(wrong: Wrong, text: &str) -> Fault {
    match wrong {
        Wrong::Syntax if text.is_empty() => Fault::new("it is set to nothing").hint("write a size, as 4G or 40%FREE, or take it out"),
        Wrong::Syntax => Fault::new(format!("{} is not a size", quoted(text))).hint("write a size, as 4G, or a share, as 40%FREE or 20%VG"),
        Wrong::TooLarge => Fault::new(format!("{} is more than any disk holds", quoted(text))).hint("write the size wanted, as 4G"),
    }
}
