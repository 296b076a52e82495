//! The verbs of `atomic host` and `atomic storage`. One file each; every one returns the exit code of the table in DESIGN: 0 done, 1 failed,
//! 2 bad input and nothing touched, 3 waits, 4 busy, 5 not permitted, 77 nothing new.

mod apply;
mod check;
mod deploy;
mod os;
mod plan;
mod rebase;
mod rollback;
mod shown;
mod status;
mod storage;
mod upgrade;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use config::{Ceiling, Problems, StepId, chain};

use crate::host::Host;
use crate::reconcile::CycleError;
use crate::reconcile::intention::IntentionError;
use crate::reconcile::worker::WorkerError;
use crate::state::StateError;
use units::ExportError;

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
    /// Its storage alone.
    #[command(subcommand)]
    Storage(storage::Verb),
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
    /// Pull the newest commit of the OS and stage it: it is booted at the next reboot.
    Upgrade {
        /// Only say whether there is a newer one; exit with 77 when there is none.
        #[arg(long, conflicts_with = "reboot")]
        check: bool,
        /// Only show what would be staged; exit with 77 when there is nothing new.
        #[arg(long, conflicts_with = "reboot")]
        preview: bool,
        /// Reboot once it is staged.
        #[arg(long)]
        reboot: bool,
        /// Take it even when it is older than what runs.
        #[arg(long)]
        allow_downgrade: bool,
    },
    /// Boot what ran before, or give up what was staged.
    Rollback {
        /// Reboot at once.
        #[arg(long)]
        reboot: bool,
    },
    /// Stage a given commit or version of the OS.
    Deploy {
        /// A commit with all its 64 digits, or a version of the branch's history.
        #[arg(value_name = "COMMIT-or-VERSION")]
        revision: String,
        /// Reboot once it is staged.
        #[arg(long)]
        reboot: bool,
    },
    /// Stage the newest commit of another branch, and follow that from then on.
    Rebase {
        /// The branch.
        #[arg(value_name = "REMOTE:BRANCH", value_parser = rebase::branch)]
        to: image::Branch,
        /// Reboot once it is staged.
        #[arg(long)]
        reboot: bool,
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
    pub(super) const NOTHING_NEW: u8 = 77;
}

/// Carries out what the command line asks.
pub async fn run(arguments: Arguments, host: &Host) -> ExitCode {
    let needs_root = match &arguments.subject {
        Subject::Host(Verb::Check { .. }) => false,
        Subject::Storage(_)
        | Subject::Host(
            Verb::Plan { .. }
            | Verb::Apply { .. }
            | Verb::Upgrade { .. }
            | Verb::Rollback { .. }
            | Verb::Deploy { .. }
            | Verb::Rebase { .. }
            | Verb::Status { .. },
        ) => true,
    };
    if needs_root && !nix::unistd::geteuid().is_root() {
        eprintln!("error: this needs root, since it asks LVM, device-mapper and OSTree\n  hint: sudo atomic ...");
        return ExitCode::from(exit::NOT_PERMITTED);
    }
    let result = match arguments.subject {
        Subject::Host(verb) => run_host(verb, host).await,
        Subject::Storage(verb) => storage::run(host, verb).await,
    };
    result.unwrap_or_else(VerbError::report)
}

async fn run_host(verb: Verb, host: &Host) -> Result<ExitCode, VerbError> {
    match verb {
        Verb::Check { files } => check::run(host, &files),
        Verb::Plan { json, exit_code } => plan::run(host, json, exit_code).await,
        Verb::Apply { consent, allow, repair, json } => {
            let consents = consent.iter().map(|id| StepId::from_text(id)).collect();
            apply::run(host, apply::Choices { consents, ceiling: allow.map(Ceiling::from), repair, json }).await
        }
        Verb::Upgrade { check: false, preview: false, reboot, allow_downgrade } => upgrade::run(host, allow_downgrade, reboot).await,
        Verb::Upgrade { preview, .. } => upgrade::look(host, preview).await,
        Verb::Rollback { reboot } => rollback::run(host, reboot).await,
        Verb::Deploy { revision, reboot } => deploy::run(host, revision, reboot).await,
        Verb::Rebase { to, reboot } => rebase::run(host, to, reboot).await,
        Verb::Status { json } => status::run(host, json).await,
    }
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
    #[error(transparent)]
    Worker(#[from] WorkerError),
    #[error("{said} is set in os.ref at {place}, and a branch is followed from one place only")]
    RefIsSet { said: String, place: config::Place },
    #[error(transparent)]
    NoWayBack(#[from] image::NoWayBack),
    #[error("another deployment boots next, but the host does not reboot by itself; reboot it: systemctl reboot")]
    Reboot(#[from] systemd::SystemdError),
    #[error(transparent)]
    Modify(#[from] storage::ModifyError),
    #[error("there is no engine to keep images and volumes of: {0}; see: atomic host status")]
    NoEngine(String),
    #[error(transparent)]
    Export(#[from] units::ExportError),
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
            VerbError::RefIsSet { .. } => {
                eprintln!("error: {self}\n  hint: change os.ref there, then: atomic host upgrade");
                ExitCode::from(exit::BAD_INPUT)
            }
            VerbError::Modify(storage::ModifyError::NotListed { .. }) => {
                eprintln!("error: {self}\n  hint: atomic storage status shows the disks of the group");
                ExitCode::from(exit::BAD_INPUT)
            }
            VerbError::Modify(storage::ModifyError::Legacy { .. })
            | VerbError::Export(ExportError::Running { .. } | ExportError::Exists { .. } | ExportError::NotExport { .. }) => {
                eprintln!("error: {self}");
                ExitCode::from(exit::BAD_INPUT)
            }
            VerbError::Cycle(CycleError::Worker(_) | CycleError::Units(_) | CycleError::Image(_))
            | VerbError::Worker(_)
            | VerbError::NoWayBack(_)
            | VerbError::Modify(storage::ModifyError::Edit(_) | storage::ModifyError::Raced { .. } | storage::ModifyError::Write { .. })
            | VerbError::NoEngine(_)
            | VerbError::Export(ExportError::Api(_) | ExportError::Unknown { .. } | ExportError::Tar { .. } | ExportError::File { .. })
            | VerbError::Reboot(_) => {
                eprintln!("error: {}", chain(&self));
                ExitCode::from(exit::FAILED)
            }
        }
    }
}

fn print_problems(problems: &Problems) {
    use std::io::IsTerminal;
    eprint!("{}", problems.render(std::io::stderr().is_terminal()));
}

#[cfg(test)]
mod tests;
