//! The image family as the agent sees it: remotes are files that the cycle keeps; libostree is asked through its worker, which
//! looks for `status` and changes what boots next for the verbs `upgrade`, `deploy`, `rebase` and `rollback`.

use ::image::{Event, ImageError, ImageStatus, Observed, Order, Plan, Request};
use config::{Desired, Problem};

use super::kill::Effects;
use super::worker::{self, WorkerError};
use crate::host::Host;

/// The host's deployments.
///
/// # Errors
/// When the worker cannot look.
pub async fn observe(host: &Host) -> Result<ImageStatus, WorkerError> {
    match ask(host, &Request::Status, |_, _, _| ()).await? {
        Event::Status(status) => Ok(status),
        other @ (Event::Progress { .. }
        | Event::Effect { .. }
        | Event::Available { .. }
        | Event::Staged { .. }
        | Event::NothingNew { .. }
        | Event::RolledBack { .. }
        | Event::Failed { .. }) => Err(strange(&other)),
    }
}

/// Asks the worker to look, hands on what it says of its progress (text, fetched, asked for), and gives its answer.
///
/// # Errors
/// When the worker cannot do it; its words say why.
pub async fn ask(host: &Host, request: &Request, progress: impl FnMut(&str, u32, u32)) -> Result<Event, WorkerError> {
    carry_out(host, request, &mut Effects::default(), progress).await
}

/// The same for a request that changes the host: its effects are counted.
///
/// # Errors
/// When the worker cannot do it; its words say why.
pub(crate) async fn carry_out(
    host: &Host,
    request: &Request,
    effects: &mut Effects,
    mut progress: impl FnMut(&str, u32, u32),
) -> Result<Event, WorkerError> {
    let order = Order { request: request.clone(), kill: effects.for_worker() };
    let mut answer = None;
    worker::ask(host.libexec.join("image-worker"), &order, |event| match event {
        Event::Progress { text, fetched, total } => progress(&text, fetched, total),
        Event::Effect { what } => effects.count(what),
        event @ (Event::Status(_)
        | Event::Available { .. }
        | Event::Staged { .. }
        | Event::NothingNew { .. }
        | Event::RolledBack { .. }
        | Event::Failed { .. }) => answer = Some(event),
    })
    .await?;
    match answer {
        Some(Event::Failed { why }) => Err(WorkerError::Refused { why }),
        Some(event) => Ok(event),
        None => Err(WorkerError::Refused { why: "the image worker ended without an answer; see: journalctl -b".to_owned() }),
    }
}

/// An answer to another question.
#[must_use]
pub fn strange(event: &Event) -> WorkerError {
    WorkerError::Refused { why: format!("the image worker answered something else ({event:?}); is it of the same version as the agent?") }
}

/// Looks at the remotes; changes nothing and starts nothing.
pub(super) fn remotes(host: &Host, desired: &Desired) -> Result<Observed, ImageError> {
    ::image::observe(&host.root, &desired.os)
}

/// The steps that make the remotes as the spec says.
pub(super) fn plan(desired: &Desired, have: &Observed) -> Result<Plan, Vec<Problem>> {
    ::image::plan(&desired.os, have)
}
