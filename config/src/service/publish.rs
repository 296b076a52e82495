//! Published ports: `[IP:][HOST:]CONTAINER[/tcp|/udp]` in, [`Publish`] out; and that none leads into two containers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU16;

use super::address::port;
use super::{Protocol, Publish};
use crate::reader::{Fault, Findings, quoted};
use crate::{Place, Placed};

const HINT: &str = "write it as \"8080:80\", \"127.0.0.1:8080:80\", \"[::1]:8080:80\" or \"53:53/udp\"";

/// One published port; without a host's port it is the container's.
pub(super) fn publish(text: &str) -> Result<Publish, Fault> {
    let (ports, protocol) = match text.rsplit_once('/') {
        None => (text, Protocol::Tcp),
        Some((ports, "tcp")) => (ports, Protocol::Tcp),
        Some((ports, "udp")) => (ports, Protocol::Udp),
        Some((_, other)) => return Err(Fault::new(format!("{} is neither tcp nor udp", quoted(other))).hint(HINT)),
    };
    let (outside, container) = ports.rsplit_once(':').map_or((None, ports), |(outside, container)| (Some(outside), container));
    let container = numbered(container)?;
    let (address, host) = match outside {
        None => (None, container),
        Some(outside) => match (address(outside), outside.rsplit_once(':')) {
            (Some(address), _) => (Some(address), container),
            (None, None) => (None, numbered(outside)?),
            (None, Some((before, host))) => {
                let not_one = || Fault::new(format!("{} is not an address", quoted(before))).hint(HINT);
                (Some(address(before).ok_or_else(not_one)?), numbered(host)?)
            }
        },
    };
    Ok(Publish { address, host, container, protocol })
}

fn numbered(text: &str) -> Result<NonZeroU16, Fault> {
    port(text).ok_or_else(|| Fault::new(format!("{} is not a port from 1 to 65535", quoted(text))).hint(HINT))
}

/// An IPv4 address, or an IPv6 address in brackets.
fn address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse().ok().map(IpAddr::V6),
        None => text.parse().ok().map(IpAddr::V4),
    }
}

/// Which ports of the host are taken, at which addresses, by which container.
#[derive(Default)]
pub(super) struct Ports(BTreeMap<(Protocol, NonZeroU16), Vec<Taken>>);

struct Taken {
    address: Option<IpAddr>,
    container: String,
    place: Place,
}

impl Ports {
    /// `container` is its full key, as `container.redis`.
    pub(super) fn take(&mut self, wanted: &Placed<Publish>, container: &str, findings: &mut Findings) {
        let Publish { address, host, protocol, .. } = wanted.value;
        let taken = self.0.entry((protocol, host)).or_default();
        if let Some(other) = taken.iter().find(|other| overlap(address, other.address)) {
            let message = format!("port {host}/{} of the host leads into {} already ({})", protocol.as_str(), other.container, other.place);
            let hint = "publish one of them at another port of the host, or each at an address of its own";
            findings.report(&wanted.place, &format!("{container}.publish"), Fault::new(message).hint(hint));
        } else {
            taken.push(Taken { address, container: container.to_owned(), place: wanted.place.clone() });
        }
    }
}

/// Whether one packet could be meant by both.
fn overlap(one: Option<IpAddr>, other: Option<IpAddr>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    let (one, other) = (one.to_canonical(), other.to_canonical());
    one == other || (one.is_ipv4() == other.is_ipv4() && (one.is_unspecified() || other.is_unspecified()))
}
