//! The verbs of `atomic host`. One file each; every one returns the exit code of the table in DESIGN: 0 done, 1 failed,
//! 2 bad input and nothing touched, 3 waits, 4 busy, 5 not permitted.

mod apply;
mod check;
mod plan;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use config::{Ceiling, Problems, StepId};

use crate::host::Host;
use crate::reconcile::intention::IntentionError;
use crate::reconcile::{CycleError, chain};
use crate::state::StateError;

/// Makes this host match /etc/atomic-host.toml.
#[derive(Debug, Parser)]
#[command(name = "atomic", version, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// This host as a whole.
    #[command(subcommand)]
    Host(Verb),
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read the spec and say all that is wrong with it. Changes nothing, needs no root.
    Check {
        /// Files to read in place of the host's layers; later ones win.
        files: Vec<PathBuf>,
    },
    /// Show what apply would do. Changes nothing.
    Plan {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Exit with 3 when there is anything to do.
        #[arg(long)]
        exit_code: bool,
    },
    /// Make the host match the spec now.
    Apply {
        /// Agree to a step that waits for consent, by its id; may be given more than once.
        #[arg(long, value_name = "ID")]
        consent: Vec<String>,
        /// The highest disruption for this run, in place of agent.allow.
        #[arg(long, value_name = "LEVEL")]
        allow: Option<Allow>,
        /// Repair drift even where agent.drift is "report".
        #[arg(long)]
        repair: bool,
        /// The report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show deployments, storage, engine, and what waits. Changes nothing.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Allow {
    None,
    Reload,
    Restart,
    Reboot,
}

impl From<Allow> for Ceiling {
    fn from(allow: Allow) -> Ceiling {
        match allow {
            Allow::None => Ceiling::None,
            Allow::Reload => Ceiling::Reload,
            Allow::Restart => Ceiling::Restart,
            Allow::Reboot => Ceiling::Reboot,
        }
    }
}

/// Exit codes beside 0.
mod exit {
    pub(super) const FAILED: u8 = 1;
    pub(super) const BAD_INPUT: u8 = 2;
    pub(super) const WAITS: u8 = 3;
    pub(super) const BUSY: u8 = 4;
    pub(super) const NOT_PERMITTED: u8 = 5;
}

/// Carries out what the command line asks.
pub async fn run(arguments: Arguments, host: &Host) -> ExitCode {
    let Subject::Host(verb) = arguments.subject;
    let needs_root = match &verb {
        Verb::Check { .. } => false,
        Verb::Plan { .. } | Verb::Apply { .. } | Verb::Status { .. } => true,
    };
    if needs_root && !nix::unistd::geteuid().is_root() {
        eprintln!("error: this needs root, since it asks LVM and device-mapper\n  hint: sudo atomic host ...");
        return ExitCode::from(exit::NOT_PERMITTED);
    }
    let result = match verb {
        Verb::Check { files } => check::run(host, &files),
        Verb::Plan { json, exit_code } => plan::run(host, json, exit_code).await,
        Verb::Apply { consent, allow, repair, json } => {
            let consents = consent.iter().map(|id| StepId::from_text(id)).collect();
            apply::run(host, apply::Choices { consents, ceiling: allow.map(Ceiling::from), repair, json }).await
        }
        Verb::Status { json } => status::run(host, json).await,
    };
    result.unwrap_or_else(VerbError::report)
}

/// Why a verb did not do its work.
#[derive(Debug, thiserror::Error)]
enum VerbError {
    #[error(transparent)]
    Intention(#[from] IntentionError),
    #[error(transparent)]
    Cycle(#[from] CycleError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl VerbError {
    /// Says it on standard error and gives the exit code.
    fn report(self) -> ExitCode {
        match self {
            VerbError::Intention(IntentionError::Bad(problems)) | VerbError::Cycle(CycleError::Problems(problems)) => {
                print_problems(&problems);
                ExitCode::from(exit::BAD_INPUT)
            }
            VerbError::Intention(IntentionError::State(error)) | VerbError::Cycle(CycleError::State(error)) | VerbError::State(error) => {
                eprintln!("error: {}", chain(&error));
                match error {
                    StateError::Busy { .. } => ExitCode::from(exit::BUSY),
                    StateError::Io { .. } | StateError::Damaged { .. } => ExitCode::from(exit::FAILED),
                }
            }
            VerbError::Cycle(error @ (CycleError::Worker(_) | CycleError::Units(_))) => {
                eprintln!("error: {}", chain(&error));
                ExitCode::from(exit::FAILED)
            }
        }
    }
}

fn print_problems(problems: &Problems) {
    use std::io::IsTerminal;
    eprint!("{}", problems.render(std::io::stderr().is_terminal()));
}
