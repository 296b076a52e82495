//! The drop-in for docker-storage-setup and container-storage-setup: the worker's program under those names, so that a run is one process.
//!
//! Reads the configuration, looks once, plans (`storage_setup::legacy`), and carries the plan out. Says `INFO: ` and `ERROR: ` on
//! standard error; results of commands go to standard output. Exit codes are 0 and 1.

mod commands;
mod configuration;
mod devices;
mod error;
mod failed;
mod kernel;
mod late;
mod lock;
mod look;
mod run;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use storage_setup::legacy::{Invocation, Say};

use error::DropInError;

/// The drop-in's state beside the agent's: records of disks on their way.
const STATE: &str = "/var/lib/atomic-host";
/// Locks and what is forgotten at a reboot.
const RUN: &str = "/run/atomic-host";

const NAMES: [&str; 2] = ["docker-storage-setup", "container-storage-setup"];

/// The name that the drop-in was called by; `None`: this is the worker.
pub(crate) fn called_as(program: Option<OsString>) -> Option<String> {
    let program = program?;
    let name = Path::new(&program).file_name()?.to_str()?;
    NAMES.contains(&name).then(|| name.to_owned())
}

/// The whole program.
pub(crate) fn main(name: &str, words: &[String]) -> ExitCode {
    match Invocation::parse(name, words) {
        Ok(Invocation::Print(text)) => {
            answer(&text);
            ExitCode::SUCCESS
        }
        Ok(Invocation::Compat { reset }) => ended(run::compat(reset)),
        Ok(Invocation::Command(command)) => ended(commands::run(&command)),
        Err(usage) => {
            say(&Say::Error(usage.why));
            answer(&usage.help);
            ExitCode::FAILURE
        }
    }
}

fn ended(done: Result<(), DropInError>) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    for line in error.lines() {
        say(&line);
    }
    ExitCode::FAILURE
}

/// One line on standard error. Whoever closed it shall not end a run half way.
fn say(line: &Say) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// On standard output. Whoever closed it does not want it.
fn answer(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// One line on standard error.
fn info(text: impl Into<String>) {
    say(&Say::Info(text.into()));
}
