//! One cycle: observe, plan, apply, verify; and again until nothing is left that may run.
//!
//! The spec in force and the host go in; a [`Report`] comes out, and each thing that happens is told as it happens.
//! There is one writer: [`apply`] holds the lock while it runs.

pub mod gate;
pub mod image;
pub mod intention;
pub(crate) mod kill;
pub mod plan;
mod stop;
mod storage;
pub mod worker;

pub use stop::Stop;

use std::collections::BTreeMap;

use config::{Describe, Problems, Step, StepId};
use serde::{Deserialize, Serialize};
use storage_setup::protocol;

use crate::host::Host;
use crate::state::generations::{self, Generation};
use crate::state::{StateError, ledger, lock};
use gate::{Gated, Wait};
use intention::Intention;
use kill::Effects;
use plan::{Consent, HostPlan, Row, Survey};
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
    /// The storage family alone: before the engine starts at boot.
    Storage,
    /// Everything.
    Whole,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The host was as it should be already.
    Already,
    /// Done.
    Made,
    /// Not done, and it may pass by itself: a registry that does not answer. Tried again later.
    Later {
        /// Why.
        why: String,
    },
    /// Not done.
    Failed {
        /// Why, with all causes.
        why: String,
    },
    /// Not tried, since a step before it did not succeed.
    Skipped {
        /// That step.
        because: StepId,
    },
}

impl From<protocol::Outcome> for Outcome {
    fn from(outcome: protocol::Outcome) -> Outcome {
        match outcome {
            protocol::Outcome::Already => Outcome::Already,
            protocol::Outcome::Made => Outcome::Made,
            protocol::Outcome::Failed { why } => Outcome::Failed { why },
            protocol::Outcome::Skipped { because } => Outcome::Skipped { because },
        }
    }
}

/// What happens, as it happens.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The plan of a round, before its first effect.
    Planned(&'a HostPlan),
    /// One effect on the machine is done.
    Effect(&'a str),
    /// How a long step goes on.
    Running(&'a Row, &'a str),
    /// A step ended.
    Step(&'a Row, &'a Outcome),
}

/// A step that was tried, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The step.
    pub step: Row,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The host is as the spec says.
    Converged,
    /// It is, but for what waits.
    Waiting,
    /// Something failed.
    Failed,
}

/// What came of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Format.
    pub version: u32,
    /// How it ended.
    pub ending: Ending,
    /// The generation in force, when there is one.
    pub generation: Option<u32>,
    /// What was tried, in order.
    pub tried: Vec<Tried>,
    /// What waits, and for what.
    pub waiting: Vec<Row>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// Whether something was changing or did not answer, so that another look soon may find more to do.
    pub again: bool,
    /// Every effect, in order: what a run cut off at any point may have left half done.
    pub effects: Vec<String>,
}

impl Report {
    /// Whether another cycle soon may get further, though nobody does anything.
    #[must_use]
    pub fn is_put_off(&self) -> bool {
        self.again || self.waiting.iter().any(|row| matches!(row.waits, Some(Wait::Later { .. })))
    }
}

/// Looks at all that the families of this scope look at. Changes nothing.
///
/// # Errors
/// When a family cannot be looked at.
pub async fn survey(host: &Host, intention: &Intention, scope: Scope) -> Result<Survey, CycleError> {
    let storage = storage::observe(host, intention.desired().storage.as_ref()).await?;
    match scope {
        Scope::Storage => Ok(Survey { storage, units: None, image: None }),
        Scope::Whole => {
            let units = units::observe(intention.desired()).await?;
            let image = image::remotes(host, intention.desired())?;
            Ok(Survey { storage, units: Some(units), image: Some(image) })
        }
    }
}

/// Observes and plans. Changes nothing.
///
/// # Errors
/// [`CycleError::Problems`] when the host cannot be made so.
pub async fn preview(host: &Host, intention: &Intention, consent: &Consent) -> Result<(Survey, HostPlan), CycleError> {
    preview_without(host, intention, Scope::Whole, consent, &BTreeMap::new()).await
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
    match plan::plan(intention.desired(), &survey, consent, put_off) {
        Ok(plan) => Ok((survey, plan)),
        Err(problems) => Err(CycleError::Problems(intention.spec.problems(problems))),
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
    let effects = Effects::from_environment();
    let mut run = Run { host, effects, tried: Vec::new(), made: Vec::new(), put_off: BTreeMap::new(), stop, tell };
    let mut begun = None;
    for _ in 0..ROUNDS {
        let plan = match preview_without(host, intention, scope, consent, &run.put_off).await {
            Ok((_, plan)) => plan,
            // After what was done, the host is not as the spec needs it; what was done is told all the same.
            Err(CycleError::Problems(problems)) if !run.tried.is_empty() => {
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
        if begun.is_none() {
            begun = run.begin(intention, scope, &plan).await?;
        }
        run.carry_out(&plan).await?;
    }
    let (_, plan) = preview_without(host, intention, scope, consent, &run.put_off).await?;
    run.finish(intention, scope, begun, plan, None).await
}

/// A cycle under way.
struct Run<'a> {
    host: &'a Host,
    effects: Effects,
    tried: Vec<Tried>,
    made: Vec<StepId>,
    /// What this cycle does not try again, and why.
    put_off: BTreeMap<StepId, Wait>,
    stop: Stop,
    tell: &'a mut (dyn FnMut(Progress<'_>) + Send),
}

