//! Texts of podman's files: registries with their mirrors (containers-registries.conf(5)), name servers (containers.conf(5)). Pure.

use std::collections::BTreeMap;

use config::{EngineOptions, Placed, Registry, RegistryHost};
use toml::Value;

use crate::file::STAMP;

/// The registries; `None`: the spec has none.
pub(super) fn registries(registries: &BTreeMap<RegistryHost, Placed<Registry>>) -> Option<String> {
    let tables = registries.iter().map(|(host, registry)| {
        let name = Value::from(host.as_str());
        let mirrors: String = registry.value.mirrors.iter().map(|mirror| self::mirror(&mirror.value)).collect();
        format!("\n[[registry]]\nprefix = {name}\nlocation = {name}\ninsecure = {}\n{mirrors}", registry.value.insecure)
    });
    (!registries.is_empty()).then(|| format!("{STAMP}\n{}", tables.collect::<String>()))
}

/// podman wants no scheme, and `insecure` for what http says.
fn mirror(url: &str) -> String {
    let (scheme, location) = url.split_once("://").unwrap_or(("https", url));
    let location = Value::from(location.trim_end_matches('/'));
    format!("\n[[registry.mirror]]\nlocation = {location}\ninsecure = {}\n", scheme == "http")
}

/// What containers are given; `None`: the spec does not say.
pub(super) fn containers(options: &EngineOptions) -> Option<String> {
    let servers: Vec<Value> = options.dns.iter().map(|server| Value::from(server.value.to_string())).collect();
    (!servers.is_empty()).then(|| format!("{STAMP}\n\n[containers]\ndns_servers = {}\n", Value::from(servers)))
}

#[cfg(test)]
mod tests;
