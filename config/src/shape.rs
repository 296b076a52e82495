//! Whether a layer has the shape of a spec: only known keys, each with the right kind of value.
//!
//! A layer's tree and the schema go in. Problems go to the [`Findings`]; the tree comes out with the faulty values marked,
//! so that the sections can read everything else.

use std::collections::BTreeMap;

use serde_json::Value as Schema;

use crate::reader::{Fault, Findings, quoted};
use crate::tree::{Node, Value, joined};

/// Checks one of the layers; the others are asked who is right when two disagree.
pub(crate) fn check(layer: &Node, layers: &[Node], schema: &Schema, findings: &mut Findings) -> Node {
    Shape { layers, findings }.node(layer, schema, &[])
}

struct Shape<'a> {
    layers: &'a [Node],
    findings: &'a mut Findings,
}

impl Shape<'_> {
    fn node(&mut self, node: &Node, schema: &Schema, path: &[String]) -> Node {
        let value = match (schema["type"].as_str(), &node.value) {
            (Some("object"), Value::Table(entries)) => self.table(entries, schema, path),
            (Some("array"), Value::List(items)) => Value::List(items.iter().map(|item| self.node(item, &schema["items"], path)).collect()),
            _ => match self.scalar(node, schema, path) {
                Ok(()) => node.value.clone(),
                Err(fault) => {
                    self.findings.report(&node.place, &key_of(path), fault);
                    Value::Reported
                }
            },
        };
        Node { name: node.name.clone(), place: node.place.clone(), value }
    }

    fn scalar(&self, node: &Node, schema: &Schema, path: &[String]) -> Result<(), Fault> {
        match (schema["type"].as_str(), &node.value) {
            (Some("string"), Value::Text(text)) => plain_text(text, schema),
            (Some("integer"), Value::Whole(number)) => in_range(*number, schema),
            (Some("number"), Value::Whole(_) | Value::Fraction(_)) | (Some("boolean"), Value::Flag(_)) => Ok(()),
            (None, Value::Text(text)) => one_of(text, &choices(schema)),
            (_, value) => Err(self.wrong_kind(value, schema, path)),
        }
    }

    fn table(&mut self, entries: &BTreeMap<String, Node>, schema: &Schema, path: &[String]) -> Value {
        let mut known = BTreeMap::new();
        for (key, node) in entries {
            let path: Vec<String> = path.iter().chain([key]).cloned().collect();
            let property = &schema["properties"][key];
            let schema = if property.is_null() { &schema["additionalProperties"] } else { property };
            if schema.is_object() {
                known.insert(key.clone(), self.node(node, schema, &path));
            }
        }
        for (key, node) in entries.iter().filter(|(key, _)| !known_key(schema, key)) {
            let meant = self.unknown(key, node, schema, path);
            // So that the key that was meant is not found missing too.
            if let Some(meant) = meant.filter(|meant| !entries.contains_key(*meant)) {
                known.insert(meant.to_owned(), Node { value: Value::Reported, ..node.clone() });
            }
        }
        Value::Table(known)
    }

    fn unknown<'s>(&mut self, key: &str, node: &Node, schema: &'s Schema, path: &[String]) -> Option<&'s str> {
        let names: Vec<&str> = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let meant = nearest(key, &names);
        let what = if path.is_empty() { "section" } else { "key" };
        let hint = match (meant, home_of(key)) {
            (Some(meant), _) => format!("did you mean {meant}?"),
            (None, Some(home)) => format!("did you mean {home}?"),
            (None, None) => format!("known here: {}", names.join(", ")),
        };
        let full = joined(&key_of(path), key);
        self.findings.report(&node.name, &full, Fault::new(format!("there is no {what} of this name")).hint(hint));
        meant
    }

    fn wrong_kind(&self, value: &Value, schema: &Schema, path: &[String]) -> Fault {
        let wanted = match schema["type"].as_str() {
            Some("object") => "a table",
            Some("array") => "a list",
            Some("integer" | "number") => "a number",
            Some("boolean") => "true or false",
            _ => "text",
        };
        let elsewhere = self.layers.iter().filter_map(|layer| layer.at(path)).rfind(|node| node.value.kind() == wanted);
        let as_there = elsewhere.map(|node| format!(", as at {}", node.place)).unwrap_or_default();
        let fault = Fault::new(format!("it is {}, but must be {wanted}{as_there}", value.kind()));
        match wrong_kind_hint(value, schema, path) {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    }
}

