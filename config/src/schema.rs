//! The known keys, once: the structs of the sections, the schema that editors use, and the list the reader checks against.
//!
//! Made from the sections' `Keys`; read by [`crate::shape`], by [`crate::parse`] and by whoever wants `schema.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::Value;

use crate::reader::Written;
use crate::service::{container, journal, registry, rsyslog};
use crate::{agent, engine, os, storage};

/// What an immutable container host shall be. All sections may be left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "atomic-host.toml")]
pub(crate) struct Keys {
    /// How the agent behaves.
    pub(crate) agent: Option<Written<agent::Keys>>,
    /// Which operating system the host follows.
    pub(crate) os: Option<Written<os::Keys>>,
    /// Disks, the thin pool and the volumes. Left alone when no file has this section.
    pub(crate) storage: Option<Written<storage::Keys>>,
    /// The container engine.
    pub(crate) engine: Option<Written<engine::Keys>>,
    /// The registries that images come from, by the host as images name it.
    pub(crate) registry: Option<Written<BTreeMap<String, Written<registry::Keys>>>>,
    /// The containers that run as services, by name.
    pub(crate) container: Option<Written<BTreeMap<String, Written<container::Keys>>>>,
    /// The container that keeps the host's logs.
    pub(crate) rsyslog: Option<Written<rsyslog::Keys>>,
    /// The systemd journal.
    pub(crate) journal: Option<Written<journal::Keys>>,
}

/// The schema as values.
pub(crate) static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let settings = settings.with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<Keys>().to_value()
});

/// The JSON schema of the spec, for editors and for the reference.
#[must_use]
pub fn schema() -> String {
    format!("{:#}\n", *SCHEMA)
}

/// A key is written or not; TOML has no null. Undoes what schemars says for `Option`.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get("type") {
        let written = types.iter().find(|name| *name != "null").cloned().unwrap_or_default();
        schema.insert("type".to_owned(), written);
    }
    if let Some(Value::Array(forms)) = schema.remove("anyOf") {
        let written = forms.into_iter().find(|form| form["type"] != "null");
        for (key, value) in written.as_ref().and_then(Value::as_object).into_iter().flatten() {
            schema.ensure_object().entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}
