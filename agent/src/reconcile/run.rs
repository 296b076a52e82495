//! A cycle under way: carries out the open steps of each round, keeps what came of them, and writes the agent's memory.
//!
//! Called by [`super::apply`], which observes and plans between the rounds.

use std::collections::BTreeMap;

use config::{Describe, Step, StepId, chain};

use super::gate::{Gated, Wait};
use super::intention::Intention;
use super::kill::Effects;
use super::outcome::{Ending, Outcome, Progress, Report, Tried};
use super::plan::{HostPlan, Row};
use super::{CycleError, Scope, Stop, first_wipes, storage};
use crate::host::Host;
use crate::state::generations::{self, Generation};
use crate::state::ledger;

/// A cycle under way.
pub(super) struct Run<'a> {
    host: &'a Host,
    effects: Effects,
    tried: Vec<Tried>,
    made: Vec<StepId>,
    /// What this cycle does not try again, and why.
    pub(super) put_off: BTreeMap<StepId, Wait>,
    stop: Stop,
    pub(super) tell: &'a mut (dyn FnMut(Progress<'_>) + Send),
}

impl<'a> Run<'a> {
    /// A cycle that has done nothing yet.
    pub(super) fn new(host: &'a Host, stop: Stop, tell: &'a mut (dyn FnMut(Progress<'_>) + Send)) -> Run<'a> {
        Run { host, effects: Effects::from_environment(), tried: Vec::new(), made: Vec::new(), put_off: BTreeMap::new(), stop, tell }
    }

    /// Whether anything was tried.
    pub(super) fn has_tried(&self) -> bool {
        !self.tried.is_empty()
    }

    fn has_failed(&self) -> bool {
        self.tried.iter().any(|tried| match tried.outcome {
            Outcome::Failed { .. } | Outcome::Skipped { .. } => true,
            Outcome::Already | Outcome::Made | Outcome::Later { .. } => false,
        })
    }

    /// A step that was made and is planned again did not take; trying it for ever would not help.
    pub(super) fn repeats(&mut self, plan: &HostPlan) -> bool {
        let again: Vec<Row> = plan.rows().into_iter().filter(|row| row.waits.is_none() && self.made.contains(&row.id)).collect();
        for step in &again {
            let why = "it was done, but the host still does not show it; see: journalctl -b".to_owned();
            self.note(step.clone(), Outcome::Failed { why });
        }
        !again.is_empty()
    }

    /// The generation is written before the first effect, unless this spec is the one in force.
    pub(super) async fn begin(&mut self, intention: &Intention, scope: Scope, plan: &HostPlan) -> Result<Option<Generation>, CycleError> {
        if scope != Scope::Whole || !generations::is_news(self.host, &intention.spec.effective)? {
            return Ok(None);
        }
        let rows = serde_json::to_string_pretty(&plan.rows()).unwrap_or_default();
        let (host, spec) = (self.host, &intention.spec.effective);
        let begun = self.effects.run("write the generation", async { generations::begin(host, spec, &rows) }).await?;
        Ok(Some(begun))
    }

    pub(super) async fn carry_out(&mut self, plan: &HostPlan) -> Result<(), CycleError> {
        let first = self.tried.len();
        let storage = self.carry_out_storage(plan).await;
        if storage.is_ok() {
            self.carry_out_units(plan).await;
            self.carry_out_image(plan).await;
        }
        // What was done before a worker fell over was done.
        let entries: Vec<ledger::Entry> = self.tried[first..].iter().map(entry).collect();
        let host = self.host;
        self.effects.run("write the ledger", async { ledger::append(host, &entries) }).await?;
        storage
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

    pub(super) async fn finish(
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
        if !failed {
            first_wipes::are_over(self.host, &intention.spec.desired)?;
        }
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
