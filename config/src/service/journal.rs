//! `[journal]`: keys in, [`Journal`] out; and that logs have a home when the journal is volatile.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written};
use crate::{Journal, JournalStorage, Placed, size_text};

/// The systemd journal.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Keys {
    /// Where it is kept. Default: as it is.
    storage: Option<Written<JournalStorage>>,
    /// The most that it takes, on disk and in memory each. Default: as it is.
    #[schemars(example = &"200M", extend("format" = "size"))]
    max_use: Option<Written<String>>,
}

/// Whether there is an enabled `[rsyslog]`, whose lines always have a home, is not known when that section is faulty.
pub(crate) fn check(keys: Keys, rsyslog: Option<bool>, findings: &mut Findings) -> Option<Journal> {
    let storage = findings.optional(keys.storage, Ok);
    let max_use = findings.optional(keys.max_use, |text| size_text::amount(&text));
    if let (Some(Some(Placed { value: JournalStorage::Volatile, place })), Some(false)) = (&storage, rsyslog) {
        let fault = Fault::new("logs would have no home: a volatile journal is gone at reboot, and no [rsyslog] keeps its lines");
        findings.report_of_whole(place, "journal.storage", fault.hint("add a section [rsyslog], or write storage = \"persistent\""));
    }
    Some(Journal { storage: storage?, max_use: max_use? })
}
