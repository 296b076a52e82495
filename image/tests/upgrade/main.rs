//! The image worker pulls from a server, checks signatures, and deploys into sysroots that the `ostree` command makes.
//!
//! These sysroots do not run, so what would be staged on a host is deployed at once.
#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests, which fail by panic")]

mod cut_off;
mod world;

use std::fs;

use image::{Branch, Commit, DeploymentName, Event, Request};

use world::{BRANCH, World};

#[test]
fn an_upgrade_brings_the_newest_signed_commit_and_a_second_one_nothing() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    let newest = world.publish("13", 1_700_000_100, true);

    let Event::Available { new, now, .. } = world.ask(&Request::Check { follow: None }) else { panic!("nothing is there") };
    assert_eq!((new.version.as_deref(), new.commit.as_str(), now.version.as_deref()), (Some("13"), newest.as_str(), Some("12")));
    assert_eq!(world.deployed(), ["12"]);

    let Event::Staged { new, .. } = world.ask(&UPGRADE) else { panic!("nothing was done") };
    assert_eq!(new.commit, newest);
    assert_eq!(world.deployed(), ["13", "12"]);
    assert!(matches!(world.ask(&UPGRADE), Event::NothingNew { commit, reboot: false } if commit.commit == newest));
    assert!(matches!(world.ask(&Request::Check { follow: None }), Event::NothingNew { .. }));
    assert!(world.entries().contains("options quiet root=/dev/x "), "kernel arguments are carried over: {}", world.entries());
}

#[test]
fn what_is_not_signed_by_a_key_of_the_remote_is_refused_and_nothing_changes() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    world.publish("13", 1_700_000_100, false);
    for request in [Request::Check { follow: None }, UPGRADE, Request::Rebase { to: world.branch() }] {
        let Event::Failed { why } = world.ask(&request) else { panic!("it was taken") };
        assert!(why.starts_with("site:atomic/host is refused: its commit is not signed by a key of the remote \"site\": "), "{why}");
    }
    assert_eq!(world.deployed(), ["12"]);
}

#[test]
fn an_older_commit_is_refused_unless_it_is_asked_for() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    world.publish("11", 1_600_000_000, true);
    let Event::Failed { why } = world.ask(&UPGRADE) else { panic!("it was taken") };
    assert!(why.starts_with("11 (") && why.contains("is older than 12 (") && why.contains("--allow-downgrade"), "{why}");
    assert_eq!(world.deployed(), ["12"]);
    assert!(matches!(world.ask(&Request::Upgrade { follow: None, allow_downgrade: true }), Event::Staged { .. }));
    assert_eq!(world.deployed(), ["11", "12"]);
}

#[test]
fn a_version_of_the_history_or_a_commit_can_be_deployed() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    let wanted = world.publish("13", 1_700_000_100, true);
    world.publish("14", 1_700_000_200, true);
    let deploy = |revision: &str| world.ask(&Request::Deploy { follow: None, revision: revision.to_owned() });
    assert!(matches!(deploy("13"), Event::Staged { new, .. } if new.commit == wanted));
    assert_eq!(world.deployed(), ["13", "12"]);
    assert!(matches!(deploy("13"), Event::NothingNew { .. }));
    let Event::Failed { why } = deploy("99") else { panic!("there is no such version") };
    assert!(why.starts_with("no commit of site:atomic/host has the version 99"), "{why}");
    assert!(matches!(deploy(&wanted), Event::NothingNew { .. }));
    assert!(matches!(world.ask(&UPGRADE), Event::Staged { new: Commit { version, .. }, .. } if version.as_deref() == Some("14")));
}

#[test]
fn a_rebase_follows_the_other_branch_from_then_on() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    world.publish_to("atomic/next", "20", 1_700_000_100, true);
    let to = Branch { branch: "atomic/next".to_owned(), ..world.branch() };
    assert!(matches!(world.ask(&Request::Rebase { to }), Event::Staged { .. }));
    assert_eq!(world.deployed(), ["20", "12"]);
    assert!(matches!(world.ask(&UPGRADE), Event::NothingNew { .. }));
}

#[test]
fn a_remote_that_nobody_knows_a_dead_server_and_a_missing_branch_are_told_apart() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    let follow = |remote: &str, branch: &str| Some(Branch { remote: remote.to_owned(), branch: branch.to_owned() });
    let failed = |follow| {
        let Event::Failed { why } = world.ask(&Request::Check { follow }) else { panic!("it was there") };
        why
    };
    let why = failed(follow("nobody", BRANCH));
    assert!(why.starts_with("there is no remote \"nobody\"; add [os.remote.nobody]"), "{why}");
    let why = failed(follow("site", "no/such"));
    assert!(why.starts_with("cannot pull site:no/such; "), "{why}");
    fs::rename(world.server(), world.home.path().join("gone")).unwrap();
    assert!(failed(None).starts_with("cannot pull site:atomic/host; "));
}

#[test]
fn a_sysroot_that_does_not_run_has_no_way_back() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    let to = DeploymentName { commit: "c".repeat(64), serial: 0, version: None };
    let Event::Failed { why } = world.ask(&Request::Rollback { to }) else { panic!("it went back") };
    assert!(why.starts_with("this host does not run from an OSTree deployment"), "{why}");
}

pub(crate) const UPGRADE: Request = Request::Upgrade { follow: None, allow_downgrade: false };
