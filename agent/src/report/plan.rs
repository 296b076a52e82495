//! A plan as a person reads it, and each step as it ends.

use config::{Disruption, StepId};

use super::columns::columns;
use crate::reconcile::Outcome;
use crate::reconcile::gate::Wait;
use crate::reconcile::plan::Row;

/// The whole plan: what runs at `apply`, then what waits and how to let it.
#[must_use]
pub fn plan_text(rows: &[Row], notes: &[String]) -> String {
    let open: Vec<&Row> = rows.iter().filter(|row| row.waits.is_none()).collect();
    let mut text = match open.len() {
        0 => "nothing to do\n".to_owned(),
        1 => "1 step:\n".to_owned(),
        count => format!("{count} steps:\n"),
    };
    text.push_str(&columns("  ", &open.iter().map(|row| cells(row)).collect::<Vec<_>>()));
    text.push_str(&waiting_text(rows));
    for note in notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

/// The steps alone, one a line.
#[must_use]
pub fn rows_text(rows: &[Row]) -> String {
    columns("  ", &rows.iter().map(cells).collect::<Vec<_>>())
}

/// What waits, and the command that lets it go on. Empty when nothing waits.
#[must_use]
pub fn waiting_text(rows: &[Row]) -> String {
    let waiting: Vec<&Row> = rows.iter().filter(|row| row.waits.is_some()).collect();
    if waiting.is_empty() {
        return String::new();
    }
    let mut text = format!("{} waiting:\n", waiting.len());
    let lines: Vec<Vec<String>> = waiting
        .iter()
        .map(|row| {
            let mut line = cells(row);
            line.extend(row.waits.as_ref().map(why));
            line
        })
        .collect();
    text.push_str(&columns("  ", &lines));
    if let Some(command) = command_for(&waiting) {
        text.push_str(&format!("to go on: {command}\n"));
    }
    text
}

/// One line for a step that ended.
#[must_use]
pub fn outcome_line(row: &Row, outcome: &Outcome) -> String {
    let what = format!("{} {}: {} -> {}", row.kind, row.target, row.from, row.to);
    match outcome {
        Outcome::Made => format!("done     {what}"),
        Outcome::Already => format!("already  {what}"),
        Outcome::Later { why } => format!("later    {what}\n         because {why}"),
        Outcome::Failed { why } => format!("FAILED   {what}\n         because {why}"),
        Outcome::Skipped { because } => format!("skipped  {what}\n         because step {because} did not succeed"),
    }
}

fn cells(row: &Row) -> Vec<String> {
    vec![
        row.kind.clone(),
        row.target.clone(),
        format!("{} -> {}", row.from, row.to),
        row.disruption.as_str().to_owned(),
        row.reason.to_string(),
    ]
}

fn why(wait: &Wait) -> String {
    match wait {
        Wait::Ceiling { needs } => format!("waits: agent.allow is below {}", needs.as_str()),
        Wait::Consent => "waits: needs consent".to_owned(),
        Wait::Told => "waits: agent.drift is \"report\"".to_owned(),
        Wait::Later { why } => format!("waits, and is tried again: {why}"),
        Wait::Failed => "failed".to_owned(),
        Wait::Behind { step } => format!("waits behind {step}"),
    }
}

/// The one command that opens all that waits for a person.
fn command_for(waiting: &[&Row]) -> Option<String> {
    let mut words = vec!["atomic host apply".to_owned()];
    let consents: Vec<&StepId> = waiting.iter().filter(|row| row.waits == Some(Wait::Consent)).map(|row| &row.id).collect();
    words.extend(consents.iter().map(|id| format!("--consent {id}")));
    let ceiling = waiting.iter().filter_map(|row| match &row.waits {
        Some(Wait::Ceiling { needs }) => Some(*needs),
        Some(Wait::Consent | Wait::Told | Wait::Later { .. } | Wait::Failed | Wait::Behind { .. }) | None => None,
    });
    if let Some(ceiling) = ceiling.max() {
        words.push(format!("--allow {}", ceiling.as_str()));
    }
    if waiting.iter().any(|row| row.waits == Some(Wait::Told)) {
        words.push("--repair".to_owned());
    }
    (words.len() > 1).then(|| {
        let loses = waiting.iter().any(|row| row.disruption == Disruption::DataLoss);
        let warning = if loses { "   (data is lost for good)" } else { "" };
        format!("{}{warning}", words.join(" "))
    })
}

#[cfg(test)]
mod tests;
