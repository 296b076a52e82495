//! `atomic host status [--json]`: what the host is, whether it is as the spec says, and what waits. Changes nothing.

use std::collections::BTreeMap;
use std::process::ExitCode;

use config::{Problems, chain};
use storage_setup::Observed;
use units::Store;

use super::{VerbError, os};
use crate::host::Host;
use crate::reconcile::intention::{self, Intention, IntentionError, Source};
use crate::reconcile::plan::Consent;
use crate::reconcile::{self, Scope};
use crate::report::{self, ContainerStatus, SpecStatus, Status};
use crate::state::extender::{self, Record};
use crate::state::generations;
use crate::state::rollback::Hold;

pub(super) async fn run(host: &Host, json: bool) -> Result<ExitCode, VerbError> {
    let status = gather(host).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&status).unwrap_or_default());
    } else {
        print!("{}", report::status_text(&status));
    }
    Ok(ExitCode::SUCCESS)
}

async fn gather(host: &Host) -> Result<Status, VerbError> {
    let generation = generations::committed(host)?.map(|generation| generation.number);
    let os = reconcile::image::observe(host).await.map_err(|error| chain(&error));
    let held = os::held(host, &os);
    let (intention, spec) = match intention::in_force(host) {
        Ok(intention) => {
            let spec = spec_status(&intention, generation);
            (intention, spec)
        }
        Err(IntentionError::State(error)) => return Err(error.into()),
        Err(IntentionError::Bad(problems)) => {
            let storage = reconcile::storage_without_spec(host).await.map_err(|error| chain(&error));
            let extender = extender::current(host, storage.as_ref().ok())?;
            return Ok(nothing_in_force(os, held, generation, &problems, storage, extender));
        }
    };
    let follows = intention.desired().os.follow.as_ref().map(|follow| format!("{}:{}", follow.value.remote, follow.value.branch));
    let mut status = Status {
        version: 1,
        spec,
        os,
        follows,
        held,
        storage: Err("not looked at".to_owned()),
        extender: None,
        engine: "unknown".to_owned(),
        containers: Ok(Vec::new()),
        steps: None,
        notes: Vec::new(),
    };
    look(host, &intention, &mut status).await;
    status.extender = extender::current(host, status.storage.as_ref().ok())?;
    Ok(status)
}

/// Fills in what the families see; what cannot be seen says why.
async fn look(host: &Host, intention: &Intention, status: &mut Status) {
    let survey = match reconcile::survey(host, intention, Scope::Whole).await {
        Ok(survey) => survey,
        Err(error) => {
            status.storage = Err(chain(&error));
            return;
        }
    };
    if let Some(units) = &survey.units {
        status.engine = units.engine_text(&intention.desired().engine);
        status.containers = containers(&units.containers);
    }
    let drift = match reconcile::drift(host, intention) {
        Ok(drift) => drift,
        Err(error) => {
            status.storage = Err(chain(&error));
            return;
        }
    };
    match reconcile::plan::plan(intention.desired(), &survey, &Consent::default(), &BTreeMap::new(), drift) {
        Ok(plan) => {
            status.steps = Some(plan.rows());
            status.notes = plan.notes;
        }
        Err(problems) => {
            status.spec.problems = Some(intention.spec.problems(problems).render(false));
        }
    }
    status.storage = Ok(survey.storage);
}

/// Those that carry our stamp, in the order of their names.
fn containers(seen: &units::Containers) -> Result<Vec<ContainerStatus>, String> {
    match &seen.store {
        Store::Unknown(_) if seen.units.is_empty() => Ok(Vec::new()),
        Store::Unknown(why) => Err(why.clone()),
        Store::Known { containers, .. } => {
            let mut ours: Vec<ContainerStatus> = containers
                .iter()
                .filter_map(|container| {
                    let stamp = container.stamp.as_ref()?;
                    let unit = seen.units.values().find(|unit| unit.state.name == stamp.unit);
                    Some(ContainerStatus {
                        name: container.name.clone(),
                        unit: unit.map_or_else(|| "absent".to_owned(), |unit| unit.state.active.to_string()),
                        state: container.state.to_string(),
                        image: stamp.image.clone(),
                        digest: stamp.digest.clone(),
                    })
                })
                .collect();
            ours.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(ours)
        }
    }
}

fn spec_status(intention: &Intention, generation: Option<u32>) -> SpecStatus {
    match &intention.source {
        Source::Layers => {
            SpecStatus { source: "its files".to_owned(), generation, legacy: intention.spec.legacy.remarks(), problems: None }
        }
        Source::Generation { number, because } => {
            let problems = Some(because.render(false));
            SpecStatus { source: format!("generation {number}"), generation, legacy: Vec::new(), problems }
        }
    }
}

fn nothing_in_force(
    os: Result<::image::ImageStatus, String>,
    held: Result<Option<Hold>, String>,
    generation: Option<u32>,
    problems: &Problems,
    storage: Result<Observed, String>,
    extender: Option<Record>,
) -> Status {
    Status {
        version: 1,
        spec: SpecStatus { source: "nowhere".to_owned(), generation, legacy: Vec::new(), problems: Some(problems.render(false)) },
        os,
        follows: None,
        held,
        storage,
        extender,
        engine: "left alone, since no spec is in force".to_owned(),
        containers: Ok(Vec::new()),
        steps: None,
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
