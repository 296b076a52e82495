//! The volumes: made, formatted, grown, mounted; replaced, with consent, where they cannot be changed.

use config::{Bytes, Disruption, Driver, Filesystem, LvName, MIB, Placed, Reason, Size, StepId, Volume, VolumeKind};

use super::allocation::{self, Asker};
use super::draft::Draft;
use super::{POOL, mounts, pool, record, remove, root, store};
use crate::render::mount_unit;
use crate::{Action, Content, LogicalVolume, Role, dm_name, stamp};

/// LVM counts extents in 32 bits.
const MOST_EXTENTS: u64 = u32::MAX as u64;

/// Characters of a name in device-mapper, DM_NAME_LEN without its NUL (linux/dm-ioctl.h).
const LONGEST_NAME: usize = 127;

/// mkfs.xfs makes none smaller than 300 MB.
pub(crate) const LEAST_XFS: u64 = 300 * MIB;

/// A wanted volume.
struct Wanted<'a> {
    group: &'a str,
    name: &'a str,
    volume: &'a Placed<Volume>,
    key: String,
    /// `Size` of either kind.
    asked: Size,
    thin: bool,
}

/// What becomes of it.
enum Fate<'a> {
    /// It is not there.
    Make,
    /// It is there and stays.
    Keep(&'a LogicalVolume),
    /// It goes with this step, and is made again.
    MakeAfter(StepId),
    /// There is a problem, and it has been noted.
    Stuck,
}

/// Plans all volumes of the spec.
pub(super) fn plan(draft: &mut Draft<'_>, group: &str) {
    let want = draft.want;
    let all: Vec<Wanted<'_>> = want.volumes.iter().map(|(name, volume)| wanted(group, name, volume)).collect();
    let mut fates = Vec::new();
    for wanted in &all {
        let fate = if check(draft, wanted) { fate(draft, wanted) } else { Fate::Stuck };
        fates.push(fate);
    }
    for (wanted, fate) in all.iter().zip(&fates) {
        match fate {
            Fate::Make | Fate::Keep(_) => mounts::leave(draft, group, wanted.name, wanted.volume),
            // Its unit goes with it.
            Fate::MakeAfter(_) | Fate::Stuck => {}
        }
    }
    let replaced = draft.pool_replaced.is_some();
    let mut order: Vec<(Turn, &Wanted<'_>, &Fate<'_>)> =
        all.iter().zip(&fates).map(|(wanted, fate)| (turn(wanted, fate, replaced), wanted, fate)).collect();
    order.sort_by_key(|(turn, ..)| *turn);
    let (before, after) = order.split_at(order.partition_point(|(turn, ..)| *turn < Turn::InPool));
    carry(draft, before);
    pool::make_anew(draft, group);
    carry(draft, after);
}

/// When a volume draws its space. What waits for consent comes after what does not, so that sizes are the same before and after the latter
/// was made; but a share is of what the others leave, and comes after volumes of a fixed size even if these wait: taken first, it could
/// leave one of them too little where a run was cut off after a removal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Fixed,
    KeptShare,
    FixedInPlaceOfAnother,
    Share,
    /// From here on a pool that is made anew is there.
    InPool,
    ShareInPlaceOfAnother,
}

fn turn(wanted: &Wanted<'_>, fate: &Fate<'_>, pool_replaced: bool) -> Turn {
    let share = matches!(wanted.asked, Size::OfFree(_));
    match fate {
        Fate::Make if share => Turn::Share,
        Fate::Make if wanted.thin && pool_replaced => Turn::InPool,
        Fate::MakeAfter(_) if share => Turn::ShareInPlaceOfAnother,
        Fate::MakeAfter(_) if wanted.thin => Turn::InPool,
        Fate::MakeAfter(_) => Turn::FixedInPlaceOfAnother,
        Fate::Keep(_) if share => Turn::KeptShare,
        Fate::Make | Fate::Keep(_) | Fate::Stuck => Turn::Fixed,
    }
}

