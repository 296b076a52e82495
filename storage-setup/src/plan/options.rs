//! The engine's options: the last thing written, since the engine acts on them.

use config::{Disruption, Driver, EngineKind, Filesystem, Reason, StepId, StorageOption};

use super::draft::Draft;
use super::{POOL, remove, store};
use crate::render::options;
use crate::{Action, Kept, LogicalVolume, Role, VolumeGroup, dm_name, stamp};

const KEY: &str = "storage.driver";

/// Checks driver, engine and pool against each other.
pub(super) fn check(draft: &mut Draft<'_>) {
    let driver = &draft.want.driver;
    if driver.value != Driver::Devicemapper {
        return;
    }
    if draft.engine == Some(EngineKind::Podman) {
        let message = "podman has no devicemapper driver".to_owned();
        draft.problem(&driver.place, KEY, message, "write driver = \"overlay2\"");
    } else if draft.want.pool.is_none() {
        let message = "the devicemapper driver needs the thin pool".to_owned();
        draft.problem(&driver.place, KEY, message, "add a section [storage.pool], or write driver = \"overlay2\"");
    }
}

/// Whether dockerd is told to use that pool.
pub(super) fn names_pool(draft: &Draft<'_>, group: &str, pool: &str) -> bool {
    let device = format!("/dev/mapper/{}", dm_name::of(group, pool));
    draft.have.files.get(options::PATH).and_then(|file| options::pool_device(&file.text)) == Some(&device)
}

/// The pool that dockerd is told to use, group and name, when it is there. One that we made for volumes is not the one that it had.
pub(super) fn named_pool<'a>(draft: &Draft<'a>) -> Option<(&'a str, &'a str)> {
    let may_be = |volume: &LogicalVolume| matches!(volume.role, Role::Pool(_)) && stamp::may_be_engines(&volume.tags);
    let pools = |(group, found): (&'a String, &'a VolumeGroup)| {
        let names = found.volumes.iter().filter(|(_, volume)| may_be(volume)).map(|(name, _)| name);
        names.map(|name| (group.as_str(), name.as_str())).collect::<Vec<_>>()
    };
    draft.have.groups.iter().flat_map(pools).find(|(group, pool)| names_pool(draft, group, pool))
}

/// What the options of the engine shall be, and what they are when that is something else. `None`: they stay, or are not ours to write.
fn change(draft: &Draft<'_>, group: Option<&str>) -> Option<(Option<String>, String)> {
    if draft.engine == Some(EngineKind::Podman) {
        return None;
    }
    let further: Vec<StorageOption> = draft.want.options.iter().map(|option| option.value.clone()).collect();
    let text = match (draft.want.driver.value, group) {
        // Without a group there is a problem already.
        (Driver::Devicemapper, None) => return None,
        (wanted, group) => options::text(wanted, group.unwrap_or_default(), POOL, &further),
    };
    let from = draft.have.files.get(options::PATH).map(|file| file.text.clone());
    (from.as_ref() != Some(&text)).then_some((from, text))
}

/// Whether [`plan`] has something to write: known before it is planned, since dockerd is not started before that.
pub(super) fn changes(draft: &Draft<'_>, group: Option<&str>) -> bool {
    change(draft, group).is_some()
}

/// Whether dockerd keeps a pool that it is told to use, and what it knows of it: it takes no other one then, and needs to be told so.
fn keeps_pool(draft: &mut Draft<'_>, group: Option<&str>) -> bool {
    let driver = &draft.want.driver;
    let goes = |(of, pool): &(&str, &str)| draft.removed.contains_key(&((*of).to_owned(), (*pool).to_owned()));
    let Some((of, pool)) = named_pool(draft).filter(|named| !goes(named)) else { return false };
    match driver.value {
        Driver::Devicemapper if group == Some(of) && pool == POOL => false,
        Driver::Devicemapper => {
            let message = format!("dockerd uses the pool {of}/{pool}, which is not ours, and takes no other while it has that");
            let hint = format!("to take it over first: volume-group = {of:?}; or write driver = \"overlay2\"");
            draft.problem(&driver.place, KEY, message, hint);
            true
        }
        Driver::Overlay2 | Driver::Overlay => false,
        Driver::None => {
            draft.note(&driver.place, format!("dockerd uses the pool {of}/{pool}, and is told so until that is removed"));
            true
        }
    }
}

