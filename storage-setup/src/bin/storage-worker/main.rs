//! The storage worker: the one program that loads liblvm2cmd. One request on standard input, events on standard output, then it ends.
//!
//! Called as docker-storage-setup or container-storage-setup it is the drop-in for these (`drop_in`), in the same process.
//!
//! Started by the agent as root. Never to be killed by a time-out: a kill between LVM's suspend and resume leaves devices suspended.
//! Asked to stop (SIGTERM, SIGINT, SIGHUP, or nobody reads the events any more) it ends after the effect that it is in.

mod apply;
mod bus;
mod docker_root;
mod drop_in;
mod events;
mod host;
mod lvm;
mod observe;
mod pool;
mod program;
mod signals;

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::os::fd::AsFd;
use std::process::ExitCode;

use events::Events;
use lvm::Lvm;
use storage_setup::protocol::{Event, READY, Request};

/// Why the request as a whole failed.
#[derive(Debug, thiserror::Error)]
enum WorkerError {
    #[error("cannot read the request from standard input")]
    Input(#[source] std::io::Error),
    #[error("the request is not one line of JSON as the protocol says; agent and worker must come from the same release")]
    Request(#[source] serde_json::Error),
    #[error("cannot point standard input at /dev/null")]
    Null(#[source] std::io::Error),
    #[error("the only argument is `{READY}`, not {0:?}")]
    Argument(String),
    #[error("cannot redirect standard input and output")]
    Redirect(#[source] nix::Error),
    #[error("cannot use LVM")]
    Lvm(#[from] lvm::LvmError),
    #[error("cannot read the state of the host's storage")]
    Observe(#[from] observe::ObserveError),
    #[error("cannot serve the pool")]
    Pool(#[from] pool::PoolError),
    #[error("cannot block signals")]
    Signals(#[from] signals::SignalsError),
    #[error("nobody reads the events any more")]
    Events(#[from] events::EventsError),
}

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    if let Some(name) = drop_in::called_as(words.next()) {
        let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        return drop_in::main(&name, &words);
    }
    let mut events = match Events::take_over_stdout() {
        Ok(events) => events,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "storage-worker: {}", events::chain(&error));
            return ExitCode::FAILURE;
        }
    };
    match serve(&mut events) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let why = events::chain(&error);
            // The journal has it when the reader of the events is gone.
            let _ = writeln!(std::io::stderr(), "storage-worker: {why}");
            let _ = events.emit(&Event::Failed { why });
            ExitCode::FAILURE
        }
    }
}

fn serve(events: &mut Events) -> Result<(), WorkerError> {
    let ready = waits_ready()?;
    let input = keep_stdin()?;
    quiet_standard_streams()?;
    outlive_memory_pressure();
    let early = if ready { Some(Lvm::start()?) } else { None };
    if ready {
        events.emit(&Event::Ready)?;
    }
    let Some(request) = read_request(input)? else { return Ok(()) };
    if let Request::Observe(look) = &request {
        observe::late::wait(&look.devices, look.wait);
    }
    let lvm = early.map_or_else(Lvm::start, Ok)?;
    match request {
        Request::Observe(look) => {
            let observed = observe::observe(&look, lvm)?;
            events.emit(&Event::Observed(Box::new(observed)))?;
        }
        Request::Apply { steps, state, kill } => {
            let signals = signals::Signals::block()?;
            apply::apply(&steps, apply::Machine::new(lvm, state.into(), kill, signals, events))?;
        }
        Request::Pool { group, pool, task } => {
            let _held_back = signals::Signals::block()?;
            pool::serve(&group, &pool, task, lvm, events)?;
        }
    }
    Ok(())
}

fn waits_ready() -> Result<bool, WorkerError> {
    match std::env::args().nth(1) {
        None => Ok(false),
        Some(word) if word == READY => Ok(true),
        Some(word) => Err(WorkerError::Argument(word)),
    }
}

/// Under another number, since LVM must not find it.
fn keep_stdin() -> Result<File, WorkerError> {
    std::io::stdin().as_fd().try_clone_to_owned().map(File::from).map_err(WorkerError::Input)
}

/// `None` when nobody wants anything any more.
fn read_request(input: File) -> Result<Option<Request>, WorkerError> {
    let mut line = String::new();
    BufReader::new(input).read_line(&mut line).map_err(WorkerError::Input)?;
    if line.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&line).map(Some).map_err(WorkerError::Request)
}

/// LVM asks questions on standard input and prints prompts on standard output whatever its callback is; neither may reach the protocol.
fn quiet_standard_streams() -> Result<(), WorkerError> {
    let null = File::open("/dev/null").map_err(WorkerError::Null)?;
    nix::unistd::dup2_stdin(&null).map_err(WorkerError::Redirect)?;
    nix::unistd::dup2_stdout(std::io::stderr().as_fd()).map_err(WorkerError::Redirect)
}

/// Being killed for memory inside one of LVM's critical sections would leave devices suspended. Without the right to say so it goes on.
fn outlive_memory_pressure() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "-1000");
}
