//! The plain subset of shell, held against bash.

use std::process::{Command, Stdio};

use proptest::prelude::*;

use crate::sysconfig::KEYS;
use crate::sysconfig::shell::{NotPlain, parse};

fn pairs(text: &str) -> Vec<(String, String)> {
    parse(text).expect("plain").into_iter().map(Into::into).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn assignments_quotes_comments_and_continued_lines_are_read() {
    let text = "# head\n\nVG=docker # tail\nexport DEVS='/dev/vdb /dev/vdc'\nA=1 B=\"two \\\"words\\\" \\\\ \\x\"\nC=x\"y\"'z'\\ w#v\nD=\"one \\\ntwo\"\n  E=a\\\nb\n";
    let wanted = [
        pair("VG", "docker"),
        pair("DEVS", "/dev/vdb /dev/vdc"),
        pair("A", "1"),
        pair("B", "two \"words\" \\ \\x"),
        pair("C", "xyz w#v"),
        pair("D", "one two"),
        pair("E", "ab"),
    ];
    assert_eq!(pairs(text), wanted);
}

#[test]
fn every_value_has_its_place() {
    let text = "# é\nVG=docker DEVS='/dev/vdb\n/dev/vdc' A=\n  export B=1";
    let places: Vec<(String, u32, u32)> = parse(text).expect("plain").into_iter().map(|one| (one.name, one.line, one.column)).collect();
    let at = |name: &str, line, column| (name.to_owned(), line, column);
    assert_eq!(places, [at("VG", 2, 4), at("DEVS", 2, 16), at("A", 3, 13), at("B", 4, 12)]);
}

#[test]
fn what_takes_a_shell_is_told_with_its_line() {
    let cases = [
        ("A=1\nB=$A\n", 2, "it has an expansion"),
        ("A=`date`", 1, "it has an expansion"),
        ("A=\"$B\"", 1, "it has an expansion"),
        ("A=1; B=2", 1, "it runs a command"),
        ("\n\nrm -rf /\n", 3, "it is no assignment"),
        ("A=1 rm -rf /", 1, "it is no assignment"),
        ("if true", 1, "it is no assignment"),
        ("A=(1 2)", 1, "it runs a command"),
        ("A+=1", 1, "it is no assignment"),
        ("A=~/x", 1, "it has an expansion"),
        ("A=1 > /dev/vdb", 1, "it is no assignment"),
        ("A=1>/dev/vdb", 1, "it runs a command"),
        ("A='open\nB=1\n", 1, "the quote is not closed"),
        ("UID=0", 1, "bash keeps that variable to itself"),
        ("export A={1,2}", 1, "it has an expansion"),
    ];
    for (text, line, why) in cases {
        assert_eq!(parse(text), Err(NotPlain { line, why }), "{text}");
    }
}

/// What bash makes of a file, for the keys that count.
fn by_bash(text: &str) -> Option<Vec<(String, String)>> {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), text).expect("written");
    let program = r#"source "$0"; for key; do [ -z "${!key+x}" ] || printf '%s\0%s\0' "$key" "${!key}"; done"#;
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-ec", program]).arg(file.path()).args(KEYS).env_clear().stdin(Stdio::null());
    let output = command.output().expect("bash is the oracle of this test");
    output.status.success().then_some(())?;
    let said = String::from_utf8(output.stdout).expect("text");
    let fields: Vec<&str> = said.split_terminator('\0').collect();
    Some(fields.chunks(2).map(|pair| self::pair(pair[0], pair[1])).collect())
}

fn by_us(text: &str) -> Option<Vec<(String, String)>> {
    let all = parse(text).ok()?;
    let last = |key: &&str| Some(pair(key, &all.iter().rev().find(|one| one.name == *key)?.value));
    Some(KEYS.iter().filter_map(last).collect())
}

/// Pieces that files are made of, good and bad; put together at random.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "VG=",
        "DEVS=",
        "DATA_SIZE=",
        "export ",
        "\n",
        "\n",
        " ",
        "\t",
        "#",
        "'",
        "\"",
        "\\",
        "\\\n",
        "=",
        "40%FREE",
        "/dev/vdb",
        "a:~",
        "~",
        "*",
        "{a,b}",
        "[x]",
        "!",
        "é",
        "\r",
        "x",
        ";",
        "$VG",
        "`",
        "&",
        "|",
        "<",
        "(",
        "-",
        "+=",
        "%",
        "if",
        "VG=docker\n",
        "DEVS='/dev/vdb'\n",
        "# comment\n",
        "EXTRA_STORAGE_OPTIONS=\"--storage-opt dm.fs=ext4\"\n",
        "export VG=a DATA_SIZE=2G\n",
        "\u{b}",
        "\u{a0}",
    ])
    .prop_map(str::to_owned);
    prop_oneof![8 => fixed, 1 => "[ -~]{0,6}"]
}

/// A line of assignments in the plain subset, their values put together of parts quoted in every way.
fn line() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-zA-Z0-9/:%._,@-]{1,8}",
        "'[^'\0]{0,12}'",
        "\"([ -!#%-\\[\\]-_a-~]|\\\\[\"\\\\]|\\\\\n){0,12}\"",
        "\\\\[ -~]",
        Just("\\\n".to_owned()),
    ];
    let value = prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat());
    let assignment = (prop::sample::select(KEYS.as_slice()), value).prop_map(|(key, value)| format!("{key}={value}"));
    let between = prop::sample::select(vec![" ", "\t", " \\\n "]);
    let list = prop::collection::vec((assignment, between), 1..4)
        .prop_map(|all| all.into_iter().map(|(one, space)| one + space).collect::<String>());
    let end = prop::sample::select(vec!["\n", "# tail\n", "\n\n# head\n"]);
    (prop::sample::select(vec!["", "export ", "  "]), list, end).prop_map(|(begin, list, end)| format!("{begin}{list}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_we_read_ourselves_bash_reads_the_same(pieces in prop::collection::vec(piece(), 0..14)) {
        let text = pieces.concat();
        if let Some(ours) = by_us(&text) {
            prop_assert_eq!(Some(ours), by_bash(&text), "{:?}", text);
        }
    }

    #[test]
    fn assignments_that_we_read_bash_reads_the_same(lines in prop::collection::vec(line(), 1..6)) {
        let text = lines.concat();
        let ours = by_us(&text);
        prop_assert!(ours.as_ref().is_some_and(|pairs| !pairs.is_empty()), "{:?} is plain", text);
        prop_assert_eq!(ours, by_bash(&text), "{:?}", text);
    }

    #[test]
    fn any_value_in_single_quotes_is_read_as_it_is(value in "[^'\0]{0,40}") {
        let text = format!("VG='{value}'\n");
        prop_assert_eq!(by_us(&text), Some(vec![pair("VG", &value)]));
        prop_assert_eq!(by_us(&text), by_bash(&text));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }
}
