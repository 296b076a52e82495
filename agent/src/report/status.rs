//! `atomic host status` for people: who the host is, what it runs, what its storage is, what waits.

use config::Bytes;
use image::{Deployment, ImageStatus};
use serde::Serialize;
use storage_setup::{Content, LogicalVolume, Observed, PoolState, Role, Root, VolumeGroup, Watcher};

use super::columns::columns;
use super::hold::hold_text;
use super::plan::plan_text;
use crate::reconcile::plan::Row;
use crate::state::extender::{Filling, Record};
use crate::state::rollback::Hold;

/// All that `status` shows; `--json` is this, as it is.
#[derive(Debug, Serialize)]
pub struct Status {
    /// Format.
    pub version: u32,
    /// The spec in force.
    pub spec: SpecStatus,
    /// The OS; an error text when libostree could not be asked.
    pub os: Result<ImageStatus, String>,
    /// What the spec asks the OS to follow.
    pub follows: Option<String>,
    /// A rollback that no policy may undo; an error text when that is not known.
    pub held: Result<Option<Hold>, String>,
    /// Storage; an error text when it could not be looked at.
    pub storage: Result<Observed, String>,
    /// What the daemon says of the pool that it watches; `None`: it watches none.
    pub extender: Option<Record>,
    /// The engine, in a few words.
    pub engine: String,
    /// Our containers; an error text when the engine does not say.
    pub containers: Result<Vec<ContainerStatus>, String>,
    /// What is to be done or waits; `None` when it could not be planned.
    pub steps: Option<Vec<Row>>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// The spec in force.
#[derive(Debug, Serialize)]
pub struct SpecStatus {
    /// `layers`, `generation 3`, or `none`.
    pub source: String,
    /// The committed generation.
    pub generation: Option<u32>,
    /// What becomes of a file of docker-storage-setup, a sentence each.
    pub legacy: Vec<String>,
    /// What is wrong with the layers, as `check` says it.
    pub problems: Option<String>,
}

/// All that `atomic storage status` shows; `--json` is this, as it is.
#[derive(Debug, Serialize)]
pub struct StorageStatus {
    /// Format.
    pub version: u32,
    /// What is wrong with the layers, in a line; `None`: nothing.
    pub problem: Option<String>,
    /// What there is.
    pub storage: Observed,
    /// What the daemon says of the pool that it watches; `None`: it watches none.
    pub extender: Option<Record>,
}

/// A container of ours.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ContainerStatus {
    /// Its name.
    pub name: String,
    /// What its unit does: `active`.
    pub unit: String,
    /// `running`
    pub state: String,
    /// The image as the spec named it.
    pub image: String,
    /// Which image that was.
    pub digest: String,
}

/// The whole status as text.
#[must_use]
pub fn status_text(status: &Status) -> String {
    let mut text = spec_text(&status.spec);
    text.push_str(&os_text(status));
    match &status.storage {
        Ok(storage) => text.push_str(&storage_text(storage, status.extender.as_ref())),
        Err(why) => text.push_str(&format!("storage   unknown: {why}\n")),
    }
    text.push_str(&format!("engine    {}\n", status.engine));
    text.push_str(&containers_text(&status.containers));
    if let Some(steps) = &status.steps {
        text.push_str(&format!("plan      {}", plan_text(steps, &status.notes)));
    }
    text
}

fn containers_text(containers: &Result<Vec<ContainerStatus>, String>) -> String {
    match containers {
        Ok(containers) if containers.is_empty() => String::new(),
        Ok(containers) => {
            let digest = |digest: &str| digest.trim_start_matches("sha256:").chars().take(12).collect::<String>();
            let cells = containers.iter().map(|one| {
                let image = format!("{} ({})", one.image, digest(&one.digest));
                vec![one.name.clone(), one.state.clone(), format!("unit {}", one.unit), image]
            });
            columns("container ", &cells.collect::<Vec<_>>())
        }
        Err(why) => format!("container unknown: {why}\n"),
    }
}

fn spec_text(spec: &SpecStatus) -> String {
    let generation = match spec.generation {
        Some(number) => format!("generation {number} committed"),
        None => "no generation committed yet".to_owned(),
    };
    let mut text = format!("spec      from {}; {generation}\n", spec.source);
    for remark in &spec.legacy {
        text.push_str(&format!("          {remark}\n"));
    }
    if let Some(problems) = &spec.problems {
        text.push_str("          BAD, and not in force:\n");
        for line in problems.lines() {
            text.push_str(&format!("          {line}\n"));
        }
    }
    text
}

fn os_text(status: &Status) -> String {
    let follows = status.follows.as_deref().unwrap_or("nothing (no os.ref)");
    let mut text = format!("os        follows {follows}\n");
    match &status.os {
        Ok(os) if os.deployments.is_empty() => text.push_str("          no OSTree deployment: this is not an image-based host\n"),
        Ok(os) => text.push_str(&columns("        ", &os.deployments.iter().map(deployment_cells).collect::<Vec<_>>())),
        Err(why) => text.push_str(&format!("          unknown: {why}\n")),
    }
    for line in hold_text(&status.held).lines() {
        text.push_str(&format!("          {line}\n"));
    }
    text
}

