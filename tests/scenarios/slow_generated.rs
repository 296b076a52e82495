//! Twenty generated cases run in the guest and agree with the simulator: the steps of the plan, and then what the host is.
//!
//! Each case is a fresh machine, a first spec that is applied to it, and another one after it, as the property tests draw them; then
//! whatever waits is consented to.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use config::{Ceiling, Describe, Disruption, EngineKind, Problem, Step, StepId, Storage};
use serde_json::Value;
use storage_setup::cases::{self, Case, Choices, Flavour};
use storage_setup::{Action, Observed, simulate};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, Applied, SPEC, text};
use tests::{agreement, spec_text};

/// How many cases a test runs.
const SHARE: u64 = 5;
/// As many as apply takes before it gives up.
const ROUNDS: usize = 5;

fn run_share(share: u64) -> Result<()> {
    let failed: Vec<u64> = (share * SHARE..(share + 1) * SHARE).filter(|seed| !agrees(*seed)).collect();
    ensure!(failed.is_empty(), "seeds {failed:?} do not agree; why is told above");
    Ok(())
}

/// Runs one case, and tells what went wrong with it.
fn agrees(seed: u64) -> bool {
    let case = cases::draw(&mut Choices::seeded(seed), Flavour::Real);
    let begun = Instant::now();
    let ran = run(&case);
    let seconds = begun.elapsed().as_secs();
    let Err(error) = ran else {
        println!("seed {seed} agrees, {seconds} s");
        return true;
    };
    let first = case.first.as_ref().map_or_else(|| "none\n".to_owned(), |first| spec_text::toml(first, case.engine));
    let want = spec_text::toml(&case.want, case.engine);
    println!("seed {seed} does not agree, {seconds} s: {error:#}\n--- the first spec:\n{first}--- the spec wanted then:\n{want}---");
    false
}

fn run(case: &Case) -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    // The daemon would follow the file too.
    guest.check("systemctl stop atomic-hostd.service")?;
    let mut both = Both { guest, model: case.machine.clone(), engine: case.engine };
    if let Some(first) = &case.first {
        both.follow(first).context("the first spec")?;
    }
    both.follow(&case.want).context("the spec wanted then")?;
    both.consent(&case.want).context("with consent to all that waits")
}

/// A host and what the simulator makes of it.
struct Both {
    guest: Guest,
    model: Observed,
    engine: Option<EngineKind>,
}

impl Both {
    fn follow(&mut self, want: &Storage) -> Result<()> {
        self.guest.write_file(SPEC, spec_text::toml(want, self.engine))?;
        match storage_setup::plan(want, self.engine, &self.model) {
            Ok(plan) => self.apply(want, &plan.steps)?,
            Err(problems) => self.refuse(&problems)?,
        }
        self.compare()
    }

    fn apply(&mut self, want: &Storage, steps: &[Step<Action>]) -> Result<()> {
        same_lines("plan", &lines(steps), &lines_of_rows(&product::plan(&self.guest)?))?;
        let applied = self.try_apply(&[])?;
        let waiting = self.simulate(want)?;
        same_lines("what waits", &lines(&waiting), &lines_of_rows(applied.waiting()))?;
        let code = if waiting.is_empty() { 0 } else { 3 };
        ensure!(applied.code == code, "apply ended with {}, not {code}: {:#}", applied.code, applied.report);
        Ok(())
    }

    /// Consents to all that waits, if anything does.
    fn consent(&mut self, want: &Storage) -> Result<()> {
        let waiting = storage_setup::plan(want, self.engine, &self.model).map(|plan| plan.steps).unwrap_or_default();
        if waiting.is_empty() {
            return Ok(());
        }
        let losing = waiting.iter().filter(|step| step.disruption == Disruption::DataLoss);
        let applied = self.try_apply(&losing.flat_map(|step| ["--consent", step.id.as_str()]).collect::<Vec<_>>())?;
        ensure!(applied.code == 0, "apply ended with {}, not 0: {:#}", applied.code, applied.report);
        for step in &waiting {
            simulate::carry_out(&mut self.model, &step.action).with_context(|| format!("{:?}", step.action))?;
        }
        same_lines("plan", &[], &lines_of_rows(&product::plan(&self.guest)?))?;
        self.compare()
    }