/// dockerd keeps its records of the pool in its store. It takes no pool that somebody used without such records, itself included.
fn check_records(draft: &mut Draft<'_>) {
    let driver = &draft.want.driver;
    if driver.value != Driver::Devicemapper || draft.have.engine.driver != Some(Driver::Devicemapper) {
        return;
    }
    let units = remove::units(draft);
    // One that has its unit was there before, and holds the records.
    let returns = |mount: &str| units.iter().any(|unit| unit.stamped.mount == mount) && !draft.vacated.contains_key(mount);
    let moved = draft.moves_of_records().into_iter().find(|(_, mount)| !returns(mount));
    if let Some((_, mount)) = moved {
        let message = format!("dockerd has its records of the pool in its store, so what is mounted at {mount} cannot change under it");
        let hint = "leave that volume as it is; or write another driver first, and consent to the removal of the pool";
        draft.problem(&driver.place, KEY, message, hint);
    }
}

/// A pool in loop files is slow and grows until its file system is full; what is in it cannot be taken over into another store. Gives
/// the step that removes it, which is what devicemapper on another pool needs.
fn leave_loopback(draft: &mut Draft<'_>) -> Option<StepId> {
    let driver = &draft.want.driver;
    let inode = draft.have.engine.loopback?;
    match driver.value {
        Driver::Devicemapper => {
            let text = "dockerd has a pool in loop files, and takes no other while it is there: it is removed, with the images and \
                        containers in it; volumes stay; `atomic storage export` keeps images";
            draft.note(&driver.place, text.to_owned());
            let action = Action::RemoveLoopStore { inode, engine_stops: draft.have.engine.running };
            return Some(draft.push(action, Reason::Spec(driver.place.clone()), Disruption::DataLoss, Vec::new()));
        }
        Driver::Overlay2 | Driver::Overlay => {
            let store = store::of(draft.have, None);
            let text = format!("dockerd kept its images in loop files; they stay below {store}/devicemapper until you remove them");
            draft.note(&driver.place, text);
        }
        Driver::None => {
            let text = "dockerd keeps its images in loop files, which is slow; driver = \"overlay2\" leads away from that: `atomic storage export` keeps images";
            draft.note(&driver.place, text.to_owned());
        }
    }
    None
}

/// Plans /etc/sysconfig/docker-storage.
pub(super) fn plan(draft: &mut Draft<'_>, group: Option<&str>) {
    note_root(draft);
    check_file_types(draft);
    check_records(draft);
    if draft.engine == Some(EngineKind::Podman) {
        return;
    }
    check_projects(draft);
    if keeps_pool(draft, group) {
        return;
    }
    let left = leave_loopback(draft);
    let driver = &draft.want.driver;
    let mut after: Vec<StepId> = match driver.value {
        Driver::Devicemapper => {
            let moves = draft.moves_of_records();
            // With records of another pool it would not start.
            let gone = draft.removals_of_records();
            draft.pool_ready.iter().cloned().chain(moves.into_iter().map(|(step, _)| step)).chain(gone).collect()
        }
        Driver::Overlay2 | Driver::Overlay if draft.store_unsettled => {
            draft.note(&driver.place, "the engine's options wait until the volume of its store has been looked at".to_owned());
            return;
        }
        Driver::Overlay2 | Driver::Overlay => draft.store_ready.clone(),
        // Left to itself, dockerd starts with none of several drivers whose records it finds: it is told its driver as long as those are there.
        Driver::None => draft.removals_of_records(),
    };
    let Some((from, text)) = change(draft, group) else { return };
    // With the loop files all that dockerd would not see any more is gone already.
    let lost_before = left.is_some() && draft.have.engine.driver == Some(Driver::Devicemapper);
    after.extend(left);
    let loses = draft.have.engine.docker == Kept::Images && !lost_before && changes_store(draft, from.as_deref(), &text);
    let disruption = if loses { Disruption::DataLoss } else { Disruption::None };
    let was = draft.have.engine.driver;
    let reason = match (&from, was) {
        (Some(from), Some(was)) if was == driver.value && !options::is_as_written_here(from) => {
            Reason::Drift("the engine's options were edited".to_owned())
        }
        (Some(_) | None, _) => Reason::Spec(driver.place.clone()),
    };
    // Both drivers are in the step's name, so that consent is for this very change.
    let what = match was {
        Some(was) if was != driver.value => format!("engine options, {} instead of {}", driver.value.as_str(), was.as_str()),
        Some(_) | None => format!("engine options, {}", driver.value.as_str()),
    };
    if loses {
        let text =
            "the images and containers of the present storage driver will not be seen any more; `atomic storage export` keeps images";
        draft.note(&driver.place, text.to_owned());
    }
    let path = options::PATH.to_owned();
    draft.push(Action::WriteFile { what, path, from, text }, reason, disruption, after);
}

