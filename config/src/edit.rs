//! Changing a key of the spec in the file that holds it: comments, order and spelling of everything else stay.
//!
//! Layers and changes in, layers out; whoever asks checks them with [`crate::parse`] and writes the changed ones.

use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, value};

use crate::Layer;

/// One key with its new value. The key is from the top: `["storage", "driver"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A text.
    Text {
        /// The key.
        key: Vec<&'static str>,
        /// What it shall be.
        to: String,
    },
    /// A list of texts; items that stay keep their place, those that come are put last.
    List {
        /// The key.
        key: Vec<&'static str>,
        /// What it shall be.
        to: Vec<String>,
    },
}

/// Why a change could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The layers were not checked before.
    #[error("{file} is not TOML; atomic host check says what is wrong with it")]
    NotToml {
        /// The layer.
        file: String,
        /// What the parser says.
        #[source]
        source: Box<toml_edit::TomlError>,
    },
    /// A key on the way is no table.
    #[error("{key} in {file} cannot be changed, since a part of it is no table; change it by hand")]
    NotTable {
        /// The layer.
        file: String,
        /// The whole key.
        key: String,
    },
}

/// The layers after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// All of them, lowest first.
    pub layers: Vec<Layer>,
    /// Those that are other than before.
    pub changed: Vec<Layer>,
}

/// Makes the changes. Each goes to the highest file that has its key and belongs to the admin: `own` (as `/etc/atomic-host.toml`) or one of
/// the directory beside it (`/etc/atomic-host.d`); else to `own`, which is made if it is absent.
///
/// # Errors
/// See [`EditError`].
pub fn edit(layers: &[Layer], own: &str, changes: &[Change]) -> Result<Edited, EditError> {
    let mut open = layers.iter().map(Open::of).collect::<Result<Vec<_>, _>>()?;
    for change in changes {
        let index = holder(&open, own, change.key()).unwrap_or_else(|| own_file(&mut open, own));
        if let Some(file) = open.get_mut(index) {
            file.make(change)?;
        }
    }
    let layers: Vec<Layer> = open.iter().map(|open| Layer { file: open.file.clone(), text: open.document.to_string() }).collect();
    let is_new = |layer: &&Layer| !open.iter().any(|open| open.file == layer.file && open.was.as_deref() == Some(&layer.text));
    Ok(Edited { changed: layers.iter().filter(is_new).cloned().collect(), layers })
}

impl Change {
    fn key(&self) -> &[&'static str] {
        match self {
            Change::Text { key, .. } | Change::List { key, .. } => key,
        }
    }
}

/// A layer being edited.
struct Open {
    file: String,
    was: Option<String>,
    document: DocumentMut,
}

impl Open {
    fn of(layer: &Layer) -> Result<Open, EditError> {
        let not_toml = |source| EditError::NotToml { file: layer.file.clone(), source: Box::new(source) };
        let document = layer.text.parse::<DocumentMut>().map_err(not_toml)?;
        Ok(Open { file: layer.file.clone(), was: Some(layer.text.clone()), document })
    }

    fn has(&self, key: &[&str]) -> bool {
        let Some((last, tables)) = key.split_last() else { return false };
        let mut table: Option<&dyn TableLike> = Some(self.document.as_table());
        for name in tables {
            table = table.and_then(|table| table.get(name)).and_then(Item::as_table_like);
        }
        table.is_some_and(|table| table.contains_key(last))
    }

    fn make(&mut self, change: &Change) -> Result<(), EditError> {
        let key = change.key();
        let not_table = || EditError::NotTable { file: self.file.clone(), key: key.join(".") };
        let Some((last, tables)) = key.split_last() else { return Ok(()) };
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for (depth, name) in tables.iter().enumerate() {
            let fresh = || {
                let mut made = Table::new();
                // Only the last one gets a line of its own.
                made.set_implicit(depth + 1 < tables.len());
                Item::Table(made)
            };
            table = table.entry(name).or_insert_with(fresh).as_table_like_mut().ok_or_else(not_table)?;
        }
        match (change, table.get_mut(last)) {
            (Change::Text { to, .. }, Some(Item::Value(there))) => {
                let decor = there.decor().clone();
                *there = Value::from(to.as_str());
                *there.decor_mut() = decor;
            }
            (Change::List { to, .. }, Some(Item::Value(Value::Array(there)))) => follow(there, to),
            (Change::Text { to, .. }, _) => {
                table.insert(last, value(to.as_str()));
            }
            (Change::List { to, .. }, _) => {
                table.insert(last, value(to.iter().map(String::as_str).collect::<Array>()));
            }
        }
        Ok(())
    }
}

/// Makes the list have these items.
fn follow(list: &mut Array, to: &[String]) {
    list.retain(|item| item.as_str().is_some_and(|text| to.iter().any(|wanted| wanted == text)));
    for wanted in to {
        if list.iter().any(|item| item.as_str() == Some(wanted)) {
            continue;
        }
        let mut item = Value::from(wanted.as_str());
        // A list with a line for each item goes on so.
        let before = list.iter().last().and_then(|last| last.decor().prefix()).and_then(|prefix| prefix.as_str());
        let own_line = before.and_then(|before| before.rfind('\n').and_then(|line| before.get(line..)));
        let prefix = own_line.unwrap_or(if list.is_empty() { "" } else { " " }).to_owned();
        // What is written behind the last comma belongs to the item before it.
        let behind = list.trailing().as_str().filter(|behind| behind.contains('#')).map(|behind| behind.trim_end().to_owned());
        if let Some(behind) = &behind {
            list.set_trailing("\n");
            item.decor_mut().set_prefix(format!("{behind}{}", own_line_of(&prefix)));
        } else {
            item.decor_mut().set_prefix(prefix);
        }
        list.push_formatted(item);
    }
}

/// A comment ends with its line.
fn own_line_of(prefix: &str) -> &str {
    if prefix.starts_with('\n') { prefix } else { "\n    " }
}

/// The highest file of the admin's that has the key.
fn holder(open: &[Open], own: &str, key: &[&str]) -> Option<usize> {
    let beside = own.strip_suffix(".toml").map(|stem| format!("{stem}.d"));
    let admins = |file: &str| file == own || Path::new(file).parent().and_then(Path::to_str) == beside.as_deref();
    open.iter().rposition(|open| admins(&open.file) && open.has(key))
}

/// The admin's own file, made where it counts: below the files beside it.
fn own_file(open: &mut Vec<Open>, own: &str) -> usize {
    if let Some(index) = open.iter().position(|open| open.file == own) {
        return index;
    }
    let beside = own.strip_suffix(".toml").map(|stem| format!("{stem}.d/")).unwrap_or_default();
    let index = open.iter().position(|open| open.file.starts_with(&beside)).unwrap_or(open.len());
    open.insert(index, Open { file: own.to_owned(), was: None, document: DocumentMut::new() });
    index
}

#[cfg(test)]
mod tests;
