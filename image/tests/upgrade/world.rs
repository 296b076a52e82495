//! A server, its key, and a sysroot that follows it, all made by the `ostree` command.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::{Branch, Event, Order, Request};
use tempfile::TempDir;

pub(crate) const BRANCH: &str = "atomic/host";

/// A server's repository, a key that signs for it, and a sysroot that follows it.
pub(crate) struct World {
    pub(crate) home: TempDir,
    key: String,
}

impl World {
    pub(crate) fn new() -> World {
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

    pub(crate) fn publish(&self, version: &str, timestamp: u64, signed: bool) -> String {
        self.publish_to(BRANCH, version, timestamp, signed)
    }

    /// Commits a small bootable tree on the server; gives the commit.
    pub(crate) fn publish_to(&self, branch: &str, version: &str, timestamp: u64, signed: bool) -> String {
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
    pub(crate) fn install(&self, version: &str) {
        run(Command::new("ostree").arg(self.repo_of("sysroot/ostree/repo")).args(["pull", "site", BRANCH]));
        run(self.admin("deploy").args(["--os=host", "--karg=quiet", "--karg=root=/dev/x", &format!("site:{BRANCH}")]));
        assert_eq!(self.deployed(), [version]);
    }

    /// Asks; gives the answer.
    pub(crate) fn ask(&self, request: &Request) -> Event {
        let (events, code) = self.order(&Order { request: request.clone(), kill: None });
        let (last, before) = events.split_last().unwrap_or_else(|| panic!("no answer to {request:?}"));
        let one = before.iter().all(|event| matches!(event, Event::Progress { .. } | Event::Effect { .. }));
        assert!(one, "one answer, at the end: {events:?}");
        assert_eq!(code, Some(i32::from(matches!(last, Event::Failed { .. }))), "{events:?}");
        last.clone()
    }

    /// Gives an order; gives all that the worker said, and its exit code unless it was killed.
    pub(crate) fn order(&self, order: &Order) -> (Vec<Event>, Option<i32>) {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_image-worker"))
            .args(["--sysroot", text(&self.sysroot())])
            .env("OSTREE_SYSROOT_DEBUG", "mutable-deployments")
            // Its kill is for its whole group, which must not be ours.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        worker.stdin.take().unwrap().write_all(format!("{}\n", serde_json::to_string(order).unwrap()).as_bytes()).unwrap();
        let output = worker.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (said.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.code())
    }

    /// Runs `ostree` on the repository of the sysroot.
    pub(crate) fn ostree(&self, words: &[&str]) -> String {
        run(Command::new("ostree").arg(self.repo_of("sysroot/ostree/repo")).args(words))
    }

    /// The versions of the deployments in boot order.
    pub(crate) fn deployed(&self) -> Vec<String> {
        let Event::Status(status) = self.ask(&Request::Status) else { panic!("no status") };
        status.deployments.into_iter().map(|deployment| deployment.version.unwrap()).collect()
    }

    /// Directories of deployments that are in no boot entry.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let Event::Status(status) = self.ask(&Request::Status) else { panic!("no status") };
        let known: Vec<String> =
            status.deployments.iter().map(|deployment| format!("{}.{}", deployment.commit, deployment.serial)).collect();
        let there = fs::read_dir(self.sysroot().join("ostree/deploy/host/deploy")).unwrap();
        let names = there.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !known.iter().any(|known| name.starts_with(known.as_str()))).collect()
    }

    /// All boot entries.
    pub(crate) fn entries(&self) -> String {
        let directory = self.sysroot().join("boot/loader/entries");
        fs::read_dir(directory).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    pub(crate) fn branch(&self) -> Branch {
        Branch { remote: "site".to_owned(), branch: BRANCH.to_owned() }
    }

    pub(crate) fn sysroot(&self) -> PathBuf {
        self.home.path().join("sysroot")
    }

    pub(crate) fn server(&self) -> PathBuf {
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
