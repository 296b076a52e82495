//! Names of containers and registries, checked once.
//!
//! Text from the spec goes in; what comes out can be a unit's name, an argument or a path's part.

use serde::{Deserialize, Serialize};

use super::address::host_and_port;

/// The name of the slice's file has four characters for each, and a name has at most 255, with some to spare for the file that is written
/// beside it first.
const MOST_DASHES: usize = 50;

/// A container's name: lower-case letters, digits, `_` and `-` inside, 2 to 63 of them; no dot, which would read as a unit's type.
/// At most 50 dashes, which its slice's name has to escape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerName(String);

impl ContainerName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContainerName {
    type Error = String;
    /// Says what is wrong with it, as a clause.
    fn try_from(text: String) -> Result<Self, String> {
        // docker wants two at least.
        if !(2..=63).contains(&text.len()) {
            return Err("is not 2 to 63 characters long".to_owned());
        }
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if let Some(odd) = text.chars().find(|c| !inside(*c)) {
            return Err(format!("has {odd:?}, but containers' names have only lower-case letters, digits, _ and -"));
        }
        let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !text.starts_with(end) || !text.ends_with(end) {
            return Err("does not start and end with a letter or digit".to_owned());
        }
        if text.matches('-').count() > MOST_DASHES {
            return Err(format!("has more than {MOST_DASHES} dashes, and systemd's names would be too long"));
        }
        Ok(ContainerName(text))
    }
}

impl From<ContainerName> for String {
    fn from(name: ContainerName) -> String {
        name.0
    }
}

impl std::fmt::Display for ContainerName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// A registry as images name it: `docker.io`, `registry.example.com:5000`, `10.0.0.5:5000`, `localhost`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistryHost(String);

impl RegistryHost {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RegistryHost {
    type Error = String;
    /// Says what is wrong with it, as a clause.
    fn try_from(text: String) -> Result<Self, String> {
        if text.contains('/') {
            return Err("is more than a host and a port".to_owned());
        }
        match host_and_port(&text)? {
            (host, _) if host.contains(':') => Err("is an IPv6 address, which images cannot name".to_owned()),
            (host, None) if !host.contains('.') && host != "localhost" => {
                Err("has neither a dot nor a port, so that images cannot name it".to_owned())
            }
            (_, Some(_) | None) => Ok(RegistryHost(text)),
        }
    }
}

impl From<RegistryHost> for String {
    fn from(name: RegistryHost) -> String {
        name.0
    }
}

impl std::fmt::Display for RegistryHost {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}
