//! activate, deactivate and remove: in which order, what stands in the way, and what a cut-off run left.

use super::host::{deeds, group, host, pool, set_up, volume};
use crate::legacy::plan::{self, Deed, Plan};
use crate::legacy::{Metadata, Refusal, Seen};
use crate::{Role, stamp};

const SOURCE: &str = "/dev/two/root-two";

fn stored() -> Metadata {
    Metadata {
        driver: "devicemapper".to_owned(),
        group: "two".to_owned(),
        group_created: true,
        devices: vec!["/dev/vdc".to_owned()],
        pool: "pool-two".to_owned(),
        volume: "root-two".to_owned(),
        mount: "/var/two".to_owned(),
        auto_extend: "yes".to_owned(),
        timeout: "60".to_owned(),
    }
}

/// What `create` makes.
fn made() -> Seen {
    let mut host = host();
    let mut two = group(1000, 500);
    two.volumes =
        [("pool-two".to_owned(), pool(Some("two--pool-two-extend"))), ("root-two".to_owned(), volume(100, Role::Linear, &[stamp::OURS]))]
            .into();
    host.groups.insert("two".to_owned(), two);
    host.mounts.push((SOURCE.to_owned(), "/var/two".to_owned()));
    host.files.insert(crate::render::profile::path("two", "pool-two"), "x".to_owned());
    host
}

fn down(have: &Seen) -> Result<Plan, Refusal> {
    plan::deactivate(&stored(), have)
}

fn up(have: &Seen) -> Result<Plan, Refusal> {
    plan::activate(&stored(), Some("/var/two"), have)
}

fn why(planned: Result<Plan, Refusal>) -> String {
    planned.expect_err("a refusal").said[0].to_string()
}

fn unmount(point: &str) -> Deed {
    Deed::Unmount { source: SOURCE.to_owned(), point: point.to_owned() }
}

fn with_group(make: impl Fn(String, String) -> Deed, volume: &str) -> Deed {
    make("two".to_owned(), volume.to_owned())
}

#[test]
fn a_configuration_goes_down_from_its_mounts_to_its_pool() {
    let off = |volume: &str| with_group(|group, volume| Deed::Deactivate { group, volume }, volume);
    let plan = down(&made()).expect("a plan");
    assert_eq!(deeds(&plan), [&unmount("/var/two"), &off("root-two"), &off("pool-two")]);
    let mut twice = made();
    twice.mounts.push((SOURCE.to_owned(), "/mnt".to_owned()));
    let plan = down(&twice).expect("a plan");
    assert_eq!(deeds(&plan)[..2], [&unmount("/mnt"), &unmount("/var/two")]);
}

#[test]
fn what_somebody_else_mounted_at_the_point_stays() {
    let mut other = made();
    other.mounts.retain(|(from, _)| from != SOURCE);
    other.mounts.push(("nas:/export".to_owned(), "/var/two".to_owned()));
    let plan = down(&other).expect("a plan");
    assert!(!plan.deeds().any(|deed| matches!(deed, Deed::Unmount { .. })), "{plan:?}");
    assert_eq!(why(up(&other)), "ERROR: Failed to mount volume root-two on /var/two: nas:/export is mounted there");
}

#[test]
fn a_pool_that_docker_uses_is_told_before_anything_goes_down() {
    let mut used = made();
    used.holders.insert("two/pool-two".to_owned(), "docker-254:3-1-pool".to_owned());
    let wanted = "ERROR: two/pool-two is in use by docker-254:3-1-pool";
    assert_eq!(why(down(&used)), wanted);
    assert_eq!(why(plan::remove(&stored(), &used)), wanted);
    let mut docker = set_up();
    docker.holders.insert("atomicos/docker-pool".to_owned(), "docker-1-pool".to_owned());
    assert_eq!(why(plan::reset(&super::host::options(""), &docker)), "ERROR: atomicos/docker-pool is in use by docker-1-pool");
}

#[test]
fn a_configuration_comes_up_once() {
    let mut off = made();
    off.mounts.retain(|(from, _)| from != SOURCE);
    let plan = up(&off).expect("a plan");
    assert!(matches!(deeds(&plan)[..], [Deed::Activate { on_demand: true, .. }, Deed::Activate { .. }, Deed::Mount { .. }]), "{plan:?}");
    let plan = up(&made()).expect("a plan");
    assert!(!plan.deeds().any(|deed| matches!(deed, Deed::Mount { .. })), "{plan:?}");
    let half = volume(100, Role::Linear, &[stamp::OURS, stamp::UNFORMATTED]);
    off.groups.get_mut("two").expect("group").volumes.insert("root-two".to_owned(), half);
    assert!(why(up(&off)).contains("has no file system yet"));
}

