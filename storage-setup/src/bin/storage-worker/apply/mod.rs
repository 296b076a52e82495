//! Carries out the steps of a plan, one after another. Each action looks again just before it acts: a plan is as old as its look.

mod created;
mod disks;
mod effects;
mod error;
mod files;
mod filesystems;
mod legacy;
mod mounts;
mod pool;
pub(crate) mod private_mounts;
pub(crate) mod records;
mod removed;
mod resume;
mod root;
mod store;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use config::StepId;
use storage_setup::fullreport::FullReport;
use storage_setup::protocol::{Event, Kill, Outcome, Task};
use storage_setup::render::mount_unit;
use storage_setup::{Action, Role, stamp};

use crate::events::{self, Events, EventsError};
use crate::lvm::Lvm;
use crate::observe;
use crate::program::Program;
use crate::signals::Signals;

use effects::Effects;
pub(crate) use error::ApplyError;

/// What an action did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// It was so already.
    Already,
    /// Something was done.
    Made,
}

impl Change {
    /// What an action of two parts did.
    fn or(self, other: Change) -> Change {
        match self {
            Change::Already => other,
            Change::Made => Change::Made,
        }
    }
}

/// All that actions act through.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    lvm: Lvm,
    effects: Effects<'a>,
    state: PathBuf,
    /// The profiles that volumes had at the last report: LVM has read these.
    profiles: BTreeSet<String>,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(lvm: Lvm, state: PathBuf, kill: Option<Kill>, signals: Signals, events: &'a mut Events) -> Machine<'a> {
        Machine { lvm, effects: Effects::new(kill, signals, events), state, profiles: BTreeSet::new() }
    }

    /// LVM's report as of now. Looking is no effect.
    pub(crate) fn report(&mut self) -> Result<FullReport, ApplyError> {
        let report = observe::report(&mut self.lvm)?;
        let volumes = report.groups.values().flat_map(|group| group.volumes.values());
        self.profiles = volumes.filter_map(|volume| profile_of(&volume.role)).collect();
        Ok(report)
    }

    /// One LVM command that changes its metadata. A report comes before it.
    fn lvm(&mut self, words: &[&str]) -> Result<(), ApplyError> {
        self.lvm.ensure_durable()?;
        self.lvm_in_kernel(words)
    }

    /// One LVM command that brings the kernel in line with its metadata.
    fn lvm_in_kernel(&mut self, words: &[&str]) -> Result<(), ApplyError> {
        let Machine { lvm, effects, .. } = self;
        effects.run(&words.join(" "), || Ok(lvm.run(words).map(drop)?))
    }

    /// A file was written. LVM keeps the profiles that it has read, so it starts anew where this may be one; that takes longer than most
    /// of its commands.
    fn written(&mut self, path: &str, was_there: bool) {
        let Some(file) = path.strip_prefix("/etc/lvm/") else { return };
        let profile = file.strip_prefix("profile/").and_then(|file| file.strip_suffix(".profile"));
        if was_there || profile.is_none_or(|profile| self.profiles.contains(profile)) {
            self.lvm.reread();
        }
    }

    /// One program that changes something.
    fn program(&mut self, program: &Program<'_>) -> Result<(), ApplyError> {
        self.effects.run(&program.words(), || Ok(program.run()?.expect(&[0]).map(drop)?))
    }
}

fn profile_of(role: &Role) -> Option<String> {
    match role {
        Role::Pool(state) => state.profile.clone(),
        Role::Linear | Role::Thin { .. } | Role::Other => None,
    }
}

/// All steps in order. An error means that nobody hears the events; what fails in a step is told as its outcome.
pub(crate) fn apply(steps: &[Task], mut machine: Machine<'_>) -> Result<(), EventsError> {
    // The first step that kept each of the unsuccessful ones from success: itself, or what it waited for.
    let mut unsuccessful: BTreeMap<StepId, StepId> = BTreeMap::new();
    for task in steps {
        let outcome = match task.after.iter().find_map(|step| unsuccessful.get(step)) {
            Some(because) => Outcome::Skipped { because: because.clone() },
            None => carry_out(task, &mut machine),
        };
        match &outcome {
            Outcome::Already | Outcome::Made => {}
            Outcome::Failed { .. } => drop(unsuccessful.insert(task.id.clone(), task.id.clone())),
            Outcome::Skipped { because } => drop(unsuccessful.insert(task.id.clone(), because.clone())),
        }
        machine.effects.tell(&Event::Step { id: task.id.clone(), outcome })?;
    }
    machine.effects.tell(&Event::Done)
}

