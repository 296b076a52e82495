//! The simulator's host beside a real one: what the simulator cannot know is taken from the real one, the rest has to be the same.
//! In: two [`Observed`]. Out: one that is comparable with the other, and differences in words.

use config::Bytes;
use serde_json::Value;
use storage_setup::{Content, Device, LogicalVolume, MountedFilesystem, Observed, Role, Root, VolumeGroup, Watcher, stamp};

/// What a real host shows of that which the simulator follows: mounts of volumes of ours, not those of the operating system.
pub fn followed(mut host: Observed) -> Observed {
    let ours = |(group, found): (&String, &VolumeGroup)| -> Vec<String> {
        let tagged = found.volumes.iter().filter(|(_, volume)| stamp::is_ours(&volume.tags));
        tagged.map(|(name, _)| format!("/dev/{group}/{name}")).collect()
    };
    let ours: Vec<String> = host.groups.iter().flat_map(ours).collect();
    host.mounts.retain(|_, mount| ours.contains(&mount.source));
    host
}

/// The model with what it cannot know as the host has it: UUIDs, usage, file systems a bit smaller than their volumes, whether dockerd
/// runs. Of the disks those that the host was asked about are compared.
pub fn completed(model: &Observed, host: &Observed) -> Observed {
    let mut model = model.clone();
    for (name, group) in &mut model.groups {
        if let Some(found) = host.groups.get(name) {
            complete_group(group, found);
        }
    }
    complete_root(&mut model, host);
    for (path, device) in &mut model.devices {
        if let (Device::Disk(disk), Some(Device::Disk(found))) = (device, host.devices.get(path)) {
            // A record of what was begun; the planner drops it once the disk is in its group.
            disk.intended.clone_from(&found.intended);
        }
    }
    model.engine.running = host.engine.running;
    // Looked at only when the spec lets them grow.
    model.partitions.clone_from(&host.partitions);
    model
}

fn complete_group(group: &mut VolumeGroup, found: &VolumeGroup) {
    group.uuid.clone_from(&found.uuid);
    for member in &mut group.members {
        if let Some(found) = found.members.iter().find(|found| found.node == member.node) {
            // The partition that the installer made has a size of its own choice.
            member.clone_from(found);
        }
    }
    for (name, volume) in &mut group.volumes {
        if let Some(found) = found.volumes.get(name) {
            complete_volume(volume, found, group.extent);
        }
    }
}

fn complete_volume(volume: &mut LogicalVolume, found: &LogicalVolume, extent: Bytes) {
    volume.uuid.clone_from(&found.uuid);
    if let (Role::Pool(state), Role::Pool(found)) = (&mut volume.role, &found.role) {
        state.data_used = found.data_used;
        state.metadata_used = found.metadata_used;
        // LVM does not tell it while dmeventd starts, and the agent's daemon takes the pool over.
        if state.watcher == Some(Watcher::Dmeventd) && found.watcher != Some(Watcher::Nobody) {
            state.watcher = found.watcher;
        }
    }
    if let (Content::Filesystem { size, .. }, Content::Filesystem { size: found, .. }) = (&mut volume.content, &found.content)
        && is_near(*size, *found, extent)
    {
        *size = *found;
    }
}

fn complete_root(model: &mut Observed, host: &Observed) {
    let extent = model.groups.values().map(|group| group.extent).max().unwrap_or_default();
    let (Root::Logical { filesystem, .. }, Root::Logical { filesystem: found, .. }) = (&mut model.root, &host.root) else { return };
    let MountedFilesystem { size: Some(size), .. } = filesystem else { return };
    if let Some(found) = found.size.filter(|found| is_near(*size, *found, extent)) {
        *size = found;
    }
}

/// Smaller than the volume by no more than the growers leave out.
fn is_near(volume: Bytes, filesystem: Bytes, extent: Bytes) -> bool {
    let left_out = volume.0.checked_sub(filesystem.0);
    left_out.is_some_and(|left_out| left_out < extent.0.max(volume.0 / 1000))
}

/// Where the two differ, one line each.
pub fn differences(model: &Observed, host: &Observed) -> anyhow::Result<Vec<String>> {
    let mut model = model.clone();
    model.devices.retain(|path, _| host.devices.contains_key(path));
    let mut found = Vec::new();
    differ("", &serde_json::to_value(model)?, &serde_json::to_value(host)?, &mut found);
    Ok(found)
}

fn differ(path: &str, model: &Value, host: &Value, found: &mut Vec<String>) {
    match (model, host) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                differ(&format!("{path} {key}"), &model[key], &host[key], found);
            }
        }
        _ if model == host => {}
        _ => found.push(format!("{path}: {model} in the simulator, {host} on the host")),
    }
}

#[cfg(test)]
mod tests {
    use super::{completed, differences};
    use config::Bytes;
    use storage_setup::cases;

    #[test]
    fn names_and_usage_are_the_hosts_but_extents_are_compared() {
        let model = cases::real_machine();
        let mut host = model.clone();
        for group in host.groups.values_mut() {
            group.uuid = "another".to_owned();
            group.free += 1;
        }
        let found = differences(&completed(&model, &host), &host).expect("both are JSON");
        assert_eq!(found, [" groups atomicos free: 3199 in the simulator, 3200 on the host"]);
    }

    #[test]
    fn a_file_system_may_be_a_bit_smaller_than_its_volume() {
        let extent = Bytes(4 << 20);
        assert!(super::is_near(Bytes(1 << 30), Bytes((1 << 30) - 4096), extent));
        assert!(!super::is_near(Bytes(1 << 30), Bytes((1 << 30) - (4 << 20)), extent));
        assert!(!super::is_near(Bytes(1 << 30), Bytes((1 << 30) + 1), extent));
    }
}
