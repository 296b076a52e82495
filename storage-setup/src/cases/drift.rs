//! What may have happened to a machine since: by hand, by a cut-off run, by the engine.

use config::{Bytes, Driver};

use super::Choices;
use crate::{Content, Device, DiskUse, Kept, LogicalVolume, Mount, Observed, OurFile, PoolState, Role, Watcher, render, stamp};

/// Up to three things happen.
pub(super) fn happen(choices: &mut Choices, have: &mut Observed) {
    for _ in 0..choices.below(4) {
        match choices.below(14) {
            0 => fill_stores(choices, have),
            1 => forget_file(choices, have),
            2 => unmount(choices, have),
            3 => each_volume(choices, have, |volume| {
                volume.active = false;
                volume.content = Content::Unknown;
            }),
            4 => each_volume(choices, have, unformat),
            5 => each_volume(choices, have, lag),
            6 => each_pool(have, |pool| pool.profile = None),
            7 => each_pool(have, |pool| pool.watcher = Some(Watcher::Nobody)),
            8 => foreign_volume(choices, have),
            9 => cut_off_disk(choices, have),
            10 => edit_options(choices, have),
            11 => autoextend(have),
            12 => bad_disk(choices, have),
            _ => rare(choices, have),
        }
    }
}

fn fill_stores(choices: &mut Choices, have: &mut Observed) {
    let kept = choices.one_of(&[Kept::Images, Kept::Images, Kept::Volumes]);
    if choices.below(4) == 0 {
        have.engine.podman = kept;
    } else {
        have.engine.docker = kept;
    }
}

fn rare(choices: &mut Choices, have: &mut Observed) {
    match choices.below(10) {
        0 => have.suspended = vec!["atomicos-docker--pool".to_owned()],
        1 => drop(have.mounts.insert("/var/srv/data".to_owned(), Mount { source: "tmpfs".to_owned(), quota: false })),
        2 => have.groups.values_mut().for_each(|group| group.missing = 1),
        3 => each_volume(choices, have, |volume| volume.content = Content::Unknown),
        4 => (have.engine.loopback, have.engine.docker) = (Some(77), Kept::Images),
        5 => untag_pools(have),
        6 => have.lagging = have.groups.keys().map(|group| (group.clone(), vec!["/dev/vda3".to_owned()])).collect(),
        7 => leave_records(have),
        8 => unfinished_pool(have),
        _ => each_volume(choices, have, |volume| volume.tags.clear()),
    }
}

fn forget_file(choices: &mut Choices, have: &mut Observed) {
    let paths: Vec<String> = have.files.keys().cloned().collect();
    if !paths.is_empty() {
        have.files.remove(&choices.one_of(&paths));
    }
}

fn unmount(choices: &mut Choices, have: &mut Observed) {
    let points: Vec<String> = have.mounts.keys().cloned().collect();
    if !points.is_empty() {
        have.mounts.remove(&choices.one_of(&points));
    }
}

/// One of the volumes of ours that are not pools; it is not mounted then.
fn each_volume(choices: &mut Choices, have: &mut Observed, change: impl Fn(&mut LogicalVolume)) {
    let chosen = choices.below(3);
    for (name, group) in &mut have.groups {
        let ours = |volume: &LogicalVolume| stamp::is_ours(&volume.tags) && !matches!(volume.role, Role::Pool(_));
        for ((volume, found), number) in group.volumes.iter_mut().filter(|(_, found)| ours(found)).zip(0..) {
            if number == chosen {
                change(found);
                let device = render::mount_unit::device(name, volume);
                have.mounts.retain(|_, mount| mount.source != device);
            }
        }
    }
}

fn unformat(volume: &mut LogicalVolume) {
    volume.tags.push(stamp::UNFORMATTED.to_owned());
    volume.tags.sort();
    volume.tags.dedup();
    volume.content = if volume.extents.is_multiple_of(2) { Content::Nothing } else { volume.content.clone() };
}

/// The file system was not grown with its volume.
fn lag(volume: &mut LogicalVolume) {
    if let Content::Filesystem { size, .. } = &mut volume.content {
        *size = Bytes(size.0 / 2);
    }
}

