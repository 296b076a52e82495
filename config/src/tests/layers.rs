//! Which files are read, in which order, and what happens to those that cannot be read.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::{Ceiling, EngineKind, layer_paths, read, read_files};

fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn messages(root: &Path) -> Vec<String> {
    read(root).expect_err("it was accepted").list().iter().map(|problem| problem.message.clone()).collect()
}

#[test]
fn layers_come_in_the_order_usr_run_etc_and_drop_ins_in_byte_order() {
    let root = host(&[
        ("etc/atomic-host.d/9.toml", ""),
        ("etc/atomic-host.d/10.toml", ""),
        ("etc/atomic-host.d/B.toml", ""),
        ("etc/atomic-host.d/a.toml", ""),
        ("etc/atomic-host.toml", ""),
        ("run/atomic-host.d/x.toml", ""),
        ("usr/lib/atomic-host.d/z.toml", ""),
    ]);
    let found: Vec<String> =
        layer_paths(root.path()).files.iter().map(|file| file.strip_prefix(root.path()).unwrap().to_str().unwrap().to_owned()).collect();
    let expected = [
        "usr/lib/atomic-host.d/z.toml",
        "run/atomic-host.d/x.toml",
        "etc/atomic-host.toml",
        "etc/atomic-host.d/10.toml",
        "etc/atomic-host.d/9.toml",
        "etc/atomic-host.d/B.toml",
        "etc/atomic-host.d/a.toml",
    ];
    assert_eq!(found, expected);
}

#[test]
fn hidden_files_and_other_names_are_not_layers() {
    let root = host(&[
        ("etc/atomic-host.d/.#10-a.toml", "not TOML"),
        ("etc/atomic-host.d/10-a.toml~", "not TOML"),
        ("etc/atomic-host.d/10-a.toml.rpmsave", "not TOML"),
        ("etc/atomic-host.d/README", "not TOML"),
    ]);
    assert!(layer_paths(root.path()).files.is_empty());
    assert!(read(root.path()).is_ok());
}

#[test]
fn a_host_without_any_file_has_the_defaults() {
    let root = host(&[]);
    let spec = read(root.path()).unwrap();
    assert_eq!(spec.desired.agent.allow, Ceiling::Restart);
    assert_eq!(spec.desired.storage, None);
    assert_eq!(spec.effective, "");
}

#[test]
fn the_later_layer_wins_over_the_earlier() {
    let root = host(&[
        ("usr/lib/atomic-host.d/10-image.toml", "agent.allow = \"none\"\nengine.kind = \"podman\"\n"),
        ("etc/atomic-host.toml", "agent.allow = \"reload\"\n"),
        ("etc/atomic-host.d/10-site.toml", "agent.allow = \"reboot\"\n"),
    ]);
    let spec = read(root.path()).unwrap();
    assert_eq!(spec.desired.agent.allow, Ceiling::Reboot);
    assert_eq!(spec.desired.engine.kind.unwrap().value, EngineKind::Podman);
}

#[test]
fn one_unreadable_layer_does_not_hide_the_problems_of_the_others() {
    let root = host(&[
        ("etc/atomic-host.toml", "agent.alow = \"none\"\n"),
        ("etc/atomic-host.d/10-dir.toml/x", ""),
        ("etc/atomic-host.d/20-syntax.toml", "=\n"),
        ("etc/atomic-host.d/40-type.toml", "agent.drift = 3\n"),
    ]);
    fs::write(root.path().join("etc/atomic-host.d/30-bytes.toml"), b"# caf\xe9\n").unwrap();
    symlink("nowhere", root.path().join("etc/atomic-host.d/50-dangling.toml")).unwrap();
    let found = messages(root.path());
    let expected = [
        "there is no key of this name",
        "this is not TOML",
        "it is a number, but must be text",
        "a directory is in the place of the file",
        "the file is not text",
        "the file cannot be read: No such file or directory",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (message, start) in found.iter().zip(expected) {
        assert!(message.starts_with(start), "{message} is not {start}");
    }
}

#[test]
fn what_an_unreadable_layer_may_hold_is_not_said_to_be_missing() {
    let root = host(&[
        ("etc/atomic-host.toml", "[storage.volume.data]\nmount = \"/srv/data\"\n"),
        ("etc/atomic-host.d/10-size.toml", "[storage.volume.data]\nsize = \n"),
    ]);
    let found = messages(root.path());
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_file_in_place_of_the_drop_in_directory_is_a_problem() {
    let root = host(&[("etc/atomic-host.d", "")]);
    assert_eq!(messages(root.path()), ["the directory cannot be listed: Not a directory (os error 20)"]);
}

#[test]
fn a_device_in_place_of_a_file_is_not_read() {
    let root = host(&[("etc/atomic-host.d/README", "")]);
    symlink("/dev/null", root.path().join("etc/atomic-host.d/x.toml")).unwrap();
    assert_eq!(messages(root.path()), ["it is not a regular file"]);
}

#[test]
fn a_file_of_a_size_that_no_person_writes_is_refused() {
    let root = host(&[("etc/atomic-host.toml", &"#".repeat(300 * 1024))]);
    assert_eq!(messages(root.path()), ["the file is larger than 256 KiB, which no spec is"]);
}

#[test]
fn a_file_named_by_hand_must_be_there() {
    let root = host(&[]);
    let problems = read_files(&[root.path().join("mine.toml")]).unwrap_err();
    assert_eq!(problems.list().len(), 1);
}
