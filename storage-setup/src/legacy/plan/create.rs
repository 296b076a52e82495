//! `create NAME FILE`: disks, pool and volume of a configuration of its own. Its pool is activated on demand.

use super::draft::Draft;
use super::volumes::{self, Extra};
use super::{Plan, devices, pool};
use crate::legacy::{Options, Refusal, Seen, output_line};

/// Plans a creation. `remove` takes away what a configuration names, so nothing that is there already may be part of it; what a run that
/// was cut off has made is on record, and goes by `remove`.
///
/// # Errors
/// The first thing in the way; nothing is touched then.
pub fn plan(want: &Options, have: &Seen) -> Result<Plan, Refusal> {
    let mut draft = Draft::new(want, have);
    if !want.driver.is_empty() && !["devicemapper", "overlay", "overlay2"].contains(&want.driver.as_str()) {
        return draft.refuse(format!("Invalid storage driver: {}.", want.driver));
    }
    devices::plan(&mut draft)?;
    let group = draft.group();
    match want.driver.as_str() {
        "" => {}
        "devicemapper" => devicemapper(&mut draft, &group)?,
        overlay => {
            if !have.overlay {
                return draft
                    .refuse(format!("Can not setup storage driver {overlay} as system does not support it. Specify a different driver."));
            }
            if let Some(point) = &have.flat_xfs {
                return draft.refuse(format!(
                    "XFS filesystem at {point} has ftype=0, cannot use overlay backend; consider different driver or separate volume or \
                     OS reprovision"
                ));
            }
            draft.plan.output = Some(output_line(want.variable(), overlay, &want.extra, None, have.deferred));
        }
    }
    if let Some((name, point)) = &want.volume {
        if have.groups.get(&group).is_some_and(|found| found.volumes.contains_key(name)) {
            return draft.refuse(format!("Volume {group}/{name} already exists. Specify a different CONTAINER_ROOT_LV_NAME."));
        }
        volumes::plan(&mut draft, &group, Extra { name, point, key: "CONTAINER_ROOT_LV_SIZE", by_unit: false })?;
    }
    Ok(draft.plan)
}

fn devicemapper(draft: &mut Draft<'_>, group: &str) -> Result<(), Refusal> {
    let want = draft.want;
    if draft.space.is_none() {
        return draft.refuse("No valid volume group found. Exiting.");
    }
    if pool::existing(draft, group)?.is_some() {
        return draft.refuse(format!("Thin pool named {} already exists. Specify a different thin pool name.", want.pool));
    }
    pool::create(draft, group, true)?;
    let line = output_line(want.variable(), "devicemapper", &want.extra, Some((group, &want.pool)), draft.have.deferred);
    draft.plan.output = Some(line);
    Ok(())
}
