//! Jobs: ask systemd to start, stop or restart a unit, and wait for how that ends.
//!
//! systemd answers a request with the job's path and later sends JobRemoved for it. A quick job may end before the
//! answer arrives, so we listen first and keep every ending until we know which one is ours.

use std::collections::HashMap;
use std::fmt;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use zbus::OwnedObjectPath;

use crate::proxy::{JobRemoved, JobRemovedStream};
use crate::{Systemd, SystemdError, error};

/// What a unit is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Come up.
    Start,
    /// Go down.
    Stop,
    /// Go down, then come up.
    Restart,
}

impl fmt::Display for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Verb::Start => "start",
            Verb::Stop => "stop",
            Verb::Restart => "restart",
        })
    }
}

/// How a job ended, as JobRemoved says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobResult {
    /// It did what it was to do.
    Done,
    /// There was nothing to do.
    Skipped,
    /// Another job took its place.
    Canceled,
    /// systemd's own time limit for the job passed.
    Timeout,
    /// The unit failed.
    Failed,
    /// A unit that it requires failed.
    Dependency,
    /// An `Assert…=` of the unit does not hold.
    Assert,
    /// What the job means does not fit the unit.
    Invalid,
    /// The kernel or this build of systemd lacks something the unit needs.
    Unsupported,
    /// The unit went away under the job.
    Collected,
    /// The unit may start only once per boot and has been.
    Once,
    /// A result that later versions of systemd may bring.
    Other(String),
}

impl JobResult {
    fn from_wire(text: String) -> JobResult {
        match text.as_str() {
            "done" => JobResult::Done,
            "skipped" => JobResult::Skipped,
            "canceled" => JobResult::Canceled,
            "timeout" => JobResult::Timeout,
            "failed" => JobResult::Failed,
            "dependency" => JobResult::Dependency,
            "assert" => JobResult::Assert,
            "invalid" => JobResult::Invalid,
            "unsupported" => JobResult::Unsupported,
            "collected" => JobResult::Collected,
            "once" => JobResult::Once,
            _ => JobResult::Other(text),
        }
    }

    fn is_well(&self) -> bool {
        match self {
            JobResult::Done | JobResult::Skipped => true,
            JobResult::Canceled
            | JobResult::Timeout
            | JobResult::Failed
            | JobResult::Dependency
            | JobResult::Assert
            | JobResult::Invalid
            | JobResult::Unsupported
            | JobResult::Collected
            | JobResult::Once
            | JobResult::Other(_) => false,
        }
    }
}

/// In words that complete "cannot start X: ".
impl fmt::Display for JobResult {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobResult::Done => out.write_str("it is done"),
            JobResult::Skipped => out.write_str("there was nothing to do"),
            JobResult::Canceled => out.write_str("another job took its place"),
            JobResult::Timeout => out.write_str("systemd's time limit for it passed"),
            JobResult::Failed => out.write_str("it failed"),
            JobResult::Dependency => out.write_str("a unit that it requires failed"),
            JobResult::Assert => out.write_str("an Assert of the unit does not hold"),
            JobResult::Invalid => out.write_str("this cannot be done to such a unit"),
            JobResult::Unsupported => out.write_str("this host does not support such a unit"),
            JobResult::Collected => out.write_str("the unit went away"),
            JobResult::Once => out.write_str("it may start only once per boot"),
            JobResult::Other(word) => write!(out, "systemd says {word:?}"),
        }
    }
}

impl Systemd {
    pub(crate) async fn run(&self, verb: Verb, unit: &str, limit: Duration) -> Result<(), SystemdError> {
        let result = tokio::time::timeout(limit, self.issue_and_wait(verb, unit)).await.map_err(|_elapsed| SystemdError::TooLate {
            verb,
            unit: unit.to_owned(),
            limit,
        })??;
        if result.is_well() { Ok(()) } else { Err(SystemdError::Job { verb, unit: unit.to_owned(), result }) }
    }

    async fn issue_and_wait(&self, verb: Verb, unit: &str) -> Result<JobResult, SystemdError> {
        let refused = |source| SystemdError::call(format!("{verb} {unit}"), format!("systemctl status {unit}"), source);
        self.subscribe().await.map_err(refused)?;
        let mut endings = self.manager.receive_job_removed().await.map_err(refused)?;
        let mut early = HashMap::new();

        let mut answer = pin!(self.issue(verb, unit));
        let job = loop {
            // Signals are taken off even while the answer is awaited: a full queue would hold the answer back.
            tokio::select! {
                biased;
                ending = next(&mut endings, verb, unit) => {
                    let (job, result) = ending?;
                    early.insert(job, result);
                }
                answer = &mut answer => match answer {
                    Ok(job) => break job,
                    Err(source) if verb == Verb::Stop && error::is_no_such_unit(&source) => return Ok(JobResult::Done),
                    Err(source) => return Err(refused(source)),
                },
            }
        };
        if let Some(result) = early.remove(&job) {
            return Ok(result);
        }
        loop {
            let (ended, result) = next(&mut endings, verb, unit).await?;
            if ended == job {
                return Ok(result);
            }
        }
    }

    async fn issue(&self, verb: Verb, unit: &str) -> zbus::Result<OwnedObjectPath> {
        match verb {
            Verb::Start => self.manager.start_unit(unit, "replace").await,
            Verb::Stop => self.manager.stop_unit(unit, "replace").await,
            Verb::Restart => self.manager.restart_unit(unit, "replace").await,
        }
    }

    async fn subscribe(&self) -> zbus::Result<()> {
        let ask = async || match self.manager.subscribe().await {
            Err(source) if !error::is_already_subscribed(&source) => Err(source),
            Ok(()) | Err(_) => Ok(()),
        };
        self.subscribed.get_or_try_init(ask).await.copied()
    }
}

async fn next(endings: &mut JobRemovedStream, verb: Verb, unit: &str) -> Result<(OwnedObjectPath, JobResult), SystemdError> {
    let signal: JobRemoved = endings.next().await.ok_or_else(|| SystemdError::Lost { verb, unit: unit.to_owned() })?;
    let ending = signal.args().map_err(|source| SystemdError::call("read how a job ended", "systemctl --version", source))?;
    Ok((ending.job.clone(), JobResult::from_wire(ending.result.clone())))
}
