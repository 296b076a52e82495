//! Where the keys come from: the environment, the shipped defaults, the operator's file. Later ones win, as in the shell tool.
//!
//! The edge reads the files, with [`::config::sysconfig::shell`] or with bash; [`super::Options`] makes sense of the values.

use std::collections::BTreeMap;

use ::config::sysconfig::KEYS;

/// The keys' values; a key that is not there is unset, which the shell tool takes for empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// These, with those assignments of known keys over them.
    #[must_use]
    pub fn with(mut self, assignments: impl IntoIterator<Item: Into<(String, String)>>) -> Variables {
        let known = assignments.into_iter().map(Into::into).filter(|(key, _)| KEYS.contains(&key.as_str()));
        self.0.extend(known);
        self
    }

    /// A value; empty when unset.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// All that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
