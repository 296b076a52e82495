//! Texts of options files against what systemd makes of them.

use proptest::prelude::*;

use super::{arrived, storage_words, words};
use crate::engine::STORAGE;

fn value(text: &str) -> Option<String> {
    super::value(text, STORAGE.name)
}

#[test]
fn a_value_is_read_as_systemd_reads_an_environment_file() {
    for (text, expected) in [
        ("DOCKER_STORAGE_OPTIONS=\n", Some("")),
        ("DOCKER_STORAGE_OPTIONS=", Some("")),
        ("", None),
        ("OTHER=1\n", None),
        ("XDOCKER_STORAGE_OPTIONS=a\n", None),
        ("DOCKER_STORAGE_OPTIONS\n", None),
        ("DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"\n", Some("--storage-driver overlay2 ")),
        ("DOCKER_STORAGE_OPTIONS='--storage-driver overlay2'\n", Some("--storage-driver overlay2")),
        ("DOCKER_STORAGE_OPTIONS=--storage-driver overlay2  \n", Some("--storage-driver overlay2")),
        ("  DOCKER_STORAGE_OPTIONS  =  a b \t\n", Some("a b")),
        ("# DOCKER_STORAGE_OPTIONS=a\n", None),
        ("; DOCKER_STORAGE_OPTIONS=a\n", None),
        ("# carried on \\\nDOCKER_STORAGE_OPTIONS=a\n", None),
        ("DOCKER_STORAGE_OPTIONS=a # no comment\n", Some("a # no comment")),
        ("DOCKER_STORAGE_OPTIONS=a\nDOCKER_STORAGE_OPTIONS=b\n", Some("b")),
        ("DOCKER_STORAGE_OPTIONS=a \\\n  b\n", Some("a   b")),
        ("DOCKER_STORAGE_OPTIONS=\"a \\\nb\"\n", Some("a b")),
        ("DOCKER_STORAGE_OPTIONS=\"a\nb\"\n", Some("a\nb")),
        ("DOCKER_STORAGE_OPTIONS=\"\\$a \\\"b\\\" \\c\"\n", Some("$a \"b\" \\c")),
        ("DOCKER_STORAGE_OPTIONS='\\$a'\n", Some("\\$a")),
        ("DOCKER_STORAGE_OPTIONS=a\\ \n", Some("a ")),
        ("DOCKER_STORAGE_OPTIONS=\"a\" 'b' c\n", Some("abc")),
        ("DOCKER_STORAGE_OPTIONS=a\"b\"\n", Some("a\"b\"")),
        ("=x\nDOCKER_STORAGE_OPTIONS=\"unfinished", Some("unfinished")),
        ("export DOCKER_STORAGE_OPTIONS=a\n", None),
        ("DOCKER_STORAGE_OPTIONS=a\r\nOTHER=b\r\n", Some("a")),
    ] {
        assert_eq!(value(text).as_deref(), expected, "{text:?}");
    }
}

#[test]
fn a_variable_becomes_words_as_systemd_splits_it() {
    for (text, expected) in [
        ("", vec![]),
        ("  \t\n", vec![]),
        ("--storage-driver overlay2 ", vec!["--storage-driver", "overlay2"]),
        ("--storage-opt 'dm.fs=x y'", vec!["--storage-opt", "dm.fs=x y"]),
        ("a\"b c\"d ''", vec!["ab cd", ""]),
        ("a\\ b \"c\\\"d\"", vec!["a b", "c\"d"]),
        ("'unfinished word", vec!["unfinished word"]),
        ("end\\", vec!["end"]),
    ] {
        assert_eq!(words(text), expected, "{text:?}");
    }
}

#[test]
fn storage_options_are_found_in_each_form_dockerd_takes() {
    let line = "/usr/bin/dockerd -H fd:// -s overlay2 --storage-opt=a=1 --storage-opt b=2 --debug --storage-driver=devicemapper";
    assert_eq!(
        storage_words(&words(line)),
        ["--storage-driver=overlay2", "--storage-opt=a=1", "--storage-opt=b=2", "--storage-driver=devicemapper"]
    );
    assert_eq!(storage_words(&words("dockerd --storage-driver")), Vec::<String>::new());
}

#[test]
fn the_words_of_a_variable_arrive_together_or_not_at_all() {
    let line = words("/usr/bin/dockerd -H fd:// --mtu=1400 --live-restore --debug");
    for (given, expected) in [("--mtu=1400 --live-restore", "--mtu=1400 --live-restore"), ("--mtu=1400 --debug", ""), ("", "")] {
        assert_eq!(arrived(&line, &words(given)), words(expected), "{given}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "[DOCKER_STORAGE_OPTIONS=\"'\\\\# \n;a-]{0,80}|\\PC*") {
        let _ = value(&text).map(|value| words(&value));
    }

    #[test]
    fn plain_words_survive_quoting(list in prop::collection::vec("[a-z=./:-]{1,8}", 0..6)) {
        let text = format!("DOCKER_STORAGE_OPTIONS=\"{}\"\n", list.join(" "));
        prop_assert_eq!(words(&value(&text).unwrap()), list);
    }
}