impl Run<'_> {
    fn has_failed(&self) -> bool {
        self.tried.iter().any(|tried| match tried.outcome {
            Outcome::Failed { .. } | Outcome::Skipped { .. } => true,
            Outcome::Already | Outcome::Made | Outcome::Later { .. } => false,
        })
    }

    /// A step that was made and is planned again did not take; trying it for ever would not help.
    fn repeats(&mut self, plan: &HostPlan) -> bool {
        let again: Vec<Row> = plan.rows().into_iter().filter(|row| row.waits.is_none() && self.made.contains(&row.id)).collect();
        for step in &again {
            let why = "it was done, but the host still does not show it; see: journalctl -b".to_owned();
            self.note(step.clone(), Outcome::Failed { why });
        }
        !again.is_empty()
    }

    /// The generation is written before the first effect, unless this spec is the one in force.
    async fn begin(&mut self, intention: &Intention, scope: Scope, plan: &HostPlan) -> Result<Option<Generation>, CycleError> {
        if scope == Scope::Storage || !is_news(self.host, intention)? {
            return Ok(None);
        }
        let rows = serde_json::to_string_pretty(&plan.rows()).unwrap_or_default();
        let (host, spec) = (self.host, &intention.spec.effective);
        let begun = self.effects.run("write the generation", async { generations::begin(host, spec, &rows) }).await?;
        Ok(Some(begun))
    }

    async fn carry_out(&mut self, plan: &HostPlan) -> Result<(), CycleError> {
        let first = self.tried.len();
        self.carry_out_storage(plan).await?;
        self.carry_out_units(plan).await;
        self.carry_out_image(plan).await;
        let entries: Vec<ledger::Entry> = self.tried[first..].iter().map(entry).collect();
        let host = self.host;
        self.effects.run("write the ledger", async { ledger::append(host, &entries) }).await?;
        Ok(())
    }

    async fn carry_out_storage(&mut self, plan: &HostPlan) -> Result<(), CycleError> {
        let steps: Vec<_> = open(&plan.storage);
        if steps.is_empty() {
            return Ok(());
        }
        let rows = plan.rows();
        let kill = self.effects.for_worker();
        let mut told = Vec::new();
        let answer = storage::apply(self.host, &steps, kill, |event| match event {
            storage::Told::Effect { what } => {
                (self.tell)(Progress::Effect(&what));
                self.effects.count(what);
            }
            storage::Told::Step { id, outcome } => {
                let outcome = Outcome::from(outcome);
                if let Some(row) = rows.iter().find(|row| row.id == id) {
                    (self.tell)(Progress::Step(row, &outcome));
                    told.push((row.clone(), outcome));
                }
            }
        })
        .await;
        for (row, outcome) in told {
            self.keep(row, outcome);
        }
        Ok(answer?)
    }

    /// A step that fails holds up those that need it and no others.
    async fn carry_out_units(&mut self, plan: &HostPlan) {
        // An engine started on half-made storage could fill the root file system.
        let storage = self.first_failure();
        let rows = plan.rows();
        for step in open(&plan.units) {
            let Some(row) = rows.iter().find(|row| row.id == step.id).cloned() else { continue };
            let held = storage.as_ref().filter(|_| step.action.is_of_an_engine());
            let behind = held.or_else(|| step.after.iter().find(|id| self.put_off.contains_key(*id))).cloned();
            let outcome = match behind {
                // Behind what only waits, it waits too, and is not an outcome.
                Some(because) if self.waits(&because) => {
                    self.put_off.insert(step.id.clone(), Wait::Behind { step: because });
                    continue;
                }
                Some(because) => Outcome::Skipped { because },
                None => self.carry_out_unit(step, &row).await,
            };
            self.note(row, outcome);
        }
    }

    /// Whether this step was put off, and neither it nor what it stands behind has failed.
    fn waits(&self, id: &StepId) -> bool {
        match self.put_off.get(id) {
            Some(Wait::Later { .. }) => true,
            Some(Wait::Behind { step }) => self.waits(step),
            Some(Wait::Failed | Wait::Ceiling { .. } | Wait::Consent | Wait::Told) | None => false,
        }
    }

    async fn carry_out_unit(&mut self, step: &Step<units::Action>, row: &Row) -> Outcome {
        if self.stop.is_told() {
            return Outcome::Later { why: "the daemon is ending".to_owned() };
        }
        let what = format!("{} {}", step.action.kind(), step.action.target());
        let (tell, mut stop) = (&mut *self.tell, self.stop.clone());
        let mut running = |text: String| tell(Progress::Running(row, &text));
        let left = async { if step.action.may_be_left() { stop.told().await } else { std::future::pending().await } };
        let done = async {
            tokio::select! {
                done = units::apply(&step.action, &mut running) => Some(done),
                () = left => None,
            }
        };
        match self.effects.run(&what, done).await {
            Some(Ok(units::Applied::Made)) => Outcome::Made,
            Some(Ok(units::Applied::Already)) => Outcome::Already,
            Some(Err(error)) if error.may_pass() => Outcome::Later { why: chain(&error) },
            Some(Err(error)) => Outcome::Failed { why: chain(&error) },
            None => Outcome::Later { why: "the daemon is ending".to_owned() },
        }
    }

    /// Remotes hang on nothing before them: a failed engine is no reason to go without upgrades.
    async fn carry_out_image(&mut self, plan: &HostPlan) {
        let (rows, root) = (plan.rows(), &self.host.root);
        for step in open(&plan.image) {
            let Some(row) = rows.iter().find(|row| row.id == step.id).cloned() else { continue };
            let what = format!("{} {}", row.kind, row.target);
            let outcome = match self.effects.run(&what, async { ::image::apply(root, &step.action) }).await {
                Ok(::image::Applied::Made) => Outcome::Made,
                Ok(::image::Applied::Already) => Outcome::Already,
                Err(error) => Outcome::Failed { why: chain(&error) },
            };
            self.note(row, outcome);
        }
    }

    fn first_failure(&self) -> Option<StepId> {
        let failed = |tried: &&Tried| matches!(tried.outcome, Outcome::Failed { .. });
        self.tried.iter().find(failed).map(|tried| tried.step.id.clone())
    }

    fn note(&mut self, row: Row, outcome: Outcome) {
        (self.tell)(Progress::Step(&row, &outcome));
        self.keep(row, outcome);
    }

    fn keep(&mut self, step: Row, outcome: Outcome) {
        let wait = match &outcome {
            Outcome::Made => {
                self.made.push(step.id.clone());
                None
            }
            Outcome::Already => None,
            Outcome::Later { why } => Some(Wait::Later { why: why.clone() }),
            Outcome::Failed { .. } => Some(Wait::Failed),
            Outcome::Skipped { because } => Some(Wait::Behind { step: because.clone() }),
        };
        if let Some(wait) = wait {
            self.put_off.insert(step.id.clone(), wait);
        }
        self.tried.push(Tried { step, outcome });
    }

    async fn finish(
        mut self,
        intention: &Intention,
        scope: Scope,
        begun: Option<Generation>,
        plan: HostPlan,
        ending: Option<Ending>,
    ) -> Result<Report, CycleError> {
        let has_failed = |row: &Row| self.put_off.contains_key(&row.id) && !self.waits(&row.id);
        let waiting: Vec<Row> = plan.rows().into_iter().filter(|row| row.waits.is_some() && !has_failed(row)).collect();
        let ending = ending.unwrap_or_else(|| {
            if self.has_failed() || plan.has_open_steps() {
                Ending::Failed
            } else if plan.again || !waiting.is_empty() {
                Ending::Waiting
            } else {
                Ending::Converged
            }
        });
        let failed = ending == Ending::Failed;
        let begun = match begun {
            None if !failed => self.begin(intention, scope, &plan).await?,
            begun => begun,
        };
        let host = self.host;
        if let Some(generation) = &begun
            && !failed
        {
            self.effects.run("commit the generation", async { generations::commit(host, generation) }).await?;
        }
        let generation = generations::committed(host)?.map(|generation| generation.number);
        let (tried, effects) = (self.tried, self.effects.into_log());
        let report = Report { version: 1, ending, generation, tried, waiting, notes: plan.notes, again: plan.again, effects };
        if let Some(generation) = &begun {
            generations::record_result(host, generation, &serde_json::to_string_pretty(&report).unwrap_or_default())?;
        }
        Ok(report)
    }
}

/// Whether the spec is another than the committed one.
fn is_news(host: &Host, intention: &Intention) -> Result<bool, StateError> {
    let committed = generations::committed(host)?;
    Ok(committed.is_none_or(|generation| generation.spec != intention.spec.effective))
}

fn open<A>(steps: &[Gated<A>]) -> Vec<&config::Step<A>> {
    steps.iter().filter(|gated| gated.waits.is_none()).map(|gated| &gated.step).collect()
}

fn entry(tried: &Tried) -> ledger::Entry {
    let outcome = match &tried.outcome {
        Outcome::Already => "already".to_owned(),
        Outcome::Made => "made".to_owned(),
        Outcome::Later { why } => format!("later: {why}"),
        Outcome::Failed { why } => format!("failed: {why}"),
        Outcome::Skipped { because } => format!("skipped: behind {because}"),
    };
    let step = &tried.step;
    ledger::Entry {
        version: 1,
        time: ledger::now(),
        step: step.id.clone(),
        family: step.family.clone(),
        kind: step.kind.clone(),
        target: step.target.clone(),
        from: step.from.clone(),
        to: step.to.clone(),
        reason: step.reason.to_string(),
        outcome,
    }
}

/// An error with all its causes on one line, for records.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
