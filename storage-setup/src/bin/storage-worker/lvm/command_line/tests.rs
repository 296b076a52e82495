//! Our quoting against a model of LVM's splitter (lvmcmdline.c, lvm_split).

use proptest::prelude::*;

use super::{MAX_WORDS, command_line};

/// What the C code does, byte by byte.
fn split(line: &[u8]) -> Vec<Vec<u8>> {
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | 0xb | 0xc | b'\r');
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        while at < line.len() && blank(line[at]) {
            at += 1;
        }
        if at == line.len() || line[at] == b'#' {
            return words;
        }
        let quote = Some(line[at]).filter(|byte| matches!(byte, b'\'' | b'"'));
        at += usize::from(quote.is_some());
        let start = at;
        while at < line.len() && quote.map_or(!blank(line[at]), |quote| line[at] != quote) {
            at += 1;
        }
        words.push(line[start..at].to_vec());
        at = (at + 1).min(line.len());
    }
}

proptest! {
    #[test]
    fn the_splitter_finds_the_same_words(words in proptest::collection::vec("[a-z=/%+{}\"' #\t-]{0,12}", 1..20)) {
        let references: Vec<&str> = words.iter().map(String::as_str).collect();
        match command_line(&references) {
            Ok(line) => prop_assert_eq!(split(line.as_bytes()), words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>()),
            Err(_) => prop_assert!(words.iter().any(|word| word.contains('"') && word.contains('\''))),
        }
    }
}

#[test]
fn plain_words_stay_as_they_are() {
    let line = command_line(&["lvcreate", "-l", "60", "--addtag", "atomic-host/asked=60pFREE", "vg/lv"]).expect("plain");
    assert_eq!(line.to_str(), Ok("lvcreate -l 60 --addtag atomic-host/asked=60pFREE vg/lv"));
    let line = command_line(&["vgs", "--config", "report{a=\"b\" c=1}", ""]).expect("quotable");
    assert_eq!(line.to_str(), Ok("vgs --config 'report{a=\"b\" c=1}' ''"));
}

#[test]
fn what_the_splitter_cannot_take_is_refused() {
    assert!(command_line(&["a", "b' \"c"]).is_err());
    assert!(command_line(&["a", "b\0c"]).is_err());
    assert!(command_line(&["a"; MAX_WORDS]).is_ok());
    assert!(command_line(&["a"; MAX_WORDS + 1]).is_err());
}
