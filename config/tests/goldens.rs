//! What is kept in the tree is what the crate makes: the diagnostics of bad specs, and the schema.
//!
//! `tests/bad/NAME/` is the root directory of a host with a bad spec, `expected.txt` in it what a person is told.
//! `UPDATE_EXPECTED=1` writes the expected files anew; look at the difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Says where the first difference is, or writes the file anew.
fn compare(file: &Path, made: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        return fs::write(file, made).map_err(|error| error.to_string());
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == made { Ok(()) } else { Err(format!("{} is not current; now it would be:\n{made}", file.display())) }
}

#[test]
fn every_bad_spec_is_explained_as_expected() {
    let mut wrong = Vec::new();
    let mut cases: Vec<PathBuf> = fs::read_dir(in_crate("tests/bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 38, "the cases are gone");
    for case in cases {
        let problems = config::read(&case).expect_err("a bad spec was accepted");
        let told = problems.render(false).replace(case.to_str().unwrap(), "");
        wrong.extend(compare(&case.join("expected.txt"), &told).err());
        assert_eq!(problems.render(false), config::read(&case).unwrap_err().render(false), "it is told in the same way twice");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_in_the_tree_is_current() {
    compare(&in_crate("schema.json"), &config::schema()).unwrap();
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let problems = config::read(&in_crate("tests/bad/unknown-key")).unwrap_err();
    let coloured = problems.render(true);
    assert!(coloured.contains('\u{1b}'));
    let mut plain = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        plain.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, problems.render(false));
}
