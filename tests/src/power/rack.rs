//! All disks of one machine behind one socket, so that what is done to them has one order.
//! In: contents by name, then qemu's connections. Out: the content as it is now, and a [`Tape`] of what was done since it was asked for.

use super::nbd::{self, Store};
use super::platter::Platter;
use super::tape::{Deed, Record, Tape};
use anyhow::{Context, Result};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The disks, served until the value is dropped.
#[derive(Debug)]
pub(super) struct Rack {
    disks: Arc<Disks>,
    socket: PathBuf,
}

#[derive(Debug)]
struct Disks {
    names: Vec<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    platters: Vec<Platter>,
    /// Being written.
    tape: Option<Tape>,
    /// Nobody is served any more.
    closed: bool,
}

impl Rack {
    /// Serves the disks on a socket, each by its name.
    pub(super) fn serve(names: Vec<String>, platters: Vec<Platter>, socket: &Path) -> Result<Rack> {
        let listener = UnixListener::bind(socket).with_context(|| socket.display().to_string())?;
        let state = Mutex::new(State { platters, tape: None, closed: false });
        let disks = Arc::new(Disks { names, state });
        let served = Arc::clone(&disks);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.state().closed {
                    break;
                }
                let served = Arc::clone(&served);
                thread::spawn(move || served.talk(stream));
            }
        });
        Ok(Rack { disks, socket: socket.to_owned() })
    }

    /// Begins a tape with the disks as they are now.
    pub(super) fn record(&self) {
        let mut state = self.disks.state();
        state.tape = Some(Tape { first: state.platters.clone(), records: Vec::new() });
    }

    /// Ends the tape.
    pub(super) fn stop(&self) -> Result<Tape> {
        self.disks.state().tape.take().context("nothing was recorded")
    }
}

impl Drop for Rack {
    fn drop(&mut self) {
        self.disks.state().closed = true;
        // Wakes the listener, which then finds that it is over; if it is gone there is nobody to wake.
        let woken = UnixStream::connect(&self.socket).and_then(|stream| stream.shutdown(Shutdown::Both));
        woken.unwrap_or_default();
    }
}

impl Disks {
    fn state(&self) -> MutexGuard<'_, State> {
        // What a thread that panicked did is on the disks or not, as with any other write.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn talk(&self, mut stream: UnixStream) {
        // qemu is killed as a matter of course; anything else shows as a machine whose disks are gone.
        if let Err(error) = nbd::serve(&mut stream, self) {
            let gone = error.downcast_ref::<std::io::Error>().is_some();
            if !gone {
                eprintln!("a disk of the guest: {error:#}");
            }
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn with<T>(&self, name: &str, what: impl FnOnce(&mut State, usize) -> Result<T>) -> Result<T> {
        what(&mut self.state(), self.index(name).context("no such disk")?)
    }

    fn deed(&self, name: &str, deed: Deed, safe: bool) -> Result<()> {
        self.with(name, |state, disk| {
            deed.carry_out(&mut state.platters[disk])?;
            if let Some(tape) = &mut state.tape {
                tape.records.push(Record { disk, deed, safe });
            }
            Ok(())
        })
    }
}

impl Store for Disks {
    fn size(&self, name: &str) -> Option<u64> {
        self.index(name).map(|disk| self.state().platters[disk].size())
    }

    fn read(&self, name: &str, at: u64, bytes: &mut [u8]) -> Result<()> {
        self.with(name, |state, disk| state.platters[disk].read(at, bytes))
    }

    fn write(&self, name: &str, at: u64, bytes: Vec<u8>, safe: bool) -> Result<()> {
        self.deed(name, Deed::Write { at, bytes }, safe)
    }

    fn zero(&self, name: &str, at: u64, length: u64, safe: bool) -> Result<()> {
        self.deed(name, Deed::Zero { at, length }, safe)
    }

    fn flush(&self, name: &str) -> Result<()> {
        self.deed(name, Deed::Flush, false)
    }
}