fn deployment_cells(deployment: &Deployment) -> Vec<String> {
    let marks = [
        (deployment.booted, "booted"),
        (deployment.staged, "staged"),
        (deployment.pending, "pending"),
        (deployment.rollback, "rollback"),
        (deployment.pinned, "pinned"),
    ];
    let marks: Vec<&str> = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
    vec![
        if deployment.booted { "*" } else { " " }.to_owned(),
        deployment.version.clone().unwrap_or_else(|| "no version".to_owned()),
        deployment.commit.chars().take(12).collect(),
        marks.join(", "),
        deployment.origin.clone().unwrap_or_else(|| "no origin".to_owned()),
    ]
}

/// The storage part as text, with a word on a spec that is bad.
#[must_use]
pub fn storage_status_text(status: &StorageStatus) -> String {
    let problem = status.problem.as_ref().map(|problem| format!("spec      BAD, and not in force: {problem}\n"));
    format!("{}{}", problem.unwrap_or_default(), storage_text(&status.storage, status.extender.as_ref()))
}

/// Group, pool and volumes, as `status` shows them.
fn storage_text(storage: &Observed, extender: Option<&Record>) -> String {
    let mut text = String::new();
    if !storage.suspended.is_empty() {
        return format!(
            "storage   left half-changed by an LVM command that was killed: {}; atomic host apply mends that\n",
            storage.suspended.join(" ")
        );
    }
    match &storage.root {
        Root::Logical { .. } => {}
        Root::Partition { node, size, filesystem, .. } => {
            text.push_str(&format!("storage   root on {node}, {size}{}\n", of(filesystem.size)));
        }
        Root::Other(what) => text.push_str(&format!("storage   root on {what}\n")),
    }
    for (name, group) in &storage.groups {
        text.push_str(&group_text(name, group, storage));
        for line in extender.filter(|record| record.group == *name).iter().flat_map(|record| pool_lines(record)) {
            text.push_str(&format!("          {line}\n"));
        }
    }
    text
}

fn of(size: Option<Bytes>) -> String {
    size.map(|size| format!(", file system {size}")).unwrap_or_default()
}

fn group_text(name: &str, group: &VolumeGroup, storage: &Observed) -> String {
    let bytes = |extents| Bytes::of_extents(extents, group.extent).map_or_else(|| "?".to_owned(), |size| size.to_string());
    let members: Vec<&str> = group.members.iter().map(|member| member.node.as_str()).collect();
    let missing = if group.missing == 0 { String::new() } else { format!("  {} DISKS MISSING", group.missing) };
    let mut text =
        format!("storage   group {name}  {}, {} free  on {}{missing}\n", bytes(group.extents), bytes(group.free), members.join(" "));
    let lines: Vec<Vec<String>> = group
        .volumes
        .iter()
        .map(|(volume, lv)| vec![volume.clone(), role_text(&lv.role), bytes(lv.extents), figures(name, volume, lv, storage)])
        .collect();
    text.push_str(&columns("          ", &lines));
    text
}

fn role_text(role: &Role) -> String {
    match role {
        Role::Linear => "volume".to_owned(),
        Role::Pool(_) => "thin pool".to_owned(),
        Role::Thin { pool } => format!("thin in {pool}"),
        Role::Other => "other".to_owned(),
    }
}

fn figures(group: &str, name: &str, volume: &LogicalVolume, storage: &Observed) -> String {
    match &volume.role {
        Role::Pool(pool) => pool_figures(pool),
        Role::Linear | Role::Thin { .. } | Role::Other => {
            let source = format!("/dev/{group}/{name}");
            let mount = storage.mounts.iter().find(|(_, mount)| mount.source == source).map(|(path, _)| path.clone());
            match (&storage.root, mount, &volume.content) {
                (Root::Logical { group: root, volume: root_name, filesystem }, ..) if root == group && root_name == name => {
                    format!("/{}", of(filesystem.size))
                }
                (_, Some(mount), Content::Filesystem { kind, .. }) => format!("{} on {mount}", kind.as_str()),
                (_, Some(mount), Content::Unknown | Content::Nothing | Content::Other(_)) => format!("on {mount}"),
                (_, None, _) => "not mounted".to_owned(),
            }
        }
    }
}

/// How fast it fills and what is wrong with it; nothing about a pool at rest.
fn pool_lines(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(filling) = &record.filling {
        let Filling { rate, full_in, group_full_in, at, since } = filling;
        let how = match since {
            None => format!("fills at {rate} a second"),
            Some(since) => format!("filled at {rate} a second on average over the last {}", span(at.saturating_sub(*since))),
        };
        lines.push(format!(
            "{} {how}: full in {} as it is, in {} with all of {}",
            record.pool,
            span(*full_in),
            span(*group_full_in),
            record.group
        ));
    }
    if let Some(alarm) = &record.alarm {
        lines.push(format!("{}: {}", if alarm.urgent { "URGENT" } else { "ALARM" }, alarm.text));
    }
    lines
}

/// The two largest units are enough.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn pool_figures(pool: &PoolState) -> String {
    let percent =
        |hundredths: Option<u32>| hundredths.map_or_else(|| "?".to_owned(), |value| format!("{}.{:02} %", value / 100, value % 100));
    let watched = match pool.watcher {
        Some(Watcher::Agent) => ", grows by itself",
        // Which leaves a pool as it is where its profile says so.
        Some(Watcher::Dmeventd) => ", watched by dmeventd",
        Some(Watcher::Nobody) => ", NOT watched",
        None => "",
    };
    format!("data {}, metadata {}{watched}", percent(pool.data_used), percent(pool.metadata_used))
}

#[cfg(test)]
mod tests;
