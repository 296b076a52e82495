//! What the verbs that change the OS share: the branch of the spec, the worker's run under the lock, the ledger, the reboot.

use std::process::ExitCode;

use config::{OsRef, Place, Placed, StepId};
use image::{Branch, Commit, Event, Request};
use systemd::Systemd;

use super::VerbError;
use super::shown::Shown;
use crate::host::Host;
use crate::reconcile::{self, intention};
use crate::state::{ledger, lock};

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

/// Asks for a change, writes what came of it into the ledger, says it, and reboots if that is wanted and of use.
pub(super) async fn change(host: &Host, verb: &str, target: &str, request: &Request, reboot: bool) -> Result<ExitCode, VerbError> {
    let _lock = lock::acquire(host, lock::PATIENCE).await?;
    let mut shown = Shown::new();
    let answer = reconcile::image::ask(host, request, |text, fetched, total| show(&mut shown, text, fetched, total)).await;
    shown.end();
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            record(host, verb, target, ("", ""), &format!("failed: {}", reconcile::chain(&error)))?;
            return Err(error.into());
        }
    };
    let worth = match &answer {
        Event::Staged { new, now } => {
            record(host, verb, target, (&text(now), &text(new)), "made")?;
            println!("staged {new}; the host runs {now} until it reboots");
            true
        }
        Event::RolledBack { next, from, reboot } => {
            record(host, verb, target, (&text(from), &text(next)), "made")?;
            println!("{next} boots next, and {from} does not");
            *reboot
        }
        Event::NothingNew { commit } => {
            println!("nothing new: {commit} boots next already");
            return Ok(ExitCode::SUCCESS);
        }
        Event::Status(_) | Event::Available { .. } | Event::Progress { .. } | Event::Failed { .. } => {
            return Err(reconcile::image::strange(&answer).into());
        }
    };
    match (reboot, worth) {
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

/// The whole commit: what a person may want to deploy again.
fn text(commit: &Commit) -> String {
    match &commit.version {
        Some(version) => format!("{version} {}", commit.commit),
        None => commit.commit.clone(),
    }
}

fn record(host: &Host, verb: &str, target: &str, (from, to): (&str, &str), outcome: &str) -> Result<(), VerbError> {
    let entry = ledger::Entry {
        version: 1,
        time: ledger::now(),
        step: StepId::from_text(&format!("verb-{verb}")),
        family: "image".to_owned(),
        kind: verb.to_owned(),
        target: target.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        reason: "asked for by a person".to_owned(),
        outcome: outcome.to_owned(),
    };
    Ok(ledger::append(host, &[entry])?)
}

fn show(shown: &mut Shown, text: &str, fetched: u32, total: u32) {
    let counted = if total == 0 { text.to_owned() } else { format!("{text}, {fetched} of {total} objects") };
    shown.tell(&counted, total == 0);
}

#[cfg(test)]
mod tests;
