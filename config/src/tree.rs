//! The layers as one tree of values, each with the place that set it.
//!
//! TOML text goes in layer by layer; [`crate::shape`] checks the trees, [`Node::over`] merges them, and the merged tree goes out
//! as JSON for the typed sections and as TOML for the effective spec.

use std::collections::BTreeMap;

use serde_json::json;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::layers::Layer;
use crate::{Place, Problem};

/// A value of the spec.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Where its key is written; for an item of a list, where the item is.
    pub(crate) name: Place,
    /// Where it is written; for a table, where the lowest layer names it.
    pub(crate) place: Place,
    /// What is written.
    pub(crate) value: Value,
}

/// What a value can be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Whole(i64),
    /// A number with a fraction, in the digits that are written.
    Fraction(String),
    Flag(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
    /// A kind of value that no key takes, in words.
    Other(&'static str),
    /// Its problem is reported already; the key counts as written.
    Reported,
}

impl Value {
    /// The kind in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Whole(_) => "a number",
            Value::Fraction(_) => "a number with a fraction",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(kind) => kind,
            Value::Reported => "faulty",
        }
    }
}

/// The line and column, both from 1, of a byte offset in a text; the column counts characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|&&byte| byte == b'\n').count();
    // A byte that starts a character is not of the form 0b10xx_xxxx.
    let column = before.iter().skip(line_start).filter(|&&byte| byte & 0xc0 != 0x80).count();
    (counted(line), counted(column))
}

fn counted(from_zero: usize) -> u32 {
    u32::try_from(from_zero).unwrap_or(u32::MAX).saturating_add(1)
}

impl Node {
    /// What is there before the lowest layer.
    pub(crate) fn empty() -> Node {
        Node { name: Place::Default, place: Place::Default, value: Value::Table(BTreeMap::new()) }
    }

    /// Reads one layer; `Err` when it is not TOML.
    pub(crate) fn of_layer(layer: &Layer) -> Result<Node, Problem> {
        let reading = Reading { layer };
        let document = DeTable::parse(&layer.text).map_err(|error| reading.syntax(&error))?;
        let start = reading.place(0);
        Ok(Node { name: start.clone(), place: start, value: reading.table(document.get_ref()) })
    }

    /// Lays this layer over a lower one: tables merge, everything else replaces.
    pub(crate) fn over(self, lower: Node) -> Node {
        match (lower.value, self.value) {
            (Value::Table(mut merged), Value::Table(upper)) => {
                for (key, node) in upper {
                    let node = match merged.remove(&key) {
                        Some(below) => node.over(below),
                        None => node,
                    };
                    merged.insert(key, node);
                }
                Node { name: lower.name, place: lower.place, value: Value::Table(merged) }
            }
            (_, value) => Node { value, ..self },
        }
    }

    /// Finds a node by the keys that lead to it.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| match &node.value {
            Value::Table(entries) => entries.get(key),
            Value::Text(_) | Value::Whole(_) | Value::Fraction(_) | Value::Flag(_) | Value::List(_) | Value::Other(_) | Value::Reported => {
                None
            }
        })
    }

    /// Takes out a key of a table, with all below it.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Value::Table(table) = &mut self.value {
            table.remove(key);
        }
    }

    /// Every value as `{ key, place, value }`, the form of [`crate::reader::Written`].
    pub(crate) fn as_written(&self, key: &str) -> serde_json::Value {
        let value = match &self.value {
            Value::Text(text) | Value::Fraction(text) => json!(text),
            Value::Whole(number) => json!(number),
            Value::Flag(flag) => json!(flag),
            Value::List(items) => items.iter().map(|item| item.as_written(key)).collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|(name, node)| (name.clone(), node.as_written(&joined(key, name))))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Other(_) | Value::Reported => serde_json::Value::Null,
        };
        json!({ "key": key, "place": self.place, "value": value })
    }

    /// As TOML, keys in order; `None` for what no spec without problems holds.
    pub(crate) fn as_toml(&self) -> Option<toml::Value> {
        match &self.value {
            Value::Text(text) => Some(toml::Value::String(text.clone())),
            Value::Whole(number) => Some(toml::Value::Integer(*number)),
            Value::Fraction(digits) => digits.parse().ok().map(toml::Value::Float),
            Value::Flag(flag) => Some(toml::Value::Boolean(*flag)),
            Value::List(items) => items.iter().map(Node::as_toml).collect::<Option<_>>().map(toml::Value::Array),
            Value::Table(entries) => {
                let pairs = entries.iter().map(|(key, node)| Some((key.clone(), node.as_toml()?)));
                pairs.collect::<Option<_>>().map(toml::Value::Table)
            }
            Value::Other(_) | Value::Reported => None,
        }
    }
}

/// `storage` and `pool` are `storage.pool`; a name that needs quotes gets them.
pub(crate) fn joined(path: &str, name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let name = if bare { name.to_owned() } else { format!("{name:?}") };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

struct Reading<'a> {
    layer: &'a Layer,
}

impl Reading<'_> {
    fn place(&self, offset: usize) -> Place {
        let (line, column) = line_and_column(&self.layer.text, offset);
        Place::File { file: self.layer.file.clone(), line, column }
    }

    fn syntax(&self, error: &toml::de::Error) -> Problem {
        Problem {
            place: self.place(error.span().map_or(0, |span| span.start)),
            key: String::new(),
            message: format!("this is not TOML: {}", error.message().replace('\n', ", ")),
            hint: None,
        }
    }

    fn table(&self, table: &DeTable<'_>) -> Value {
        let entries = table.iter().map(|(key, value)| {
            let name = self.place(key.span().start);
            let is_table = matches!(value.get_ref(), DeValue::Table(_));
            let place = if is_table { name.clone() } else { self.place(value.span().start) };
            (key.get_ref().to_string(), Node { name, place, value: self.value(value.get_ref()) })
        });
        Value::Table(entries.collect())
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => whole(number),
            DeValue::Float(number) => Value::Fraction(number.as_str().to_owned()),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(_) => Value::Other("a date or time"),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| {
                        let place = self.place(item.span().start);
                        Node { name: place.clone(), place, value: self.value(item.get_ref()) }
                    })
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table),
        }
    }
}

fn whole(number: &DeInteger<'_>) -> Value {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => Value::Whole(number),
        Err(_) => Value::Other("a number past 64 bits"),
    }
}
