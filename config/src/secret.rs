//! Keeps secrets out of what is shown: the values of `container.NAME.env`, whichever way they are written.
//!
//! The text of a layer goes in, before a line of it is shown beside any problem; the same text with those values masked comes out.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::schema::SCHEMA;

/// Every character of a secret is an asterisk, so that lines and columns stay where they are.
///
/// In a text that is not TOML nobody knows where a value ends: there it is all that follows the first `env`.
pub(crate) fn masked(text: &str) -> String {
    let mut secrets = Vec::new();
    match DeTable::parse(text) {
        Ok(document) => collect(&DeValue::Table(document.into_inner()), 0..text.len(), &mut Vec::new(), &mut secrets),
        Err(_) => secrets.extend(text.find("env").map(|at| at + "env".len()..text.len())),
    }
    let mut is_secret = vec![false; text.len()];
    for span in secrets {
        if let Some(bytes) = is_secret.get_mut(span) {
            bytes.fill(true);
        }
    }
    let marked = text.char_indices().map(|(at, c)| (c, is_secret.get(at).is_some_and(|secret| *secret)));
    marked.map(|(c, secret)| if secret && c != '\n' && c != '\r' { '*' } else { c }).collect()
}

/// Where the secrets are below the keys of a path. The span of a table may be that of its header, so that only what is in it counts.
fn collect<'a>(value: &'a DeValue<'_>, at: Range<usize>, path: &mut Vec<&'a str>, secrets: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Table(table) => {
            for (key, value) in table {
                path.push(key.get_ref());
                collect(value.get_ref(), value.span(), path, secrets);
                path.pop();
            }
        }
        DeValue::Array(items) => items.iter().for_each(|item| collect(item.get_ref(), item.span(), path, secrets)),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            if !may_show(path) {
                secrets.push(at);
            }
        }
    }
}

/// What containers do not have may be meant to be `env`, and a section that there is not to be `container`.
fn may_show(path: &[&str]) -> bool {
    let sections = &SCHEMA["properties"];
    match path {
        ["container", _, key, ..] => {
            let key = &sections["container"]["additionalProperties"]["properties"][key];
            key.is_object() && key["additionalProperties"]["writeOnly"] != true
        }
        ["container", ..] | [] => false,
        [section, ..] => sections[section].is_object(),
    }
}
