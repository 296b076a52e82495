//! docker-storage-setup: what /etc/sysconfig/docker-storage-setup asks for, in the shell tool's order.

use super::draft::Draft;
use super::volumes::{self, Extra};
use super::{Deed, Plan, devices, pool, root};
use crate::legacy::{Mode, Options, Refusal, Say, Seen, current_driver, current_options, output_line, thin_pool};
use crate::{dm_name, render};

const DRIVERS: [&str; 3] = ["devicemapper", "overlay", "overlay2"];

/// The engine's options.
pub(super) const OUTPUT: &str = render::options::PATH;

/// Plans a run.
///
/// # Errors
/// The first thing in the way; nothing is touched then.
pub fn plan(want: &Options, have: &Seen) -> Result<Plan, Refusal> {
    let mut draft = Draft::new(want, have);
    if !want.driver.is_empty() && !DRIVERS.contains(&want.driver.as_str()) {
        return draft.refuse(format!("Invalid storage driver: {}.", want.driver));
    }
    if old_mode(have, want.variable()) {
        return draft.refuse("Old mode of passing data and metadata logical volumes to docker is not supported. Exiting.");
    }
    devices::plan(&mut draft)?;
    root::plan(&mut draft)?;
    if want.driver.is_empty() {
        draft.info(
            "STORAGE_DRIVER not set, no storage will be configured. You must specify STORAGE_DRIVER if you want to configure storage.",
        );
        return Ok(draft.plan);
    }
    if is_another(&mut draft)? {
        return Ok(draft.plan);
    }
    driver(&mut draft)?;
    extra_volumes(&mut draft)?;
    Ok(draft.plan)
}

/// The members of root's group whose partitions are to grow before the rest is planned anew: those of the plan, or, where what is asked
/// was refused for want of space alone, those that may bring it.
#[must_use]
pub fn members_to_grow(want: &Options, have: &Seen, planned: &Result<Plan, Refusal>) -> Vec<Deed> {
    let of = |plan: &Plan| plan.deeds().filter(|deed| matches!(deed, Deed::GrowMember { .. })).cloned().collect();
    match planned {
        Ok(plan) => of(plan),
        Err(_) => plan(want, &with_room(have)).as_ref().map(of).unwrap_or_default(),
    }
}

/// The same host with more space in root's group than anybody asks for.
fn with_room(have: &Seen) -> Seen {
    const ROOM: u64 = 1 << 32;
    let mut have = have.clone();
    if let Some(group) = have.root.as_ref().and_then(|root| have.groups.get_mut(&root.group)) {
        group.extents += ROOM;
        group.free += ROOM;
    }
    have
}

/// The device of the pool that the engine is told of, while it is not there: its disks may be on their way.
///
/// The engine takes that pool whatever driver is asked for now; only where that is the pool's own driver do we bring the pool up, and
/// only under the name that we know.
#[must_use]
pub fn awaited_pool(want: &Options, have: &Seen) -> Option<String> {
    if !waits(want) {
        return None;
    }
    let options = told(want, have)?;
    let device = thin_pool(options)?;
    let (group, pool) = dm_name::split(device.strip_prefix("/dev/mapper/")?)?;
    let found = have.groups.get(&group).and_then(|found| found.volumes.get(&pool));
    let there = if current_driver(options) == Some(&want.driver) {
        pool != want.pool || found.is_some()
    } else {
        found.is_some_and(|found| found.active)
    };
    (!there).then(|| device.to_owned())
}

/// The group that something is to be made in, while LVM does not show it and nothing is said of its disks: they may be on their way.
#[must_use]
pub fn awaited_group(want: &Options, have: &Seen) -> Option<String> {
    if want.mode != Mode::Compat || !waits(want) || !want.devices.is_empty() || want.group.is_empty() {
        return None;
    }
    let options = told(want, have);
    let another = options.is_some_and(|options| current_driver(options) != Some(&want.driver));
    let pool = want.driver == "devicemapper" && options.and_then(thin_pool).is_none();
    let needed = pool || want.volume.is_some() || want.docker_root;
    (needed && !another && !have.groups.contains_key(&want.group)).then(|| want.group.clone())
}

fn waits(want: &Options) -> bool {
    DRIVERS.contains(&want.driver.as_str()) && want.patience() > 0
}

/// What the engine is told, if anything.
fn told<'a>(want: &Options, have: &'a Seen) -> Option<&'a str> {
    have.output.as_deref().and_then(|text| current_options(text, want.variable()))
}

fn old_mode(have: &Seen, variable: &str) -> bool {
    let options = have.output.as_deref().and_then(|text| current_options(text, variable));
    options.is_some_and(|options| options.contains("dm.datadev") || options.contains("dm.metadatadev"))
}

