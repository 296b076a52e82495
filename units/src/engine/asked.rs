//! What the spec asks of dockerd, as words of its command line and as the text of the file that puts them there. Pure.

use std::collections::BTreeMap;

use config::{EngineOptions, Place, Placed, Registry, RegistryHost};

use super::OWN;
use crate::file::STAMP;

/// The only registry that docker knows mirrors of.
pub(super) const DOCKER_IO: &str = "docker.io";

/// One option that the spec asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// As dockerd takes it, one word: `--mtu=1400`.
    pub(super) word: String,
    /// The same in daemon.json: `mtu`.
    pub(super) json: &'static str,
    /// The same in the spec: `engine.mtu`.
    pub(super) key: String,
    /// Where the spec says so.
    pub(super) place: Place,
}

/// All options that the spec asks for; the same spec gives the same order.
pub(super) fn asked(options: &EngineOptions, registries: &BTreeMap<RegistryHost, Placed<Registry>>) -> Vec<Asked> {
    let mut found = of_engine(options);
    for (host, registry) in registries {
        let ask = |word, json, name, place: &Place| Asked { word, json, key: key_of(host, name), place: place.clone() };
        if host.as_str() == DOCKER_IO {
            let mirrors = registry.value.mirrors.iter();
            found.extend(
                mirrors.map(|mirror| ask(format!("--registry-mirror={}", mirror.value), "registry-mirrors", "mirrors", &mirror.place)),
            );
        }
        if registry.value.insecure {
            found.push(ask(format!("--insecure-registry={host}"), "insecure-registries", "insecure", &registry.place));
        }
    }
    found
}

fn of_engine(options: &EngineOptions) -> Vec<Asked> {
    let EngineOptions { live_restore, selinux, log_level, dns, bip, mtu } = options;
    let mut found = Vec::new();
    let mut ask = |word, json, name, place: &Place| found.push(Asked { word, json, key: format!("engine.{name}"), place: place.clone() });
    if let Some(on) = live_restore {
        ask(flag("--live-restore", on.value), "live-restore", "live-restore", &on.place);
    }
    if let Some(on) = selinux {
        ask(flag("--selinux-enabled", on.value), "selinux-enabled", "selinux", &on.place);
    }
    if let Some(level) = log_level {
        ask(format!("--log-level={}", level.value.as_str()), "log-level", "log-level", &level.place);
    }
    for server in dns {
        ask(format!("--dns={}", server.value), "dns", "dns", &server.place);
    }
    if let Some(bip) = bip {
        ask(format!("--bip={}", bip.value), "bip", "bip", &bip.place);
    }
    if let Some(mtu) = mtu {
        ask(format!("--mtu={}", mtu.value), "mtu", "mtu", &mtu.place);
    }
    found
}

fn flag(option: &str, on: bool) -> String {
    if on { option.to_owned() } else { format!("{option}=false") }
}

/// `registry."docker.io"`
pub(super) fn section_of(host: &RegistryHost) -> String {
    let (host, bare) = (host.as_str(), |c: char| c.is_ascii_alphanumeric() || c == '-');
    if host.chars().all(bare) { format!("registry.{host}") } else { format!("registry.{host:?}") }
}

/// `registry."docker.io".mirrors`
pub(super) fn key_of(host: &RegistryHost, name: &str) -> String {
    format!("{}.{name}", section_of(host))
}

/// The text of our file for these words.
pub(super) fn render(words: &[String]) -> String {
    let value = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    // systemd takes the quotes of the file off, splits the value into words, then takes the quotes of each word off. A single quote
    // cannot stand within single quotes; it goes between double ones.
    let value = value.replace('\'', r#"'"'"'"#);
    format!("{STAMP}\n# Options of dockerd, from [engine] and [registry.HOST]; docker.service passes them on.\n{}='{value}'\n", OWN.name)
}

/// A word of the value, with a backslash before everything that would split it or vanish.
fn quoted(word: &str) -> String {
    if word.is_empty() {
        return "\"\"".to_owned();
    }
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%[]".contains(c);
    word.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests;
