//! `container-runner`: the process of a docker container's unit (guide, chapter 9, where it is a docker client).
//!
//! `run` starts the container that the agent made, gives its output on as its own, tells systemd when it is up, and ends with its exit
//! code. A dockerd that goes away is waited for: with live-restore the container outlives it. `stop` stops it, for when `run` was killed.
//! Nothing but a container of ours is ever started or stopped.

mod arguments;
mod decide;
mod follow;
mod run;
mod signals;
mod stop;

use std::process::ExitCode;

use arguments::{Job, Verb};
use config::chain;

/// Of sysexits.h: starting again does not help.
const EX_CONFIG: u8 = 78;
/// Of sysexits.h: wrong arguments.
const EX_USAGE: u8 = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let job = match Job::read(std::env::args().skip(1)) {
        Ok(job) => job,
        Err(why) => {
            say(format_args!("error: {why}\n{}", arguments::USAGE));
            return EX_USAGE.into();
        }
    };
    let result = match job.verb {
        Verb::Run => run::run(&job).await,
        Verb::Stop => stop::stop(&job).await,
    };
    ExitCode::from(result.unwrap_or_else(|error| {
        say(format_args!("error: {}", chain(&*error)));
        1
    }))
}

/// To the journal, beside what the container writes.
fn say(what: impl std::fmt::Display) {
    eprintln!("container-runner: {what}");
}
