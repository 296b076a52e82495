//! The image worker pulls from a server, checks signatures, and deploys into sysroots that the `ostree` command makes.
//!
//! These sysroots do not run, so what would be staged on a host is deployed at once.
#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests, which fail by panic")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::{Branch, Commit, Event, Request};
use tempfile::TempDir;

const BRANCH: &str = "atomic/host";

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
    assert!(matches!(world.ask(&UPGRADE), Event::NothingNew { commit } if commit.commit == newest));
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
    let Event::Failed { why } = world.ask(&Request::Rollback) else { panic!("it went back") };
    assert!(why.starts_with("this host does not run from an OSTree deployment"), "{why}");
}

const UPGRADE: Request = Request::Upgrade { follow: None, allow_downgrade: false };

/// A server's repository, a key that signs for it, and a sysroot that follows it.
struct World {
    home: TempDir,
    key: String,
}

impl World {
    fn new() -> World {
        let home = tempfile::tempdir().unwrap();
        for directory in ["gpg", "sysroot", "server"] {
            fs::create_dir(home.path().join(directory)).unwrap();
        }
        let mut world = World { home, key: String::new() };
        world.key = world.make_key();
        run(Command::new("ostree").arg(world.repo_of("server")).args(["init", "--mode=archive"]));
        run(Command::new("ostree").args(["admin", "init-fs", text(&world.sysroot())]));
        run(world.admin("os-init").arg("host"));
        let url = format!("file://{}", world.server().display());
        let keys = format!("--set=gpgkeypath={}", world.home.path().join("key.asc").display());
        run(Command::new("ostree").arg(world.repo_of("sysroot/ostree/repo")).args(["remote", "add", &keys, "site", &url]));
        world
    }

    /// A key of its own, made in a moment and gone with the test.
    fn make_key(&self) -> String {
        let uid = "test <test@example.com>";
        self.gpg(&["--passphrase", "", "--quick-generate-key", uid, "ed25519", "sign", "never"]);
        let public = self.gpg(&["--armor", "--export", uid]);
        fs::write(self.home.path().join("key.asc"), public).unwrap();
        let listed = self.gpg(&["--with-colons", "--list-keys", uid]);
        listed.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_end_matches(':').to_owned()
    }

    fn gpg(&self, words: &[&str]) -> String {
        let home = self.home.path().join("gpg");
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--no-permission-warning", "--pinentry-mode=loopback", "--homedir", text(&home)]).args(words);
        run(&mut command)
    }

    fn publish(&self, version: &str, timestamp: u64, signed: bool) -> String {
        self.publish_to(BRANCH, version, timestamp, signed)
    }

    /// Commits a small bootable tree on the server; gives the commit.
    fn publish_to(&self, branch: &str, version: &str, timestamp: u64, signed: bool) -> String {
        let tree = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("usr/lib/modules/6.1/vmlinuz", "a kernel"),
            ("usr/lib/modules/6.1/initramfs.img", "an initramfs"),
            ("usr/lib/os-release", "NAME=host\nID=host\n"),
            ("usr/etc/motd", version),
        ] {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut commit = Command::new("ostree");
        commit.arg(self.repo_of("server")).args(["commit", "--bootable", "--owner-uid=0", "--owner-gid=0", "--no-xattrs", "-b", branch]);
        commit.arg(format!("--timestamp=@{timestamp}")).arg(format!("--add-metadata-string=version={version}"));
        commit.arg(format!("--tree=dir={}", tree.path().display()));
        if signed {
            commit.arg(format!("--gpg-sign={}", self.key)).arg(format!("--gpg-homedir={}", self.home.path().join("gpg").display()));
        }
        run(&mut commit).trim().to_owned()
    }

    /// The first deployment, with kernel arguments.
    fn install(&self, version: &str) {
        run(Command::new("ostree").arg(self.repo_of("sysroot/ostree/repo")).args(["pull", "site", BRANCH]));
        run(self.admin("deploy").args(["--os=host", "--karg=quiet", "--karg=root=/dev/x", &format!("site:{BRANCH}")]));
        assert_eq!(self.deployed(), [version]);
    }

    fn ask(&self, request: &Request) -> Event {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_image-worker"))
            .args(["--sysroot", text(&self.sysroot())])
            .env("OSTREE_SYSROOT_DEBUG", "mutable-deployments")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        worker.stdin.take().unwrap().write_all(format!("{}\n", serde_json::to_string(request).unwrap()).as_bytes()).unwrap();
        let output = worker.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let events: Vec<Event> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (last, before) = events.split_last().unwrap_or_else(|| panic!("no answer to {request:?}"));
        assert!(before.iter().all(|event| matches!(event, Event::Progress { .. })), "one answer, at the end: {said}");
        assert_eq!(output.status.code(), Some(i32::from(matches!(last, Event::Failed { .. }))), "{said}");
        last.clone()
    }

    /// The versions of the deployments in boot order.
    fn deployed(&self) -> Vec<String> {
        let Event::Status(status) = self.ask(&Request::Status) else { panic!("no status") };
        status.deployments.into_iter().map(|deployment| deployment.version.unwrap()).collect()
    }

    /// All boot entries.
    fn entries(&self) -> String {
        let directory = self.sysroot().join("boot/loader/entries");
        fs::read_dir(directory).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    fn branch(&self) -> Branch {
        Branch { remote: "site".to_owned(), branch: BRANCH.to_owned() }
    }

    fn sysroot(&self) -> PathBuf {
        self.home.path().join("sysroot")
    }

    fn server(&self) -> PathBuf {
        self.home.path().join("server")
    }

    fn repo_of(&self, name: &str) -> String {
        format!("--repo={}", self.home.path().join(name).display())
    }

    fn admin(&self, verb: &str) -> Command {
        let mut command = Command::new("ostree");
        command.args(["admin", verb]).arg(format!("--sysroot={}", self.sysroot().display()));
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The agent that gpg starts would outlive the test by a while, and keep its directory busy.
        let ended = Command::new("gpgconf").arg("--homedir").arg(self.home.path().join("gpg")).args(["--kill", "all"]).status();
        ended.map(drop).unwrap_or_default();
    }
}

fn run(command: &mut Command) -> String {
    // Without this the deployments could not be deleted after the test.
    let output = command.env("OSTREE_SYSROOT_DEBUG", "mutable-deployments").output();
    let program = command.get_program().display().to_string();
    let output = output.unwrap_or_else(|error| panic!("cannot run {program} ({error}): install the packages ostree and gnupg"));
    assert!(output.status.success(), "{command:?} failed (it wants root): {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
