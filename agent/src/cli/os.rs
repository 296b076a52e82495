//! What the verbs that change the OS share: the branch of the spec, the worker's run under the lock, the ledger, the reboot.

use std::process::ExitCode;

use config::{OsRef, Place, Placed, StepId};
use image::{Branch, Commit, Event, ImageStatus, Request};
use systemd::Systemd;

use super::VerbError;
use super::shown::Shown;
use crate::host::Host;
use crate::reconcile::kill::Effects;
use crate::reconcile::{self, intention};
use crate::state::StateError;
use crate::state::ledger;
use crate::state::lock::{self, WriteLock};
use crate::state::rollback::{self, Hold};

/// The branch that `os.ref` says, and where it says so.
pub(super) fn follow(host: &Host) -> Result<Option<(Branch, Place)>, VerbError> {
    let intention = intention::in_force(host)?;
    let branch = |Placed { value: OsRef { remote, branch }, place }| (Branch { remote, branch }, place);
    Ok(intention.spec.desired.os.follow.map(branch))
}

/// Asks without changing anything that boots.
pub(super) async fn ask(host: &Host, request: &Request) -> Result<Event, VerbError> {
    let _lock = lock::acquire(host, lock::PATIENCE).await?;
    let mut shown = Shown::new();
    let answer = reconcile::image::ask(host, request, |text, fetched, total| show(&mut shown, text, fetched, total)).await;
    shown.end();
    Ok(answer?)
}

/// Asks for something to be staged, writes what came of it into the ledger, says it, and reboots if that is wanted and of use.
pub(super) async fn stage(host: &Host, verb: &'static str, target: String, request: &Request, reboot: bool) -> Result<ExitCode, VerbError> {
    let mut change = Change::begin(host, verb, target).await?;
    let answer = change.ask(request).await?;
    let elsewhere = match &answer {
        Event::Staged { new, now } => {
            let text = |commit: &Commit| in_full(commit.version.as_deref(), &commit.commit);
            change.record(&text(now), &text(new), "made").await?;
            println!("staged {new}; the host runs {now} until it reboots");
            true
        }
        Event::NothingNew { commit, reboot } => {
            println!("nothing new: {commit} boots next already");
            *reboot
        }
        Event::Status(_)
        | Event::Available { .. }
        | Event::RolledBack { .. }
        | Event::Progress { .. }
        | Event::Effect { .. }
        | Event::Failed { .. } => {
            return Err(reconcile::image::strange(&answer).into());
        }
    };
    // Somebody goes on from where a rollback led.
    if rollback::is_remembered(host) {
        change.effect("forget the rollback", || rollback::forget(host)).await?;
    }
    change.end(reboot, elsewhere).await
}

/// A change of what boots, under the lock. Every effect of it goes through here, so that tests can cut it anywhere.
pub(super) struct Change<'a> {
    host: &'a Host,
    verb: &'static str,
    target: String,
    effects: Effects,
    _lock: WriteLock,
}

impl<'a> Change<'a> {
    /// Waits for the lock.
    pub(super) async fn begin(host: &'a Host, verb: &'static str, target: String) -> Result<Change<'a>, VerbError> {
        let lock = lock::acquire(host, lock::PATIENCE).await?;
        Ok(Change { host, verb, target, effects: Effects::from_environment(), _lock: lock })
    }

    /// Has the worker do it; a failure is in the ledger too.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Event, VerbError> {
        let mut shown = Shown::new();
        let progress = |text: &str, fetched, total| show(&mut shown, text, fetched, total);
        let answer = reconcile::image::carry_out(self.host, request, &mut self.effects, progress).await;
        shown.end();
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.failed(error).await?),
        }
    }

    /// One effect of the agent's own.
    pub(super) async fn effect(&mut self, what: &str, effect: impl FnOnce() -> Result<(), StateError>) -> Result<(), VerbError> {
        Ok(self.effects.run(what, async { effect() }).await?)
    }

    /// Writes a failure into the ledger; gives it back as the verb's.
    pub(super) async fn failed(&mut self, error: impl std::error::Error + Into<VerbError>) -> Result<VerbError, VerbError> {
        self.record("", "", &format!("failed: {}", config::chain(&error))).await?;
        Ok(error.into())
    }

    /// Writes into the ledger what came of it.
    pub(super) async fn record(&mut self, from: &str, to: &str, outcome: &str) -> Result<(), VerbError> {
        let entry = ledger::Entry {
            version: 1,
            time: ledger::now(),
            step: StepId::from_text(&format!("verb-{}", self.verb)),
            family: "image".to_owned(),
            kind: self.verb.to_owned(),
            target: self.target.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            reason: "asked for by a person".to_owned(),
            outcome: outcome.to_owned(),
        };
        let host = self.host;
        self.effect("write the ledger", || ledger::append(host, &[entry])).await
    }

    /// Reboots if that is wanted, and `elsewhere`: into another deployment than the one in use.
    pub(super) async fn end(self, reboot: bool, elsewhere: bool) -> Result<ExitCode, VerbError> {
        match (reboot, elsewhere) {
            (true, true) => {
                println!("rebooting");
                Systemd::connect().await?.reboot().await?;
            }
            (true, false) => println!("no reboot: that is what runs"),
            (false, true) => println!("to boot it: systemctl reboot"),
            (false, false) => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The hold of the last rollback, while it is in force.
pub(super) fn held(host: &Host, os: &Result<ImageStatus, String>) -> Result<Option<Hold>, String> {
    match (rollback::read(host).map_err(|error| config::chain(&error))?, os) {
        (None, _) => Ok(None),
        (Some(rollback), Ok(os)) => Ok(rollback.held(os).cloned()),
        (Some(_), Err(_)) => Err("the deployments are not known".to_owned()),
    }
}

/// For the ledger: the whole commit is what a person may want to deploy again.
pub(super) fn in_full(version: Option<&str>, commit: &str) -> String {
    version.map_or_else(|| commit.to_owned(), |version| format!("{version} {commit}"))
}

fn show(shown: &mut Shown, text: &str, fetched: u32, total: u32) {
    let counted = if total == 0 { text.to_owned() } else { format!("{text}, {fetched} of {total} objects") };
    shown.tell(&counted, total == 0);
}

#[cfg(test)]
mod tests;
