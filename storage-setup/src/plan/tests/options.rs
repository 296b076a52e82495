//! Rules of the engine's options.

use std::collections::BTreeSet;

use config::{Disruption, Driver, EngineKind, Reason, StorageOption};

use super::host::{With, after, at, gib, host, lines, notes, of_free, problem, spec, steps};
use crate::render::options::{PATH, text};
use crate::{Action, DockerRoot, EngineStore, Kept, Observed, OurFile, PODMAN_STORAGE, plan};

fn options(have: &Observed, want: &config::Storage) -> config::Step<Action> {
    let written = |step: &config::Step<Action>| matches!(&step.action, Action::WriteFile { path, .. } if path == PATH);
    steps(want, have).into_iter().find(written).expect("the options are written")
}

fn fresh() -> Observed {
    let mut have = host();
    have.files.clear();
    have.engine.driver = None;
    have
}

fn devicemapper() -> config::Storage {
    spec().driver(Driver::Devicemapper).pool(of_free(60))
}

#[test]
fn options_come_last_and_after_what_they_name() {
    let all = steps(&devicemapper(), &fresh());
    let (last, pool) = (all.last().expect("steps"), &all[1]);
    assert!(matches!(&last.action, Action::WriteFile { path, .. } if path == PATH));
    assert_eq!(last.after, std::slice::from_ref(&pool.id));
    let all = steps(&spec().plain("containers", "/var/lib/docker", gib(2)), &fresh());
    let [.., mount, last] = all.as_slice() else { panic!("{all:?}") };
    assert!(matches!(mount.action, Action::StartMount { .. }));
    assert_eq!(last.after, std::slice::from_ref(&mount.id));
}

#[test]
fn a_new_host_gets_its_options_unattended() {
    assert_eq!(options(&fresh(), &spec()).disruption, Disruption::None);
    assert_eq!(options(&fresh(), &spec().driver(Driver::None)).disruption, Disruption::None);
}

#[test]
fn no_overlay_is_put_on_an_xfs_without_file_types() {
    let mut have = after(&devicemapper(), host());
    have.mounts.insert("/var".to_owned(), crate::Mount { source: "/dev/atomicos/root".to_owned(), quota: false });
    have.engine.flat = BTreeSet::from(["/".to_owned(), "/var".to_owned()]);
    let said = problem(&spec(), &have);
    assert!(said.starts_with("storage.driver: the XFS mounted at /var was made with ftype=0"), "{said}");
    // On a volume of its own, as long as that is there.
    let own = spec().plain("containers", "/var/lib/docker", gib(1));
    let moved = after(&own, have.clone());
    assert_eq!(lines(&own, &moved), [""; 0]);
    assert_eq!(lines(&devicemapper(), &have), [""; 0]);
    // dockerd has been told before, and is told something else beside that.
    let mut told = after(&spec(), host());
    told.mounts.extend(have.mounts.clone());
    told.mounts.values_mut().for_each(|mount| mount.quota = true);
    told.engine.flat.clone_from(&have.engine.flat);
    let mut further = spec();
    further.options = vec![at(7, StorageOption::try_from("overlay2.size=1G".to_owned()).expect("an option"))];
    assert_eq!(lines(&spec(), &told), [""; 0]);
    assert_eq!(steps(&further, &told).len(), 1);
    for want in [spec(), further] {
        assert!(notes(&want, &told).iter().any(|note| note.contains("ftype=0")));
    }
}

#[test]
fn overlay2_size_needs_a_store_that_counts_projects() {
    let bounded = |mut want: config::Storage| {
        want.options = vec![at(7, StorageOption::try_from("overlay2.size=1G".to_owned()).expect("an option"))];
        want
    };
    let mut have = fresh();
    have.mounts.insert("/var".to_owned(), crate::Mount { source: "/dev/atomicos/root".to_owned(), quota: false });
    let said = problem(&bounded(spec()), &have);
    assert!(said.starts_with("storage.options: overlay2.size needs an xfs with quotas below /var/lib/docker"), "{said}");
    let said = problem(&bounded(spec().plain("containers", "/var/lib", gib(1))), &have);
    assert!(said.contains("the volume for /var/lib is none"), "{said}");
    have.mounts.values_mut().for_each(|mount| mount.quota = true);
    assert_eq!(steps(&bounded(spec()), &have).len(), 1);
    // dockerd has been told so before.
    let mut told = after(&bounded(spec()), have);
    told.mounts.values_mut().for_each(|mount| mount.quota = false);
    assert!(notes(&bounded(spec()), &told).iter().any(|note| note.contains("overlay2.size")));
}

