//! A machine whose disks somebody else serves: [`crate::power`], which sees all that is written.
//! In: a saved machine. Out: its state as a file and its disks as plain files, once; then machines over a socket.

use super::machine::{Backing, Load, Machine};
use super::{Guest, disks, ready};
use crate::image::Layout;
use anyhow::{Result, ensure};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A saved machine in files of their own.
#[derive(Debug)]
pub(crate) struct Frozen {
    /// The machine without its disks.
    pub(crate) state: PathBuf,
    /// What the disks hold, in the order of [`names`].
    pub(crate) disks: Vec<PathBuf>,
}

/// The names under which the disks have to be served.
pub(crate) fn names() -> Vec<String> {
    let mut names = vec!["os".to_owned()];
    names.extend(disks::usual().into_iter().map(|disk| disk.serial));
    names
}

impl Guest {
    /// Takes the machine of [`Guest::ready`] apart, in a directory.
    pub(crate) fn freeze(layout: &Layout, dir: &Path) -> Result<Frozen> {
        disks::copy(&Self::saved(layout)?, dir)?;
        let sockets = tempfile::Builder::new().prefix("guest-").tempdir()?;
        let mut machine = Machine::new(dir.to_owned(), sockets.path().to_owned(), disks::usual(), Backing::Files, true)?;
        machine.start(Load::Still(ready::STATE))?;
        let state = dir.join("state");
        save(&mut machine, &state)?;
        Ok(Frozen { state, disks: disks::flatten(dir)? })
    }

    /// The machine of [`Guest::ready`] with its disks behind a socket.
    pub(crate) fn thawed(frozen: &Frozen, socket: &Path) -> Result<Self> {
        let guest = Self::served(socket, Load::File(&frozen.state))?;
        guest.set_clock()?;
        Ok(guest)
    }

    /// A machine that is turned on with its disks behind a socket. Answers, but need not have finished its boot.
    pub(crate) fn turned_on(socket: &Path) -> Result<Self> {
        Self::served(socket, Load::PowerOn)
    }

    pub(super) fn served(socket: &Path, load: Load<'_>) -> Result<Self> {
        let home = super::home()?;
        let mut guest = Self::start_on(home.path().to_owned(), Backing::Served(socket.to_owned()), load, true)?;
        guest.dirs.push(home);
        Ok(guest)
    }
}

/// Writes the state of a machine that stands still into a file, and ends it.
pub(super) fn save(machine: &mut Machine, state: &Path) -> Result<()> {
    let mut qmp = super::Qmp::connect(&machine.qmp_socket())?;
    qmp.execute("migrate-set-parameters", &json!({ "max-bandwidth": 1_u64 << 32 }))?;
    qmp.execute("migrate", &json!({ "uri": format!("exec:cat >{}", state.display()) }))?;
    let until = Instant::now() + Duration::from_mins(3);
    while qmp.execute("query-migrate", &json!({}))?["status"] != "completed" {
        ensure!(Instant::now() < until, "saving the machine's state takes too long");
        sleep(Duration::from_millis(50));
    }
    qmp.execute("quit", &json!({}))?;
    machine.wait()
}
