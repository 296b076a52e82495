//! From layers to a [`Spec`]: the one way through this crate.
//!
//! Texts go in; parsed, checked each for its shape, merged, and checked for their meaning they come out as [`Desired`].
//! Every file is checked for unknown keys and wrong kinds of values; what a value means is checked for the values in force.

use std::path::{Path, PathBuf};

use crate::layers::{Layer, Sources, layer_paths, load, load_one};
use crate::reader::{Fault, Findings, Written};
use crate::schema::{Keys, SCHEMA};
use crate::service::{container, journal, registry, rsyslog};
use crate::sysconfig::Legacy;
use crate::tree::Node;
use crate::{Desired, Place, Problem, Problems, agent, engine, os, shape, storage, sysconfig};

/// A spec without problems.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// What the host shall be.
    pub desired: Desired,
    /// The layers merged, as TOML in a canonical form; alone it makes the same [`Spec::desired`], but for the places.
    pub effective: String,
    /// What becomes of the file of docker-storage-setup.
    pub legacy: Legacy,
    layers: Vec<Layer>,
}

impl Spec {
    /// The layers that were read, lowest first.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// `[storage]` of the effective spec, alone; empty when no layer has it.
    #[must_use]
    pub fn storage_text(&self) -> String {
        let mut tree: toml::Table = self.effective.parse().unwrap_or_default();
        tree.retain(|section, _| section == "storage");
        toml::to_string(&tree).unwrap_or_default()
    }

    /// Problems found later, on the host, ready to be shown with the lines of this spec. At least one is expected.
    #[must_use]
    pub fn problems(&self, found: Vec<Problem>) -> Problems {
        let unnamed = || Problems::of(unreadable("something is wrong, but what is not known"), self.layers.clone());
        Problems::new(found, self.layers.clone()).unwrap_or_else(unnamed)
    }
}

/// Reads the spec of the host whose root directory is given.
///
/// # Errors
/// Everything that is wrong with it, in all files.
pub fn read(root: &Path) -> Result<Spec, Problems> {
    let Sources { files, legacy, problems } = layer_paths(root);
    read_layers(&files, legacy.as_deref(), problems)
}

/// Reads these files as a spec, a later one over an earlier one; one of docker-storage-setup lies below the others.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read_files(files: &[PathBuf]) -> Result<Spec, Problems> {
    let (legacy, files): (Vec<PathBuf>, Vec<PathBuf>) = files.iter().cloned().partition(|file| sysconfig::is_named_so(file));
    read_layers(&files, legacy.last().map(PathBuf::as_path), Vec::new())
}

/// Makes a spec of texts, a later one over an earlier one; one of docker-storage-setup lies below the others.
///
/// # Errors
/// Everything that is wrong with them.
pub fn parse(layers: Vec<Layer>) -> Result<Spec, Problems> {
    let (mut legacy, layers): (Vec<Layer>, Vec<Layer>) =
        layers.into_iter().partition(|layer| sysconfig::is_named_so(Path::new(&layer.file)));
    build(layers, Vec::new(), legacy.pop().map(Ok))
}

fn read_layers(files: &[PathBuf], legacy: Option<&Path>, mut problems: Vec<Problem>) -> Result<Spec, Problems> {
    let (layers, unread) = load(files);
    problems.extend(unread);
    build(layers, problems, legacy.map(load_one))
}

/// `unread` are the problems of layers that are not among `layers`.
fn build(mut layers: Vec<Layer>, unread: Vec<Problem>, legacy: Option<Result<Layer, Problem>>) -> Result<Spec, Problems> {
    let mut findings = Findings { partial: !unread.is_empty(), problems: unread };
    let mut trees = parsed(&layers, &mut findings);
    let stand = sysconfig::stand(legacy, &mut trees, &mut findings);
    layers.splice(0..0, stand.layer);
    trees.splice(0..0, stand.tree);
    let merged = trees.iter().fold(Node::empty(), |lower, tree| shape::check(tree, &trees, &SCHEMA, &mut findings).over(lower));
    let desired = check(&merged, &mut findings);
    let effective = merged.as_toml().and_then(|tree| toml::to_string(&tree).ok());
    if let Some(problems) = Problems::new(std::mem::take(&mut findings.problems), layers.clone()) {
        return Err(problems);
    }
    match (desired, effective) {
        (Some(desired), Some(effective)) => Ok(Spec { desired, effective, legacy: stand.legacy, layers }),
        _ => Err(Problems::of(unreadable("some value is faulty, but which is not known"), layers)),
    }
}

fn parsed(layers: &[Layer], findings: &mut Findings) -> Vec<Node> {
    let mut trees = Vec::new();
    for layer in layers {
        match Node::of_layer(layer) {
            Ok(tree) => trees.push(tree),
            Err(problem) => {
                findings.partial = true;
                findings.problems.push(problem);
            }
        }
    }
    trees
}

fn check(merged: &Node, findings: &mut Findings) -> Option<Desired> {
    let keys: Written<Keys> = match serde_json::from_value(merged.as_written("")) {
        Ok(keys) => keys,
        Err(error) => {
            findings.problems.push(unreadable(&error.to_string()));
            return None;
        }
    };
    let keys = keys.value?;
    // Every section is checked, whatever is wrong with the ones before.
    let agent = section(keys.agent).and_then(|keys| agent::check(keys, findings));
    let os = section(keys.os).and_then(|keys| os::check(keys, findings));
    let engine = section(keys.engine).and_then(|keys| engine::check(keys, findings));
    let storage = match keys.storage {
        None => Some(None),
        Some(written) => written.value.and_then(|keys| storage::check(keys, engine.as_ref(), findings)).map(Some),
    };
    let registries = registry::check_all(keys.registry, findings);
    let rsyslog = rsyslog::check(keys.rsyslog, findings);
    let log_place = rsyslog.as_ref().and_then(Option::as_ref).map(|section| &section.place);
    let containers = container::check_all(keys.container, log_place, findings);
    let journal = section(keys.journal).and_then(|keys| journal::check(keys, rsyslog.as_ref().map(Option::is_some), findings));
    if let (Some(registries), Some(engine)) = (&registries, &engine) {
        registry::check_engine(registries, engine, findings);
    }
    Some(Desired {
        agent: agent?,
        os: os?,
        storage: storage?,
        engine: engine?,
        registries: registries?,
        containers: containers?,
        rsyslog: rsyslog?,
        journal: journal?,
    })
}

/// A section that no layer writes is one without keys.
fn section<K: Default>(written: Option<Written<K>>) -> Option<K> {
    match written {
        None => Some(K::default()),
        Some(written) => written.value,
    }
}

/// For a fault of this program, which its tests rule out.
fn unreadable(why: &str) -> Problem {
    let fault = Fault::new(format!("the spec cannot be understood: {why}")).hint("this is a fault of atomic-host; please report it");
    Problem { place: Place::Default, key: String::new(), message: fault.message, hint: fault.hint }
}
