//! Which pool is watched.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use config::{Driver, GIB, KIB, MIB, Percent, Place, Placed, Pool, PoolMetadata, Size};

use super::*;
use crate::{Content, LogicalVolume, PoolState, cases};

fn placed<T>(value: T) -> Placed<T> {
    Placed { value, place: Place::Default }
}

fn percent(value: u8) -> Percent {
    Percent::new(value).expect("a percentage")
}

fn autoextend() -> Autoextend {
    Autoextend { threshold: percent(60), percent: percent(20), limit: None, headroom: Bytes(GIB) }
}

fn want(autoextend: Option<Autoextend>) -> Storage {
    let size = Size::Bytes(NonZeroU64::new(GIB).expect("not zero"));
    Storage {
        driver: placed(Driver::Overlay2),
        options: Vec::new(),
        device_timeout: Duration::ZERO,
        group: Group::OfRoot,
        devices: Vec::new(),
        root_size: None,
        grow_partition: placed(false),
        wipe: Vec::new(),
        pool: Some(placed(Pool { size, metadata: PoolMetadata::Thousandth, minimum: None, chunk: Bytes(512 * KIB), autoextend })),
        volumes: BTreeMap::new(),
    }
}

fn have() -> Observed {
    let mut have = cases::real_machine();
    let group = have.groups.get_mut("atomicos").expect("the machine has a group");
    group.uuid = "AbcDef-0123-4567-89ab-cdef-0123-456789".to_owned();
    let state = PoolState {
        metadata: 1,
        chunk: Bytes(512 * KIB),
        profile: None,
        data_used: Some(0),
        metadata_used: Some(0),
        watcher: Some(Watcher::Dmeventd),
    };
    let pool = LogicalVolume {
        uuid: "ZyxWvu-9876-5432-10fe-dcba-9876-543210".to_owned(),
        extents: 256,
        role: Role::Pool(state),
        tags: stamp::of_pool("1073741824", false),
        active: true,
        origin: false,
        content: Content::Unknown,
    };
    group.volumes.insert(POOL.to_owned(), pool);
    have
}

#[test]
fn our_pool_is_watched_by_the_uuid_of_its_device() {
    let watched = Watched::of(&want(Some(autoextend())), &have()).expect("the pool");
    assert_eq!(watched.name(), "atomicos/docker-pool");
    assert_eq!(watched.uuid, "LVM-AbcDef0123456789abcdef0123456789ZyxWvu9876543210fedcba9876543210");
    assert!(watched.by_dmeventd);
}

#[test]
fn a_pool_that_is_not_ours_or_is_inactive_or_shall_not_grow_is_left_alone() {
    assert_eq!(Watched::of(&want(None), &have()), None);
    let alter = |edit: fn(&mut LogicalVolume)| {
        let mut have = have();
        edit(have.groups.get_mut("atomicos").and_then(|group| group.volumes.get_mut(POOL)).expect("the pool"));
        Watched::of(&want(Some(autoextend())), &have)
    };
    assert_eq!(alter(|pool| pool.tags.clear()), None);
    assert_eq!(alter(|pool| pool.active = false), None);
    assert_eq!(alter(|pool| pool.role = Role::Linear), None);
}

#[test]
fn a_limit_is_whole_extents() {
    let mut watched = Watched::of(&want(Some(autoextend())), &have()).expect("the pool");
    assert_eq!(watched.settings().limit, None);
    (watched.extents, watched.extent) = (1000, Bytes(4 * MIB));
    watched.autoextend.limit = Some(Level::OfGroup(percent(90)));
    assert_eq!(watched.settings().limit, Some(900));
    watched.autoextend.limit = NonZeroU64::new(9 * MIB).map(Level::Bytes);
    assert_eq!(watched.settings().limit, Some(2));
}
