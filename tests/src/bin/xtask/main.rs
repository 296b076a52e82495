//! What the Makefile's targets do with the guest: `run`, `ssh`, `stop`, `image`, `snapshot`.
//! In: the source tree. Out: files and one running machine in `target/guest/`.

mod machine;
mod phases;
mod run;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;
use tests::guest::Guest;
use tests::image::{self, Layout};

/// Makes and drives the guest.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build, boot, configure and show a host; it stays until `stop`.
    Run,
    /// Enter the running guest, or run a command in it.
    Ssh {
        /// The command; a shell when there is none.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// End the running guest.
    Stop,
    /// Make the disk image.
    Image(Disk),
    /// Make the disk image and save a machine that has booted from it.
    Snapshot(Disk),
}

#[derive(Args)]
struct Disk {
    /// Name of the volume group.
    #[arg(long, default_value = "atomicos")]
    vg: String,
    /// Root on a partition, without a volume group.
    #[arg(long, conflicts_with = "vg")]
    plain: bool,
}

impl Disk {
    fn layout(&self) -> Layout {
        if self.plain { Layout::Plain } else { Layout::vg(&self.vg) }
    }
}

fn main() -> ExitCode {
    match perform(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.chain().skip(1).for_each(|cause| eprintln!("  because {cause}"));
            ExitCode::FAILURE
        }
    }
}

fn perform(verb: Verb) -> Result<()> {
    match verb {
        Verb::Run => run::run(),
        Verb::Ssh { command } => machine::ssh(&command),
        Verb::Stop => machine::stop().map(|was_on| println!("{}", if was_on { "stopped" } else { "no guest is running" })),
        Verb::Image(disk) => image::build(&disk.layout()).map(|disk| println!("{}", disk.path.display())),
        Verb::Snapshot(disk) => Guest::saved(&disk.layout()).map(|dir| println!("{}", dir.display())),
    }
}
