//! The file as a layer of the spec: whether it counts, and the tree of keys that it comes to.
//!
//! It is read and never run: what takes a shell is a problem with its line. What has no word in the spec is a problem too, or a note where
//! nothing comes of it; nothing that the file says is passed over in silence.

use std::collections::BTreeMap;
use std::path::Path;

use super::shell::{self, Assignment, NotPlain};
use super::{DEFAULTS, KEYS, words};
use crate::layers::{IMAGE_LAYERS, Layer};
use crate::reader::{Fault, Findings};
use crate::tree::{Node, Value};
use crate::{Place, Problem};

/// Below the root directory.
pub(crate) const FILE: &str = "etc/sysconfig/docker-storage-setup";

/// What becomes of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// There is none.
    Absent,
    /// It sets no key, and asks for nothing: storage is left alone, as without it.
    Silent {
        /// Its path.
        file: String,
    },
    /// It is the lowest layer, and takes the place of what the OS image's layers say of storage.
    InForce {
        /// Its path.
        file: String,
        /// What of it has no effect, each with its place.
        notes: Vec<String>,
    },
    /// A TOML layer of this host has `[storage]`.
    Ignored {
        /// Its path.
        file: String,
        /// Where that section is.
        because: Place,
    },
}

impl Legacy {
    /// What there is to say of it, a sentence each.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        match self {
            Legacy::Absent => Vec::new(),
            Legacy::Silent { file } => vec![format!("{file} sets no key, and asks for no storage")],
            Legacy::InForce { file, notes } => {
                let head = format!("storage is as {file} says, since no TOML file of this host has [storage]");
                std::iter::once(head).chain(notes.iter().cloned()).collect()
            }
            Legacy::Ignored { file, because } => vec![format!("{file} is ignored, since {because} has [storage]")],
        }
    }
}

/// Whether a file given by hand is one of these.
pub(crate) fn is_named_so(file: &Path) -> bool {
    file.file_name() == Path::new(FILE).file_name()
}

/// The file among the layers.
#[derive(Debug)]
pub(crate) struct Stand {
    pub(crate) legacy: Legacy,
    /// Its text, where it counts.
    pub(crate) layer: Option<Layer>,
    /// Its keys, where it counts and can be read.
    pub(crate) tree: Option<Node>,
}

/// Whether the file counts beside these layers, and what it says then: with it in force, those of the OS image say nothing of storage any
/// more. Half of somebody's file over a stranger's defaults would be what neither meant.
pub(crate) fn stand(found: Option<Result<Layer, Problem>>, layers: &mut [Node], findings: &mut Findings) -> Stand {
    let without = |legacy| Stand { legacy, layer: None, tree: None };
    let Some(found) = found else { return without(Legacy::Absent) };
    let sections = layers.iter().rev().filter_map(|layer| layer.at(&["storage".to_owned()]));
    if let Some(section) = sections.into_iter().find(|section| !is_of_the_image(&section.name)) {
        return without(Legacy::Ignored { file: file_of(&found), because: section.name.clone() });
    }
    if findings.partial {
        // The layer that cannot be read may have the section.
        return without(Legacy::Absent);
    }
    let layer = match found {
        Ok(layer) => layer,
        Err(problem) => {
            findings.partial = true;
            findings.problems.push(problem);
            return without(Legacy::Absent);
        }
    };
    let file = layer.file.clone();
    let assignments = match shell::parse(&layer.text) {
        Ok(assignments) => assignments,
        Err(NotPlain { line, why }) => {
            let fault = Fault::new(format!("this takes a shell: {why}; the agent reads the file and does not run it"))
                .hint("write plain KEY=VALUE lines, or write [storage] into /etc/atomic-host.toml");
            findings.report(&Place::File { file: file.clone(), line, column: 1 }, "", fault);
            return Stand { legacy: Legacy::InForce { file, notes: Vec::new() }, layer: Some(layer), tree: None };
        }
    };
    let mut reading = Reading::new(&file, assignments, findings);
    if reading.given.is_empty() {
        return without(Legacy::Silent { file });
    }
    for layer in layers.iter_mut() {
        layer.remove("storage");
    }
    let storage = words::storage(&mut reading);
    let (start, notes) = (reading.start(), reading.notes);
    let tree = table(&start, [("storage", table(&start, storage))]);
    Stand { legacy: Legacy::InForce { file, notes }, layer: Some(layer), tree: Some(tree) }
}

/// Whether a value is of a layer that comes with the OS.
fn is_of_the_image(place: &Place) -> bool {
    match place {
        Place::File { file, .. } => Path::new(file).parent().is_some_and(|directory| directory.ends_with(IMAGE_LAYERS)),
        Place::Default => false,
    }
}

fn file_of(found: &Result<Layer, Problem>) -> String {
    match found {
        Ok(layer) => layer.file.clone(),
        Err(Problem { place: Place::File { file, .. }, .. }) => file.clone(),
        Err(Problem { place: Place::Default, .. }) => FILE.to_owned(),
    }
}

/// The file's keys while they are put into words of the spec.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    file: &'a str,
    /// The last assignment of each known key.
    given: BTreeMap<String, Assignment>,
    findings: &'a mut Findings,
    notes: Vec<String>,
}

impl<'a> Reading<'a> {
    fn new(file: &'a str, assignments: Vec<Assignment>, findings: &'a mut Findings) -> Reading<'a> {
        let mut reading = Reading { file, given: BTreeMap::new(), findings, notes: Vec::new() };
        for assignment in assignments {
            if KEYS.contains(&assignment.name.as_str()) {
                reading.given.insert(assignment.name.clone(), assignment);
            } else {
                let place = reading.at(&assignment);
                reading.notes.push(format!("{place}: {} is no key of docker-storage-setup, and nothing comes of it", assignment.name));
            }
        }
        reading
    }

    /// What the file says, or its default.
    pub(super) fn value(&self, key: &str) -> String {
        let default = || DEFAULTS.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).to_owned());
        self.given.get(key).map(|given| given.value.clone()).or_else(default).unwrap_or_default()
    }

    pub(super) fn is_given(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    /// Where it says so; a default is the word of the file as a whole.
    pub(super) fn place(&self, key: &str) -> Place {
        self.given.get(key).map_or_else(|| self.start(), |given| self.at(given))
    }

    fn at(&self, assignment: &Assignment) -> Place {
        Place::File { file: self.file.to_owned(), line: assignment.line, column: assignment.column }
    }

    fn start(&self) -> Place {
        Place::File { file: self.file.to_owned(), line: 1, column: 1 }
    }

    /// It cannot be put into the spec.
    pub(super) fn fault(&mut self, key: &str, fault: Fault) {
        let place = self.place(key);
        self.findings.report(&place, key, fault);
    }

    /// It has no effect, and that is harmless.
    pub(super) fn note(&mut self, key: &str, what: &str) {
        self.notes.push(format!("{}: {key} {what}", self.place(key)));
    }

    /// A key of the spec, told by a key of the file.
    pub(super) fn entry(&self, name: &'static str, key: &str, value: Value) -> (&'static str, Node) {
        let place = self.place(key);
        (name, Node { name: place.clone(), place, value })
    }
}

/// A table where it is first told.
pub(super) fn table<K: Into<String>>(place: &Place, entries: impl IntoIterator<Item = (K, Node)>) -> Node {
    let entries = entries.into_iter().map(|(name, node)| (name.into(), node)).collect();
    Node { name: place.clone(), place: place.clone(), value: Value::Table(entries) }
}
