//! `[registry.HOST]`: keys in, [`Registry`] out; and whether the engine can have the mirrors.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::host_and_port;
use crate::reader::{Fault, Findings, Written, quoted};
use crate::{Engine, EngineKind, Placed, Registry, RegistryHost, tree};

/// A registry that images come from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// Whether this section counts; false switches off one of a lower file. Default: true.
    enabled: Option<Written<bool>>,
    /// http or https URLs that are asked first. docker has mirrors of docker.io alone.
    #[schemars(extend("examples" = [["https://mirror.example.com"]]))]
    mirrors: Option<Written<Vec<Written<String>>>>,
    /// Whether it may be reached without TLS, or with a certificate that nobody vouches for. Default: false.
    insecure: Option<Written<bool>>,
}

/// The registries, or `None` when one of them is faulty.
pub(crate) fn check_all(
    written: Option<Written<BTreeMap<String, Written<Keys>>>>,
    findings: &mut Findings,
) -> Option<BTreeMap<RegistryHost, Placed<Registry>>> {
    let Some(table) = written else { return Some(BTreeMap::new()) };
    let mut registries = BTreeMap::new();
    let mut faulty = false;
    for (name, registry) in table.value? {
        match check(name, registry, findings) {
            Some(checked) => registries.extend(checked),
            None => faulty = true,
        }
    }
    (!faulty).then_some(registries)
}

/// `Some(None)` when it is switched off, `None` when it is faulty.
fn check(name: String, written: Written<Keys>, findings: &mut Findings) -> Option<Option<(RegistryHost, Placed<Registry>)>> {
    let Written { key, place, value } = written;
    let keys = value?;
    let enabled = findings.or_default(keys.enabled, true, Ok);
    if let Some(Placed { value: false, .. }) = enabled {
        return Some(None);
    }
    let shown = quoted(&name);
    let host = RegistryHost::try_from(name).map_err(|clause| {
        let hint = "write it as images name it, with quotes: [registry.\"registry.example.com:5000\"]";
        findings.report(&place, &key, Fault::new(format!("{shown} {clause}")).hint(hint));
    });
    let mirrors = findings.list(keys.mirrors, |text| mirror(&text));
    let insecure = findings.or_default(keys.insecure, false, Ok);
    match (host, mirrors, insecure, enabled) {
        (Ok(host), Some(mirrors), Some(insecure), Some(_)) => {
            Some(Some((host, Placed { value: Registry { mirrors, insecure: insecure.value }, place })))
        }
        _ => None,
    }
}

/// The URL without a slash at its end.
fn mirror(text: &str) -> Result<String, Fault> {
    const EXAMPLE: &str = "write it as \"https://mirror.example.com\"";
    let fault = |clause: &str| Fault::new(format!("{} {clause}", quoted(text))).hint(EXAMPLE);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or_else(|| fault("is not an http or https URL"))?;
    if rest.contains(['?', '#', '@']) || rest.contains(char::is_whitespace) {
        return Err(fault("has more in it than a host, a port and a path"));
    }
    let host = rest.split('/').next().unwrap_or_default();
    host_and_port(host).map_err(fault)?;
    Ok(text.trim_end_matches('/').to_owned())
}

/// Reports mirrors that docker cannot have, each registry's at the first.
pub(crate) fn check_engine(registries: &BTreeMap<RegistryHost, Placed<Registry>>, engine: &Engine, findings: &mut Findings) {
    let Some(Placed { value: EngineKind::Docker, place: docker }) = &engine.kind else { return };
    for (host, registry) in registries {
        let mirrors = &registry.value.mirrors;
        let fault = if host.as_str() != "docker.io" {
            mirrors.first().map(|first| {
                let fault = Fault::new(format!("docker has mirrors of docker.io alone, and docker is the engine ({docker})"));
                (first, fault.hint(format!("remove the mirrors, or name the mirror in the images in place of {host}")))
            })
        } else {
            let with_path = mirrors.iter().find(|mirror| mirror.value.split('/').count() > 3);
            with_path.map(|mirror| {
                let fault =
                    Fault::new(format!("{} has a path, which docker refuses, and docker is the engine ({docker})", quoted(&mirror.value)));
                (mirror, fault.hint("write the host alone, as \"https://mirror.example.com\""))
            })
        };
        if let Some((mirror, fault)) = fault {
            findings.report(&mirror.place, &format!("{}.mirrors", tree::joined("registry", host.as_str())), fault);
        }
    }
}
