//! What the rules are tried on: the guest's machine, and a spec that asks for nothing.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use config::{
    Autoextend, Bytes, Describe, Driver, EngineKind, Filesystem, GIB, Group, KIB, LvName, MountPoint, Percent, Place, Placed, Pool,
    PoolMetadata, Problem, Size, Step, Storage, Volume, VolumeKind,
};

use crate::simulate::carry_out;
use crate::{Action, Device, Disk, LogicalVolume, Observed, OurFile, PoolState, Role, VolumeGroup, cases, plan, render};

/// root on atomicos, 3300 extents of 4 MiB free, three empty disks; the engine's options are as the driver wants them.
pub(super) fn host() -> Observed {
    let mut have = cases::real_machine();
    // Round figures of their own, whatever the machine of the scenarios has.
    for group in have.groups.values_mut() {
        (group.free, group.extents) = (3300, 3300 + 768);
    }
    have.engine.running = false;
    let text = render::options::text(Driver::Overlay2, "", "", &[]);
    have.files.insert(render::options::PATH.to_owned(), OurFile { text });
    have.engine.driver = Some(Driver::Overlay2);
    have
}

pub(super) fn at<T>(line: u32, value: T) -> Placed<T> {
    Placed { value, place: Place::File { file: "host.toml".to_owned(), line, column: 1 } }
}

pub(super) fn percent(value: u8) -> Percent {
    Percent::new(value).expect("a percentage")
}

pub(super) fn bytes(value: u64) -> NonZeroU64 {
    NonZeroU64::new(value).expect("not zero")
}

pub(super) fn gib(count: u64) -> Size {
    Size::Bytes(bytes(count * GIB))
}

pub(super) fn of_free(share: u8) -> Size {
    Size::OfFree(percent(share))
}

pub(super) fn of_group(share: u8) -> Size {
    Size::OfGroup(percent(share))
}

/// overlay2, and nothing else.
pub(super) fn spec() -> Storage {
    Storage {
        driver: at(1, Driver::Overlay2),
        options: Vec::new(),
        group: Group::OfRoot,
        devices: Vec::new(),
        wipe: Vec::new(),
        device_timeout: Duration::ZERO,
        grow_partition: at(8, false),
        root_size: None,
        pool: None,
        volumes: BTreeMap::new(),
    }
}

pub(super) trait With {
    fn disk(self, number: usize) -> Self;
    fn pool(self, size: Size) -> Self;
    fn plain(self, name: &str, mount: &str, size: Size) -> Self;
    fn thin(self, name: &str, mount: &str, gib: u64) -> Self;
    fn driver(self, driver: Driver) -> Self;
}

impl With for Storage {
    /// One of the three disks, from 0.
    fn disk(mut self, number: usize) -> Storage {
        self.devices.push(at(3, cases::DISKS[number].0.to_owned()));
        self
    }

    fn pool(mut self, size: Size) -> Storage {
        let autoextend = Some(Autoextend { threshold: percent(60), percent: percent(20), limit: None, headroom: Bytes(GIB) });
        self.pool = Some(at(10, Pool { size, metadata: PoolMetadata::Thousandth, minimum: None, chunk: Bytes(512 * KIB), autoextend }));
        self
    }

    fn plain(mut self, name: &str, mount: &str, size: Size) -> Storage {
        let volume =
            Volume { mount: mount_point(mount), kind: VolumeKind::Plain { size }, filesystem: Filesystem::Xfs, label: None, quota: false };
        self.volumes.insert(LvName::try_from(name.to_owned()).expect("a name"), at(20, volume));
        self
    }

    fn thin(mut self, name: &str, mount: &str, gib: u64) -> Storage {
        let kind = VolumeKind::Thin { size: bytes(gib * GIB) };
        let volume = Volume { mount: mount_point(mount), kind, filesystem: Filesystem::Xfs, label: None, quota: false };
        self.volumes.insert(LvName::try_from(name.to_owned()).expect("a name"), at(20, volume));
        self
    }

    fn driver(mut self, driver: Driver) -> Storage {
        self.driver.value = driver;
        self
    }
}

fn mount_point(path: &str) -> MountPoint {
    MountPoint::try_from(path.to_owned()).expect("a mount point")
}

pub(super) fn steps(want: &Storage, have: &Observed) -> Vec<Step<Action>> {
    plan(want, Some(EngineKind::Docker), have).expect("a plan").steps
}

/// Each step in a line: `create-volume atomicos/data [none]`.
pub(super) fn lines(want: &Storage, have: &Observed) -> Vec<String> {
    let line = |step: &Step<Action>| format!("{} {} [{}]", step.action.kind(), step.action.target(), step.disruption.as_str());
    steps(want, have).iter().map(line).collect()
}

pub(super) fn notes(want: &Storage, have: &Observed) -> Vec<String> {
    plan(want, Some(EngineKind::Docker), have).expect("a plan").notes.into_iter().map(|note| note.text).collect()
}

pub(super) fn problems(want: &Storage, have: &Observed) -> Vec<Problem> {
    plan(want, Some(EngineKind::Docker), have).expect_err("problems")
}

/// The only problem, as `key: message`.
pub(super) fn problem(want: &Storage, have: &Observed) -> String {
    let all = problems(want, have);
    assert_eq!(all.len(), 1, "{all:?}");
    format!("{}: {}", all[0].key, all[0].message)
}

/// The host after all that the spec asks was done.
pub(super) fn after(want: &Storage, mut have: Observed) -> Observed {
    for step in steps(want, &have) {
        carry_out(&mut have, &step.action).expect("the host takes it");
    }
    assert_eq!(steps(want, &have), vec![], "a second plan is empty");
    have
}

pub(super) fn group(have: &mut Observed) -> &mut VolumeGroup {
    have.groups.get_mut("atomicos").expect("the group")
}

pub(super) fn volume<'a>(have: &'a mut Observed, name: &str) -> &'a mut LogicalVolume {
    group(have).volumes.get_mut(name).expect("the volume")
}

pub(super) fn pool_state(have: &mut Observed) -> &mut PoolState {
    match &mut volume(have, crate::POOL).role {
        Role::Pool(state) => state,
        Role::Linear | Role::Thin { .. } | Role::Other => panic!("not a pool"),
    }
}

pub(super) fn disk(have: &mut Observed, number: usize) -> &mut Disk {
    match have.devices.get_mut(cases::DISKS[number].0) {
        Some(Device::Disk(disk)) => disk,
        other => panic!("not a disk: {other:?}"),
    }
}