fn carry(draft: &mut Draft<'_>, volumes: &[(Turn, &Wanted<'_>, &Fate<'_>)]) {
    for (_, wanted, fate) in volumes {
        match fate {
            Fate::Make => make(draft, wanted, &[]),
            Fate::MakeAfter(step) => make(draft, wanted, std::slice::from_ref(step)),
            Fate::Keep(found) => keep(draft, wanted, found),
            Fate::Stuck => {}
        }
    }
}

fn wanted<'a>(group: &'a str, name: &'a LvName, volume: &'a Placed<Volume>) -> Wanted<'a> {
    let (asked, thin) = match volume.value.kind {
        VolumeKind::Thin { size } => (Size::Bytes(size), true),
        VolumeKind::Plain { size } => (size, false),
    };
    let name = name.as_str();
    Wanted { group, name, volume, key: format!("storage.volume.{name}"), asked, thin }
}

impl Wanted<'_> {
    fn problem(&self, draft: &mut Draft<'_>, message: String, hint: impl Into<String>) {
        draft.problem(&self.volume.place, &self.key, message, hint);
    }

    fn spec(&self) -> Reason {
        Reason::Spec(self.volume.place.clone())
    }

    fn asker<'a>(&'a self, key: &'a str, what: &'a str, now: u64) -> Asker<'a> {
        Asker { place: &self.volume.place, key, what, now }
    }
}

fn check(draft: &mut Draft<'_>, wanted: &Wanted<'_>) -> bool {
    if wanted.thin && draft.want.pool.is_none() {
        wanted.problem(draft, format!("{} is thin, but there is no pool", wanted.name), "add [storage.pool], or write thin = false");
        return false;
    }
    if wanted.thin && draft.want.driver.value == Driver::Devicemapper {
        let message = format!("{} is thin, but the devicemapper driver has the pool for itself", wanted.name);
        wanted.problem(draft, message, "write thin = false, or driver = \"overlay2\"");
        return false;
    }
    let point = wanted.volume.value.mount.as_str();
    if let Some(target) = draft.have.links.get(point) {
        let message = format!("{point} leads to {target} through a link, and systemd mounts nothing there");
        let key = format!("{}.mount", wanted.key);
        draft.problem(&wanted.volume.place, &key, message, format!("write {target:?}"));
        return false;
    }
    true
}

fn fate<'a>(draft: &mut Draft<'a>, wanted: &Wanted<'_>) -> Fate<'a> {
    let (group, name) = (wanted.group, wanted.name);
    if let Some(step) = draft.removed.get(&(group.to_owned(), name.to_owned())) {
        return Fate::MakeAfter(step.clone());
    }
    let Some(found) = draft.volume(group, name) else { return Fate::Make };
    if !stamp::is_ours(&found.tags) {
        let message = format!("{group}/{name} is there already and does not carry the tag {}", stamp::OURS);
        wanted.problem(draft, message, "give the volume another name, or rename the one that is there: lvrename");
        return Fate::Stuck;
    }
    let thin = match &found.role {
        Role::Linear => false,
        Role::Thin { pool } if pool == POOL => true,
        Role::Thin { .. } | Role::Pool(_) | Role::Other => {
            let message = format!("{group}/{name} is not a volume as they are made here");
            wanted.problem(draft, message, "give the volume another name");
            return Fate::Stuck;
        }
    };
    if thin != wanted.thin || other_filesystem(wanted, found) || shrinks(draft, wanted, found) {
        return match remove::volume(draft, group, name, &wanted.spec()) {
            Ok(step) => Fate::MakeAfter(step),
            Err(why) => {
                let message = format!("{name} cannot be changed like this without making it anew, and {why}");
                wanted.problem(draft, message, "undo that by hand, or take back the change");
                Fate::Stuck
            }
        };
    }
    Fate::Keep(found)
}

