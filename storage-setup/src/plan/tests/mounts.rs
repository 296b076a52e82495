//! Rules of the mount units.

use config::{Disruption, Driver, Reason};

use super::host::{With, after, gib, host, lines, notes, problem, spec, steps};
use crate::render::{mount_unit, options};
use crate::{Action, Dockerd, Kept, Mount, OurFile};

const UNIT: &str = "/etc/systemd/system/srv-data.mount";

fn wants() -> config::Storage {
    spec().plain("data", "/srv/data", gib(2))
}

fn docker() -> config::Storage {
    spec().plain("containers", "/var/lib/docker", gib(2))
}

#[test]
fn a_unit_that_is_gone_or_edited_is_written_and_read_anew() {
    for text in [None, Some(format!("{}# edited\n", after(&wants(), host()).files[UNIT].text))] {
        let mut have = after(&wants(), host());
        have.files.remove(UNIT);
        have.files.extend(text.map(|text| (UNIT.to_owned(), OurFile { text })));
        let expected = [format!("write-file {UNIT} [none]"), "start-mount /srv/data [none]".to_owned()];
        assert_eq!(lines(&wants(), &have), expected);
    }
}

#[test]
fn a_volume_that_is_not_mounted_is_mounted() {
    let mut have = after(&wants(), host());
    have.mounts.clear();
    let steps = steps(&wants(), &have);
    assert!(matches!(steps[0].action, Action::StartMount { .. }));
    assert!(matches!(steps[0].reason, Reason::Drift(_)));
    assert_eq!(steps.len(), 1);
}

#[test]
fn somebodys_unit_or_mount_is_a_problem() {
    let mut have = host();
    have.files.insert(UNIT.to_owned(), OurFile { text: "[Mount]\nWhat=tmpfs\n".to_owned() });
    assert!(problem(&wants(), &have).contains("is there already and is not ours"));
    let mut have = host();
    have.mounts.insert("/srv/data".to_owned(), Mount { source: "tmpfs".to_owned(), quota: false });
    assert_eq!(problem(&wants(), &have), "storage.volume.data.mount: tmpfs is mounted at /srv/data");
}

#[test]
fn a_unit_of_docker_storage_setup_for_the_very_volume_is_replaced_and_one_for_another_is_not() {
    let with = |volume: &str| {
        let mut have = after(&wants(), host());
        let text = mount_unit::text_of_the_shell_tool("atomicos", volume, "/srv/data");
        have.files.insert(UNIT.to_owned(), OurFile { text });
        have
    };
    assert_eq!(lines(&wants(), &with("data")), [format!("write-file {UNIT} [none]"), "start-mount /srv/data [none]".to_owned()]);
    assert!(problem(&wants(), &with("other")).contains("is there already and is not ours"));
}

#[test]
fn mounting_over_a_running_engines_store_restarts_it() {
    let mut have = host();
    have.engine.running = true;
    let last = steps(&docker(), &have).pop().expect("a step");
    assert_eq!(last.disruption, Disruption::Restart);
    assert!(matches!(last.action, Action::StartMount { dockerd: Dockerd::Restarts, .. }));
}

#[test]
fn while_its_options_change_too_it_stays_down_in_between() {
    let mut have = after(&spec().driver(Driver::Devicemapper).pool(gib(4)), host());
    have.engine.running = true;
    let all = steps(&docker(), &have);
    let stops = |step: &&config::Step<Action>| matches!(step.action, Action::StartMount { dockerd: Dockerd::Stops, .. });
    let start = all.iter().find(stops).expect("a start");
    let options = all.iter().find(|step| matches!(&step.action, Action::WriteFile { path, .. } if path == options::PATH)).expect("options");
    assert!(options.after.contains(&start.id));
}

#[test]
fn podmans_store_is_data_too() {
    let mut have = host();
    let want = spec().plain("containers", "/var/lib/containers", gib(2));
    assert!(lines(&want, &have).iter().all(|line| line.ends_with("[none]")));
    have.engine.podman = Kept::Volumes;
    assert!(lines(&want, &have).contains(&"start-mount /var/lib/containers [data-loss]".to_owned()));
    let mut have = after(&want, host());
    have.engine.podman = Kept::Images;
    let elsewhere = spec().plain("containers", "/srv/containers", gib(2));
    assert_eq!(lines(&elsewhere, &have)[0], "remove-mount /var/lib/containers (uuid-of-containers-512) [data-loss]");
}

#[test]
fn mounting_over_a_filled_store_hides_it_and_waits_for_consent_with_its_unit() {
    let mut have = host();
    have.engine.docker = Kept::Images;
    let steps = steps(&docker(), &have);
    let [.., unit, start] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((unit.disruption, start.disruption), (Disruption::DataLoss, Disruption::DataLoss));
}

#[test]
fn a_volume_moves_to_another_mount_point() {
    let have = after(&wants(), host());
    let want = spec().plain("data", "/srv/my-data", gib(2));
    assert_eq!(
        lines(&want, &have),
        [
            "remove-mount /srv/data (uuid-of-data-512) [restart]",
            r"write-file /etc/systemd/system/srv-my\x2ddata.mount [none]",
            "start-mount /srv/my-data [none]"
        ]
    );
    after(&want, have);
}

