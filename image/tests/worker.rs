//! The image worker against sysroots that the `ostree` command makes.
#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests, which fail by panic")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use image::{Event, ImageStatus};
use tempfile::TempDir;

#[test]
fn deployments_are_told_newest_first_with_version_origin_and_pin() {
    let host = Host::new();
    let first = host.deploy("1.0");
    let second = host.deploy("2.0");
    host.admin(&["pin", "1"]);

    let status = host.status();
    assert!(!status.booted);
    let [new, old] = status.deployments.as_slice() else { panic!("{status:?}") };
    assert_eq!((new.index, new.commit.as_str(), new.version.as_deref(), new.pinned), (0, second.as_str(), Some("2.0"), false));
    assert_eq!((old.index, old.commit.as_str(), old.version.as_deref(), old.pinned), (1, first.as_str(), Some("1.0"), true));
    for deployment in [new, old] {
        assert_eq!(deployment.stateroot, "host");
        assert_eq!(deployment.serial, 0);
        assert_eq!(deployment.origin.as_deref(), Some("edge:atomic/host"));
        assert_eq!(deployment.timestamp, Some(1_700_000_000));
        assert_eq!(deployment.managed_elsewhere, None);
        assert_eq!(deployment.unlocked, None);
        assert!(!deployment.booted && !deployment.staged && !deployment.pending && !deployment.rollback);
    }
}

#[test]
fn what_another_program_looks_after_is_told() {
    let host = Host::new();
    let commit = host.deploy("1.0");
    let origin = host.path().join(format!("ostree/deploy/host/deploy/{commit}.0.origin"));
    fs::write(origin, "[origin]\ncontainer-image-reference=ostree-unverified-registry:quay.io/a/b\n").unwrap();
    let deployment = host.status().deployments.remove(0);
    assert_eq!(deployment.origin.as_deref(), Some("ostree-unverified-registry:quay.io/a/b"));
    assert!(deployment.managed_elsewhere.unwrap().contains("container image"));
}

#[test]
fn asking_changes_nothing() {
    let host = Host::new();
    host.deploy("1.0");
    let before = listing(host.path());
    host.status();
    assert_eq!(listing(host.path()), before);
}

#[test]
fn a_sysroot_without_deployments_has_none() {
    assert_eq!(Host::new().status(), ImageStatus::default());
}

#[test]
fn a_plain_machine_is_an_answer_not_an_error() {
    let plain = tempfile::tempdir().unwrap();
    assert_eq!(told(&ask(&["--sysroot", text(plain.path())], STATUS)), Event::Status(ImageStatus::default()));
}

#[test]
fn a_broken_repository_is_an_error_with_its_cause() {
    let broken = tempfile::tempdir().unwrap();
    fs::create_dir_all(broken.path().join("ostree/repo")).unwrap();
    let output = ask(&["--sysroot", text(broken.path())], STATUS);
    assert_eq!(output.status.code(), Some(1));
    let Event::Failed { why } = told(&output) else { panic!("{output:?}") };
    let start = format!("cannot read the deployments in {}; see: ostree admin status: ", broken.path().display());
    assert!(why.starts_with(&start) && why.len() > start.len(), "{why}");
}

#[test]
fn an_unknown_request_is_answered_and_unknown_arguments_are_not() {
    let output = ask(&[], "{\"request\":\"dance\"}\n");
    assert_eq!(output.status.code(), Some(1));
    let Event::Failed { why } = told(&output) else { panic!("{output:?}") };
    assert!(why.starts_with("the image worker does not know this request"), "{why}");
    for arguments in [&["--sysroot"][..], &["--dance"], &["--sysroot", "/", "more"]] {
        let output = ask(arguments, STATUS);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
    }
}

const STATUS: &str = "{\"request\":\"status\"}\n";

/// A sysroot with the stateroot `host` and no deployment.
struct Host {
    sysroot: TempDir,
}

impl Host {
    fn new() -> Host {
        let host = Host { sysroot: tempfile::tempdir().unwrap() };
        run(Command::new("ostree").args(["admin", "init-fs", text(host.path())]));
        host.admin(&["os-init", "host"]);
        host
    }

    fn path(&self) -> &Path {
        self.sysroot.path()
    }

    /// Commits a small bootable tree and deploys it; gives the commit.
    fn deploy(&self, version: &str) -> String {
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
        let repo = format!("--repo={}", self.path().join("ostree/repo").display());
        let commit = run(Command::new("ostree")
            .args([repo.as_str(), "commit", "--branch=edge:atomic/host", "--bootable", "--owner-uid=0", "--owner-gid=0"])
            .args(["--no-xattrs", "--timestamp=@1700000000"])
            .arg(format!("--add-metadata-string=version={version}"))
            .arg(format!("--tree=dir={}", tree.path().display())));
        self.admin(&["deploy", "--os=host", "edge:atomic/host"]);
        commit.trim().to_owned()
    }

    fn admin(&self, words: &[&str]) {
        let (verb, rest) = words.split_first().unwrap();
        run(Command::new("ostree").args(["admin", verb]).arg(format!("--sysroot={}", self.path().display())).args(rest));
    }

    fn status(&self) -> ImageStatus {
        let Event::Status(status) = told(&ask(&["--sysroot", text(self.path())], STATUS)) else { panic!("no status") };
        status
    }
}

fn run(command: &mut Command) -> String {
    // Without this the deployments could not be deleted after the test.
    let output = command.env("OSTREE_SYSROOT_DEBUG", "mutable-deployments").output();
    let output = output.unwrap_or_else(|error| panic!("cannot run ostree ({error}): install the package ostree"));
    assert!(output.status.success(), "{command:?} failed (it wants root): {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn ask(arguments: &[&str], request: &str) -> Output {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_image-worker"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A worker that refuses its arguments does not read.
    let _ = worker.stdin.take().unwrap().write_all(request.as_bytes());
    worker.wait_with_output().unwrap()
}

fn told(output: &Output) -> Event {
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(lines.matches('\n').count(), 1, "one line: {output:?}");
    serde_json::from_str(&lines).unwrap()
}

/// Every file below a directory with its times, so that any write shows.
fn listing(directory: &Path) -> String {
    let output = Command::new("find").arg(directory).args(["-printf", "%p %s %T@ %C@\n"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