    fn try_apply(&self, arguments: &[&str]) -> Result<Applied> {
        let applied = product::try_apply(&self.guest, arguments)?;
        let failed = applied.report["tried"].as_array().into_iter().flatten().filter(|tried| tried["outcome"]["is"] == "failed");
        let failed: Vec<String> = failed
            .map(|tried| format!("{} {}: {}", text(&tried["step"]["kind"]), text(&tried["step"]["target"]), text(&tried["outcome"]["why"])))
            .collect();
        if applied.code == 0 || applied.code == 3 {
            return Ok(applied);
        }
        let journal = self.guest.check("journalctl -b -o cat | tail -40")?;
        bail!("apply ended with {}: {}\n--- the journal:\n{journal}\n---", applied.code, failed.join("\n"))
    }

    /// Carries out what needs no consent; gives the steps that do, and those behind them.
    fn simulate(&mut self, want: &Storage) -> Result<Vec<Step<Action>>> {
        for _ in 0..ROUNDS {
            let planned = storage_setup::plan(want, self.engine, &self.model);
            let steps = planned.map_err(|problems| anyhow::anyhow!("half way: {}", messages(&problems).join("; ")))?.steps;
            let open = permitted(&steps);
            if open.is_empty() {
                return Ok(steps);
            }
            for step in open {
                simulate::carry_out(&mut self.model, &step.action).with_context(|| format!("{:?}", step.action))?;
            }
        }
        bail!("the simulator finds no end of steps")
    }

    fn refuse(&self, problems: &[Problem]) -> Result<()> {
        let output = self.guest.run(&["/usr/bin/atomic", "host", "apply"])?;
        ensure!(output.code == 2, "apply ended with {}, not 2: {}{}", output.code, output.stdout, output.stderr);
        for message in messages(problems) {
            ensure!(output.stderr.contains(message), "it does not say {message:?}:\n{}", output.stderr);
        }
        Ok(())
    }

    fn compare(&mut self) -> Result<()> {
        let storage = product::status(&self.guest)?["storage"]["Ok"].take();
        let host = agreement::followed(serde_json::from_value(storage).context("no storage in the status")?);
        self.model = agreement::completed(&self.model, &host);
        let found = agreement::differences(&self.model, &host)?;
        ensure!(found.is_empty(), "the host is not as the simulator says:\n{}", found.join("\n"));
        Ok(())
    }
}

/// What apply does by itself: nothing above the ceiling that holds by default, and nothing behind it.
fn permitted(steps: &[Step<Action>]) -> Vec<&Step<Action>> {
    let mut waiting: BTreeSet<&StepId> = BTreeSet::new();
    let mut open = Vec::new();
    for step in steps {
        if Ceiling::Restart.permits(step.disruption) && !step.after.iter().any(|id| waiting.contains(id)) {
            open.push(step);
        } else {
            waiting.insert(&step.id);
        }
    }
    open
}

fn messages(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.message.as_str()).collect()
}

/// A line for each step, by which people can tell what differs.
fn lines(steps: &[Step<Action>]) -> Vec<String> {
    let line = |step: &Step<Action>| {
        let action = &step.action;
        format!("{} {} {}: {} -> {}", step.id, action.kind(), action.target(), action.from(), action.to())
    };
    steps.iter().map(line).collect()
}

/// As [`lines`], of the storage steps that the product tells.
fn lines_of_rows(rows: &[Value]) -> Vec<String> {
    let word = |row: &Value, key: &str| text(&row[key]);
    let line = |row: &Value| {
        format!("{} {} {}: {} -> {}", word(row, "id"), word(row, "kind"), word(row, "target"), word(row, "from"), word(row, "to"))
    };
    rows.iter().filter(|row| row["family"] == Action::FAMILY).map(line).collect()
}

fn same_lines(what: &str, model: &[String], host: &[String]) -> Result<()> {
    ensure!(model == host, "{what} in the simulator:\n{}\n{what} on the host:\n{}", model.join("\n"), host.join("\n"));
    Ok(())
}

#[test]
fn cases_of_the_first_five_seeds_agree() -> Result<()> {
    run_share(0)
}

#[test]
fn cases_of_the_second_five_seeds_agree() -> Result<()> {
    run_share(1)
}

#[test]
fn cases_of_the_third_five_seeds_agree() -> Result<()> {
    run_share(2)
}

#[test]
fn cases_of_the_last_five_seeds_agree() -> Result<()> {
    run_share(3)
}
