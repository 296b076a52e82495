//! One cycle: observe, plan, apply, verify; and again until nothing is left that may run.
//!
//! The spec in force and the host go in; a [`Report`] comes out, and each thing that happens is told as it happens.
//! There is one writer: [`apply`] holds the lock while it runs.

mod first_wipes;
pub mod gate;
pub mod image;
pub mod intention;
pub(crate) mod kill;
mod outcome;
pub mod plan;
mod run;
mod stop;
mod storage;
pub mod worker;

pub use outcome::{Ending, Outcome, Progress, Report, Tried};
pub use stop::Stop;

use std::borrow::Cow;
use std::collections::BTreeMap;

use config::sysconfig::Legacy;
use config::{Drift, Problems, StepId};

use crate::host::Host;
use crate::state::{StateError, generations, lock};
use gate::Wait;
use intention::Intention;
use plan::{Consent, HostPlan, Survey};
use run::Run;
use worker::WorkerError;

/// A plan that still has open steps after so many rounds does not converge.
const ROUNDS: usize = 5;

/// Why a cycle did not take place.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// What the spec asks cannot be done on this host; nothing was touched.
    #[error("the spec has problems on this host")]
    Problems(Problems),
    /// A worker failed as a whole.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The unit manager could not be asked.
    #[error("cannot look at the units")]
    Units(#[from] units::UnitsError),
    /// The remotes of the OS could not be looked at.
    #[error("cannot look at the remotes of the OS")]
    Image(#[from] ::image::ImageError),
    /// The agent's memory, or its lock.
    #[error(transparent)]
    State(#[from] StateError),
}

/// How much of the host a cycle is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The storage family alone, before the engine starts at boot, when the kernel may still be finding disks: they are waited for.
    Boot,
    /// The storage family alone.
    Storage,
    /// Everything.
    Whole,
}

/// Looks at all that the families of this scope look at. Changes nothing. While devices are suspended nothing but these is looked at:
/// whoever reads from them hangs.
///
/// # Errors
/// When a family cannot be looked at.
pub async fn survey(host: &Host, intention: &Intention, scope: Scope) -> Result<Survey, CycleError> {
    let storage = storage::observe(host, intention.desired().storage.as_ref(), scope).await?;
    let are_resumed_first = intention.desired().storage.is_some() && !storage.suspended.is_empty();
    match scope {
        Scope::Boot | Scope::Storage => Ok(Survey { storage, units: None, image: None }),
        Scope::Whole if are_resumed_first => Ok(Survey { storage, units: None, image: None }),
        Scope::Whole => {
            let units = units::observe(intention.desired()).await?;
            let image = image::remotes(host, intention.desired())?;
            Ok(Survey { storage, units: Some(units), image: Some(image) })
        }
    }
}

/// Looks at storage as an empty spec would: for people, while there is none that could be in force.
///
/// # Errors
/// When it cannot be looked at.
pub async fn storage_without_spec(host: &Host) -> Result<storage_setup::Observed, CycleError> {
    Ok(storage::observe(host, None, Scope::Storage).await?)
}

/// What to do about drift. What differs before the host has been brought to this spec, or after a run that was cut off in that, is none.
///
/// # Errors
/// When the agent's memory cannot be read.
pub fn drift(host: &Host, intention: &Intention) -> Result<Drift, StateError> {
    Ok(if generations::is_news(host, &intention.spec.effective)? { Drift::Repair } else { intention.desired().agent.drift })
}

/// As [`drift`]; storage alone is brought about without the agent's memory too, since the engine waits for it.
fn drift_for(host: &Host, intention: &Intention, scope: Scope) -> Result<Drift, StateError> {
    match (drift(host, intention), scope) {
        (Err(_), Scope::Boot | Scope::Storage) => Ok(intention.desired().agent.drift),
        (known, _) => known,
    }
}

/// Observes and plans. Changes nothing.
///
/// # Errors
/// [`CycleError::Problems`] when the host cannot be made so.
pub async fn preview(host: &Host, intention: &Intention, scope: Scope, consent: &Consent) -> Result<(Survey, HostPlan), CycleError> {
    preview_without(host, intention, scope, consent, &BTreeMap::new()).await
}

/// The same, with the steps that were put off in this cycle waiting.
async fn preview_without(
    host: &Host,
    intention: &Intention,
    scope: Scope,
    consent: &Consent,
    put_off: &BTreeMap<StepId, Wait>,
) -> Result<(Survey, HostPlan), CycleError> {
    let survey = survey(host, intention, scope).await?;
    // The agent's memory may lie on what is suspended, and reading it would hang.
    let (consent, drift) = if survey.storage.suspended.is_empty() {
        (first_wipes::with(host, intention.desired(), &survey.storage, consent)?, drift_for(host, intention, scope)?)
    } else {
        (Cow::Borrowed(consent), intention.desired().agent.drift)
    };
    match plan::plan(intention.desired(), &survey, &consent, put_off, drift) {
        Ok(mut plan) => {
            plan.notes.splice(0..0, legacy_notes(&intention.spec.legacy));
            Ok((survey, plan))
        }
        Err(problems) => Err(CycleError::Problems(intention.spec.problems(problems))),
    }
}

/// Whoever looks at a plan shall know that a file of docker-storage-setup is behind it, and what of that has no effect.
fn legacy_notes(legacy: &Legacy) -> Vec<String> {
    match legacy {
        Legacy::InForce { .. } => legacy.remarks(),
        Legacy::Absent | Legacy::Silent { .. } | Legacy::Ignored { .. } => Vec::new(),
    }
}

/// Makes the host as the intention says, as far as it is permitted, and until it is told to stop.
///
/// # Errors
/// When nothing could be planned, or the agent's memory cannot be written. A failed step is in the report.
pub async fn apply(
    host: &Host,
    intention: &Intention,
    scope: Scope,
    consent: &Consent,
    stop: Stop,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Report, CycleError> {
    let _lock = lock::acquire(host, lock::PATIENCE).await?;
    let mut run = Run::new(host, stop, tell);
    let mut begun = None;
    for _ in 0..ROUNDS {
        let (survey, plan) = match preview_without(host, intention, scope, consent, &run.put_off).await {
            Ok(both) => {
                (run.tell)(Progress::Seen(&both.0));
                both
            }
            // After what was done, the host is not as the spec needs it; what was done is told all the same.
            Err(CycleError::Problems(problems)) if run.has_tried() => {
                let plan = HostPlan { notes: vec![problems.render(false)], ..HostPlan::default() };
                return run.finish(intention, scope, begun, plan, Some(Ending::Failed)).await;
            }
            Err(error) => return Err(error),
        };
        if !plan.has_open_steps() {
            return run.finish(intention, scope, begun, plan, None).await;
        }
        (run.tell)(Progress::Planned(&plan));
        if run.repeats(&plan) {
            return run.finish(intention, scope, begun, plan, None).await;
        }
        // The agent's memory may lie on what is suspended, and writing it would hang: first that is resumed.
        if begun.is_none() && survey.storage.suspended.is_empty() {
            begun = run.begin(intention, scope, &plan).await?;
        }
        run.carry_out(&plan).await?;
    }
    let (_, plan) = preview_without(host, intention, scope, consent, &run.put_off).await?;
    run.finish(intention, scope, begun, plan, None).await
}
