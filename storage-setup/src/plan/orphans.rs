//! What carries our stamp and is no longer asked for: it goes, with consent. Without our stamp nothing is touched.

use config::{Disruption, Reason};

use super::draft::Draft;
use super::remove::{self, Unit};
use super::{POOL, store};
use crate::{Role, Root, stamp};

/// Plans the removals. `group`: where pool and volumes are wanted.
pub(super) fn plan(draft: &mut Draft<'_>, group: Option<&str>) {
    for (name, found) in &draft.have.groups {
        let ours = || found.volumes.iter().filter(|(_, volume)| stamp::is_ours(&volume.tags));
        if ours().next().is_none() {
            continue;
        }
        if found.missing > 0 {
            if group != Some(name) {
                let text = format!("{name} lacks physical volumes; what is no longer asked for in it stays");
                draft.note(&draft.group_place(), text);
            }
            continue;
        }
        for (volume, _) in ours().filter(|(_, volume)| !matches!(volume.role, Role::Pool(_))) {
            if !wants_volume(draft, group, name, volume) {
                remove_volume(draft, name, volume);
            }
        }
        for (pool, _) in ours().filter(|(_, volume)| matches!(volume.role, Role::Pool(_))) {
            let wanted = group == Some(name) && pool == POOL && draft.want.pool.is_some();
            if !wanted {
                let reason = Reason::Orphan(format!("the pool {name}/{pool}"));
                if let Err(why) = remove::pool(draft, name, pool, &reason, true) {
                    stays(draft, &format!("{name}/{pool}"), &why);
                }
            }
        }
    }
    stale_units(draft, group);
}

fn wants_volume(draft: &Draft<'_>, wanted_in: Option<&str>, group: &str, volume: &str) -> bool {
    wanted_in == Some(group) && draft.want.volumes.keys().any(|name| name.as_str() == volume)
}

fn stays(draft: &mut Draft<'_>, what: &str, why: &str) {
    draft.note(&draft.group_place(), format!("{what} is no longer asked for, but {why}; it stays"));
}

fn remove_volume(draft: &mut Draft<'_>, group: &str, volume: &str) {
    let name = format!("{group}/{volume}");
    // Whoever tagged the root volume did not mean this.
    if matches!(&draft.have.root, Root::Logical { group: of, volume: root, .. } if of == group && root == volume) {
        return stays(draft, &name, "it is the root volume");
    }
    if let Err(why) = remove::volume(draft, group, volume, &Reason::Orphan(format!("the volume {name}"))) {
        stays(draft, &name, &why);
    }
}

/// Mount units of ours whose volume is gone: nothing is lost with them.
fn stale_units(draft: &mut Draft<'_>, group: Option<&str>) {
    for unit in remove::units(draft) {
        let (of, volume) = (&unit.stamped.group, &unit.stamped.volume);
        let there = draft.volume(of, volume).is_some();
        let wanted = wants_volume(draft, group, of, volume);
        if !there && !wanted {
            if let Some(why) = remove::obstacle(draft, &unit) {
                stays(draft, &unit.path, &why);
                continue;
            }
            let reason = Reason::Orphan(format!("the mount unit of {of}/{volume}, which is not there"));
            let disruption = unmounting(draft, &unit);
            remove::mount(draft, &unit, &reason, disruption);
        }
    }
}

/// What it costs to remove a unit whose volume stays.
pub(super) fn unmounting(draft: &Draft<'_>, unit: &Unit) -> Disruption {
    let point = &unit.stamped.mount;
    if !draft.have.mounts.contains_key(point) {
        return Disruption::None;
    }
    // Whoever uses the files there must stop.
    if store::hides_data(draft.have, point) { Disruption::DataLoss } else { Disruption::Restart }
}
