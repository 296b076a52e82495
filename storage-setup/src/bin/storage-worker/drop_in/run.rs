//! docker-storage-setup without a command, and its `--reset`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use storage_setup::legacy::plan::{Deed, Task, awaited_group, awaited_pool, compat as plan_compat, members_to_grow, reset as plan_reset};
use storage_setup::legacy::{Mode, Options, Plan};

use super::error::DropInError;
use super::{STATE, configuration, devices, failed, late, lock, look, say};
use crate::apply::Machine;
use crate::events::Events;
use crate::host::Node;
use crate::lvm::Lvm;
use crate::signals::Signals;

const INPUT: &str = "/etc/sysconfig/docker-storage-setup";

/// The whole run.
pub(super) fn compat(reset: bool) -> Result<(), DropInError> {
    if reset {
        let _lock = lock::agents()?;
        return failed::check().and_then(|()| take_away());
    }
    // Also when the lock does not come: whoever answers that with a reset means a pool that is there.
    failed::remember();
    let _lock = lock::agents()?;
    let locked = SystemTime::now();
    let mut all_new = false;
    let done = set_up(&mut all_new);
    if done.is_ok() || all_new {
        failed::forget(locked);
    }
    done
}

fn options() -> Result<Options, DropInError> {
    let variables = configuration::read(INPUT, &[("CONTAINER_THINPOOL", "docker-pool")])?;
    let (options, said) = Options::read(&variables, Mode::Compat, resolved)?;
    said.iter().for_each(say);
    Ok(options)
}

/// `all_new`: the pool was made by this run, and no volume of the configuration was there before.
fn set_up(all_new: &mut bool) -> Result<(), DropInError> {
    let options = options()?;
    devices::wait(&options);
    with_machine(|machine| {
        let mut seen = look::look(machine, &options)?;
        if let Some(device) = awaited_pool(&options, &seen) {
            devices::wait_for(&device, options.patience(), || matches!(Node::at(&device), Ok(Node::Block(_))));
            machine.expect_devices();
            seen = look::look(machine, &options)?;
        }
        if let Some(group) = awaited_group(&options, &seen) {
            late::wait(machine, &format!("volume group {group}"), options.patience(), |report| report.has_whole(&group))?;
            seen = look::look(machine, &options)?;
        }
        let mut plan = plan_compat(&options, &seen);
        if grow_members(machine, &members_to_grow(&options, &seen, &plan)) {
            plan = plan_compat(&options, &look::look(machine, &options)?);
        }
        let mut plan = plan?;
        plan.tasks.retain(|task| !matches!(task, Task::Do(Deed::GrowMember { .. })));
        let made = plan.deeds().filter(|deed| matches!(deed, Deed::CreateVolume { .. })).count();
        let wanted = usize::from(options.volume.is_some()) + usize::from(options.docker_root);
        let mut made_pool = false;
        let done = carry_out(machine, &plan, &mut made_pool);
        *all_new = made_pool && made == wanted;
        done
    })
}

/// They come first: what is free afterwards is what the rest is planned on. Says whether anything grew.
fn grow_members(machine: &mut Machine<'_>, members: &[Deed]) -> bool {
    let mut grown = false;
    for deed in members {
        match machine.do_deed(deed) {
            Ok(done) => grown |= done,
            Err(error) => DropInError::from(error).lines().iter().for_each(say),
        }
    }
    grown
}

fn take_away() -> Result<(), DropInError> {
    let options = options()?;
    with_machine(|machine| {
        let plan = plan_reset(&options, &look::look(machine, &options)?)?;
        carry_out(machine, &plan, &mut false)
    })
}

/// In order; the first failure ends it, as it ended the shell tool.
pub(super) fn carry_out(machine: &mut Machine<'_>, plan: &Plan, made_pool: &mut bool) -> Result<(), DropInError> {
    for task in &plan.tasks {
        let deed = match task {
            Task::Say(line) => {
                say(line);
                continue;
            }
            Task::Do(deed) => deed,
        };
        *made_pool |= matches!(deed, Deed::CreatePool { .. });
        match machine.do_deed(deed) {
            Ok(_) => {}
            Err(error) if may_fail(deed) => DropInError::from(error).lines().iter().for_each(say),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A root that does not grow keeps no engine from its storage, nor does a disk whose copy of the metadata stays behind.
fn may_fail(deed: &Deed) -> bool {
    matches!(
        deed,
        Deed::RenewMetadata { .. }
            | Deed::MarkRoot { .. }
            | Deed::GrowRoot { .. }
            | Deed::GrowRootFilesystem { .. }
            | Deed::GrowMember { .. }
    )
}

/// Starts LVM in this process, with signals held back between effects.
pub(super) fn with_machine<T>(work: impl FnOnce(&mut Machine<'_>) -> Result<T, DropInError>) -> Result<T, DropInError> {
    let unusable = |error: &dyn std::error::Error| DropInError::plain(crate::events::chain(error));
    // LVM asks questions on standard input; nobody answers.
    let null = std::fs::File::open("/dev/null").map_err(|error| unusable(&error))?;
    nix::unistd::dup2_stdin(&null).map_err(|error| unusable(&error))?;
    let mut events = Events::unheard().map_err(|error| unusable(&error))?;
    crate::outlive_memory_pressure();
    let signals = Signals::block().map_err(|error| unusable(&error))?;
    let lvm = Lvm::start().map_err(|error| unusable(&error))?;
    let kill = std::env::var("ATOMIC_HOST_KILL").ok().and_then(|text| config::Kill::from_text(&text));
    let mut machine = Machine::new(lvm, STATE.into(), kill, signals, &mut events);
    let done = work(&mut machine);
    // The process ends next: LVM would only give its memory back, piece by piece.
    std::mem::forget(machine);
    done
}

/// realpath(1): all but the last part has to be there.
pub(super) fn resolved(path: &str) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let resolved: PathBuf = match std::fs::canonicalize(&path) {
        Ok(resolved) => resolved,
        Err(_) => std::fs::canonicalize(path.parent().unwrap_or(Path::new("/"))).ok()?.join(path.file_name()?),
    };
    resolved.to_str().map(str::to_owned)
}