/// On an XFS without file types dockerd does not start with overlay. One that is told so already may be old enough to do it, and podman
/// is told nothing here.
fn check_file_types(draft: &mut Draft<'_>) {
    let driver = &draft.want.driver;
    match driver.value {
        Driver::Overlay2 | Driver::Overlay => {}
        Driver::Devicemapper | Driver::None => return,
    }
    // A volume of the spec has them.
    let Some((store, store::Carrier::Mount(point, _))) = store::carrier(draft) else { return };
    if !draft.have.engine.flat.contains(point) {
        return;
    }
    let name = driver.value.as_str();
    let message = format!("the XFS mounted at {point} was made with ftype=0, so {name} cannot keep its layers at {store}");
    let hint = format!("give the store a volume of its own, with mount = {store:?} in a [storage.volume.NAME]");
    if draft.options_change && draft.have.engine.driver != Some(driver.value) {
        draft.problem(&driver.place, KEY, message, format!("{hint}; or take another driver"));
    } else {
        draft.note(&driver.place, format!("{message}; {hint}"));
    }
}

/// dockerd does not start with overlay2.size where the file system of its store counts no projects. Of one that has been told so already
/// it is only said.
fn check_projects(draft: &mut Draft<'_>) {
    let Some(option) = draft.want.options.iter().find(|option| option.value.key() == "overlay2.size") else { return };
    let Some((store, carrier)) = store::carrier(draft) else { return };
    let (counts, which) = match carrier {
        store::Carrier::Volume(volume) => {
            (volume.quota && volume.filesystem == Filesystem::Xfs, format!("the volume for {} is", volume.mount))
        }
        store::Carrier::Mount(point, mount) => (mount.quota, format!("what is mounted at {point} is")),
    };
    if counts {
        return;
    }
    let message = format!("overlay2.size needs an xfs with quotas below {store}, but {which} none");
    let hint = format!(
        "give the store a volume of its own, with mount = {store:?}, filesystem = \"xfs\" and quota = true; or take the option out"
    );
    if draft.options_change {
        draft.problem(&option.place, "storage.options", message, hint);
    } else {
        draft.note(&option.place, format!("{message}; {hint}"));
    }
}

/// Whether dockerd would look for its images elsewhere than now.
fn changes_store(draft: &Draft<'_>, from: Option<&str>, text: &str) -> bool {
    let wanted = draft.want.driver.value;
    match (draft.have.engine.driver, wanted) {
        (Some(Driver::Devicemapper), Driver::Devicemapper) => from.and_then(options::pool_device) != options::pool_device(text),
        (Some(was), _) if was == wanted => false,
        // Without a word from us dockerd goes on with the driver whose store it finds; devicemapper needs its pool named.
        (Some(Driver::Overlay2 | Driver::Overlay) | None, Driver::None) => false,
        // `None`: dockerd chose by itself, and what it chose is not known.
        (Some(_) | None, _) => true,
    }
}

/// Containers may fill the root file system where nothing else is mounted for them.
fn note_root(draft: &mut Draft<'_>) {
    let driver = &draft.want.driver;
    let (have, engine) = (draft.have, draft.engine);
    let store = store::of(have, engine);
    let wanted = draft.want.volumes.values().any(|volume| store::holds_store(have, volume.value.mount.as_str(), engine));
    // `/` and `/var` of an OSTree host are the root file system.
    let mounted = have.mounts.keys().any(|point| point != "/" && point != "/var" && store::holds_store(have, point, engine));
    match driver.value {
        Driver::Overlay2 | Driver::Overlay if !wanted && !mounted => {
            let name = driver.value.as_str();
            draft.note(&driver.place, format!("{name} lies on the root file system: there is no volume at {store}"));
        }
        Driver::Overlay2 | Driver::Overlay | Driver::Devicemapper | Driver::None => {}
    }
}