#[test]
fn two_volumes_change_places() {
    let have = after(&wants().plain("more", "/srv/more", gib(2)), host());
    let want = spec().plain("data", "/srv/more", gib(2)).plain("more", "/srv/data", gib(2));
    let have = after(&want, have);
    assert_eq!(have.mounts["/srv/data"].source, "/dev/atomicos/more");
    assert_eq!(have.mounts["/srv/more"].source, "/dev/atomicos/data");
}

#[test]
fn moving_a_filled_store_away_waits_for_consent() {
    let mut have = after(&docker(), host());
    have.engine.docker = Kept::Images;
    let want = spec().plain("containers", "/srv/containers", gib(2));
    assert_eq!(lines(&want, &have)[0], "remove-mount /var/lib/docker (uuid-of-containers-512) [data-loss]");
}

#[test]
fn a_mount_below_another_comes_after_it() {
    let want = spec().plain("a-inner", "/srv/data/inner", gib(1)).plain("data", "/srv/data", gib(2));
    let steps = steps(&want, &host());
    let id = |wanted: &str| {
        let found = steps.iter().find(|step| matches!(&step.action, Action::StartMount { mount, .. } if mount == wanted));
        found.expect("a start")
    };
    assert!(id("/srv/data/inner").after.contains(&id("/srv/data").id));
}

#[test]
fn what_is_mounted_below_a_volume_that_goes_is_mounted_again() {
    let both = wants().plain("inner", "/srv/data/inner", gib(1));
    let have = after(&both, host());
    let mut smaller = spec().plain("data", "/srv/data", gib(1));
    smaller.volumes.extend(both.volumes.into_iter().filter(|(name, _)| name.as_str() == "inner"));
    let have = after(&smaller, have);
    assert_eq!(have.mounts["/srv/data/inner"].source, "/dev/atomicos/inner");
}

#[test]
fn what_somebody_mounted_below_a_volume_keeps_it_from_going() {
    let mut have = after(&wants(), host());
    have.mounts.insert("/srv/data/theirs".to_owned(), Mount { source: "tmpfs".to_owned(), quota: false });
    assert_eq!(lines(&spec(), &have), [""; 0]);
    let told = notes(&spec(), &have);
    assert!(told[0].contains("tmpfs is mounted at /srv/data/theirs, not by a unit of ours; it stays"), "{told:?}");
}

fn with_quota(mut want: config::Storage) -> config::Storage {
    want.volumes.values_mut().for_each(|volume| volume.value.quota = true);
    want
}

#[test]
fn quotas_come_with_a_mount_of_their_own_and_cost_a_restart() {
    let have = after(&wants(), host());
    let expected = [format!("write-file {UNIT} [none]"), "remount /srv/data [restart]".to_owned()];
    assert_eq!(lines(&with_quota(wants()), &have), expected);
    let have = after(&with_quota(wants()), have);
    assert!(have.mounts["/srv/data"].quota);
    assert_eq!(lines(&wants(), &have), expected, "and go the same way");
}

#[test]
fn a_new_volume_is_mounted_with_its_quotas() {
    let have = after(&with_quota(wants()), host());
    assert!(have.mounts["/srv/data"].quota && have.files[UNIT].text.contains("\nOptions=pquota\n"));
}

#[test]
fn what_lies_below_is_not_unmounted_for_quotas() {
    let both = wants().plain("inner", "/srv/data/inner", gib(1));
    let have = after(&both, host());
    let mut want = both.clone();
    want.volumes.values_mut().filter(|volume| volume.value.mount.as_str() == "/srv/data").for_each(|volume| volume.value.quota = true);
    assert_eq!(lines(&want, &have), [format!("write-file {UNIT} [none]"), "start-mount /srv/data [none]".to_owned()]);
    let told = notes(&want, &have).join("\n");
    assert!(told.contains("data takes up quotas at the next boot: /dev/atomicos/inner is mounted below it"), "{told}");
    after(&want, have);
}

#[test]
fn a_unit_that_goes_without_being_mounted_hid_nothing_so_mounting_there_still_does() {
    let other = spec().plain("data", "/var/lib/docker", gib(2));
    let mut have = after(&other, host());
    have.mounts.remove("/var/lib/docker");
    have.engine.docker = Kept::Images;
    let want = spec().plain("data", "/srv/data", gib(2)).plain("containers", "/var/lib/docker", gib(2));
    let all = steps(&want, &have);
    let start = all.iter().find(|step| matches!(&step.action, Action::StartMount { mount, .. } if mount == "/var/lib/docker"));
    assert_eq!(start.expect("a step").disruption, Disruption::DataLoss);
}

#[test]
fn the_unit_of_a_volume_that_stays_is_not_taken_for_another() {
    let mut have = after(&wants(), host());
    // Mounted by hand elsewhere, so it is not removed; its unit stays with it.
    let mounted = have.mounts.remove("/srv/data").expect("a mount");
    have.mounts.insert("/mnt".to_owned(), mounted);
    let message = problem(&spec().plain("new", "/srv/data", gib(1)), &have);
    assert!(message.contains("mounts /dev/atomicos/data, which stays"), "{message}");
}
