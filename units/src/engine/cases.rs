//! Pieces of specs that the tests of this module share.

use std::collections::BTreeMap;

use config::{Place, Placed, Registry, RegistryHost};

/// Registries by name, with mirrors, insecure or not.
pub(super) fn registries<const N: usize>(of: [(&str, &[&str], bool); N]) -> BTreeMap<RegistryHost, Placed<Registry>> {
    let host = |name: &str| RegistryHost::try_from(name.to_owned()).unwrap();
    let registry =
        |mirrors: &[&str], insecure| Registry { mirrors: mirrors.iter().map(|url| placed((*url).to_owned())).collect(), insecure };
    of.into_iter().map(|(name, mirrors, insecure)| (host(name), placed(registry(mirrors, insecure)))).collect()
}

/// A value at [`line`].
pub(super) fn placed<T>(value: T) -> Placed<T> {
    Placed { value, place: line() }
}

/// The line that asks for everything.
pub(super) fn line() -> Place {
    Place::File { file: "/etc/atomic-host.toml".to_owned(), line: 3, column: 8 }
}