/// Whether the engine is set up with another driver already: said, and left alone.
fn is_another(draft: &mut Draft<'_>) -> Result<bool, Refusal> {
    let (want, have) = (draft.want, draft.have);
    let Some(options) = told(want, have) else { return Ok(false) };
    let Some(current) = current_driver(options) else { return draft.refuse("Failed to determine existing storage driver.") };
    if current == want.driver {
        return Ok(false);
    }
    let (current, wanted) = (current.to_owned(), want.driver.clone());
    draft.info(format!(
        "Storage is already configured with {current} driver. Can't configure it with {wanted} driver. To override, remove {OUTPUT} and retry."
    ));
    Ok(true)
}

fn driver(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let (want, have) = (draft.want, draft.have);
    if want.driver == "devicemapper" {
        return devicemapper(draft);
    }
    let name = want.driver.clone();
    if !have.overlay {
        return draft.refuse(format!("Can not setup storage driver {name} as system does not support it. Specify a different driver."));
    }
    if let Some(point) = &have.flat_xfs {
        return draft.refuse(format!(
            "XFS filesystem at {point} has ftype=0, cannot use overlay backend; consider different driver or separate volume or OS reprovision"
        ));
    }
    let text = output_line(want.variable(), &name, &want.extra, None, have.deferred);
    draft.write(OUTPUT.to_owned(), text, have.output.as_deref());
    Ok(())
}

fn devicemapper(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let (want, have) = (draft.want, draft.have);
    let options = told(want, have);
    let group = match options.and_then(thin_pool) {
        Some(device) => configured(draft, device)?,
        None => draft.group(),
    };
    if draft.space.is_none() && !have.groups.contains_key(&group) {
        return draft.refuse("No valid volume group found. Exiting.");
    }
    match pool::existing(draft, &group)? {
        Some(found) => {
            if have.output.is_none() {
                draft.info(format!("{OUTPUT} file is missing. Recreating it."));
            }
            pool::keep_profile(draft, &group, found)?;
            if !found.active {
                draft.push(Deed::Activate { group: group.clone(), volume: want.pool.clone(), on_demand: false });
            }
        }
        None if have.docker_records => return Err(records(draft)),
        None => pool::create(draft, &group, false)?,
    }
    let text = output_line(want.variable(), &want.driver, &want.extra, Some((&group, &want.pool)), have.deferred);
    draft.write(OUTPUT.to_owned(), text, have.output.as_deref());
    Ok(())
}

/// The group of the pool that the engine is told of: its own, whatever `VG` says now.
fn configured(draft: &mut Draft<'_>, device: &str) -> Result<String, Refusal> {
    let pool = &draft.want.pool;
    draft.info(format!("Found an already configured thin pool {device} in {OUTPUT}"));
    let named = device.strip_prefix("/dev/mapper/").and_then(dm_name::split);
    let Some((group, _)) = named.filter(|(_, name)| name == pool) else {
        return draft.refuse(format!("Thin pool {device} does not seem to be managed by container-storage-setup. Exiting."));
    };
    if pool::existing(draft, &group)?.is_none() {
        return draft.refuse(format!(
            "Already configured thin pool {device} is not available. If thin pool exists and is taking longer to activate, set \
             DEVICE_WAIT_TIMEOUT to a higher value and retry. If thin pool does not exist any more, remove {OUTPUT} and retry"
        ));
    }
    Ok(group)
}

/// Two lines, as ever.
fn records(draft: &Draft<'_>) -> Refusal {
    let why = "Docker has been previously configured for use with devicemapper graph driver. Not creating a new thin pool as existing \
               docker metadata will fail to work with it. Manual cleanup is required before this will succeed.";
    let root = &draft.have.docker_root;
    let help = format!(
        "Docker state can be reset by stopping docker and by removing {root} directory. This will destroy existing docker images and \
         containers and all the docker metadata."
    );
    let mut refusal = Refusal::new(why).after(draft.said());
    refusal.said.push(Say::Info(help));
    refusal
}

fn extra_volumes(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let (want, have, group) = (draft.want, draft.have, draft.group());
    if want.docker_root {
        let extra = Extra { name: volumes::DOCKER_ROOT, point: &have.docker_root, key: "DOCKER_ROOT_VOLUME_SIZE", by_unit: false };
        volumes::plan(draft, &group, extra)?;
    }
    if let Some((name, point)) = &want.volume {
        volumes::plan(draft, &group, Extra { name, point, key: "CONTAINER_ROOT_LV_SIZE", by_unit: true })?;
    }
    Ok(())
}
