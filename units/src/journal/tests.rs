//! When journald is configured, and with what.

use std::num::NonZeroU64;

use config::{JournalStorage, Placed};

use super::*;

fn placed<T>(value: T) -> Placed<T> {
    Placed { value, place: Place::Default }
}

fn volatile() -> Journal {
    Journal { storage: Some(placed(JournalStorage::Volatile)), max_use: NonZeroU64::new(1 << 20).map(placed) }
}

fn nothing() -> Journal {
    Journal { storage: None, max_use: None }
}

fn seen(configuration: OwnFile, pending: bool) -> SeenJournal {
    SeenJournal { configuration, pending }
}

fn text(step: Option<&Step<Action>>) -> String {
    match step.map(|step| &step.action) {
        Some(Action::ConfigureJournal { text, .. }) => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_are_written_whole_and_then_nothing_is_to_do() {
    let step = plan(&volatile(), &seen(OwnFile::Absent, false), &[]).unwrap();
    let text = text(step.as_ref());
    assert_eq!(text, format!("{STAMP}\n[Journal]\nStorage=volatile\nSystemMaxUse=1048576\nRuntimeMaxUse=1048576\n"));
    assert_eq!(step.unwrap().disruption, Disruption::Reload);
    assert_eq!(plan(&volatile(), &seen(OwnFile::Ours(text), false), &[]).unwrap(), None);
}

#[test]
fn a_run_that_was_cut_off_before_the_restart_is_finished() {
    let written = text(plan(&volatile(), &seen(OwnFile::Absent, false), &[]).unwrap().as_ref());
    let step = plan(&volatile(), &seen(OwnFile::Ours(written), true), &[]).unwrap().unwrap();
    assert!(matches!(step.reason, Reason::Resumed(_)));
}

#[test]
fn settings_that_are_gone_leave_an_empty_drop_in() {
    let written = text(plan(&volatile(), &seen(OwnFile::Absent, false), &[]).unwrap().as_ref());
    let empty = text(plan(&nothing(), &seen(OwnFile::Ours(written), false), &[]).unwrap().as_ref());
    assert_eq!(empty, format!("{STAMP}\n[Journal]\n"));
    assert_eq!(plan(&nothing(), &seen(OwnFile::Ours(empty), false), &[]).unwrap(), None);
    assert_eq!(plan(&nothing(), &seen(OwnFile::Absent, false), &[]).unwrap(), None);
}

#[test]
fn a_drop_in_of_somebody_else_is_a_problem_only_when_something_is_asked() {
    assert_eq!(plan(&nothing(), &seen(OwnFile::Foreign, false), &[]).unwrap(), None);
    assert!(plan(&volatile(), &seen(OwnFile::Foreign, false), &[]).unwrap_err().message.contains("is not ours"));
}
