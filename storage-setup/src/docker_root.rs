//! Where dockerd keeps its store: what its files say, as texts. Whoever looks into the store, or acts on it, asks here first.
//!
//! dockerd does not start with the directory both in daemon.json and on its command line, so the order of the two decides nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::legacy::current_options;

/// Where the store is when nothing says otherwise.
pub const USUAL: &str = "/var/lib/docker";

const DAEMON_JSON: &str = "/etc/docker/daemon.json";
/// What docker.service puts on dockerd's command line, in that order: a file and its variable. Of two directories the last one counts.
const COMMAND_LINE: [(&str, &str); 3] = [
    ("/etc/default/docker", "DOCKER_OPTS"),
    ("/etc/sysconfig/docker", "OPTIONS"),
    ("/etc/sysconfig/docker-network", "DOCKER_NETWORK_OPTIONS"),
];

/// Where dockerd keeps its store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum DockerRoot {
    /// At [`USUAL`].
    Usual,
    /// Elsewhere.
    Moved {
        /// The directory.
        to: String,
        /// What says so, for people: `"data-root" in /etc/docker/daemon.json`.
        by: String,
    },
    /// What could say so cannot be read.
    Unknown {
        /// Why, as a sentence without a period.
        why: String,
    },
}

impl DockerRoot {
    /// The directory, the usual one where that is not known.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            DockerRoot::Usual | DockerRoot::Unknown { .. } => USUAL,
            DockerRoot::Moved { to, .. } => to,
        }
    }

    fn of(path: &str, by: String) -> DockerRoot {
        // dockerd runs in `/`.
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let to = format!("/{}", parts.join("/"));
        if to == USUAL { DockerRoot::Usual } else { DockerRoot::Moved { to, by } }
    }
}

/// The files whose text [`find`] wants.
pub fn files() -> impl Iterator<Item = &'static str> {
    std::iter::once(DAEMON_JSON).chain(COMMAND_LINE.map(|(file, _)| file))
}

/// Where dockerd keeps its store, by the texts of [`files`]; one that is not there has none.
#[must_use]
pub fn find(texts: &BTreeMap<&str, String>) -> DockerRoot {
    let named = texts.get(DAEMON_JSON).map_or(Ok(None), |text| of_daemon_json(text));
    match named {
        Ok(Some(root)) => root,
        Ok(None) => COMMAND_LINE.iter().rev().find_map(|line| of_command_line(texts, line)).unwrap_or(DockerRoot::Usual),
        Err(why) => DockerRoot::Unknown { why: format!("{DAEMON_JSON}: {why}") },
    }
}

/// What daemon.json names. dockerd takes an empty file for one without keys, and an empty directory for none.
fn of_daemon_json(text: &str) -> Result<Option<DockerRoot>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let keys: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    // The second is what docker called it before 17.05.
    for key in ["data-root", "graph"] {
        match keys.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(path)) if path.is_empty() => {}
            Some(Value::String(path)) => return Ok(Some(DockerRoot::of(path, format!("{key:?} in {DAEMON_JSON}")))),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => return Err(format!("{key:?} is not a string")),
        }
    }
    Ok(None)
}

fn of_command_line(texts: &BTreeMap<&str, String>, (file, variable): &(&'static str, &str)) -> Option<DockerRoot> {
    let options = current_options(texts.get(file)?, variable)?;
    let mut words = options.split_ascii_whitespace().map(unquote);
    let mut found = None;
    while let Some(word) = words.next() {
        let named = match word.split_once('=') {
            Some((option @ ("-g" | "--graph" | "--data-root"), path)) => Some((option, unquote(path))),
            None if matches!(word, "-g" | "--graph" | "--data-root") => words.next().map(|path| (word, path)),
            // The short one takes its value without anything between, too.
            Some(_) | None => word.strip_prefix("-g").filter(|path| path.starts_with('/')).map(|path| ("-g", path)),
        };
        found = named.or(found);
    }
    found.map(|(option, path)| DockerRoot::of(path, format!("{option} of {variable} in {file}")))
}

fn unquote(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests;
