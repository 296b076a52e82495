//! `atomic`: the command line. Reads by itself; changes under the same lock as the daemon.

use std::process::ExitCode;

use agent::{cli, host::Host};
use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    cli::run(cli::Arguments::parse(), &Host::this()).await
}