#[test]
fn podmans_store_is_looked_at_where_its_layers_are() {
    let mut have = host();
    let mount = |source: &str| crate::Mount { source: source.to_owned(), quota: false };
    have.mounts.extend([("/var".to_owned(), mount("/dev/atomicos/root")), (PODMAN_STORAGE.to_owned(), mount("/dev/vdb"))]);
    have.engine.flat = BTreeSet::from(["/var".to_owned()]);
    let said = |have: &Observed| {
        let plan = plan(&spec(), Some(EngineKind::Podman), have).expect("a plan");
        plan.notes.iter().any(|note| note.text.contains("ftype=0"))
    };
    assert!(!said(&have));
    have.engine.flat = BTreeSet::from([PODMAN_STORAGE.to_owned()]);
    assert!(said(&have));
}

#[test]
fn another_driver_is_free_while_the_store_is_empty_and_data_loss_when_it_is_filled() {
    let mut have = after(&devicemapper(), host());
    let want = spec().plain("containers", "/var/lib/docker", gib(2));
    assert_eq!(options(&have, &want).disruption, Disruption::None);
    have.engine.docker = Kept::Images;
    assert_eq!(options(&have, &want).disruption, Disruption::DataLoss);
    assert!(notes(&want, &have).iter().any(|note| note.contains("atomic storage export")));
}

#[test]
fn volumes_are_seen_with_any_driver() {
    let mut have = after(&devicemapper(), host());
    have.engine.docker = Kept::Volumes;
    assert_eq!(options(&have, &spec()).disruption, Disruption::None);
}

/// Beside the first, as large and empty.
fn other_group(have: &mut Observed) {
    let mut other = host().groups["atomicos"].clone();
    other.volumes.clear();
    have.groups.insert("other".to_owned(), other);
}

#[test]
fn another_pool_is_named_only_after_the_one_that_dockerd_knows_is_gone() {
    let mut have = after(&devicemapper(), host());
    have.engine.running = true;
    let mut want = devicemapper();
    want.group = config::Group::Named(at(2, "other".to_owned().try_into().expect("a name")));
    other_group(&mut have);
    let all = steps(&want, &have);
    let removal =
        all.iter().find(|step| matches!(&step.action, Action::RemovePool { group, .. } if group == "atomicos")).expect("a removal");
    assert!(options(&have, &want).after.contains(&removal.id));
    assert!(matches!(removal.action, Action::RemovePool { engine_stops: true, records: true, .. }));
}

#[test]
fn a_pool_that_dockerd_uses_and_that_is_not_ours_keeps_it_from_another() {
    let mut have = after(&devicemapper(), host());
    have.groups.values_mut().flat_map(|group| group.volumes.values_mut()).for_each(|volume| volume.tags.clear());
    let mut want = devicemapper();
    want.group = config::Group::Named(at(2, "other".to_owned().try_into().expect("a name")));
    other_group(&mut have);
    let message = problem(&want, &have);
    assert!(message.contains("dockerd uses the pool atomicos/docker-pool, which is not ours"), "{message}");
}

#[test]
fn the_records_go_with_the_pool_that_dockerd_is_told_to_use_alone() {
    let mut have = after(&devicemapper(), host());
    have.engine.running = true;
    let mut other = have.groups["atomicos"].clone();
    other.volumes.retain(|name, _| name == crate::plan::POOL);
    other.volumes.values_mut().for_each(|volume| volume.uuid = "uuid-of-the-other".to_owned());
    have.groups.insert("other".to_owned(), other);
    let records = |uuid_of: &str| {
        let all = steps(&spec(), &have);
        all.iter().any(|step| matches!(&step.action, Action::RemovePool { uuid, records: true, .. } if uuid.starts_with(uuid_of)))
    };
    assert_eq!((records("uuid-of-docker-pool"), records("uuid-of-the-other")), (true, false));
}

#[test]
fn dockerd_is_stopped_for_the_pool_that_it_had_also_when_its_options_name_it_no_more() {
    let mut have = after(&devicemapper(), host());
    have.engine.running = true;
    have.files.insert(PATH.to_owned(), OurFile { text: text(Driver::Overlay2, "", "", &[]) });
    have.engine.driver = Some(Driver::Overlay2);
    let all = steps(&spec(), &have);
    assert!(
        matches!(all.as_slice(), [step] if matches!(step.action, Action::RemovePool { engine_stops: true, records: true, .. })),
        "{all:?}"
    );
}