fn carry_out(task: &Task, machine: &mut Machine<'_>) -> Outcome {
    machine.effects.begin(&task.id);
    match act(&task.action, machine) {
        Ok(Change::Already) => Outcome::Already,
        Ok(Change::Made) => Outcome::Made,
        Err(error) => Outcome::Failed { why: events::chain(&error) },
    }
}

fn act(action: &Action, machine: &mut Machine<'_>) -> Result<Change, ApplyError> {
    match action {
        Action::ResumeDevice { name } => resume::resume_device(machine, name),
        Action::CreateGroup { group, disks } => disks::create_group(machine, group, disks),
        Action::WipeDisk { disk, holds } => disks::wipe(machine, disk, holds),
        Action::GrowPartition { group, node, disk, number, to, .. } => {
            root::grow_member_partition(machine, group, node, (disk, *number), *to)
        }
        Action::GrowMember { group, node, to, .. } => root::grow_member(machine, group, node, *to),
        Action::RenewMetadata { group, .. } => disks::renew_metadata(machine, group),
        Action::AddDisk { group, disk } => disks::add_disk(machine, group, disk),
        Action::SettleRecord { group, disk } => disks::settle_record(machine, group, disk),
        Action::GrowRootPartition { disk, number, to, .. } => root::grow_partition(machine, disk, *number, *to),
        Action::GrowRootVolume { group, volume, to, .. } => root::grow_volume(machine, group, volume, *to),
        Action::GrowRootFilesystem { filesystem, device, to } => filesystems::grow(machine, *filesystem, device, *to),
        Action::WriteFile { path, from, text, .. } => files::write(machine, path, from.as_deref(), text),
        Action::CreatePool { group, pool, data, metadata, chunk, profile, asked, engines, extent, .. } => {
            let (data, metadata, chunk, engines, extent) = (*data, *metadata, *chunk, *engines, *extent);
            let new = pool::NewPool { group, pool, data, metadata, chunk, profile, asked, engines, extent };
            pool::create(machine, &new)
        }
        Action::AdoptPool { group, pool, uuid, asked, engines } => {
            pool::adopt(machine, (group, pool), uuid, &stamp::of_pool(asked, *engines))
        }
        Action::GrowPool { group, pool, to, asked, .. } => volumes::grow(machine, group, pool, *to, asked),
        Action::GrowPoolMetadata { group, pool, to, extent, .. } => pool::grow_metadata(machine, group, pool, *to, *extent),
        Action::RenewProfile { group, pool, path, from, text, what: _ } => {
            pool::renew_profile(machine, (group, pool), path, from.as_deref(), text)
        }
        Action::AttachProfile { group, pool, profile, .. } => pool::attach_profile(machine, group, pool, profile),
        Action::CreateVolume { group, volume, pool, extents, asked, extent } => {
            created::create(machine, group, volume, pool.as_deref(), (*extents, *extent), asked)
        }
        Action::FormatVolume { group, volume, filesystem, label, quota, size: _ } => {
            let new = created::NewFilesystem { kind: *filesystem, label: label.as_deref(), quota: *quota, contexts: false };
            created::format(machine, group, volume, &new)
        }
        Action::LabelVolume { group, volume, filesystem, to, .. } => {
            filesystems::label(machine, *filesystem, &mount_unit::device(group, volume), to)
        }
        Action::ActivateVolume { group, volume } => volumes::activate(machine, group, volume),
        Action::GrowVolume { group, volume, to, asked, .. } => volumes::grow(machine, group, volume, *to, asked),
        Action::RecordSize { group, volume, to, from: _ } => volumes::record_size(machine, group, volume, to),
        Action::GrowVolumeFilesystem { group, volume, filesystem, to } => {
            filesystems::grow(machine, *filesystem, &format!("/dev/{group}/{volume}"), *to)
        }
        Action::StartMount { group, volume, mount, unit, dockerd } => {
            mounts::start(machine, &mount_unit::device(group, volume), mount, unit, *dockerd)
        }
        Action::Remount { group, volume, mount, unit, quota, dockerd } => {
            mounts::again(machine, &mount_unit::device(group, volume), (mount, unit), *quota, *dockerd)
        }
        Action::RemoveMount { mount, unit, path, dockerd, .. } => mounts::remove(machine, mount, unit, path, *dockerd),
        Action::RemoveVolume { group, volume, uuid, .. } => removed::volume(machine, group, volume, uuid),
        Action::RemoveLoopStore { inode, engine_stops } => store::remove_loop_files(machine, *inode, *engine_stops),
        Action::RemovePool { group, pool, uuid, profile_path, engine_stops, records, extent: _, data: _ } => {
            removed::pool(machine, (group, pool), uuid, (*engine_stops, *records))
                .and_then(|pool| Ok(pool.or(removed::profile(machine, profile_path.as_deref())?)))
        }
    }
}
