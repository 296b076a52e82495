//! `atomic host apply`: makes the host match the spec now, under the same lock as the daemon.

use std::collections::BTreeSet;
use std::process::ExitCode;

use config::{Ceiling, Drift, StepId};

use super::shown::Shown;
use super::{VerbError, exit};
use crate::host::Host;
use crate::reconcile::plan::Consent;
use crate::reconcile::{self, Ending, Progress, Report, Scope, Stop, intention};
use crate::report;

/// What the command line said.
pub(super) struct Choices {
    pub(super) consents: BTreeSet<StepId>,
    pub(super) ceiling: Option<Ceiling>,
    pub(super) repair: bool,
    pub(super) json: bool,
}

pub(super) async fn run(host: &Host, choices: Choices) -> Result<ExitCode, VerbError> {
    let mut intention = intention::from_layers(host)?;
    if choices.repair {
        intention.spec.desired.agent.drift = Drift::Repair;
    }
    let consent = Consent { steps: choices.consents, ceiling: choices.ceiling };
    let quiet = choices.json;
    let mut shown = Shown::new();
    let mut tell = |progress: Progress<'_>| match progress {
        Progress::Step(row, outcome) if !quiet => {
            shown.end();
            println!("{}", report::outcome_line(row, outcome));
        }
        Progress::Running(row, text) if !quiet => shown.tell(&format!("{} {}: {text}", row.kind, row.target), false),
        Progress::Step(..) | Progress::Running(..) | Progress::Seen(_) | Progress::Planned(_) | Progress::Effect(_) => {}
    };
    let result = reconcile::apply(host, &intention, Scope::Whole, &consent, Stop::never(), &mut tell).await?;
    if choices.json {
        println!("{}", serde_json::to_string_pretty(&result).unwrap_or_default());
    } else {
        print!("{}", ending_text(&result));
    }
    Ok(match result.ending {
        Ending::Converged => ExitCode::SUCCESS,
        Ending::Waiting => ExitCode::from(exit::WAITS),
        Ending::Failed => ExitCode::from(exit::FAILED),
    })
}

fn ending_text(result: &Report) -> String {
    let mut text = report::waiting_text(&result.waiting);
    for note in &result.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text.push_str(match result.ending {
        Ending::Converged if result.tried.is_empty() => "nothing to do: the host is as the spec says\n",
        Ending::Converged => "the host is as the spec says\n",
        Ending::Waiting => "the host is as the spec says, but for what waits\n",
        Ending::Failed => "not done; mend what failed and apply again, nothing needs to be undone first\n",
    });
    text
}
