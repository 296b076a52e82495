//! Remotes on a host below a directory: looked at, planned, written, and then there is nothing left to do.
#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests, which fail by panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use config::{Os, Place, Placed, Remote};
use image::{Applied, ImageError, apply, observe, plan};

const OURS: &str = "etc/ostree/remotes.d/atomic-host-site.conf";

#[test]
fn a_remote_is_written_once_and_taken_back_when_no_layer_has_it() {
    let host = host();
    let want = os(&["site"]);
    assert_eq!(carry_out(host.path(), &want), [Applied::Made]);
    let written = fs::read_to_string(host.path().join(OURS)).unwrap();
    assert!(written.ends_with("[remote \"site\"]\nurl=http://h/repo\ngpg-verify=true\ngpgkeypath=/k.asc;\n"), "{written}");
    assert_eq!(fs::metadata(host.path().join(OURS)).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(carry_out(host.path(), &want), []);

    fs::write(host.path().join(OURS), format!("{written}tls-permissive=true\n")).unwrap();
    assert_eq!(carry_out(host.path(), &want), [Applied::Made], "an edit is undone");
    assert_eq!(fs::read_to_string(host.path().join(OURS)).unwrap(), written);

    assert_eq!(carry_out(host.path(), &os(&[])), [Applied::Made]);
    assert_eq!(fs::read_dir(host.path().join("etc/ostree/remotes.d")).unwrap().count(), 0);
}

#[test]
fn a_file_that_somebody_else_made_meanwhile_is_not_overwritten() {
    let host = host();
    let want = os(&["site"]);
    let steps = plan(&want, &observe(host.path(), &want).unwrap()).unwrap().steps;
    fs::create_dir_all(host.path().join("etc/ostree/remotes.d")).unwrap();
    fs::write(host.path().join(OURS), "theirs").unwrap();
    assert!(matches!(apply(host.path(), &steps[0].action), Err(ImageError::Foreign { .. })));
    assert_eq!(fs::read_to_string(host.path().join(OURS)).unwrap(), "theirs");
}

#[test]
fn a_file_that_cannot_be_read_is_not_taken_for_absent() {
    let host = host();
    fs::create_dir_all(host.path().join("etc/ostree/remotes.d/odd.conf")).unwrap();
    let error = observe(host.path(), &os(&[])).unwrap_err();
    assert!(error.to_string().contains("cannot read ") && error.to_string().contains("odd.conf"), "{error}");
}

#[test]
fn a_key_that_is_not_there_is_told() {
    let host = host();
    let want = os(&["site"]);
    assert_eq!(plan(&want, &observe(host.path(), &want).unwrap()).unwrap().notes.len(), 1);
    fs::write(host.path().join("k.asc"), "a key").unwrap();
    assert_eq!(plan(&want, &observe(host.path(), &want).unwrap()).unwrap().notes, Vec::<String>::new());
}

/// With a repository that defines a remote of its own.
fn host() -> tempfile::TempDir {
    let host = tempfile::tempdir().unwrap();
    fs::create_dir_all(host.path().join("ostree/repo")).unwrap();
    fs::write(host.path().join("ostree/repo/config"), "[core]\nmode=bare\n[remote \"edge\"]\nurl=http://h/\n").unwrap();
    host
}

fn os(names: &[&str]) -> Os {
    let remote = || Remote { url: "http://h/repo".to_owned(), gpg_keys: vec!["/k.asc".to_owned()], gpg_verify: true };
    let placed = |name: &&str| ((*name).to_owned(), Placed { value: remote(), place: Place::Default });
    Os { follow: None, remotes: names.iter().map(placed).collect() }
}

fn carry_out(root: &Path, want: &Os) -> Vec<Applied> {
    let steps = plan(want, &observe(root, want).unwrap()).unwrap().steps;
    steps.iter().map(|step| apply(root, &step.action).unwrap()).collect()
}
