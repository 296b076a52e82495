//! `atomic-hostd`: the daemon; with `storage`, the run of the storage family that the engine waits for at boot; with
//! `release`, what is left to be done when the daemon has ended.

use std::process::ExitCode;

use agent::{daemon, extender, host::Host};
use clap::{Parser, Subcommand};

/// Holds this host to /etc/atomic-host.toml. Started by systemd.
#[derive(Debug, Parser)]
#[command(name = "atomic-hostd", version)]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Set up storage and end.
    Storage,
    /// Give the pool back to dmeventd, after the daemon has ended.
    Release,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = daemon::start_log() {
        eprintln!("error: cannot start the log: {error}");
        return ExitCode::FAILURE;
    }
    match arguments.task {
        Some(Task::Storage) => daemon::run_storage(&Host::this()).await,
        Some(Task::Release) => extender::release(&Host::this()).await,
        None => daemon::run(&Host::this()).await,
    }
}
