//! Specs: new ones, and ones that somebody edited.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use config::{
    Autoextend, Bytes, Driver, Filesystem, Group, KIB, Label, Level, LvName, MIB, MountPoint, Percent, Place, Placed, Pool, PoolMetadata,
    Size, Storage, StorageOption, VgName, Volume, VolumeKind,
};

use super::{Choices, DISKS, Flavour};

/// Names and where they are mounted: the engine's store, and one below another.
const VOLUMES: [(&str, [&str; 2]); 3] = [
    ("containers", ["/var/lib/docker", "/var/srv/containers"]),
    ("data", ["/var/srv/data", "/var/srv/my-data"]),
    ("inner-data", ["/var/srv/data/inner", "/var/lib/docker"]),
];

fn placed<T>(value: T, line: u32) -> Placed<T> {
    Placed { value, place: Place::File { file: "/etc/atomic-host.toml".to_owned(), line, column: 1 } }
}

fn percent(value: u64) -> Percent {
    u8::try_from(value).ok().and_then(Percent::new).unwrap_or(const { Percent::new(1).expect("1 is a percentage") })
}

/// A multiple of 64 MiB.
fn bytes(choices: &mut Choices, least: u64, most: u64) -> NonZeroU64 {
    let step = 64 * MIB;
    let count = least.div_ceil(step) + choices.below((most - least) / step + 1);
    NonZeroU64::new(count * step).unwrap_or(NonZeroU64::MIN)
}

fn size(choices: &mut Choices, most: u64) -> Size {
    match choices.below(3) {
        0 => Size::Bytes(bytes(choices, 320 * MIB, most)),
        1 => Size::OfFree(percent(10 + choices.below(70))),
        _ => Size::OfGroup(percent(5 + choices.below(30))),
    }
}

/// A new spec.
pub(super) fn fresh(choices: &mut Choices, flavour: Flavour) -> Storage {
    let devices: Vec<Placed<String>> =
        DISKS.iter().zip(3..).filter(|_| choices.below(3) == 1).map(|((path, ..), line)| placed((*path).to_owned(), line)).collect();
    let mut group = Group::OfRoot;
    if !devices.is_empty() && choices.once_in(3) {
        group = VgName::try_from("data-vg".to_owned()).map_or(Group::OfRoot, |name| Group::Named(placed(name, 2)));
    }
    let mut want = Storage {
        driver: placed(driver(choices), 1),
        options: Vec::new(),
        group,
        devices,
        wipe: Vec::new(),
        grow_partition: placed(choices.once_in(3), 8),
        device_timeout: Duration::from_secs(choices.below(3) * 60),
        root_size: root_size(choices, flavour).map(|level| placed(level, 6)),
        pool: None,
        volumes: BTreeMap::new(),
    };
    for number in 0..3 {
        if choices.below(2) == 1 {
            set_volume(choices, &mut want, number);
        }
    }
    want.options = options(choices, want.driver.value);
    if choices.once_in(3) {
        want.wipe.clone_from(&want.devices);
    }
    with_pool(choices, &mut want);
    want
}

fn driver(choices: &mut Choices) -> Driver {
    choices.one_of(&[Driver::Overlay2, Driver::Devicemapper, Driver::Overlay, Driver::None])
}

fn root_size(choices: &mut Choices, flavour: Flavour) -> Option<Level> {
    let most = match flavour {
        Flavour::Any => 8 << 30,
        Flavour::Real => 4 << 30,
    };
    match choices.below(4) {
        0 | 1 => None,
        2 => Some(Level::Bytes(bytes(choices, 2 << 30, most))),
        _ => Some(Level::OfGroup(percent(15 + choices.below(20)))),
    }
}

