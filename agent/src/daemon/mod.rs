//! `atomic-hostd`: holds the host to its spec while it runs, and the storage run before the engine starts at boot.
//!
//! A cycle runs at the start, after an edit, at the drift timer, and sooner while something was put off; between them the process
//! sleeps in one poll. The extender has a poll of its own, since a pool that fills does not wait for a cycle.

mod journal;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use config::chain;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::extender::{Extender, Wish};
use crate::host::Host;
use crate::reconcile::intention::{self, Intention, IntentionError, Source};
use crate::reconcile::plan::Consent;
use crate::reconcile::{self, CycleError, Ending, Progress, Report, Scope, Stop};

pub use journal::start as start_log;

/// How often the host is compared with its spec when nothing happened.
const DRIFT: Duration = Duration::from_secs(3600);
/// When something was put off, the host is looked at again so soon, then after twice as long each time, up to the most.
const RETRY: Duration = Duration::from_secs(5);
const RETRY_MOST: Duration = Duration::from_secs(900);
/// An edit is over when nothing was written for so long.
const QUIET: Duration = Duration::from_millis(300);
/// An edit that goes on for ever is looked at every so often.
const LONGEST: Duration = Duration::from_secs(2);

/// Why a cycle runs.
#[derive(Clone, Copy, Debug)]
enum Trigger {
    Start,
    Edit,
    Timer,
    Stuck,
}

/// The storage run at boot: before docker, the storage family only.
pub async fn run_storage(host: &Host) -> ExitCode {
    match cycle(host, Scope::Boot, Stop::never(), None).await {
        Ok(report) => match report.ending {
            Ending::Converged | Ending::Waiting => ExitCode::SUCCESS,
            Ending::Failed => ExitCode::FAILURE,
        },
        Err(error) => {
            tell_error(&error);
            match error {
                DaemonError::Intention(IntentionError::Bad(_)) | DaemonError::Cycle(CycleError::Problems(_)) => ExitCode::from(2),
                DaemonError::Intention(IntentionError::State(_))
                | DaemonError::Cycle(_)
                | DaemonError::Watch(_)
                | DaemonError::Signal(_)
                | DaemonError::Extender(_)
                | DaemonError::NoExtender => ExitCode::FAILURE,
            }
        }
    }
}

/// The daemon, until SIGTERM.
pub async fn run(host: &Host) -> ExitCode {
    match serve(host).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Why the daemon, or a cycle of it, ended.
#[derive(Debug, thiserror::Error)]
enum DaemonError {
    #[error(transparent)]
    Intention(#[from] IntentionError),
    #[error(transparent)]
    Cycle(#[from] CycleError),
    #[error("cannot watch the directories of the spec")]
    Watch(#[from] notify::Error),
    #[error("cannot listen for SIGTERM")]
    Signal(#[source] std::io::Error),
    #[error("cannot start the thread that watches the pool")]
    Extender(#[source] std::io::Error),
    #[error("the thread that watches the pool has ended; the daemon ends too, so that dmeventd gets the pool back")]
    NoExtender,
}

async fn serve(host: &Host) -> Result<(), DaemonError> {
    let (_watcher, mut edits) = watch::start(host)?;
    let mut end = signal(SignalKind::terminate()).map_err(DaemonError::Signal)?;
    let mut extender = Extender::start(host).map_err(DaemonError::Extender)?;
    let (tell_stop, mut stop) = Stop::new();
    // Heard in the midst of a cycle too.
    tokio::spawn(async move {
        end.recv().await;
        tell_stop.send(true).unwrap_or_default();
    });
    // Outside systemd there is nobody to tell.
    sd_notify::notify(&[NotifyState::Ready]).unwrap_or_default();
    let mut trigger = Trigger::Start;
    let mut retry = RETRY;
    loop {
        match trigger {
            Trigger::Edit => tracing::info!("the spec was edited: planning"),
            Trigger::Start | Trigger::Timer | Trigger::Stuck => tracing::debug!(?trigger, "planning"),
        }
        // A bad spec or a failed step is not the daemon's end: the next edit mends it.
        let soon = match cycle(host, Scope::Whole, stop.clone(), Some(&extender)).await {
            Ok(report) => report.is_put_off() || report.ending == Ending::Failed,
            Err(error) => {
                tell_error(&error);
                // Of a bad spec nothing comes until it is edited; everything else may pass.
                !matches!(error, DaemonError::Intention(IntentionError::Bad(_)))
            }
        };
        let pause = if soon { retry } else { DRIFT };
        retry = if soon { RETRY_MOST.min(retry * 2) } else { RETRY };
        trigger = tokio::select! {
            biased;
            () = stop.told() => return Ok(()),
            Some(()) = edits.recv() => {
                retry = RETRY;
                Trigger::Edit
            }
            wish = extender.wish() => match wish {
                Wish::Cycle => Trigger::Stuck,
                Wish::Restart => return Err(DaemonError::NoExtender),
            },
            () = tokio::time::sleep(pause) => Trigger::Timer,
        };
        settle(&mut edits).await;
    }
}

/// Waits until an editor has finished.
async fn settle(edits: &mut UnboundedReceiver<()>) {
    let all = async { while let Ok(Some(())) = tokio::time::timeout(QUIET, edits.recv()).await {} };
    // Running out of patience is as good as quiet: the next edit brings another cycle.
    tokio::time::timeout(LONGEST, all).await.unwrap_or_default();
}

async fn cycle(host: &Host, scope: Scope, stop: Stop, extender: Option<&Extender>) -> Result<Report, DaemonError> {
    let intention = intention::in_force(host)?;
    tell_source(&intention);
    let mut tell = |progress: Progress<'_>| {
        if let (Progress::Seen(survey), Some(extender)) = (&progress, extender) {
            extender.seen(intention.desired(), survey);
        }
        journal::tell(&progress);
    };
    let report = reconcile::apply(host, &intention, scope, &Consent::default(), stop, &mut tell).await?;
    journal::tell_report(&report);
    Ok(report)
}

fn tell_source(intention: &Intention) {
    match &intention.source {
        Source::Layers => {}
        Source::Generation { number, because } => {
            tracing::error!(generation = number, "the spec is bad; generation {number} stays in force\n{}", because.render(false));
        }
    }
}

fn tell_error(error: &DaemonError) {
    match error {
        DaemonError::Intention(IntentionError::Bad(problems)) | DaemonError::Cycle(CycleError::Problems(problems)) => {
            tracing::error!("nothing was touched: the spec has problems\n{}", problems.render(false));
        }
        DaemonError::Intention(IntentionError::State(_))
        | DaemonError::Cycle(_)
        | DaemonError::Watch(_)
        | DaemonError::Signal(_)
        | DaemonError::Extender(_)
        | DaemonError::NoExtender => {
            tracing::error!("{}", chain(error));
        }
    }
}