fn key_of(path: &[String]) -> String {
    path.iter().fold(String::new(), |key, name| joined(&key, name))
}

fn known_key(schema: &Schema, key: &str) -> bool {
    !schema["properties"][key].is_null() || schema["additionalProperties"].is_object()
}

/// How to write the value that was given in the kind that is wanted.
fn wrong_kind_hint(value: &Value, schema: &Schema, path: &[String]) -> Option<String> {
    let name = path.last()?;
    let example = &schema["examples"][0];
    match (schema["type"].as_str(), value) {
        (Some("object"), _) => Some(format!("write it as a section, [{}]", key_of(path))),
        (Some("array"), Value::Text(text)) => Some(format!("write {name} = [{}]", quoted(text))),
        (Some("integer" | "boolean"), Value::Text(text)) if text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok() => {
            Some(format!("write {name} = {text}, without quotes"))
        }
        (Some("string"), Value::Whole(number)) if schema["format"] == "size" => {
            Some(format!("a size needs a unit, as {name} = {example}; {number} could be bytes or gigabytes"))
        }
        (Some("number"), Value::Text(text)) if text.parse::<f64>().is_ok() => Some(format!("write {name} = {text}, without quotes")),
        (None, _) => Some(format!("write one of {}", choices(schema).join(", "))),
        _ if !example.is_null() => Some(format!("write {name} = {example}")),
        (Some("string"), Value::Whole(_) | Value::Fraction(_) | Value::Flag(_)) => Some("write it in quotes".to_owned()),
        _ => None,
    }
}

fn plain_text(text: &str, schema: &Schema) -> Result<(), Fault> {
    match text.chars().find(|c| c.is_control()) {
        Some(_) if schema["writeOnly"] == true => {
            Err(Fault::new("there is a control character in it").hint("write it on one line, in plain characters"))
        }
        Some(odd) => Err(Fault::new(format!("{} has the control character {odd:?} in it", quoted(text)))
            .hint("write it on one line, in plain characters")),
        None => Ok(()),
    }
}

fn in_range(number: i64, schema: &Schema) -> Result<(), Fault> {
    let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
    if least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most) {
        return Ok(());
    }
    let range = format!("{} to {}", least.unwrap_or(i64::MIN), most.unwrap_or(i64::MAX));
    Err(Fault::new(format!("{number} is not in the range {range}")).hint(format!("write a number from {range}")))
}

fn choices(schema: &Schema) -> Vec<&str> {
    schema["oneOf"].as_array().into_iter().flatten().filter_map(|choice| choice["const"].as_str()).collect()
}

fn one_of(text: &str, choices: &[&str]) -> Result<(), Fault> {
    if choices.contains(&text) {
        return Ok(());
    }
    let hint = match nearest(text, choices) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("write one of {}", choices.join(", ")),
    };
    Err(Fault::new(format!("{} is not one of {}", quoted(text), choices.join(", "))).hint(hint))
}

/// What was probably meant, if anything is near.
pub(crate) fn nearest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    const LONGEST: usize = 40;
    const NEAR: f64 = 0.6;
    if text.chars().count() > LONGEST {
        return None;
    }
    let text = text.to_lowercase().replace('_', "-");
    let scored = names.iter().map(|name| (strsim::normalized_damerau_levenshtein(&text, name), *name));
    scored.filter(|(score, _)| *score >= NEAR).max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}

/// The section where a key of this name is known, when it is just one.
fn home_of(key: &str) -> Option<String> {
    fn search(schema: &Schema, path: &str, key: &str, found: &mut Vec<String>) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            if name == key {
                found.push(joined(path, name));
            }
            search(inner, &joined(path, name), key, found);
        }
    }
    let mut found = Vec::new();
    search(&crate::schema::SCHEMA, "", key, &mut found);
    match found.as_slice() {
        [home] => Some(home.clone()),
        _ => None,
    }
}
