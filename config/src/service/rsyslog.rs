//! `[rsyslog]`: keys in, [`Rsyslog`] out. Its lines have a home: files, another host, or both.

use std::num::NonZeroU16;

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::host_and_port;
use super::{LogTarget, Protocol, image_ref};
use crate::reader::{Fault, Findings, Written, quoted};
use crate::{Place, Placed, Rsyslog};

/// The container that keeps the host's logs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// Whether this section counts; false switches off one of a lower file. Default: true.
    enabled: Option<Written<bool>>,
    /// What it is made from.
    #[schemars(example = &"registry.example.com/atomic-host/rsyslog:1")]
    image: Option<Written<String>>,
    /// Where lines go besides files, as tcp://HOST:PORT or udp://HOST:PORT. The default of the port: 514.
    #[schemars(extend("examples" = [["tcp://logs.example.com:514"]]))]
    forward: Option<Written<Vec<Written<String>>>>,
    /// Whether lines go to /var/log/messages and its like. Default: true.
    files: Option<Written<bool>>,
}

/// `Some(None)` when it is not there or switched off, `None` when it is faulty.
pub(crate) fn check(written: Option<Written<Keys>>, findings: &mut Findings) -> Option<Option<Placed<Rsyslog>>> {
    let Some(Written { place, value, .. }) = written else { return Some(None) };
    let keys = value?;
    let enabled = findings.or_default(keys.enabled, true, Ok);
    if let Some(Placed { value: false, .. }) = enabled {
        return Some(None);
    }
    let example = "\"registry.example.com/atomic-host/rsyslog:1\"";
    let image = findings.required(keys.image, (&place, "rsyslog.image"), example, |text| image_ref::image(&text));
    let forward = findings.list(keys.forward, |text| target(&text));
    let files = findings.or_default(keys.files, true, Ok);
    let (forward, files) = (forward?, files?);
    if !files.value && forward.is_empty() {
        report_homeless(&files.place, findings);
        return None;
    }
    enabled?;
    Some(Some(Placed { value: Rsyslog { image: image?, forward, files: files.value }, place }))
}

fn report_homeless(files: &Place, findings: &mut Findings) {
    let fault = Fault::new("logs would have no home: lines go neither to files nor to another host");
    let hint = "add forward = [\"tcp://logs.example.com:514\"], or remove files = false";
    findings.report_of_whole(files, "rsyslog.files", fault.hint(hint));
}

fn target(text: &str) -> Result<LogTarget, Fault> {
    const SYSLOG: NonZeroU16 = match NonZeroU16::new(514) {
        Some(port) => port,
        None => panic!("not a port"),
    };
    const EXAMPLE: &str = "write it as \"tcp://logs.example.com:514\" or \"udp://10.0.0.9\"";
    let fault = |clause: &str| Fault::new(format!("{} {clause}", quoted(text))).hint(EXAMPLE);
    let (protocol, rest) = match text.split_once("://") {
        Some(("tcp", rest)) => (Protocol::Tcp, rest),
        Some(("udp", rest)) => (Protocol::Udp, rest),
        Some(_) | None => return Err(fault("is not a tcp or udp URL")),
    };
    if rest.contains(['/', '?', '#', '@']) {
        return Err(fault("has more in it than a host and a port"));
    }
    let (host, port) = host_and_port(rest).map_err(fault)?;
    Ok(LogTarget { protocol, host: host.to_owned(), port: port.unwrap_or(SYSLOG) })
}
