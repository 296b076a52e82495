//! The words that the program is called with.

use crate::legacy::{Command, Invocation, Usage};

fn parse(line: &str) -> Result<Invocation, Usage> {
    let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    Invocation::parse("container-storage-setup", &words)
}

#[test]
fn no_command_is_the_compatible_mode() {
    assert_eq!(parse(""), Ok(Invocation::Compat { reset: false }));
    assert_eq!(parse("--reset"), Ok(Invocation::Compat { reset: true }));
    assert_eq!(parse("--version"), Ok(Invocation::Print("0.11.0\n".to_owned())));
    assert!(matches!(parse("--help"), Ok(Invocation::Print(text)) if text.starts_with("Usage: container-storage-setup [OPTIONS]\n")));
}

#[test]
fn commands_take_their_words() {
    let name = || "n".to_owned();
    let output = |path: &str| Some(path.to_owned());
    let cases = [
        ("create n in", Command::Create { name: name(), input: "in".to_owned(), output: None }),
        ("create -o out n in", Command::Create { name: name(), input: "in".to_owned(), output: output("out") }),
        ("create n in --output=out", Command::Create { name: name(), input: "in".to_owned(), output: output("out") }),
        ("create -oout n in", Command::Create { name: name(), input: "in".to_owned(), output: output("out") }),
        ("activate n", Command::Activate(name())),
        ("deactivate n", Command::Deactivate(name())),
        ("remove n", Command::Remove(name())),
        ("list", Command::List(None)),
        ("list n", Command::List(Some(name()))),
        ("export n", Command::Export(name())),
        ("add-dev n /dev/vdc", Command::AddDevice { name: name(), device: "/dev/vdc".to_owned() }),
        // A name that is, or has, a command's is a name.
        ("list create-foo", Command::List(Some("create-foo".to_owned()))),
        ("remove list", Command::Remove("list".to_owned())),
    ];
    for (line, command) in cases {
        assert_eq!(parse(line), Ok(Invocation::Command(command)), "{line}");
    }
    let words = ["create".to_owned(), "n".to_owned(), "a file".to_owned()];
    let spaced = Command::Create { name: name(), input: "a file".to_owned(), output: None };
    assert_eq!(Invocation::parse("x", &words), Ok(Invocation::Command(spaced)));
}

#[test]
fn a_wrong_count_of_words_is_answered_with_help() {
    for line in ["create", "create n", "create a b c", "activate", "list a b", "add-dev n", "export"] {
        assert!(matches!(parse(line), Ok(Invocation::Print(text)) if text.starts_with("Usage: ")), "{line}");
    }
}

#[test]
fn unknown_words_are_told() {
    assert_eq!(parse("frobnicate").expect_err("unknown").why, "Unknown command frobnicate");
    assert_eq!(parse("--frobnicate").expect_err("unknown").why, "unrecognized option '--frobnicate'");
    assert_eq!(parse("create -x n f").expect_err("unknown").why, "unrecognized option '-x'");
    assert_eq!(parse("create -o").expect_err("unknown").why, "option '-o' requires an argument");
}
