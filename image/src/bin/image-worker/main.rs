//! The image worker: asked by the agent on standard input, it asks libostree and answers on standard output.
//!
//! A process of its own, since libostree brings tens of libraries along and looks at its process's mounts.
//! `image-worker [--sysroot PATH]`; the path is for tests and tools, and is `/` without it.

mod change;
mod effects;
mod origin;
mod progress;
mod pull;
mod session;
mod status;

use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use config::chain;
use effects::Effects;
use image::{Event, Order, Request};
use session::Session;

/// Bad arguments, told apart from 1: a request that failed and was answered.
const USAGE: u8 = 2;

/// Where events go.
static EVENTS: OnceLock<File> = OnceLock::new();

fn main() -> ExitCode {
    let Ok(sysroot) = sysroot(std::env::args_os().skip(1)) else {
        eprintln!("usage: image-worker [--sysroot PATH]   (then one request as a line of JSON on standard input)");
        return ExitCode::from(USAGE);
    };
    if let Err(error) = take_over_stdout() {
        eprintln!("error: image-worker cannot set its standard output aside: {error}");
        return ExitCode::FAILURE;
    }
    let (event, code) = match answer(sysroot.as_deref()) {
        Ok(event) => (event, ExitCode::SUCCESS),
        Err(error) => (Event::Failed { why: chain(error.as_ref()) }, ExitCode::FAILURE),
    };
    // Whoever asked may be gone; then there is nobody to tell.
    tell(&event).map_or(ExitCode::FAILURE, |()| code)
}

fn sysroot(mut words: impl Iterator<Item = OsString>) -> Result<Option<PathBuf>, ()> {
    let sysroot = match words.next() {
        None => None,
        Some(word) if word == "--sysroot" => Some(words.next().ok_or(())?.into()),
        Some(_) => return Err(()),
    };
    if words.next().is_some() { Err(()) } else { Ok(sysroot) }
}

fn answer(sysroot: Option<&Path>) -> Result<Event, Box<dyn Error>> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let Order { request, kill } = serde_json::from_str(&line).map_err(|source| BadRequest { source })?;
    let open = || Session::open(sysroot, Effects::new(kill));
    match request {
        Request::Status => Ok(Event::Status(status::status(sysroot)?)),
        Request::Check { follow } => Ok(change::check(&open()?, follow)?),
        Request::Upgrade { follow, allow_downgrade } => Ok(change::upgrade(&open()?, follow, allow_downgrade)?),
        Request::Deploy { follow, revision } => Ok(change::deploy(&open()?, follow, &revision)?),
        Request::Rebase { to } => Ok(change::rebase(&open()?, &to)?),
        Request::Rollback { to } => Ok(change::rollback(&open()?, &to)?),
    }
}

/// libostree prints what it does on standard output, which is for events here: its words go to standard error.
fn take_over_stdout() -> io::Result<()> {
    let kept = io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(io::stderr().as_fd())?;
    EVENTS.set(File::from(kept)).map_err(|_| io::Error::other("it is done already"))
}

fn tell(event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    let mut events = EVENTS.get().ok_or_else(|| io::Error::other("nobody listens yet"))?;
    events.write_all(&line)
}

/// What was asked is not in the protocol.
#[derive(Debug, thiserror::Error)]
#[error("the image worker does not know this request; is it of the same version as the agent?")]
struct BadRequest {
    source: serde_json::Error,
}
