//! `atomic host plan [--json]`: what apply would do, step by step, and nothing done.

use std::process::ExitCode;

use super::{VerbError, exit};
use crate::host::Host;
use crate::reconcile::plan::Consent;
use crate::reconcile::{self, Scope, intention};
use crate::report;

pub(super) async fn run(host: &Host, json: bool, exit_code: bool) -> Result<ExitCode, VerbError> {
    let intention = intention::from_layers(host)?;
    let (_, plan) = reconcile::preview(host, &intention, Scope::Whole, &Consent::default()).await?;
    let rows = plan.rows();
    if json {
        let value = serde_json::json!({ "version": 1, "steps": rows, "notes": plan.notes });
        println!("{value:#}");
    } else {
        print!("{}", report::plan_text(&rows, &plan.notes));
    }
    Ok(if exit_code && !rows.is_empty() { ExitCode::from(exit::WAITS) } else { ExitCode::SUCCESS })
}
