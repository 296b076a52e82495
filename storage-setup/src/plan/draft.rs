//! A plan being written: steps, notes and problems, and what the topics tell each other.

use std::collections::{BTreeMap, BTreeSet};

use config::{Disruption, EngineKind, Group, Place, Problem, Reason, Step, StepId, Storage, Undo};

use super::pool::Replaced;
use super::space::Space;
use super::{Note, Plan, record, store};
use crate::mountinfo::is_below;
use crate::{Action, LogicalVolume, Observed};

/// Group and name of a volume.
pub(super) type Name = (String, String);

/// A plan being written.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) want: &'a Storage,
    pub(super) engine: Option<EngineKind>,
    pub(super) have: &'a Observed,
    /// The group of pool and volumes, once it is settled.
    pub(super) group: Option<String>,
    /// The engine's options are written by this plan.
    pub(super) options_change: bool,
    /// Free extents by group.
    pub(super) spaces: BTreeMap<String, Space>,
    /// Growth of the root volume, by group: shares of the free space are counted after it.
    pub(super) root_growth: BTreeMap<String, StepId>,
    /// Volumes that a step of this plan removes.
    pub(super) removed: BTreeMap<Name, StepId>,
    /// Mount points that a step of this plan clears.
    pub(super) vacated: BTreeMap<String, StepId>,
    /// Volumes that a step unmounts from elsewhere before they are mounted where they belong.
    pub(super) unmounted: BTreeMap<Name, Vec<StepId>>,
    /// Steps before the pool can be used.
    pub(super) pool_ready: Vec<StepId>,
    /// The step that puts our stamp on a pool of somebody else's.
    pub(super) pool_adopted: Option<StepId>,
    /// The pool is removed and not yet planned anew.
    pub(super) pool_replaced: Option<Replaced>,
    /// Steps before the engine's store is where it belongs.
    pub(super) store_ready: Vec<StepId>,
    /// Starts of units whose volume is mounted: they only make systemd read the unit anew.
    pub(super) already_mounted: BTreeSet<StepId>,
    /// The engine's store cannot be settled before the next look at the host.
    pub(super) store_unsettled: bool,
    steps: Vec<Step<Action>>,
    late: Vec<Step<Action>>,
    notes: Vec<Note>,
    problems: Vec<Problem>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(want: &'a Storage, engine: Option<EngineKind>, have: &'a Observed) -> Draft<'a> {
        Draft {
            want,
            engine,
            have,
            group: None,
            options_change: false,
            spaces: have.groups.iter().map(|(name, group)| (name.clone(), Space::of(group))).collect(),
            root_growth: BTreeMap::new(),
            removed: BTreeMap::new(),
            vacated: BTreeMap::new(),
            unmounted: BTreeMap::new(),
            pool_ready: Vec::new(),
            pool_adopted: None,
            pool_replaced: None,
            store_ready: Vec::new(),
            already_mounted: BTreeSet::new(),
            store_unsettled: false,
            steps: Vec::new(),
            late: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The volume, if it is there.
    pub(super) fn volume(&self, group: &str, volume: &str) -> Option<&'a LogicalVolume> {
        self.have.groups.get(group)?.volumes.get(volume)
    }

    /// Who asks for the group: the name if the spec has one, else the first value that needs it.
    pub(super) fn group_place(&self) -> Place {
        let want = self.want;
        match &want.group {
            Group::Named(name) => name.place.clone(),
            Group::OfRoot => {
                let pool = want.pool.as_ref().map(|pool| &pool.place);
                let volume = || want.volumes.values().next().map(|volume| &volume.place);
                let device = || want.devices.first().map(|device| &device.place);
                pool.or_else(volume).or_else(device).unwrap_or(&want.driver.place).clone()
            }
        }
    }

    pub(super) fn note(&mut self, place: &Place, text: String) {
        self.notes.push(Note { place: place.clone(), text });
    }

    pub(super) fn problem(&mut self, place: &Place, key: &str, message: String, hint: impl Into<String>) {
        self.problems.push(Problem { place: place.clone(), key: key.to_owned(), message, hint: Some(hint.into()) });
    }

    /// Adds a step; it comes as early as its dependencies allow.
    pub(super) fn push(&mut self, action: Action, reason: Reason, disruption: Disruption, after: Vec<StepId>) -> StepId {
        let step = step(action, reason, disruption, after);
        let id = step.id.clone();
        self.steps.push(step);
        id
    }

    /// Adds a removal; it comes after all that does not need it.
    pub(super) fn push_late(&mut self, action: Action, reason: Reason, disruption: Disruption, after: Vec<StepId>) -> StepId {
        let step = step(action, reason, disruption, after);
        let id = step.id.clone();
        self.late.push(step);
        id
    }

    /// Steps that change where dockerd finds its records of the pool, with their mount points.
    pub(super) fn moves_of_records(&self) -> Vec<(StepId, String)> {
        let moved = |step: &Step<Action>| {
            let (Action::StartMount { mount, .. } | Action::RemoveMount { mount, .. }) = &step.action else { return None };
            let moves = store::holds_records(self.have, mount) && !self.already_mounted.contains(&step.id);
            moves.then(|| (step.id.clone(), mount.clone()))
        };
        self.steps.iter().chain(&self.late).filter_map(moved).collect()
    }

    /// Steps that remove what dockerd knows of the pool that it uses, with the pool.
    pub(super) fn removals_of_records(&self) -> Vec<StepId> {
        let removes = |step: &&Step<Action>| matches!(step.action, Action::RemovePool { records: true, .. });
        self.late.iter().filter(removes).map(|step| step.id.clone()).collect()
    }

    /// Whether a step removes something from dockerd's store.
    pub(super) fn removes_from_store(&self) -> bool {
        let removes =
            |step: &Step<Action>| matches!(step.action, Action::RemovePool { records: true, .. } | Action::RemoveLoopStore { .. });
        self.steps.iter().chain(&self.late).any(removes)
    }

    /// Steps for devices that a killed command left suspended.
    pub(super) fn resume_devices(&mut self) {
        for name in &self.have.suspended {
            let reason = Reason::Resumed("a killed LVM command left it half-changed".to_owned());
            self.push(Action::ResumeDevice { name: name.clone() }, reason, Disruption::None, Vec::new());
        }
    }

    /// The plan, or all problems.
    pub(super) fn finish(mut self) -> Result<Plan, Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut steps = self.steps;
        steps.append(&mut self.late);
        nest_mounts(&mut steps, &self.already_mounted);
        leave_pool_before_removal(&mut steps);
        record::comes_first(&mut steps);
        Ok(Plan { steps: in_order(steps), notes: self.notes })
    }
}

