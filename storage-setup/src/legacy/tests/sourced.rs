//! What other programs source says the same as this program does.

use std::process::{Command, Output};

use config::sysconfig::{DEFAULTS, shell, size};

const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/dist/usr/share/container-storage-setup/libcss.sh");

/// Who sources it says `#!/bin/sh` as often as bash.
const SHELLS: [&str; 2] = ["bash", "sh"];

fn sourced(shell: &str, then: &str, argument: &str) -> Output {
    let script = format!(". \"$0\"; {then}");
    Command::new(shell).args(["-c", &script, LIBRARY, argument]).output().expect(shell)
}

#[test]
fn the_syntax_of_sizes_is_the_same_for_those_who_source_it() {
    let texts = [
        "10", "10b", "10B", "10K", "10kb", "10KiB", "10s", "1e", "08G", "100%FREE", "1%VG", "40%FREE", "", "G", "10x", "10bb", "10bib",
        "5.5G", "8Gi", "30%PVS", "foo%FREE", "%FREE", "-5%FREE", "110%FREE", "0%VG", "0000%VG", "010%FREE", "1 G", "40%free", "10G\n",
    ];
    for text in texts {
        let ours = !matches!(size::asked(text), Err(size::Wrong::Syntax));
        for shell in SHELLS {
            assert_eq!(ours, sourced(shell, "check_data_size_syntax \"$1\"", text).status.success(), "{shell}: {text:?}");
        }
    }
}

#[test]
fn messages_go_to_standard_error() {
    for shell in SHELLS {
        let said = sourced(shell, "Info a; Error b; Fatal c", "");
        assert_eq!(said.status.code(), Some(1));
        assert_eq!((said.stdout.as_slice(), said.stderr.as_slice()), (&b""[..], &b"INFO: a\nERROR: b\nERROR: c\n"[..]));
    }
}

#[test]
fn a_group_is_found_by_its_whole_name() {
    for shell in SHELLS {
        let found = |name| sourced(shell, "vgs() { printf '  one-2\\n  atomicos\\n'; }; vg_exists \"$1\"", name).status.code();
        assert_eq!(
            [found("atomicos"), found("one-2"), found("atomic"), found("one"), found("")].map(|code| code == Some(0)),
            [true, true, false, false, false]
        );
    }
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