#[test]
fn options_of_the_same_driver_are_put_back() {
    let mut have = host();
    have.engine.docker = Kept::Images;
    have.files.insert(PATH.to_owned(), OurFile { text: "DOCKER_STORAGE_OPTIONS='--storage-driver overlay2'\n".to_owned() });
    let step = options(&have, &spec());
    assert!(matches!(step.reason, Reason::Drift(_)));
    assert_eq!(step.disruption, Disruption::None);
}

#[test]
fn further_options_are_written_for_the_engine_and_are_no_drift() {
    let mut have = after(&devicemapper(), host());
    have.engine.docker = Kept::Images;
    let mut want = devicemapper();
    want.options = vec![at(7, StorageOption::try_from("dm.basesize=20G".to_owned()).expect("an option"))];
    let step = options(&have, &want);
    assert!(matches!(&step.action, Action::WriteFile { text, .. } if text.contains(" --storage-opt dm.basesize=20G ")), "{step:?}");
    assert_eq!((step.disruption, matches!(step.reason, Reason::Spec(_))), (Disruption::None, true));
    let have = after(&want, have);
    assert!(matches!(options(&have, &devicemapper()).reason, Reason::Spec(_)), "taken out again");
}

#[test]
fn another_pool_is_another_store() {
    let mut have = after(&devicemapper(), host());
    have.engine.docker = Kept::Images;
    have.files.insert(PATH.to_owned(), OurFile { text: text(Driver::Devicemapper, "other", "docker-pool", &[]) });
    assert_eq!(options(&have, &devicemapper()).disruption, Disruption::DataLoss);
}

#[test]
fn a_driver_that_dockerd_chose_itself_is_not_known() {
    let mut have = fresh();
    have.engine.docker = Kept::Images;
    assert_eq!(options(&have, &spec()).disruption, Disruption::DataLoss);
    assert_eq!(options(&have, &spec().driver(Driver::None)).disruption, Disruption::None);
}

#[test]
fn the_pool_goes_after_the_options_name_it_no_more() {
    let mut have = after(&devicemapper(), host());
    have.engine.running = true;
    let all = steps(&spec(), &have);
    let [first, second] = all.as_slice() else { panic!("{all:?}") };
    assert!(matches!(&first.action, Action::WriteFile { path, .. } if path == PATH));
    assert!(matches!(&second.action, Action::RemovePool { engine_stops: true, records: true, profile_path: Some(_), .. }));
    assert_eq!(second.after, std::slice::from_ref(&first.id));
}

#[test]
fn dockerd_chooses_for_itself_only_after_its_pool_is_gone() {
    let have = after(&devicemapper(), host());
    let all = steps(&spec().driver(Driver::None), &have);
    let [first, second] = all.as_slice() else { panic!("{all:?}") };
    assert!(matches!(&first.action, Action::RemovePool { records: true, .. }));
    assert!(matches!(&second.action, Action::WriteFile { path, .. } if path == PATH));
    assert_eq!(second.after, std::slice::from_ref(&first.id));
}

#[test]
fn the_options_name_it_on_when_its_space_is_needed_first() {
    let mut have = after(&spec().driver(Driver::Devicemapper).pool(gib(12)), host());
    have.engine.running = true;
    let lines = lines(&spec().plain("containers", "/var/lib/docker", gib(10)), &have);
    let place = |start: &str| lines.iter().position(|line| line.starts_with(start)).expect("a step");
    assert!(place("remove-pool") < place("create-volume"), "{lines:?}");
    assert!(place("start-mount") < place("write-file /etc/sysconfig"), "{lines:?}");
}

#[test]
fn podman_has_no_options_of_ours_and_no_devicemapper() {
    assert_eq!(plan(&spec(), Some(EngineKind::Podman), &fresh()).expect("a plan").steps, vec![]);
    let problems = plan(&devicemapper(), Some(EngineKind::Podman), &fresh()).expect_err("a problem");
    assert_eq!(problems[0].message, "podman has no devicemapper driver");
}

#[test]
fn devicemapper_needs_the_pool() {
    assert!(problem(&spec().driver(Driver::Devicemapper), &host()).contains("needs the thin pool"));
}

#[test]
fn overlay_on_the_root_file_system_is_told() {
    assert_eq!(notes(&spec(), &host()), ["overlay2 lies on the root file system: there is no volume at /var/lib/docker"]);
    assert_eq!(notes(&spec().plain("containers", "/var/lib/docker", gib(2)), &host()), [""; 0]);
    assert_eq!(notes(&spec().driver(Driver::None), &host()), [""; 0]);
}