#[test]
fn a_removal_that_was_cut_off_goes_on_with_what_is_left() {
    let whole = plan::remove(&stored(), &made()).expect("a plan");
    assert_eq!(whole.deeds().count(), 5, "{whole:?}");
    // Right after lvremove of the pool.
    let mut bare = made();
    bare.groups.get_mut("two").expect("group").volumes.clear();
    bare.mounts.retain(|(from, _)| from != SOURCE);
    let plan = plan::remove(&stored(), &bare).expect("a plan");
    assert!(matches!(deeds(&plan)[..], [Deed::Delete { .. }, Deed::RemoveGroup { .. }]), "{plan:?}");
    // Right after vgremove: its disks still have their labels and tables.
    let plan = plan::remove(&stored(), &host()).expect("a plan");
    assert!(matches!(deeds(&plan)[..], [Deed::RemoveGroup { .. }]), "{plan:?}");
    let theirs = Metadata { group_created: false, ..stored() };
    assert!(plan::remove(&theirs, &host()).expect("a plan").is_idle());
}

#[test]
fn a_volume_with_snapshots_stays_since_they_would_go_with_it() {
    let mut host = made();
    let volumes = &mut host.groups.get_mut("two").expect("group").volumes;
    volumes.values_mut().filter(|volume| matches!(volume.role, Role::Linear)).for_each(|volume| volume.origin = true);
    assert!(why(plan::remove(&stored(), &host)).contains("Snapshots of two/"));
}

#[test]
fn a_removal_takes_what_a_killed_lvcreate_left_of_the_pool() {
    let mut half = made();
    let remnant = volume(2, Role::Linear, &[stamp::OURS, stamp::ROLE_POOL]);
    half.groups.get_mut("two").expect("group").volumes.insert("pool-two".to_owned(), remnant);
    let plan = plan::remove(&stored(), &half).expect("a plan");
    let goes = Deed::RemoveVolume { group: "two".to_owned(), volume: "pool-two".to_owned() };
    assert!(plan.deeds().any(|deed| *deed == goes), "{plan:?}");
    // A plain volume of that name is somebody's.
    half.groups.get_mut("two").expect("group").volumes.insert("pool-two".to_owned(), volume(2, Role::Linear, &[]));
    let plan = plan::remove(&Metadata { group_created: false, ..stored() }, &half).expect("a plan");
    assert!(!plan.deeds().any(|deed| *deed == goes), "{plan:?}");
}

#[test]
fn a_volume_that_is_there_becomes_no_part_of_a_new_configuration() {
    // remove would take it away with all that somebody has on it.
    let text = "STORAGE_DRIVER=overlay2\nCONTAINER_ROOT_LV_NAME=home\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv/home";
    let (options, _) = super::host::read(text, crate::legacy::Mode::Create).expect("options");
    let mut host = host();
    assert!(plan::create(&options, &host).is_ok());
    host.groups.get_mut("atomicos").expect("group").volumes.insert("home".to_owned(), volume(100, Role::Linear, &[stamp::OURS]));
    assert_eq!(
        why(plan::create(&options, &host)),
        "ERROR: Volume atomicos/home already exists. Specify a different CONTAINER_ROOT_LV_NAME."
    );
}

#[test]
fn a_reset_takes_the_unit_of_a_volume_that_is_gone_and_no_other() {
    let text = "STORAGE_DRIVER=overlay2\nCONTAINER_ROOT_LV_NAME=c\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv/c";
    let options = super::host::options(text);
    let written = plan::compat(&options, &host()).expect("a plan");
    let unit = written.deeds().find_map(|deed| {
        let Deed::Write { path, text } = deed else { return None };
        path.ends_with(".mount").then(|| (path.clone(), text.clone()))
    });
    let (path, unit) = unit.expect("a unit");
    let reset = |text: &str| {
        let mut host = host();
        host.files.insert(path.clone(), text.to_owned());
        plan::reset(&options, &host).expect("a plan")
    };
    assert_eq!(deeds(&reset(&unit)), [&Deed::RemoveMount { point: "/srv/c".to_owned() }]);
    assert!(reset("[Mount]\nWhat=nas:/export\n").is_idle());
}
