//! The image family as the agent sees it: libostree is asked through its worker. So far it only looks.

use image::{Event, ImageStatus, Request};

use super::worker::{self, WorkerError};
use crate::host::Host;

/// The host's deployments.
///
/// # Errors
/// When the worker cannot look.
pub async fn observe(host: &Host) -> Result<ImageStatus, WorkerError> {
    let mut answer = None;
    worker::ask(host.libexec.join("image-worker"), &Request::Status, |event| answer = Some(event)).await?;
    match answer {
        Some(Event::Status(status)) => Ok(status),
        Some(Event::Failed { why }) => Err(WorkerError::Refused { why }),
        None => Err(WorkerError::Refused { why: "the image worker ended without an answer; see: journalctl -b".to_owned() }),
    }
}