#[test]
fn the_pool_of_the_engine_holds_no_volumes() {
    let want = devicemapper().thin("data", "/var/data", 1);
    assert_eq!(problem(&want, &host()), "storage.volume.data: data is thin, but the devicemapper driver has the pool for itself");
}

#[test]
fn a_pool_is_made_anew_when_it_passes_between_the_engine_and_volumes() {
    let volumes = spec().pool(of_free(60)).thin("data", "/var/data", 1);
    for (first, then) in [(volumes.clone(), devicemapper()), (devicemapper(), volumes)] {
        let have = after(&first, host());
        let all = steps(&then, &have);
        let find = |wanted: fn(&Action) -> bool| all.iter().find(|step| wanted(&step.action)).expect("a step");
        let removal = find(|action| matches!(action, Action::RemovePool { profile_path: None, .. }));
        assert_eq!(removal.disruption, Disruption::DataLoss);
        assert!(find(|action| matches!(action, Action::CreatePool { .. })).after.contains(&removal.id));
        assert_eq!(steps(&then, &after(&then, have)), vec![]);
    }
}

#[test]
fn what_is_mounted_at_the_store_cannot_change_under_a_pool_that_dockerd_uses() {
    let beside = |mount: &str| devicemapper().plain("containers", mount, gib(1));
    let says = "so what is mounted at /var/lib/docker cannot change under it";
    assert!(problem(&beside("/var/lib/docker"), &after(&devicemapper(), host())).contains(says));
    let have = after(&beside("/var/lib/docker"), host());
    assert!(problem(&devicemapper(), &have).contains(says));
    assert!(problem(&beside("/var/elsewhere"), &have).contains(says));
    assert!(!steps(&beside("/var/lib/docker/volumes"), &after(&devicemapper(), host())).is_empty(), "no records are there");
    let mut unmounted = have;
    unmounted.mounts.clear();
    assert_eq!(lines(&beside("/var/lib/docker"), &unmounted), ["start-mount /var/lib/docker [none]"]);
}

#[test]
fn dockerd_gets_its_pool_after_its_store_is_where_it_belongs() {
    let have = after(&spec().plain("containers", "/var/lib/docker", gib(1)), host());
    let all = steps(&devicemapper(), &have);
    let options = all.iter().find(|step| matches!(&step.action, Action::WriteFile { path, .. } if path == PATH)).expect("options");
    let removal = all.iter().find(|step| matches!(step.action, Action::RemoveMount { .. })).expect("a removal");
    assert!(options.after.contains(&removal.id));
}

#[test]
fn away_from_loop_files_is_one_step_with_consent_before_the_engine_is_told() {
    let mut have = host();
    have.files.insert(PATH.to_owned(), OurFile { text: "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper\"\n".to_owned() });
    have.engine = EngineStore {
        driver: Some(Driver::Devicemapper),
        root: DockerRoot::Usual,
        docker: Kept::Images,
        podman: Kept::Nothing,
        loopback: Some(77),
        flat: BTreeSet::new(),
        running: true,
    };
    let all = steps(&devicemapper(), &have);
    let removal = all.iter().find(|step| step.action == Action::RemoveLoopStore { inode: 77, engine_stops: true }).expect("a step");
    assert_eq!(removal.disruption, Disruption::DataLoss);
    let told = options(&have, &devicemapper());
    assert_eq!(told.disruption, Disruption::None, "what is lost is lost with the loop files");
    assert!(told.after.contains(&removal.id));
    assert!(notes(&devicemapper(), &have).iter().any(|note| note.contains("atomic storage export")));
    assert_eq!(steps(&devicemapper(), &after(&devicemapper(), have.clone())), vec![]);

    // Another one's consent is not for these.
    have.engine.loopback = Some(78);
    assert!(steps(&devicemapper(), &have).iter().all(|step| step.id != removal.id));
    // overlay2 has its own place.
    assert!(steps(&spec(), &have).iter().all(|step| !matches!(step.action, Action::RemoveLoopStore { .. })));
}

#[test]
fn the_engines_records_go_with_its_pool_and_with_no_other() {
    let volumes = spec().pool(of_free(60)).thin("data", "/var/data", 1);
    for (first, engines) in [(devicemapper(), true), (volumes, false)] {
        let all = steps(&spec(), &after(&first, host()));
        let removal = all.iter().find(|step| matches!(step.action, Action::RemovePool { .. })).expect("a step");
        assert!(matches!(removal.action, Action::RemovePool { records: found, .. } if found == engines));
    }
}