fn other_filesystem(wanted: &Wanted<'_>, found: &LogicalVolume) -> bool {
    match found.content {
        // Before the tag goes nobody mounted it: it is formatted in place.
        Content::Filesystem { kind, .. } => kind != wanted.volume.value.filesystem && !stamp::is_unformatted(&found.tags),
        Content::Unknown | Content::Nothing | Content::Other(_) => false,
    }
}

fn shrinks(draft: &Draft<'_>, wanted: &Wanted<'_>, found: &LogicalVolume) -> bool {
    let Some(space) = draft.spaces.get(wanted.group) else { return false };
    space.level(wanted.asked).is_some_and(|level| level < found.extents && record::is_above(space, found, found.extents, level))
}

fn make(draft: &mut Draft<'_>, wanted: &Wanted<'_>, own: &[StepId]) {
    let Some(space) = draft.spaces.get(wanted.group) else { return };
    let (extent, extents) = (space.extent, space.resolve(wanted.asked, own));
    let what = format!("the volume {}", wanted.name);
    let key = format!("{}.size", wanted.key);
    let asker = wanted.asker(&key, &what, 0);
    if extents == 0 {
        return allocation::nothing_free(draft, wanted.group, &asker, wanted.asked);
    }
    let (size, most) = (space.bytes(extents), space.bytes(MOST_EXTENTS));
    if extents > MOST_EXTENTS {
        let message = format!("{size} are asked for {what}, but LVM makes no volume of more than {most} in {}", wanted.group);
        return draft.problem(&wanted.volume.place, &key, message, "ask for less");
    }
    if dm_name::of(wanted.group, wanted.name).len() > LONGEST_NAME {
        let message = format!("the names {} and {} are too long together for the device-mapper", wanted.group, wanted.name);
        let hint = format!("take a shorter name: with a dash between them, and each of their own counted twice, {LONGEST_NAME} characters");
        return wanted.problem(draft, message, hint);
    }
    let mut after = own.to_vec();
    if wanted.thin {
        after.extend(draft.pool_ready.iter().cloned());
    } else {
        let Some(steps) = allocation::draw(draft, wanted.group, &asker, wanted.asked, extents, own) else { return };
        after = steps;
    }
    if !large_enough(draft, wanted, size) {
        return;
    }
    let action = Action::CreateVolume {
        group: wanted.group.to_owned(),
        volume: wanted.name.to_owned(),
        pool: wanted.thin.then(|| POOL.to_owned()),
        extents,
        asked: wanted.asked.as_tag(),
        extent,
    };
    let made = draft.push(action, wanted.spec(), Disruption::None, after);
    let formatted = format(draft, wanted, size, wanted.spec(), vec![made]);
    mount(draft, wanted, vec![formatted]);
}

fn large_enough(draft: &mut Draft<'_>, wanted: &Wanted<'_>, size: Bytes) -> bool {
    let least = match wanted.volume.value.filesystem {
        Filesystem::Xfs => LEAST_XFS,
        Filesystem::Ext4 => 4 * MIB,
    };
    if size.0 >= least {
        return true;
    }
    let kind = wanted.volume.value.filesystem.as_str();
    let message = format!("{} would have {size}, but {kind} needs {} at least", wanted.name, Bytes(least));
    draft.problem(&wanted.volume.place, &format!("{}.size", wanted.key), message, "ask for more");
    false
}

fn format(draft: &mut Draft<'_>, wanted: &Wanted<'_>, size: Bytes, reason: Reason, after: Vec<StepId>) -> StepId {
    let action = Action::FormatVolume {
        group: wanted.group.to_owned(),
        volume: wanted.name.to_owned(),
        filesystem: wanted.volume.value.filesystem,
        size,
        label: wanted.volume.value.label.as_ref().map(|label| label.as_str().to_owned()),
        quota: wanted.volume.value.quota,
    };
    draft.push(action, reason, Disruption::None, after)
}

fn mount(draft: &mut Draft<'_>, wanted: &Wanted<'_>, ready: Vec<StepId>) -> Option<StepId> {
    mounts::plan(draft, wanted.group, wanted.name, wanted.volume, ready)
}

