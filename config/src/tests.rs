//! What the crate promises, through the doors that its users have.

mod containers;
mod layers;
mod merging;
mod names;
mod properties;
mod secrets;
mod sections;
mod services;
mod sizes;

use crate::{Layer, Place, Problems, Spec, parse};

/// Parses texts as layers named `0.toml`, `1.toml` and so on.
fn spec(texts: &[&str]) -> Result<Spec, Problems> {
    parse(texts.iter().enumerate().map(|(index, text)| Layer { file: format!("{index}.toml"), text: (*text).to_owned() }).collect())
}

fn good(texts: &[&str]) -> Spec {
    spec(texts).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The key and message of every problem, in order.
fn bad(texts: &[&str]) -> Vec<String> {
    let problems = spec(texts).expect_err("it was accepted");
    problems.list().iter().map(|problem| format!("{}: {}", problem.key, problem.message)).collect()
}

fn at(file: &str, line: u32, column: u32) -> Place {
    Place::File { file: file.to_owned(), line, column }
}

/// The examples, by name, as people get them.
const EXAMPLES: [(&str, &str); 4] = [
    ("appliance", include_str!("../examples/appliance.toml")),
    ("devicemapper", include_str!("../examples/devicemapper.toml")),
    ("minimal", include_str!("../examples/minimal.toml")),
    ("services", include_str!("../examples/services.toml")),
];
