//! What must hold for the source tree itself: dependencies point one way, the README's tour is true, each file says what it is for.
//! In: the tree. Out: nothing but the verdict.

use crate::top;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crates of this workspace a crate may depend on. A crate that is not here has no place yet.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("agent", &["config", "durable", "image", "storage-setup", "systemd", "units"]),
    ("config", &[]),
    ("durable", &[]),
    ("engine-api", &["config", "systemd"]),
    ("image", &["config", "durable"]),
    ("lvm2-sys", &[]),
    ("storage-setup", &["config", "durable", "lvm2-sys", "systemd"]),
    ("systemd", &[]),
    ("tests", &["config", "storage-setup"]),
    ("units", &["config", "durable", "engine-api", "systemd"]),
];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(top())
        .output()
        .expect("cargo is there, it runs this test");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    metadata["packages"].as_array().cloned().expect("a workspace has packages")
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no place in the order of crates"));
        for dependency in package["dependencies"].as_array().unwrap().iter().filter(|dependency| !dependency["path"].is_null()) {
            let used = dependency["name"].as_str().unwrap();
            let own = used == name;
            assert!(own || may.contains(&used), "{name} must not depend on {used}");
        }
    }
}

#[test]
fn every_path_of_the_readmes_tour_is_there() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    let tour = readme.split("## Code tour").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the README has a code tour");
    let paths: Vec<&str> = tour.split('`').skip(1).step_by(2).filter(|word| word.contains('/')).collect();
    assert!(paths.len() > 10, "a tour of {paths:?} is none");
    for path in paths {
        assert!(top().join(path).exists(), "the README's tour names {path}, which is not there");
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let mut files = Vec::new();
    collect(top(), &mut files);
    assert!(files.len() > 40, "the tree was walked: {files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with //!", file.display());
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() && !name.starts_with('.') && name != "target" {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}