fn keep(draft: &mut Draft<'_>, wanted: &Wanted<'_>, found: &LogicalVolume) {
    note_share(draft, wanted, found);
    if !found.active {
        return activate(draft, wanted, found);
    }
    let device = mount_unit::device(wanted.group, wanted.name);
    let mounted = draft.have.mounts.values().any(|mount| mount.source == device);
    if stamp::is_unformatted(&found.tags) {
        return finish(draft, wanted, found, mounted);
    }
    match &found.content {
        Content::Filesystem { kind, size, label, projects } => {
            if wanted.volume.value.quota && !projects {
                return without_projects(draft, wanted, &device);
            }
            let Some((grown, bytes)) = grow(draft, wanted, found) else { return };
            grow_filesystem(draft, wanted, *kind, *size, bytes, grown);
            let mounted = mount(draft, wanted, Vec::new());
            return relabel(draft, wanted, *kind, label.as_deref(), mounted);
        }
        Content::Unknown if mounted => {
            let text = format!("the size of the file system on {device} could not be read; it is not grown");
            draft.note(&wanted.volume.place, text);
        }
        Content::Unknown => return unreadable(draft, wanted, &device),
        Content::Nothing => {
            let message = format!("{device} was formatted once and has no file system any more");
            return wanted.problem(draft, message, format!("look at it; if nothing on it is needed: lvremove {device}"));
        }
        Content::Other(kind) => {
            let message = format!("{device} was formatted once and now has something else on it: {kind}");
            return wanted.problem(draft, message, format!("look at it; if nothing on it is needed: lvremove {device}"));
        }
    }
    mount(draft, wanted, Vec::new());
}

/// mkfs decides it; tune2fs could add it while nothing is mounted, which is for a person to try.
fn without_projects(draft: &mut Draft<'_>, wanted: &Wanted<'_>, device: &str) {
    let message = format!("the ext4 on {device} was made without project quotas");
    let hint = format!("unmount it, then: tune2fs -O project,quota -Q prjquota {device}; or take quota out");
    draft.problem(&wanted.volume.place, &format!("{}.quota", wanted.key), message, hint);
}

/// Another label, once the volume is mounted: nothing that uses it notices.
fn relabel(draft: &mut Draft<'_>, wanted: &Wanted<'_>, filesystem: Filesystem, from: Option<&str>, mounted: Option<StepId>) {
    let Some(label) = wanted.volume.value.label.as_ref().map(config::Label::as_str).filter(|label| Some(*label) != from) else { return };
    let action = Action::LabelVolume {
        group: wanted.group.to_owned(),
        volume: wanted.name.to_owned(),
        filesystem,
        from: from.map(str::to_owned),
        to: label.to_owned(),
    };
    draft.push(action, wanted.spec(), Disruption::None, mounted.into_iter().collect());
}

fn unreadable(draft: &mut Draft<'_>, wanted: &Wanted<'_>, device: &str) {
    wanted.problem(draft, format!("what is on {device} could not be read"), "look at the kernel's log: journalctl -k");
}

/// What an inactive volume holds is not known: it is activated, and mounted if it was formatted; more comes with the next look.
fn activate(draft: &mut Draft<'_>, wanted: &Wanted<'_>, found: &LogicalVolume) {
    let action = Action::ActivateVolume { group: wanted.group.to_owned(), volume: wanted.name.to_owned() };
    let pool = if wanted.thin { draft.pool_ready.clone() } else { Vec::new() };
    let step = draft.push(action, Reason::Drift("the volume is inactive".to_owned()), Disruption::None, pool);
    // What it has, and whether that can count projects, shows only then; the kernel mounts none with quotas that cannot.
    if stamp::is_unformatted(&found.tags) || wanted.volume.value.quota {
        draft.store_unsettled |= store::holds_store(draft.have, wanted.volume.value.mount.as_str(), draft.engine);
        let text = format!("{} is looked at again once it is active", wanted.name);
        return draft.note(&wanted.volume.place, text);
    }
    mount(draft, wanted, vec![step]);
}

