//! `[journal]`: a drop-in of journald.conf(5), and journald restarted when it changed (guide, chapter 12.3: without a reboot).
//!
//! The drop-in is written whole; once there it stays, maybe without a setting. A marker in /run is there from before it is written until
//! journald runs with it, so that a run that is cut off in between is known.

use std::path::Path;

use config::{Disruption, Journal, Place, Problem, Reason, Step, StepId, Undo};

use crate::file::{self, OwnFile, STAMP};
use crate::{Action, UnitsError};

/// The drop-in.
pub(crate) const CONFIGURATION: &str = "/etc/systemd/journald.conf.d/50-atomic-host.conf";
/// Gone at reboot, as is the need for it.
const PENDING: &str = "/run/atomic-host/journal.pending";
/// journald's unit.
const JOURNALD: &str = "systemd-journald.service";
/// Takes what is in memory to the disk, where the configuration says so (journalctl(1), `--flush`).
const FLUSH: &str = "systemd-journal-flush.service";

/// What there is of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenJournal {
    /// The drop-in.
    pub configuration: OwnFile,
    /// Whether a run was cut off before journald read it.
    pub pending: bool,
}

/// Looks at the drop-in.
pub(crate) fn observe(root: &Path) -> Result<SeenJournal, UnitsError> {
    let pending = file::below(root, PENDING).try_exists().map_err(UnitsError::file("look at", PENDING))?;
    Ok(SeenJournal { configuration: OwnFile::read_stamped(root, CONFIGURATION), pending })
}

/// The step that makes journald do as the spec says, if one is needed. `after` are steps that give the logs their home.
///
/// # Errors
/// When the drop-in is somebody's.
pub(crate) fn plan(want: &Journal, have: &SeenJournal, after: &[StepId]) -> Result<Option<Step<Action>>, Problem> {
    let settings = settings(want);
    let text = format!("{STAMP}\n[Journal]\n{}", settings.iter().map(|setting| format!("{setting}\n")).collect::<String>());
    let asked = want.storage.as_ref().map(|storage| &storage.place).or(want.max_use.as_ref().map(|most| &most.place));
    let from = match (&have.configuration, asked) {
        (OwnFile::Absent, None) => return Ok(None),
        (OwnFile::Foreign | OwnFile::Unreadable(_), None) => return Ok(None),
        (OwnFile::Foreign, Some(place)) => return Err(in_the_way(place, "is not ours")),
        (OwnFile::Unreadable(why), Some(place)) => return Err(in_the_way(place, &format!("cannot be read: {why}"))),
        (OwnFile::Ours(now), _) if *now == text && !have.pending => return Ok(None),
        (OwnFile::Ours(now), _) => Some(now.clone()),
        (OwnFile::Absent, Some(_)) => None,
    };
    let reason = match asked {
        _ if from.as_ref() == Some(&text) => Reason::Resumed("configuration that journald has not read".to_owned()),
        Some(place) => Reason::Spec(place.clone()),
        None => Reason::Orphan("settings of the journal".to_owned()),
    };
    let to = if settings.is_empty() { "no settings".to_owned() } else { settings.join(" ") };
    let action = Action::ConfigureJournal { from, text, to };
    Ok(Some(Step::new(action, reason, Disruption::Reload, Undo::Edit, after.to_vec())))
}

fn in_the_way(place: &Place, what: &str) -> Problem {
    Problem {
        place: place.clone(),
        key: "journal".to_owned(),
        message: format!("{CONFIGURATION} {what}"),
        hint: Some("move that file away, or take the key out".to_owned()),
    }
}

fn settings(want: &Journal) -> Vec<String> {
    let storage = want.storage.as_ref().map(|storage| format!("Storage={}", storage.value.as_str()));
    let most = want.max_use.as_ref().map(|most| most.value);
    let most = most.into_iter().flat_map(|most| [format!("SystemMaxUse={most}"), format!("RuntimeMaxUse={most}")]);
    storage.into_iter().chain(most).collect()
}

/// Writes the drop-in and restarts journald, whose clients keep their connections meanwhile.
pub(crate) async fn configure(root: &Path, systemd: &systemd::Systemd, text: &str) -> Result<(), UnitsError> {
    let pending = file::below(root, PENDING);
    let mark = || {
        durable::make_directory(pending.parent().unwrap_or(root), 0o755)?;
        durable::replace(&pending, b"", 0o600)
    };
    mark().map_err(UnitsError::file("write", PENDING))?;
    file::write(root, CONFIGURATION, text)?;
    systemd.restart(JOURNALD, crate::apply::LIMIT).await?;
    systemd.restart(FLUSH, crate::apply::LIMIT).await?;
    file::remove(root, PENDING).map(drop)
}

#[cfg(test)]
mod tests;
