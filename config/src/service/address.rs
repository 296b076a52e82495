//! Hosts and ports as the spec writes them: `logs.example.com`, `10.0.0.9:514`, `[::1]:514`.
//!
//! Text of a registry, a mirror or a log server goes in; what it is made of comes out, or what is wrong with it, as a clause.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

/// `HOST[:PORT]`; the host of `[::1]:514` comes out without its brackets.
pub(super) fn host_and_port(text: &str) -> Result<(&str, Option<NonZeroU16>), &'static str> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, after)) if address.parse::<Ipv6Addr>().is_ok() => {
            let port = if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or("has something after its address")?) };
            (address, port)
        }
        Some(_) => return Err("has no IPv6 address in its brackets"),
        None => match text.split_once(':') {
            Some((host, port)) => (check_host(host)?, Some(port)),
            None => (check_host(text)?, None),
        },
    };
    match port.map(self::port) {
        None => Ok((host, None)),
        Some(Some(port)) => Ok((host, Some(port))),
        Some(None) => Err("has no port from 1 to 65535 after its colon"),
    }
}

/// A number from 1 to 65535, in digits alone.
pub(super) fn port(text: &str) -> Option<NonZeroU16> {
    let digits = text.chars().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// An IPv4 address, or dotted labels (RFC 1123); what ends in a number is no name.
fn check_host(text: &str) -> Result<&str, &'static str> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let number = |label: &str| label.chars().all(|c| c.is_ascii_digit());
    let name = text.len() <= 253 && text.split('.').all(label) && !text.rsplit('.').next().is_some_and(number);
    if name || text.parse::<Ipv4Addr>().is_ok() { Ok(text) } else { Err("is not the name of a host") }
}