fn set_volume(choices: &mut Choices, want: &mut Storage, number: usize) {
    let (name, mounts) = VOLUMES[number];
    let mount = if choices.once_in(6) { mounts[1] } else { mounts[0] };
    let taken = want.volumes.iter().any(|(other, volume)| other.as_str() != name && volume.value.mount.as_str() == mount);
    let (Ok(name), Ok(mount)) = (LvName::try_from(name.to_owned()), MountPoint::try_from(mount.to_owned())) else { return };
    if taken {
        return;
    }
    let kind = if choices.below(2) == 0 {
        VolumeKind::Thin { size: bytes(choices, 320 * MIB, 3 << 30) }
    } else {
        VolumeKind::Plain { size: size(choices, 3 << 30) }
    };
    let filesystem = if choices.once_in(4) { Filesystem::Ext4 } else { Filesystem::Xfs };
    let line = 20 + u32::try_from(number).unwrap_or(0);
    let label = choices.once_in(3).then(|| choices.one_of(&["data", "a_b"])).and_then(|label| Label::try_from(label.to_owned()).ok());
    let quota = choices.once_in(3);
    want.volumes.insert(name, placed(Volume { mount, kind, filesystem, label, quota }, line));
}

/// The pool is the engine's then.
fn beside_the_pool(volume: &mut Volume) {
    if let VolumeKind::Thin { size } = volume.kind {
        volume.kind = VolumeKind::Plain { size: Size::Bytes(size) };
    }
}

/// A pool exactly when something uses it, as the reader of specs has it.
fn with_pool(choices: &mut Choices, want: &mut Storage) {
    if want.driver.value == Driver::Devicemapper {
        want.volumes.values_mut().for_each(|volume| beside_the_pool(&mut volume.value));
    }
    let thin = want.volumes.values().any(|volume| matches!(volume.value.kind, VolumeKind::Thin { .. }));
    if !thin && want.driver.value != Driver::Devicemapper {
        want.pool = None;
        return;
    }
    if want.pool.is_some() && !choices.once_in(3) {
        return;
    }
    let chunk = choices.one_of(&[Bytes(512 * KIB), Bytes(64 * KIB)]);
    let autoextend = (!choices.once_in(6)).then(|| autoextend(choices));
    let metadata = match NonZeroU64::new(choices.one_of(&[0, 0, 8, 64]) * MIB) {
        Some(bytes) => PoolMetadata::Bytes(bytes),
        None => PoolMetadata::Thousandth,
    };
    let minimum = NonZeroU64::new(choices.one_of(&[0, 0, 0, 256]) * MIB);
    want.pool = Some(placed(Pool { size: size(choices, 5 << 30), metadata, minimum, chunk, autoextend }, 10));
}

/// One that the driver of the spec knows; it changes with the driver.
fn options(choices: &mut Choices, driver: Driver) -> Vec<Placed<StorageOption>> {
    let all: &[&str] = match driver {
        Driver::Devicemapper => &["dm.fs=ext4", "dm.basesize=20G"],
        Driver::Overlay2 => &["overlay2.override_kernel_check=true"],
        Driver::Overlay | Driver::None => &[],
    };
    let all = all.iter().filter(|_| choices.once_in(3)).filter_map(|text| StorageOption::try_from((*text).to_owned()).ok());
    all.map(|option| placed(option, 7)).collect()
}

fn autoextend(choices: &mut Choices) -> Autoextend {
    let limit = match choices.below(4) {
        0 | 1 => None,
        2 => Some(Level::Bytes(bytes(choices, 1 << 30, 8 << 30))),
        _ => Some(Level::OfGroup(percent(50 + choices.below(50)))),
    };
    let headroom = choices.one_of(&[Bytes(1 << 30), Bytes(0), Bytes(64 * MIB)]);
    Autoextend { threshold: percent(60 + choices.below(30)), percent: percent(20), limit, headroom }
}

/// The spec after somebody edited it, or not.
pub(super) fn changed(choices: &mut Choices, first: &Storage, flavour: Flavour) -> Storage {
    let mut want = first.clone();
    for _ in 0..choices.below(3) {
        match choices.below(6) {
            0 => {
                want.driver.value = driver(choices);
                want.options = options(choices, want.driver.value);
            }
            1 => want.root_size = root_size(choices, flavour).map(|level| placed(level, 6)),
            2 => {
                let (path, ..) = choices.one_of(&DISKS);
                if want.devices.iter().all(|device| device.value != path) {
                    want.devices.push(placed(path.to_owned(), 5));
                }
            }
            3 => {
                let name = choices.one_of(&VOLUMES).0;
                want.volumes.retain(|other, _| other.as_str() != name);
            }
            4 | 5 => {
                let number = choices.one_of(&[0, 1, 2]);
                set_volume(choices, &mut want, number);
            }
            _ => {}
        }
    }
    with_pool(choices, &mut want);
    want
}
