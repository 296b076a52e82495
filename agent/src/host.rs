//! Where the agent's things are on a host. Tests put them elsewhere; nothing else names these paths.

use std::path::{Path, PathBuf};

/// The directories of one host.
#[derive(Clone, Debug)]
pub struct Host {
    /// The root below which the layers are looked for.
    pub root: PathBuf,
    /// Outlives reboots and OS rollbacks: ledger, generations, intents. 0700.
    pub state: PathBuf,
    /// Gone at reboot: the lock.
    pub run: PathBuf,
    /// Where the workers are.
    pub libexec: PathBuf,
}

impl Host {
    /// The host that this process runs on.
    #[must_use]
    pub fn this() -> Host {
        Host {
            root: PathBuf::from("/"),
            state: PathBuf::from("/var/lib/atomic-host"),
            run: PathBuf::from("/run/atomic-host"),
            libexec: PathBuf::from("/usr/libexec/atomic-host"),
        }
    }

    /// A host below a directory, without anything in it.
    #[must_use]
    pub fn below(directory: &Path) -> Host {
        Host {
            root: directory.to_owned(),
            state: directory.join("var/lib/atomic-host"),
            run: directory.join("run/atomic-host"),
            libexec: directory.join("usr/libexec/atomic-host"),
        }
    }
}
