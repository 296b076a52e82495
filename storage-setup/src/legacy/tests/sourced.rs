//! What other programs source says the same as this program does.

use std::process::Command;

use config::sysconfig::{DEFAULTS, shell, size};

const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/dist/usr/share/container-storage-setup/libcss.sh");

fn by_library(text: &str) -> bool {
    let words = ["-c", "source \"$0\"; check_data_size_syntax \"$1\"", LIBRARY, text];
    Command::new("bash").args(words).status().expect("bash").success()
}

#[test]
fn the_syntax_of_sizes_is_the_same_for_those_who_source_it() {
    let texts = [
        "10", "10b", "10B", "10K", "10kb", "10KiB", "10s", "1e", "08G", "100%FREE", "1%VG", "40%FREE", "", "G", "10x", "10bb", "10bib",
        "5.5G", "8Gi", "30%PVS", "foo%FREE", "%FREE", "-5%FREE", "110%FREE", "0%VG", "0000%VG", "010%FREE", "1 G", "40%free", "10G\n",
    ];
    for text in texts {
        let ours = !matches!(size::asked(text), Err(size::Wrong::Syntax));
        assert_eq!(ours, by_library(text), "{text:?}");
    }
}

#[test]
fn messages_go_to_standard_error() {
    let said = Command::new("bash").args(["-c", "source \"$0\"; Info a; Error b; Fatal c", LIBRARY]).output().expect("bash");
    assert_eq!(said.status.code(), Some(1));
    assert_eq!((said.stdout.as_slice(), said.stderr.as_slice()), (&b""[..], &b"INFO: a\nERROR: b\nERROR: c\n"[..]));
}

#[test]
fn the_shipped_defaults_are_those_that_the_agent_knows() {
    let shipped = include_str!("../../../dist/usr/share/container-storage-setup/container-storage-setup");
    let shipped: Vec<(String, String)> = shell::parse(shipped).expect("plain").into_iter().map(Into::into).collect();
    let known = DEFAULTS.iter().filter(|(key, _)| *key != "CONTAINER_THINPOOL");
    let mut known: Vec<(String, String)> = known.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut sorted = shipped;
    sorted.sort();
    known.sort();
    assert_eq!(sorted, known);
}
