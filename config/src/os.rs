//! `[os]`: keys in, [`Os`] out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::reader::{Fault, Findings, Written, quoted};
use crate::{Os, OsRef, Placed, Remote};

/// Which operating system the host follows.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// The branch to follow, as REMOTE:BRANCH.
    #[serde(rename = "ref")]
    #[schemars(example = &"edge:atomic/12/x86_64/host")]
    follow: Option<Written<String>>,
    /// The servers that have branches, by name.
    remote: Option<Written<BTreeMap<String, Written<RemoteKeys>>>>,
}

/// A server that has branches.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct RemoteKeys {
    /// Whether this remote counts; false switches off one of a lower file. Default: true.
    enabled: Option<Written<bool>>,
    /// Where it is: http, https or file.
    #[schemars(example = &"https://ostree.example.com/repo")]
    url: Option<Written<String>>,
    /// Files with the public keys that sign its commits, as absolute paths.
    #[serde(rename = "gpg-keys")]
    #[schemars(extend("examples" = [["/etc/pki/ostree/edge.asc"]]))]
    gpg_keys: Option<Written<Vec<Written<String>>>>,
    /// Whether a commit must be signed by one of these keys; false takes whatever the server has. Default: true.
    #[serde(rename = "gpg-verify")]
    gpg_verify: Option<Written<bool>>,
}

pub(crate) fn check(keys: Keys, findings: &mut Findings) -> Option<Os> {
    let follow = findings.optional(keys.follow, |text| os_ref(&text));
    let mut remotes = BTreeMap::new();
    for (name, remote) in keys.remote.and_then(|table| table.value).unwrap_or_default() {
        if let Some(checked) = check_remote(&name, remote, findings) {
            remotes.insert(name, checked);
        }
    }
    Some(Os { follow: follow?, remotes })
}

/// `None` also for one that is switched off.
fn check_remote(name: &str, written: Written<RemoteKeys>, findings: &mut Findings) -> Option<Placed<Remote>> {
    let Written { key, place, value } = written;
    let keys = value?;
    if let Some(Placed { value: false, .. }) = findings.or_default(keys.enabled, true, Ok) {
        return None;
    }
    if let Err(fault) = remote_name(name) {
        findings.report(&place, &key, fault);
    }
    let url = findings.required(keys.url, (&place, &format!("{key}.url")), "\"https://...\"", remote_url);
    let gpg_verify = findings.or_default(keys.gpg_verify, true, Ok);
    let no_key = keys.gpg_keys.as_ref().is_none_or(|list| list.value.as_ref().is_some_and(Vec::is_empty));
    if no_key && gpg_verify.as_ref().is_some_and(|verify| verify.value) {
        let hint = "add gpg-keys = [\"/etc/pki/ostree/edge.asc\"], or gpg-verify = false to take whatever the server has";
        findings.report_of_whole(&place, &format!("{key}.gpg-keys"), Fault::new("there is no key").hint(hint));
    }
    let mut gpg_keys = Vec::new();
    for item in keys.gpg_keys.and_then(|list| list.value).unwrap_or_default() {
        gpg_keys.extend(findings.check(item, key_file));
    }
    let gpg_keys = gpg_keys.into_iter().map(|file| file.value).collect();
    let value = Remote { url: url?.value, gpg_keys, gpg_verify: gpg_verify?.value };
    Some(Placed { value, place })
}

fn os_ref(text: &str) -> Result<OsRef, Fault> {
    let example = "write it as \"edge:atomic/12/x86_64/host\"";
    let Some((remote, branch)) = text.split_once(':') else {
        return Err(Fault::new(format!("{} does not say the remote, as REMOTE:BRANCH", quoted(text))).hint(example));
    };
    remote_name(remote)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let good = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed);
    if !branch.split('/').all(good) {
        return Err(Fault::new(format!("{} is not the name of a branch", quoted(branch))).hint(example));
    }
    Ok(OsRef { remote: remote.to_owned(), branch: branch.to_owned() })
}

fn remote_name(text: &str) -> Result<(), Fault> {
    let good = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 100
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if good {
        return Ok(());
    }
    Err(Fault::new(format!("{} is not the name of a remote", quoted(text)))
        .hint("use letters, digits and _ . -, with a letter, digit or _ first"))
}

fn remote_url(text: String) -> Result<String, Fault> {
    let place = ["http://", "https://", "file://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let Some(place) = place else {
        return Err(Fault::new(format!("{} is not an http, https or file URL", quoted(&text)))
            .hint("write it as \"https://ostree.example.com/repo\""));
    };
    let good = if text.starts_with("file:") { place.starts_with('/') } else { !place.is_empty() && !place.starts_with('/') };
    if !good || text.contains(char::is_whitespace) {
        return Err(Fault::new(format!("{} is not a whole URL", quoted(&text)))
            .hint("write it as \"https://ostree.example.com/repo\" or \"file:///srv/repo\""));
    }
    Ok(text)
}

fn key_file(text: String) -> Result<String, Fault> {
    if text.starts_with('/') && !text.ends_with('/') {
        return Ok(text);
    }
    Err(Fault::new(format!("{} is not the absolute path of a file", quoted(&text))).hint("write it as \"/etc/pki/ostree/edge.asc\""))
}
