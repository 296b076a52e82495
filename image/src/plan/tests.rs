//! What is asked of remotes, what is there, and what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use config::{Describe, Os, Place, Placed, Remote};

use super::plan;
use crate::observe::RemoteFile;
use crate::remote::{Definition, REPOSITORY, path, render};
use crate::{Action, Observed};

const URL: &str = "http://h/repo";

fn os(names: &[&str]) -> Os {
    let remote =
        || Placed { value: Remote { url: URL.to_owned(), gpg_keys: vec!["/k".to_owned()], gpg_verify: true }, place: Place::Default };
    Os { follow: None, remotes: names.iter().map(|name| ((*name).to_owned(), remote())).collect() }
}

fn definition(url: &str) -> Definition {
    Definition { url: Some(url.to_owned()), gpg_verify: true, gpg_keys: vec!["/k".to_owned()] }
}

fn host(files: &[(&str, String)]) -> Observed {
    let files: BTreeMap<_, _> = files.iter().map(|(path, text)| ((*path).to_owned(), RemoteFile::of(text.clone()))).collect();
    Observed { image_based: true, files, missing_keys: BTreeSet::new() }
}

/// As `write-remote site: absent -> ...`, a line for each step.
fn planned(os: &Os, have: &Observed) -> Vec<String> {
    let steps = plan(os, have).unwrap().steps;
    steps
        .iter()
        .map(|step| format!("{} {}: {} -> {}", step.action.kind(), step.action.target(), step.action.from(), step.action.to()))
        .collect()
}

#[test]
fn a_remote_that_is_not_there_is_written_and_then_nothing_is_left() {
    let (want, empty) = (os(&["site"]), host(&[]));
    assert_eq!(planned(&want, &empty), ["write-remote site: absent -> http://h/repo, signed by /k"]);
    let Action::WriteRemote { text, .. } = plan(&want, &empty).unwrap().steps.remove(0).action else { panic!("no write") };
    assert_eq!(planned(&want, &host(&[(&path("site"), text)])), Vec::<String>::new());
}

#[test]
fn a_file_of_ours_that_says_something_else_is_written_anew() {
    let have = host(&[(&path("site"), render("site", &definition("http://old/")))]);
    assert_eq!(planned(&os(&["site"]), &have), ["write-remote site: http://old/, signed by /k -> http://h/repo, signed by /k"]);
}

#[test]
fn a_file_of_ours_that_no_layer_asks_for_is_removed_and_foreign_ones_stay() {
    let foreign = "[remote \"theirs\"]\nurl=http://h/\n".to_owned();
    let copy = render("copied", &definition(URL));
    let have = host(&[
        (&path("old"), render("old", &definition(URL))),
        ("/etc/ostree/remotes.d/theirs.conf", foreign.clone()),
        ("/etc/ostree/remotes.d/copy.conf", copy),
        (REPOSITORY, foreign),
    ]);
    assert_eq!(planned(&os(&[]), &have), ["remove-remote old: http://h/repo, signed by /k -> absent"]);
}

#[test]
fn a_remote_that_is_defined_elsewhere_alike_needs_nothing_of_ours() {
    let alike = format!("[remote \"site\"]\nurl={URL}\ngpgkeypath=/k\n");
    assert_eq!(planned(&os(&["site"]), &host(&[(REPOSITORY, alike.clone())])), Vec::<String>::new());
    let twice = host(&[(REPOSITORY, alike), (&path("site"), render("site", &definition(URL)))]);
    assert_eq!(planned(&os(&["site"]), &twice), ["remove-remote site: http://h/repo, signed by /k -> absent"]);
}

#[test]
fn a_remote_that_is_defined_elsewhere_otherwise_is_a_problem_with_a_way_out() {
    let other = "[remote \"site\"]\nurl=http://other/\ngpg-verify=false\n".to_owned();
    let problems = plan(&os(&["site"]), &host(&[(REPOSITORY, other.clone())])).unwrap_err();
    assert_eq!(problems[0].key, "os.remote.site");
    assert_eq!(problems[0].message, "/ostree/repo/config defines this remote in another way: http://other/, signatures not checked");
    assert_eq!(problems[0].hint.as_deref(), Some("use another name, or give it up there: ostree remote delete site"));
    let problems = plan(&os(&["site"]), &host(&[("/etc/ostree/remotes.d/x.conf", other)])).unwrap_err();
    assert_eq!(problems[0].hint.as_deref(), Some("use another name, or remove /etc/ostree/remotes.d/x.conf"));
}

#[test]
fn a_file_at_our_path_without_our_stamp_is_a_problem() {
    let have = host(&[(&path("site"), "[remote \"site\"]\nurl=http://h/\n".to_owned())]);
    assert_eq!(plan(&os(&["site"]), &have).unwrap_err().len(), 1);
}

#[test]
fn a_host_without_a_repository_is_left_alone_and_a_missing_key_is_told() {
    let plain = plan(&os(&["site"]), &Observed::default()).unwrap();
    assert_eq!((plain.steps.len(), plain.notes.len()), (0, 1));
    assert_eq!(plan(&os(&[]), &Observed::default()).unwrap(), super::Plan::default());
    let have = Observed { missing_keys: BTreeSet::from(["/k".to_owned()]), ..host(&[]) };
    let told = plan(&os(&["site"]), &have).unwrap();
    assert_eq!(
        (told.steps.len(), told.notes.as_slice()),
        (1, ["the key /k is not there; upgrades that need it will be refused".to_owned()].as_slice())
    );
}
