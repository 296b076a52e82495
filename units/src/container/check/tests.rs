//! What people are told of paths, whatever is in them.

use std::process::Command;

use proptest::prelude::*;

use super::super::tests::{container, name, placed};
use super::*;
use crate::container::Containers;

fn told(path: &str, seen: Source) -> Problem {
    let sources = [(path.to_owned(), seen)].into();
    let have = Containers { store: Store::Unknown(String::new()), units: [].into(), sources };
    let (name, any) = (name("web"), placed(container("docker.io/library/redis:7.4")));
    let (key, files, needs) = ("container.web".to_owned(), String::new(), Vec::new());
    let service = Service { name: &name, key, place: &any.place, container: &any.value, files, needs };
    unfit_source(&service, path, &any.place, &[], &have).unwrap()
}

#[test]
fn a_path_that_cannot_be_looked_at_is_told_with_the_reason() {
    let problem = told("/srv/loop", Source::Unreadable("too many links".to_owned()));
    assert_eq!(problem.message, "/srv/loop cannot be looked at: too many links");
    assert_eq!(problem.hint.unwrap(), "look at it: ls -ld /srv/loop");
}

#[test]
fn a_plain_path_is_shown_as_it_is() {
    assert_eq!(told("/srv/web-1.d", Source::Missing).hint.unwrap(), "make it first: mkdir -p /srv/web-1.d");
    assert_eq!(told("/srv/it's", Source::Missing).hint.unwrap(), "make it first: mkdir -p '/srv/it'\\''s'");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_command_that_is_copied_means_the_path_and_nothing_else(path in "/([^\\p{Cc}]|[ '\"\\\\$`;&*~]){1,20}") {
        let hint = told(&path, Source::Missing).hint.unwrap();
        let words = hint.strip_prefix("make it first: mkdir -p ").unwrap();
        let output = Command::new("/bin/sh").args(["-c", &format!("printf %s {words}")]).output().unwrap();
        prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), path);
    }
}
