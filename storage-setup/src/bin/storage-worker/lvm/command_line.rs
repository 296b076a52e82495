//! Words to the one line that lvm2_run takes, so that its splitter finds the same words again.
//!
//! The splitter knows no escapes: a word in single or double quotes ends at the next such quote; a quote inside a word that does not
//! begin with one is an ordinary character; a word beginning with `#` ends the line.

use std::ffi::CString;

use super::LvmError;

/// The splitter has room for 64 and takes the last one for "too many".
pub(super) const MAX_WORDS: usize = 63;

pub(super) fn command_line(words: &[&str]) -> Result<CString, LvmError> {
    if words.len() > MAX_WORDS {
        return Err(LvmError::TooManyWords { command: words.join(" ") });
    }
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        match quote_for(word)? {
            Some(quote) => line.extend([&quote.to_string(), *word, &quote.to_string()]),
            None => line.push_str(word),
        }
    }
    CString::new(line).map_err(|_| LvmError::Unquotable { word: words.join(" ") })
}

fn quote_for(word: &str) -> Result<Option<char>, LvmError> {
    // isspace(3) in the C locale.
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let plain = !word.is_empty() && !word.contains(blank) && !word.starts_with(['\'', '"', '#']);
    if plain {
        return Ok(None);
    }
    let free = ['\'', '"'].into_iter().find(|quote| !word.contains(*quote));
    free.map(Some).ok_or_else(|| LvmError::Unquotable { word: word.to_owned() })
}

#[cfg(test)]
mod tests;
