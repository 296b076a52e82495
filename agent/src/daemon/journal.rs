//! What the daemon says, in the journal with structured fields (`STEP`, `KIND`, `TARGET`, `OUTCOME`), or on standard error.
//!
//! `journalctl -u atomic-hostd KIND=create-pool` finds every pool that was made.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::reconcile::{Ending, Outcome, Progress, Report};
use crate::report;

/// Starts the log: the journal when its socket is there, else standard error.
///
/// # Errors
/// When a log was started before.
pub fn start() -> Result<(), TryInitError> {
    let filter = EnvFilter::try_from_env("ATOMIC_HOST_LOG").unwrap_or_else(|_| EnvFilter::new("info,zbus=warn"));
    let registry = tracing_subscriber::registry().with(filter);
    match tracing_journald::layer() {
        Ok(journal) => registry.with(journal.with_field_prefix(None).with_syslog_identifier("atomic-hostd".to_owned())).try_init(),
        Err(_) => registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).try_init(),
    }
}

/// One thing that happened.
pub(super) fn tell(progress: &Progress<'_>) {
    match progress {
        Progress::Seen(_) => {}
        Progress::Planned(plan) => {
            for row in plan.rows().iter().filter(|row| row.waits.is_none()) {
                tracing::info!(
                    step = row.id.as_str(),
                    kind = row.kind,
                    object = row.target,
                    "plan     {} {}: {} -> {} ({})",
                    row.kind,
                    row.target,
                    row.from,
                    row.to,
                    row.reason
                );
            }
        }
        Progress::Running(row, text) => tracing::debug!(step = row.id.as_str(), "{} {}: {text}", row.kind, row.target),
        Progress::Effect(what) => tracing::debug!(effect = what, "effect   {what}"),
        Progress::Step(row, outcome) => {
            let line = report::outcome_line(row, outcome);
            let (step, kind, object) = (row.id.as_str(), row.kind.as_str(), row.target.as_str());
            match outcome {
                Outcome::Made => tracing::info!(step, kind, object, outcome = "made", "{line}"),
                Outcome::Already => tracing::info!(step, kind, object, outcome = "already", "{line}"),
                Outcome::Later { .. } => tracing::warn!(step, kind, object, outcome = "later", "{line}"),
                Outcome::Failed { .. } => tracing::error!(step, kind, object, outcome = "failed", "{line}"),
                Outcome::Skipped { .. } => tracing::warn!(step, kind, object, outcome = "skipped", "{line}"),
            }
        }
    }
}

/// How a cycle ended; nothing when there was nothing to do.
pub(super) fn tell_report(report: &Report) {
    if !report.waiting.is_empty() {
        tracing::warn!(waiting = report.waiting.len(), "{}", report::waiting_text(&report.waiting).trim_end());
    }
    match report.ending {
        Ending::Converged if report.tried.is_empty() => tracing::debug!("nothing to do"),
        Ending::Converged => tracing::info!(generation = report.generation, "the host is as the spec says"),
        Ending::Waiting => tracing::info!(generation = report.generation, "the host is as the spec says, but for what waits"),
        Ending::Failed => tracing::error!("not everything could be done; see the lines before"),
    }
}
