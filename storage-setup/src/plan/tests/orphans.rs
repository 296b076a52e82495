//! Rules of what is no longer asked for.

use config::{Disruption, Reason};

use super::host::{With, after, gib, group, host, lines, notes, of_free, spec, steps, volume};
use crate::{Action, stamp};

#[test]
fn a_volume_that_is_dropped_goes_with_its_mount_by_consent() {
    let have = after(&spec().plain("data", "/srv/data", gib(2)), host());
    let all = steps(&spec(), &have);
    let [unmount, remove] = all.as_slice() else { panic!("{all:?}") };
    assert!(matches!(unmount.action, Action::RemoveMount { .. }));
    assert!(matches!(remove.action, Action::RemoveVolume { .. }));
    for step in &all {
        assert_eq!(step.disruption, Disruption::DataLoss);
        assert!(matches!(step.reason, Reason::Orphan(_)));
    }
    assert_eq!(remove.after, std::slice::from_ref(&unmount.id));
}

#[test]
fn a_volume_with_snapshots_stays_since_they_would_go_with_it() {
    let mut have = after(&spec().plain("data", "/srv/data", gib(2)), host());
    volume(&mut have, "data").origin = true;
    assert_eq!(lines(&spec(), &have), [""; 0]);
    assert!(notes(&spec(), &have)[0].contains("snapshots of atomicos/data would go with it"));
}

#[test]
fn a_pool_goes_after_the_volumes_in_it() {
    let have = after(&spec().pool(of_free(60)).thin("data", "/srv/data", 1), host());
    assert_eq!(
        lines(&spec(), &have),
        [
            "remove-mount /srv/data (uuid-of-data-256) [data-loss]",
            "remove-volume atomicos/data (uuid-of-data-256) [data-loss]",
            "remove-pool atomicos/docker-pool (uuid-of-docker-pool-1976) [data-loss]"
        ]
    );
    let gone = after(&spec(), have);
    assert_eq!(gone, host(), "nothing is left, the profile and the spare neither");
}

#[test]
fn what_is_not_ours_stays() {
    let mut have = after(&spec().plain("data", "/srv/data", gib(2)), host());
    volume(&mut have, "data").tags = vec!["theirs".to_owned()];
    assert_eq!(lines(&spec(), &have), [""; 0]);
}

#[test]
fn a_pool_with_somebodys_volume_stays_and_is_told() {
    let mut have = after(&spec().pool(of_free(60)).thin("data", "/srv/data", 1), host());
    volume(&mut have, "data").tags.clear();
    assert_eq!(lines(&spec(), &have), [""; 0]);
    assert!(notes(&spec(), &have)[0].contains("atomicos/data does not carry the tag atomic-host; it stays"));
}

#[test]
fn a_stamped_root_volume_stays() {
    let mut have = host();
    volume(&mut have, "root").tags = vec![stamp::OURS.to_owned()];
    assert_eq!(lines(&spec(), &have), [""; 0]);
    assert!(notes(&spec(), &have)[0].contains("it is the root volume; it stays"));
}

#[test]
fn a_unit_whose_volume_is_gone_goes_unattended() {
    let mut have = after(&spec().plain("data", "/srv/data", gib(2)), host());
    have.mounts.clear();
    let freed = group(&mut have).volumes.remove("data").map_or(0, |volume| volume.extents);
    group(&mut have).free += freed;
    assert_eq!(lines(&spec(), &have), ["remove-mount /srv/data [none]"]);
}

#[test]
fn a_renamed_volume_takes_the_mount_point_over() {
    let have = after(&spec().plain("data", "/srv/data", gib(2)), host());
    let want = spec().plain("files", "/srv/data", gib(2));
    let lines = lines(&want, &have);
    let place = |start: &str| lines.iter().position(|line| line.starts_with(start)).expect("a step");
    assert!(place("remove-mount /srv/data") < place("write-file"), "{lines:?}");
    after(&want, have);
}

#[test]
fn in_a_group_with_missing_disks_nothing_is_removed() {
    let mut have = after(&spec().plain("data", "/srv/data", gib(2)), host());
    group(&mut have).missing = 1;
    assert_eq!(lines(&spec(), &have), [""; 0]);
    assert!(notes(&spec(), &have)[0].contains("lacks physical volumes"));
}

#[test]
fn consent_for_a_volume_is_void_for_another_of_its_name_down_to_its_mount() {
    let data_loss = |uuid: &str| -> Vec<config::StepId> {
        let mut have = after(&spec().plain("data", "/srv/data", gib(2)), host());
        have.groups.get_mut("atomicos").unwrap().volumes.get_mut("data").unwrap().uuid = uuid.to_owned();
        let steps = steps(&spec(), &have).into_iter();
        steps.filter(|step| step.disruption == config::Disruption::DataLoss).map(|step| step.id).collect()
    };
    let (one, other) = (data_loss("one"), data_loss("other"));
    assert_eq!((one.len(), other.len()), (2, 2));
    assert!(one.iter().all(|id| !other.contains(id)), "{one:?} {other:?}");
}
