//! A host and options for tests: an empty group of 100 GiB below root, and one disk.

use std::collections::{BTreeMap, BTreeSet};

use config::sysconfig::shell;
use config::{Bytes, Filesystem, GIB, MIB};

use crate::legacy::plan::{self, Deed, Plan, Task};
use crate::legacy::{Deferred, Found, LegacyDisk, Membership, Mode, Options, Part, Refusal, RootVolume, Say, Seen, Variables};
use crate::{Content, LogicalVolume, Member, PoolState, Role, VolumeGroup};

pub(super) const EXTENT: Bytes = Bytes(4 * MIB);

/// What is shipped as defaults, and the preset of the compatible mode.
pub(super) fn variables(text: &str, mode: Mode) -> Variables {
    let shipped = include_str!("../../../dist/usr/share/container-storage-setup/container-storage-setup");
    let preset = match mode {
        Mode::Compat => "CONTAINER_THINPOOL=docker-pool",
        Mode::Create => "",
    };
    [shipped, preset, text].iter().fold(Variables::default(), |before, text| before.with(shell::parse(text).expect("plain")))
}

/// A path is resolved to itself, but for those below /nowhere.
pub(super) fn read(text: &str, mode: Mode) -> Result<(Options, Vec<Say>), Refusal> {
    Options::read(&variables(text, mode), mode, |path| (!path.starts_with("/nowhere")).then(|| path.to_owned()))
}

pub(super) fn options(text: &str) -> Options {
    read(text, Mode::Compat).expect("good options").0
}

pub(super) fn disk(path: &str, gib: u64) -> LegacyDisk {
    LegacyDisk {
        path: path.to_owned(),
        node: path.to_owned(),
        identity: format!("serial:{}", path.trim_start_matches("/dev/")),
        size: Bytes(gib * GIB),
        read_only: false,
        member: Membership::None,
        held: None,
        parts: Vec::new(),
        signature: None,
        unreadable: None,
        intended: None,
        wiped: false,
    }
}

pub(super) fn part(node: &str, gib: u64, member: Membership) -> Part {
    Part { node: node.to_owned(), size: Bytes(gib * GIB), member, signature: None }
}

pub(super) fn volume(extents: u64, role: Role, tags: &[&str]) -> LogicalVolume {
    LogicalVolume {
        uuid: "uuid".to_owned(),
        extents,
        role,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        active: true,
        origin: false,
        content: Content::Unknown,
    }
}

pub(super) fn pool(profile: Option<&str>) -> LogicalVolume {
    let state = PoolState {
        metadata: 26,
        chunk: Bytes(512 << 10),
        profile: profile.map(str::to_owned),
        data_used: None,
        metadata_used: None,
        watcher: None,
    };
    volume(1000, Role::Pool(state), &[])
}

pub(super) fn group(extents: u64, free: u64) -> VolumeGroup {
    VolumeGroup {
        uuid: "group".to_owned(),
        extent: EXTENT,
        extents,
        free,
        missing: 0,
        members: vec![Member { node: "/dev/vda2".to_owned(), uuid: "member".to_owned(), extents, start: Bytes(config::MIB), size: None }],
        volumes: BTreeMap::from([("root".to_owned(), volume(extents - free, Role::Linear, &[]))]),
        spare: 0,
    }
}

/// Root on `atomicos/root` with 750 extents of 25600, nothing else.
pub(super) fn host() -> Seen {
    let free = 24_850;
    Seen {
        groups: BTreeMap::from([("atomicos".to_owned(), group(25_600, free))]),
        root: Some(RootVolume {
            group: "atomicos".to_owned(),
            volume: "root".to_owned(),
            filesystem: Some(Filesystem::Xfs),
            size: Some(Bytes((25_600 - free) * EXTENT.0)),
        }),
        devices: Vec::new(),
        output: None,
        files: BTreeMap::new(),
        mounts: vec![("/dev/atomicos/root".to_owned(), "/".to_owned())],
        holders: BTreeMap::new(),
        docker_root: "/var/lib/docker".to_owned(),
        docker_records: false,
        overlay: true,
        deferred: Deferred { removal: true, deletion: true },
        flat_xfs: None,
        lagging: BTreeSet::new(),
        labels: false,
    }
}

pub(super) fn with_disk(disk: LegacyDisk) -> Seen {
    Seen { devices: vec![(disk.path.clone(), Found::Disk(Box::new(disk)))], ..host() }
}

/// The host with docker-pool as a run makes it, its profile and the engine's options.
pub(super) fn set_up() -> Seen {
    let mut host = host();
    let name = "atomicos--docker-pool-extend";
    let text = "activation {\n\tthin_pool_autoextend_threshold=60\n\tthin_pool_autoextend_percent=20\n\n}\n";
    host.groups.get_mut("atomicos").expect("group").volumes.insert("docker-pool".to_owned(), pool(Some(name)));
    host.files.insert(format!("/etc/lvm/profile/{name}.profile"), text.to_owned());
    host.output = Some(OUTPUT.to_owned());
    host
}

pub(super) const OUTPUT: &str = "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.fs=xfs --storage-opt \
     dm.thinpooldev=/dev/mapper/atomicos-docker--pool --storage-opt dm.use_deferred_removal=true --storage-opt \
     dm.use_deferred_deletion=true \"\n";

pub(super) fn planned(text: &str, host: &Seen) -> Plan {
    plan::compat(&options(text), host).expect("a plan")
}

/// What the refusal says last.
pub(super) fn refused(text: &str, host: &Seen) -> String {
    let refusal = match read(text, Mode::Compat) {
        Ok((options, _)) => plan::compat(&options, host).expect_err("a refusal"),
        Err(refusal) => refusal,
    };
    refusal.said.last().expect("a line").to_string()
}

pub(super) fn deeds(plan: &Plan) -> Vec<&Deed> {
    plan.deeds().collect()
}

pub(super) fn said(plan: &Plan) -> Vec<String> {
    let lines = plan.tasks.iter().filter_map(|task| match task {
        Task::Say(line) => Some(line.to_string()),
        Task::Do(_) => None,
    });
    lines.collect()
}
