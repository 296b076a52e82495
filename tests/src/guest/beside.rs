//! Servers beside the guest, on its network: processes of the test, which may come late, go and come again.
//! In: a socket that a server listens on, or none. Out: an address that the guest connects to; without a server, connections are closed at once.

use super::Guest;
use std::path::{Path, PathBuf};

/// A place for a server. Every machine has them all, so that every saved state fits every test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beside {
    /// `ADDRESS:PORT` in the guest.
    pub(crate) address: &'static str,
    socket: &'static str,
}

impl Beside {
    /// For [`crate::registry`].
    pub(crate) const REGISTRY: Self = Self { address: "10.0.2.9:5000", socket: "registry" };
    /// For [`crate::log_server`].
    pub(crate) const LOGS: Self = Self { address: "10.0.2.9:5140", socket: "logs" };

    /// Its server has a directory in the machine's, and listens on a socket among the machine's.
    pub(crate) fn of(self, guest: &Guest) -> (PathBuf, PathBuf) {
        (guest.machine.dir.join(self.socket), guest.machine.sockets.join(self.socket))
    }
}

/// The places as options of qemu's network: one process per connection, which looks for the server when it comes.
pub(super) fn relays(sockets: &Path) -> String {
    let relay = |place: Beside| {
        let socket = sockets.join(place.socket);
        // What the relay complains of must not reach the guest as data.
        format!("guestfwd=tcp:{}-cmd:socat -lf/dev/null STDIO UNIX-CONNECT:{}", place.address, socket.display())
    };
    [Beside::REGISTRY, Beside::LOGS].map(relay).join(",")
}
