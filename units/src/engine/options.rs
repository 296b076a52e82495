//! dockerd's options: from the text of an options file to the words of a command line, as systemd gets there.
//!
//! The text comes from the file, from what the storage family is about to write, or from a process's environment.

use std::iter::Peekable;
use std::str::Chars;

/// A variable that docker.service passes on, and the file that sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
}

/// What an `EnvironmentFile=` with this text sets the variable to; the last assignment wins.
pub(crate) fn value(text: &str, variable: &str) -> Option<String> {
    let mut rest = text.chars().peekable();
    let mut found = None;
    while let Some(key) = key(&mut rest) {
        let value = assigned(&mut rest);
        if key == variable {
            found = Some(value);
        }
    }
    found
}

/// The next key with the `=` after it taken off; comments, blank lines and lines without `=` are passed over.
fn key(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut key = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\r' => key.clear(),
            '#' | ';' if key.is_empty() => comment(rest),
            '=' if !key.is_empty() => return Some(key.trim_end().to_owned()),
            ' ' | '\t' if key.is_empty() => (),
            c => key.push(c),
        }
    }
    None
}

/// A backslash carries a comment over to the next line, as systemd up to 253 has it.
fn comment(rest: &mut Peekable<Chars<'_>>) {
    while let Some(c) = rest.next() {
        match c {
            '\\' => drop(rest.next()),
            '\n' | '\r' => return,
            _ => (),
        }
    }
}

/// The value up to the end of its line. Quotes open only at its start or after another quote, as in systemd.
fn assigned(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut value = String::new();
    loop {
        while rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        match rest.next() {
            None | Some('\n' | '\r') => return value,
            Some('\'') => value.extend(rest.by_ref().take_while(|c| *c != '\'')),
            Some('"') => double_quoted(rest, &mut value),
            Some(first) => {
                bare(first, rest, &mut value);
                return value;
            }
        }
    }
}

fn double_quoted(rest: &mut Peekable<Chars<'_>>, value: &mut String) {
    while let Some(c) = rest.next() {
        match c {
            '"' => return,
            '\\' => match rest.next() {
                None | Some('\n') => (),
                Some(c @ ('"' | '\\' | '`' | '$')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
}

/// An unquoted value: blanks at its end go, a backslash keeps what follows, and joins lines.
fn bare(first: char, rest: &mut Peekable<Chars<'_>>, value: &mut String) {
    let mut kept = value.len();
    let mut next = Some(first);
    while let Some(c) = next {
        match c {
            '\n' | '\r' => break,
            '\\' => {
                value.extend(rest.next().filter(|c| !matches!(c, '\n' | '\r')));
                kept = value.len();
            }
            c => {
                value.push(c);
                if !matches!(c, ' ' | '\t') {
                    kept = value.len();
                }
            }
        }
        next = rest.next();
    }
    value.truncate(kept);
}

/// The words that `$VARIABLE`, alone as a word of `ExecStart=`, becomes: split at blanks, quotes and backslashes taken off.
pub(crate) fn words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(rest.next()),
            c if quote == Some(c) => quote = None,
            c @ ('\'' | '"') if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ' ' | '\t' | '\n' | '\r' if quote.is_none() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The storage options among the words of a command line, each as `--option=value`.
pub(crate) fn storage_words(line: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.iter();
    while let Some(word) = rest.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word.as_str(), None),
        };
        let option = match option {
            "-s" | "--storage-driver" => "--storage-driver",
            "--storage-opt" => "--storage-opt",
            _ => continue,
        };
        if let Some(value) = value.or_else(|| rest.next().map(String::as_str)) {
            found.push(format!("{option}={value}"));
        }
    }
    found
}

/// Those of the words that a variable was given which stand on the command line: all of them, or none.
pub(crate) fn arrived<'a>(line: &[String], given: &'a [String]) -> &'a [String] {
    if has_run(line, given) { given } else { &[] }
}

/// Whether `part` stands in `line` as a run of words, which is how systemd puts it there.
pub(crate) fn has_run(line: &[String], part: &[String]) -> bool {
    part.is_empty() || line.windows(part.len()).any(|run| run == part)
}

/// Words as people read them.
pub(crate) fn in_words(words: &[String]) -> String {
    if words.is_empty() { "no options".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests;