fn step(action: Action, reason: Reason, disruption: Disruption, mut after: Vec<StepId>) -> Step<Action> {
    after.sort();
    after.dedup();
    let undo = undo(&action);
    Step::new(action, reason, disruption, undo, after)
}

fn undo(action: &Action) -> Undo {
    match action {
        Action::WriteFile { .. }
        | Action::RenewProfile { .. }
        | Action::AttachProfile { .. }
        | Action::AdoptPool { .. }
        | Action::CreatePool { .. }
        | Action::CreateVolume { .. }
        | Action::RecordSize { .. }
        | Action::LabelVolume { .. }
        | Action::StartMount { .. }
        | Action::Remount { .. }
        | Action::RemoveMount { .. } => Undo::Edit,
        // Grown is grown: XFS does not shrink, and a disk in the group may hold anything.
        Action::ResumeDevice { .. }
        | Action::CreateGroup { .. }
        | Action::WipeDisk { .. }
        | Action::GrowPartition { .. }
        | Action::GrowMember { .. }
        | Action::RenewMetadata { .. }
        | Action::AddDisk { .. }
        | Action::SettleRecord { .. }
        | Action::GrowRootPartition { .. }
        | Action::GrowRootVolume { .. }
        | Action::GrowRootFilesystem { .. }
        | Action::GrowPool { .. }
        | Action::GrowPoolMetadata { .. }
        | Action::FormatVolume { .. }
        | Action::ActivateVolume { .. }
        | Action::GrowVolume { .. }
        | Action::GrowVolumeFilesystem { .. }
        | Action::RemoveVolume { .. }
        | Action::RemovePool { .. }
        | Action::RemoveLoopStore { .. } => Undo::Never,
    }
}

/// A mount point below another is mounted after it and unmounted before it.
fn nest_mounts(steps: &mut [Step<Action>], already: &BTreeSet<StepId>) {
    let mut starts = Vec::new();
    let mut stops = Vec::new();
    for step in steps.iter() {
        if let Action::StartMount { mount, .. } | Action::Remount { mount, .. } = &step.action {
            starts.push((mount.clone(), step.id.clone()));
        }
        if let Action::RemoveMount { mount, .. } = &step.action {
            stops.push((mount.clone(), step.id.clone()));
        }
    }
    for step in steps {
        if let Action::StartMount { mount, .. } = &step.action
            && !already.contains(&step.id)
        {
            step.after.extend(starts.iter().filter(|(other, _)| is_below(mount, other)).map(|(_, id)| id.clone()));
        }
        if let Action::RemoveMount { mount, .. } = &step.action {
            step.after.extend(stops.iter().filter(|(other, _)| is_below(other, mount)).map(|(_, id)| id.clone()));
        }
    }
}

/// The engine's options stop naming a pool before the pool goes, unless they wait for the space that it leaves.
fn leave_pool_before_removal(steps: &mut [Step<Action>]) {
    let options = steps.iter().find(|step| matches!(&step.action, Action::WriteFile { path, .. } if path == crate::render::options::PATH));
    let Some(options) = options.map(|step| step.id.clone()) else { return };
    let before = all_before(steps, &options);
    for step in steps {
        if matches!(step.action, Action::RemovePool { engine_stops: true, .. }) && !before.contains(&step.id) {
            step.after.push(options.clone());
        }
    }
}

fn all_before(steps: &[Step<Action>], of: &StepId) -> BTreeSet<StepId> {
    let mut found = BTreeSet::new();
    let mut open = vec![of.clone()];
    while let Some(id) = open.pop() {
        let after = steps.iter().filter(|step| step.id == id).flat_map(|step| &step.after);
        open.extend(after.filter(|id| found.insert((*id).clone())).cloned().collect::<Vec<_>>());
    }
    found
}

/// Each step as early as it can be, after all that it waits for.
fn in_order(mut steps: Vec<Step<Action>>) -> Vec<Step<Action>> {
    let mut done: BTreeSet<StepId> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(steps.len());
    while let Some(next) = steps.iter().position(|step| step.after.iter().all(|id| done.contains(id))) {
        let step = steps.remove(next);
        done.insert(step.id.clone());
        ordered.push(step);
    }
    debug_assert!(steps.is_empty(), "steps wait for each other: {steps:?}");
    ordered
}
