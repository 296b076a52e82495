//! The storage family as the cycle sees it: observe and apply go through the storage worker, the plan is pure.

use std::time::Duration;

use config::{Desired, Problem, Step, StepId};
use storage_setup::protocol::{Event, Kill, Look, Outcome, Request, Task};
use storage_setup::{Action, Observed, Role, Watcher};

use super::Scope;
use super::worker::{self, WorkerError};
use crate::host::Host;
use crate::state::extender;

const WORKER: &str = "storage-worker";

/// Looks at the host's storage; changes nothing.
///
/// # Errors
/// When the worker cannot look.
pub(super) async fn observe(host: &Host, want: Option<&config::Storage>, scope: Scope) -> Result<Observed, WorkerError> {
    let look = Look {
        devices: want.map(|want| want.devices.iter().map(|device| device.value.clone()).collect()).unwrap_or_default(),
        group: want.and_then(storage_setup::awaited_group),
        named: want.and_then(|want| match &want.group {
            config::Group::Named(name) => Some(name.value.to_string()),
            config::Group::OfRoot => None,
        }),
        wait: patience(want, scope),
        partitions: want.is_some_and(|want| want.grow_partition.value),
        mounts: want.map(|want| want.volumes.values().map(|volume| volume.value.mount.to_string()).collect()).unwrap_or_default(),
        files: want.map(storage_setup::look_for).unwrap_or_default(),
        state: host.state.display().to_string(),
    };
    let mut seen = None;
    let mut refused = None;
    worker::ask(host.libexec.join(WORKER), &Request::Observe(look), |event| match event {
        Event::Observed(observed) => seen = Some(*observed),
        Event::Failed { why } => refused = Some(why),
        Event::Ready | Event::Taken | Event::Extended | Event::Room { .. } | Event::Effect { .. } | Event::Step { .. } | Event::Done => {}
    })
    .await?;
    match (seen, refused) {
        (Some(observed), None) => Ok(with_watcher(host, observed)),
        (_, Some(why)) => Err(WorkerError::Refused { why }),
        (None, None) => Err(WorkerError::Refused { why: "the storage worker ended without an answer; see: journalctl -b".to_owned() }),
    }
}

/// How long disks and groups that are not there are waited for. Whoever asks later is answered at once.
fn patience(want: Option<&config::Storage>, scope: Scope) -> Duration {
    match scope {
        Scope::Boot => want.map(|want| want.device_timeout).unwrap_or_default(),
        Scope::Storage | Scope::Whole => Duration::ZERO,
    }
}

/// LVM knows of dmeventd alone; the agent's own daemon says in its record which pool it has taken over.
fn with_watcher(host: &Host, mut observed: Observed) -> Observed {
    // What cannot be read is not known to be watched.
    let Ok(Some(record)) = extender::read(host) else { return observed };
    let pool = observed.groups.get_mut(&record.group).and_then(|group| group.volumes.get_mut(&record.pool));
    if let Some(Role::Pool(state)) = pool.map(|pool| &mut pool.role)
        && state.watcher == Some(Watcher::Nobody)
    {
        state.watcher = Some(Watcher::Agent);
    }
    observed
}

/// The steps that make the host's storage as the spec says.
///
/// # Errors
/// All that is wrong with the spec on this host.
pub(super) fn plan(desired: &Desired, have: &Observed) -> Result<storage_setup::Plan, Vec<Problem>> {
    match &desired.storage {
        Some(want) => storage_setup::plan(want, desired.engine.kind.as_ref().map(|kind| kind.value), have),
        None => Ok(storage_setup::Plan { steps: Vec::new(), notes: Vec::new() }),
    }
}

/// What the worker tells while it applies.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// One effect on the machine.
    Effect {
        /// What was done.
        what: String,
    },
    /// A step ended.
    Step {
        /// Which.
        id: StepId,
        /// How.
        outcome: Outcome,
    },
}

/// Carries out steps, in order.
///
/// # Errors
/// When the worker as a whole fails; a step's failure is told.
pub(super) async fn apply(host: &Host, steps: &[&Step<Action>], kill: Option<Kill>, mut tell: impl FnMut(Told)) -> Result<(), WorkerError> {
    let tasks = steps.iter().map(|step| Task { id: step.id.clone(), action: step.action.clone(), after: step.after.clone() }).collect();
    let request = Request::Apply { steps: tasks, state: host.state.display().to_string(), kill };
    let mut end = None;
    worker::ask(host.libexec.join(WORKER), &request, |event| match event {
        Event::Effect { what, .. } => tell(Told::Effect { what }),
        Event::Step { id, outcome } => tell(Told::Step { id, outcome }),
        Event::Done => end = Some(Ok(())),
        Event::Failed { why } => end = Some(Err(WorkerError::Refused { why })),
        Event::Ready | Event::Taken | Event::Extended | Event::Room { .. } | Event::Observed(_) => {}
    })
    .await?;
    end.unwrap_or_else(|| Err(WorkerError::Refused { why: "the storage worker ended half way; see: journalctl -b".to_owned() }))
}

#[cfg(test)]
mod tests;
