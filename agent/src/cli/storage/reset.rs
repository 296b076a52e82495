//! `atomic storage reset`: pool and volumes go with all that is in them, and are made anew as the spec says.
//!
//! Two cycles: the first holds the host to a spec whose storage is empty, the second to the spec. Cut off between them, the next run of
//! either is the second. What the second mounts where a volume was mounted before hides only what that volume hid.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use config::{Ceiling, Desired, Disruption, Driver, StepId, Storage};
use storage_setup::render::mount_unit;
use storage_setup::{Action, Mount};

use crate::cli::{VerbError, apply, exit};
use crate::host::Host;
use crate::reconcile::intention;
use crate::reconcile::plan::Consent;
use crate::reconcile::{self, Ending, Progress, Scope, Stop};
use crate::report;

pub(super) async fn run(host: &Host, yes: bool) -> Result<ExitCode, VerbError> {
    let mut emptied = intention::from_layers(host)?;
    empty(&mut emptied.spec.desired);
    let (before, plan) = reconcile::preview(host, &emptied, Scope::Storage, &Consent::default()).await?;
    let mut rows = plan.rows();
    // A disk that the spec lists to be wiped is no part of the pool and its volumes: that takes a word of its own.
    let wipes = plan.storage.iter().filter(|gated| matches!(gated.step.action, Action::WipeDisk { .. }));
    let wipes: BTreeSet<&StepId> = wipes.map(|gated| &gated.step.id).collect();
    rows.retain(|row| !wipes.contains(&row.id));
    if rows.iter().all(|row| row.disruption != Disruption::DataLoss) {
        println!("there is nothing to reset: no pool and no volume of ours is there");
        return Ok(ExitCode::SUCCESS);
    }
    if !yes {
        print!("{}", report::rows_text(&rows));
        println!("this loses all that is in them; to do it, and to make them anew as the spec says: atomic storage reset --yes");
        return Ok(ExitCode::from(exit::WAITS));
    }
    let steps: BTreeSet<_> = rows.into_iter().map(|row| row.id).collect();
    let consent = Consent { steps, ceiling: Some(Ceiling::Restart) };
    let mut tell = |progress: Progress<'_>| match progress {
        Progress::Step(row, outcome) => println!("{}", report::outcome_line(row, outcome)),
        Progress::Running(..) | Progress::Planned(_) | Progress::Effect(_) | Progress::Seen(_) => {}
    };
    let emptied = reconcile::apply(host, &emptied, Scope::Storage, &consent, Stop::never(), &mut tell).await?;
    match emptied.ending {
        Ending::Converged | Ending::Waiting => {}
        Ending::Failed => return Ok(ExitCode::from(exit::FAILED)),
    }
    let consents = mounts_again(host, &before.storage.mounts).await?;
    apply::run(host, apply::Choices { consents, ceiling: Some(Ceiling::Restart), repair: true, json: false }).await
}

/// The steps that mount a volume where one was mounted before.
async fn mounts_again(host: &Host, before: &BTreeMap<String, Mount>) -> Result<BTreeSet<StepId>, VerbError> {
    let intention = intention::from_layers(host)?;
    let (_, plan) = reconcile::preview(host, &intention, Scope::Storage, &Consent::default()).await?;
    let mounts = |action: &Action| {
        if let Action::StartMount { mount, .. } = action {
            before.contains_key(mount)
        } else if let Action::WriteFile { path, .. } = action {
            before.keys().any(|mount| mount_unit::path(mount) == *path)
        } else {
            false
        }
    };
    Ok(plan.storage.iter().filter(|gated| mounts(&gated.step.action)).map(|gated| gated.step.id.clone()).collect())
}

/// The same host without pool, volumes and a driver that needs the pool.
fn empty(desired: &mut Desired) {
    if let Some(Storage { driver, root_size, pool, volumes, .. }) = &mut desired.storage {
        // The other drivers find their store at its place, whether it is mounted or not.
        if driver.value == Driver::Devicemapper {
            driver.value = Driver::None;
        }
        *root_size = None;
        *pool = None;
        volumes.clear();
    }
}
