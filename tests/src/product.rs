//! The product in a guest, as scenarios use it: give it a spec, apply, and read what it says as JSON.
//! In: a [`Guest`]. Out: reports and facts of LVM, told apart by what they mean.

use crate::guest::{Guest, Output};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Where the spec is.
pub const SPEC: &str = "/etc/atomic-host.toml";

/// What `atomic host apply --json` said, with its exit code.
#[derive(Debug)]
pub struct Applied {
    /// 0 done, 1 failed, 3 waits.
    pub code: i64,
    /// The report.
    pub report: Value,
}

impl Applied {
    /// The effects on the machine, in order.
    pub fn effects(&self) -> Vec<String> {
        texts(&self.report["effects"])
    }

    /// The kinds of the steps that were tried, in order.
    pub fn kinds(&self) -> Vec<String> {
        self.report["tried"].as_array().into_iter().flatten().map(|tried| text(&tried["step"]["kind"])).collect()
    }

    /// The steps that wait.
    pub fn waiting(&self) -> &[Value] {
        self.report["waiting"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// Applies, and fails unless everything that may be done was done (exit code 0 or 3).
pub fn apply(guest: &Guest, arguments: &[&str]) -> Result<Applied> {
    let applied = try_apply(guest, arguments)?;
    if applied.code != 0 && applied.code != 3 {
        bail!("apply ended with {}: {:#}", applied.code, applied.report);
    }
    Ok(applied)
}

/// Applies; a report of failure is an answer too.
pub fn try_apply(guest: &Guest, arguments: &[&str]) -> Result<Applied> {
    let mut argv = vec!["/usr/bin/atomic", "host", "apply", "--json"];
    argv.extend(arguments);
    let output = guest.run(&argv)?;
    let report = json(&output)?;
    Ok(Applied { code: output.code, report })
}

/// The steps of `atomic host plan --json`.
pub fn plan(guest: &Guest) -> Result<Vec<Value>> {
    let output = guest.run(&["/usr/bin/atomic", "host", "plan", "--json"])?;
    let plan = json(&output)?;
    plan["steps"].as_array().cloned().context("a plan has steps")
}

/// `atomic host plan` as a person reads it, the columns one blank apart.
pub fn plan_text(guest: &Guest) -> Result<String> {
    let plan = guest.run(&["/usr/bin/atomic", "host", "plan"])?.stdout;
    Ok(plan.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect())
}

/// The spec that is there is refused, by `plan` and by `apply`: exit code 2, and these words. `name` tells in a failure which one it was.
pub fn refused(guest: &Guest, name: &str, says: &[&str]) -> Result<()> {
    for verb in ["plan", "apply"] {
        let Output { code, stdout, stderr } = guest.run(&["/usr/bin/atomic", "host", verb])?;
        ensure!(code == 2, "{name}: {verb} ended with {code}: {stdout}{stderr}");
        for words in says {
            ensure!(stderr.contains(words), "{name}: {verb} does not say {words:?}:\n{stderr}");
        }
    }
    Ok(())
}

/// Ids of the steps of the plan that lose data.
pub fn losing(guest: &Guest) -> Result<Vec<String>> {
    Ok(plan(guest)?.iter().filter(|step| step["disruption"] == "data-loss").map(|step| text(&step["id"])).collect())
}

/// `atomic host status --json`.
pub fn status(guest: &Guest) -> Result<Value> {
    json(&guest.run(&["/usr/bin/atomic", "host", "status", "--json"])?)
}

fn json(output: &Output) -> Result<Value> {
    serde_json::from_str(&output.stdout).with_context(|| format!("no JSON, exit code {}: {}{}", output.code, output.stdout, output.stderr))
}

/// Extents by name of the logical volumes of a group, hidden ones too (their names in brackets as LVM shows them).
pub fn extents(guest: &Guest, group: &str) -> Result<std::collections::BTreeMap<String, u64>> {
    let size = guest.check(&format!("vgs --noheadings --units b --nosuffix -o vg_extent_size {group}"))?.trim().parse::<u64>()?;
    let list = guest.check(&format!("lvs -a --noheadings --units b --nosuffix -o lv_name,lv_size {group}"))?;
    list.lines()
        .map(|line| {
            let (name, bytes) = line.trim().split_once(' ').context("lvs has two columns")?;
            Ok((name.trim().to_owned(), bytes.trim().parse::<u64>()? / size))
        })
        .collect()
}

/// Free extents of a group.
pub fn free(guest: &Guest, group: &str) -> Result<u64> {
    Ok(guest.check(&format!("vgs --noheadings -o vg_free_count {group}"))?.trim().parse()?)
}

/// How often LVM has written the group's metadata.
pub fn seqno(guest: &Guest, group: &str) -> Result<u64> {
    Ok(guest.check(&format!("vgs --noheadings -o vg_seqno {group}"))?.trim().parse()?)
}

/// The text of a JSON value that is one.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}