/// As if docker-storage-setup had made them.
fn untag_pools(have: &mut Observed) {
    let volumes = have.groups.values_mut().flat_map(|group| group.volumes.values_mut());
    volumes.filter(|volume| matches!(volume.role, Role::Pool(_))).for_each(|volume| volume.tags.clear());
}

fn each_pool(have: &mut Observed, change: impl Fn(&mut PoolState)) {
    for group in have.groups.values_mut() {
        for volume in group.volumes.values_mut() {
            if let Role::Pool(state) = &mut volume.role {
                change(state);
            }
        }
    }
}

fn autoextend(have: &mut Observed) {
    for group in have.groups.values_mut() {
        for volume in group.volumes.values_mut().filter(|volume| matches!(volume.role, Role::Pool(_))) {
            let more = (volume.extents / 5).min(group.free);
            volume.extents += more;
            group.free -= more;
        }
    }
}

/// Somebody's own volume, sometimes under a name that the spec uses.
fn foreign_volume(choices: &mut Choices, have: &mut Observed) {
    let name = choices.one_of(&["theirs", "theirs", "theirs", "data", crate::POOL]);
    for group in have.groups.values_mut().filter(|group| group.free > 10) {
        if group.volumes.contains_key(name) {
            continue;
        }
        group.free -= 10;
        let volume = LogicalVolume {
            uuid: "uuid-of-theirs".to_owned(),
            extents: 10,
            role: Role::Linear,
            tags: vec!["theirs".to_owned()],
            active: true,
            origin: false,
            content: Content::Unknown,
        };
        group.volumes.insert(name.to_owned(), volume);
    }
}

/// lvcreate was killed between the pool's metadata and its data.
fn unfinished_pool(have: &mut Observed) {
    for group in have.groups.values_mut().filter(|group| group.free > 1 && !group.volumes.contains_key(crate::POOL)) {
        group.free -= 1;
        let volume = LogicalVolume {
            uuid: "uuid-of-an-unfinished-pool".to_owned(),
            extents: 1,
            role: Role::Linear,
            tags: stamp::of_pool("1073741824", false),
            active: false,
            origin: false,
            content: Content::Unknown,
        };
        group.volumes.insert(crate::POOL.to_owned(), volume);
    }
}

fn cut_off_disk(choices: &mut Choices, have: &mut Observed) {
    let to = have.groups.keys().next().cloned().unwrap_or_else(|| "data-vg".to_owned());
    let orphan = choices.below(2) == 0;
    for device in have.devices.values_mut() {
        if let Device::Disk(disk) = device
            && disk.use_ == DiskUse::Empty
        {
            disk.intended = Some(to.clone());
            disk.use_ = if orphan { DiskUse::OrphanMember } else { DiskUse::Empty };
        }
    }
}

/// The run was cut off after LVM took the disks.
fn leave_records(have: &mut Observed) {
    for device in have.devices.values_mut() {
        if let Device::Disk(disk) = device
            && let DiskUse::Member { group } = &disk.use_
        {
            disk.intended = Some(group.clone());
        }
    }
}

fn bad_disk(choices: &mut Choices, have: &mut Observed) {
    let chosen = choices.below(3);
    let bad = choices.below(3);
    for (device, number) in have.devices.values_mut().zip(0..) {
        if number == chosen
            && let Device::Disk(disk) = device
            && disk.use_ == DiskUse::Empty
        {
            match bad {
                0 => *device = Device::Missing,
                1 => disk.use_ = DiskUse::Signature("ext4".to_owned()),
                _ => disk.read_only = true,
            }
        }
    }
}

fn edit_options(choices: &mut Choices, have: &mut Observed) {
    let driver = choices.one_of(&[Driver::Overlay2, Driver::Devicemapper, Driver::None]);
    let text = render::options::text(driver, "other", crate::POOL, &[]);
    have.engine.driver = crate::docker_options::driver(&text);
    have.files.insert(render::options::PATH.to_owned(), OurFile { text });
}
