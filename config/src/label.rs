//! `storage.volume.NAME.label`: the name of a file system, as blkid shows it.

use serde::{Deserialize, Serialize};

use crate::Filesystem;
use crate::reader::{Fault, quoted};

/// A file system's label: letters, digits and `_ . -`, as many as its file system holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = String;
    /// Says what is wrong with it, as a clause.
    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if let Some(odd) = text.chars().find(|&c| !allowed(c)) {
            return Err(format!("has {odd:?}, but a label has only letters, digits and _ . -"));
        }
        if text.is_empty() || text.starts_with('-') {
            return Err("is empty or starts with a dash".to_owned());
        }
        Ok(Label(text))
    }
}

impl From<Label> for String {
    fn from(label: Label) -> String {
        label.0
    }
}

/// As that file system takes it.
pub(crate) fn check(text: String, filesystem: Filesystem) -> Result<Label, Fault> {
    let shown = quoted(&text);
    let most = match filesystem {
        Filesystem::Xfs => 12,
        Filesystem::Ext4 => 16,
    };
    if text.len() > most {
        let fault = Fault::new(format!("{shown} is longer than the {most} characters that {} has for a label", filesystem.as_str()));
        return Err(fault.hint("choose a shorter one"));
    }
    Label::try_from(text).map_err(|clause| Fault::new(format!("{shown} {clause}")).hint("write one word, as \"data\""))
}
