//! What is remembered of rollbacks, and what follows from it; a deployment is written as its version and marks, its commit is its version.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use image::{Deployment, DeploymentName, ImageStatus, NoWayBack};

use super::{Hold, Rollback, StateError, UnderWay, begin, boot, forget, is_remembered, read, write};
use crate::host::Host;

const BOOT: &str = "this boot";

/// `13+ 12*`: 13 is staged, 12 runs. `12.1`: deployed once more.
pub(crate) fn status(order: &str) -> ImageStatus {
    let deployment = |(index, text): (u32, &str)| {
        let DeploymentName { commit, serial, version } = name(text.trim_end_matches(['*', '+']));
        Deployment {
            index,
            stateroot: "host".to_owned(),
            commit,
            serial,
            version,
            timestamp: None,
            origin: None,
            managed_elsewhere: None,
            booted: text.ends_with('*'),
            staged: text.ends_with('+'),
            pending: false,
            rollback: false,
            pinned: false,
            unlocked: None,
        }
    };
    ImageStatus::of((0..).zip(order.split_whitespace()).map(deployment).collect())
}

fn name(text: &str) -> DeploymentName {
    let (commit, serial) = text.split_once('.').unwrap_or((text, "0"));
    DeploymentName { commit: commit.to_owned(), serial: serial.parse().unwrap(), version: Some(commit.to_owned()) }
}

fn hold(from: &str, to: &str) -> Hold {
    Hold { time: 7, from: name(from), to: name(to) }
}

fn done(from: &str, to: &str) -> Rollback {
    Rollback { version: 1, hold: hold(from, to), under_way: None }
}

#[test]
fn a_hold_is_in_force_while_what_it_led_to_boots_next() {
    for (order, held) in [
        ("12 13*", true),
        ("12* 13", true),
        ("12*", true),
        ("12 14* 13", true),
        ("12.1 12* 13", true),
        ("13 12*", false),
        ("13* 12", false),
        ("14+ 12* 13", false),
        ("13.1+ 12* 13", false),
        ("14 12* 13", false),
        ("12 13", false),
        ("", false),
    ] {
        assert_eq!(done("13", "12").held(&status(order)).is_some(), held, "{order}");
    }
}

#[test]
fn a_hold_between_two_deployments_of_one_commit_is_told_by_their_serials() {
    assert!(done("12.1", "12").held(&status("12 12.1*")).is_some());
    assert!(done("12.1", "12").held(&status("12.1* 12")).is_none());
}

#[test]
fn a_rollback_holds_from_what_would_have_booted() {
    for (order, from, to) in [("13* 12", "13", "12"), ("14+ 13* 12", "14", "13"), ("14 13* 12", "14", "13")] {
        let (way, rollback) = begin(None, &status(order), BOOT, 7).unwrap();
        assert_eq!((&way.from, &way.to), (&name(from), &name(to)), "{order}");
        assert_eq!(rollback.hold, hold(from, to));
        assert_eq!(rollback.under_way, Some(UnderWay { from: name(from), to: name(to), boot: BOOT.to_owned() }));
        assert_eq!(rollback.ended(), Some(done(from, to)));
    }
    assert_eq!(begin(None, &status("13*"), BOOT, 7), Err(NoWayBack::Nothing));
}

#[test]
fn a_second_rollback_undoes_the_first_and_its_hold_at_its_end() {
    for order in ["12 13*", "12* 13"] {
        let (way, rollback) = begin(Some(done("13", "12")), &status(order), BOOT, 9).unwrap();
        assert_eq!((&way.from, &way.to), (&name("12"), &name("13")), "{order}");
        assert_eq!(rollback.hold, hold("13", "12"), "in force until it is done");
        assert!(rollback.held(&status("13* 12")).is_none());
        assert_eq!(rollback.ended(), None);
    }
}

#[test]
fn a_rollback_after_somebody_went_on_is_a_new_one() {
    let (_, rollback) = begin(Some(done("13", "12")), &status("14* 13"), BOOT, 9).unwrap();
    assert_eq!(rollback.hold, Hold { time: 9, ..hold("14", "13") });
    assert!(rollback.ended().is_some());
}

#[test]
fn one_that_was_cut_off_is_finished_and_not_undone() {
    let (_, cut_off) = begin(None, &status("13* 12"), BOOT, 7).unwrap();
    for (order, expected) in [("13* 12", vec![1, 0]), ("12 13*", vec![0, 1])] {
        let (way, rollback) = begin(Some(cut_off.clone()), &status(order), BOOT, 9).unwrap();
        assert_eq!((&way.from, &way.to, &way.order), (&name("13"), &name("12"), &expected), "{order}");
        assert_eq!(rollback, cut_off);
    }
    let (_, undo) = begin(Some(done("13", "12")), &status("12* 13"), BOOT, 7).unwrap();
    let (way, rollback) = begin(Some(undo), &status("13 12*"), BOOT, 9).unwrap();
    assert_eq!((way.to, rollback.ended()), (name("13"), None));
}

#[test]
fn what_was_cut_off_counts_no_more_after_a_reboot_or_when_somebody_went_on() {
    let (_, cut_off) = begin(None, &status("13* 12"), BOOT, 7).unwrap();
    let (way, rollback) = begin(Some(cut_off.clone()), &status("12* 13"), "the next boot", 9).unwrap();
    assert_eq!((way.to, rollback.ended()), (name("13"), None), "it had led to 12, and this undoes it");
    let (way, _) = begin(Some(cut_off.clone()), &status("14+ 13* 12"), BOOT, 9).unwrap();
    assert_eq!(way.to, name("13"));
    assert_eq!(begin(Some(cut_off), &status("13*"), BOOT, 9), Err(NoWayBack::Nothing));
}

#[test]
fn it_is_kept_for_root_alone_and_read_by_later_versions_too() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    assert_eq!(read(&host).unwrap(), None);
    write(&host, &done("13", "12")).unwrap();
    let path = host.state.join("rollback.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(read(&host).unwrap(), Some(done("13", "12")));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"version\":1", "\"version\":2,\"later\":[]")).unwrap();
    assert_eq!(read(&host).unwrap().unwrap().hold, hold("13", "12"));
    fs::write(&path, "half a").unwrap();
    assert!(matches!(read(&host), Err(StateError::Damaged { .. })));
    forget(&host).unwrap();
    assert!(!is_remembered(&host));
    forget(&host).unwrap();
}

#[test]
fn the_boot_is_the_kernels_word() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    assert!(boot(&host).is_err());
    let path = host.root.join("proc/sys/kernel/random");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("boot_id"), "abc\n").unwrap();
    assert_eq!(boot(&host).unwrap(), "abc");
}