/// Goes on with a volume whose making was cut off. Its tag goes before it is first mounted, so formatting it again loses nothing.
fn finish(draft: &mut Draft<'_>, wanted: &Wanted<'_>, found: &LogicalVolume, mounted: bool) {
    let device = mount_unit::device(wanted.group, wanted.name);
    match &found.content {
        Content::Filesystem { .. } if mounted => {
            let message = format!("{device} is mounted, though its tag says that it was never formatted");
            return wanted.problem(draft, message, format!("if its files are wanted: lvchange --deltag {} {device}", stamp::UNFORMATTED));
        }
        Content::Nothing | Content::Filesystem { .. } => {}
        Content::Unknown => return unreadable(draft, wanted, &device),
        Content::Other(kind) => {
            let message = format!("{device} was never formatted by us, but has something on it: {kind}");
            return wanted.problem(draft, message, format!("if it is not needed: wipefs -a {device}"));
        }
    }
    let Some((grown, bytes)) = grow(draft, wanted, found) else { return };
    if !large_enough(draft, wanted, bytes) {
        return;
    }
    let reason = Reason::Resumed("an earlier run was cut off before the volume was formatted".to_owned());
    let formatted = format(draft, wanted, bytes, reason, grown.into_iter().collect());
    mount(draft, wanted, vec![formatted]);
}

fn note_share(draft: &mut Draft<'_>, wanted: &Wanted<'_>, found: &LogicalVolume) {
    if let (Size::OfFree(_), Some(asked)) = (wanted.asked, stamp::asked(&found.tags))
        && asked != wanted.asked
    {
        let (name, now) = (wanted.name, wanted.asked);
        let text = format!("{name} was made as {asked}; {now} is no level that it could be grown to and changes nothing");
        draft.note(&wanted.volume.place, text);
    }
}

/// The step that grows the volume, if it is too small, and the size that it then has. `None`: a problem was noted.
fn grow(draft: &mut Draft<'_>, wanted: &Wanted<'_>, found: &LogicalVolume) -> Option<(Option<StepId>, Bytes)> {
    let space = draft.spaces.get(wanted.group)?;
    let (extent, now) = (space.extent, space.bytes(found.extents));
    let Some(level) = space.level(wanted.asked).filter(|level| *level > found.extents) else {
        record::size(draft, (wanted.group, wanted.name), found, wanted.asked, &wanted.volume.place);
        return Some((None, now));
    };
    let grown = space.bytes(level);
    let what = format!("the volume {}", wanted.name);
    let key = format!("{}.size", wanted.key);
    let after = if wanted.thin {
        draft.pool_ready.clone()
    } else {
        allocation::draw(draft, wanted.group, &wanted.asker(&key, &what, found.extents), wanted.asked, level, &[])?
    };
    let action = Action::GrowVolume {
        group: wanted.group.to_owned(),
        volume: wanted.name.to_owned(),
        from: found.extents,
        to: level,
        asked: wanted.asked.as_tag(),
        extent,
    };
    Some((Some(draft.push(action, wanted.spec(), Disruption::None, after)), grown))
}

fn grow_filesystem(draft: &mut Draft<'_>, wanted: &Wanted<'_>, kind: Filesystem, now: Bytes, to: Bytes, grown: Option<StepId>) {
    let extent = draft.spaces.get(wanted.group).map(|space| space.extent).unwrap_or_default();
    let reason = match &grown {
        Some(_) => wanted.spec(),
        None if to.0.saturating_sub(now.0) >= root::slack(kind, to, extent) => {
            Reason::Resumed("the file system is smaller than its volume".to_owned())
        }
        None => return,
    };
    let action = Action::GrowVolumeFilesystem { group: wanted.group.to_owned(), volume: wanted.name.to_owned(), filesystem: kind, to };
    draft.push(action, reason, Disruption::None, grown.into_iter().collect());
}
