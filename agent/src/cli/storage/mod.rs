//! The verbs of `atomic storage`: what the storage is, changing what the spec says of it, making it anew, and images and volumes kept
//! around a change that loses them. One file each.

mod export;
mod modify;
mod reset;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::VerbError;
use crate::host::Host;
use crate::reconcile::intention::{self, IntentionError, Source};
use crate::reconcile::{self, Scope};
use crate::report::{self, StorageStatus};
use crate::state::extender;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show group, pool and volumes, how full they are. Changes nothing.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change what the spec says of storage, in the file that says it. Shows what comes of it.
    Modify(Modify),
    /// Remove pool and volumes with all that is in them, and make them anew as the spec says.
    Reset {
        /// Do it; without this it is only shown.
        #[arg(long)]
        yes: bool,
    },
    /// Keep the engine's images and volumes in a directory, around a change that loses them. Containers are made by the spec.
    Export {
        /// The directory, which is made; not on what the change removes.
        #[arg(long, value_name = "DIRECTORY", default_value = export::DIRECTORY)]
        dir: PathBuf,
    },
    /// Bring images and volumes of an export back.
    Import {
        /// The directory of the export.
        #[arg(long, value_name = "DIRECTORY", default_value = export::DIRECTORY)]
        dir: PathBuf,
    },
}

#[derive(Args, Debug)]
#[group(required = true, multiple = true, args = ["driver", "volume_group", "add_device", "remove_device", "root_size", "pool_size"])]
pub(super) struct Modify {
    /// storage.driver
    #[arg(long)]
    driver: Option<String>,
    /// storage.volume-group
    #[arg(long, alias = "vgroup", value_name = "GROUP")]
    volume_group: Option<String>,
    /// One more of storage.devices; may be given more than once.
    #[arg(long, value_name = "DISK")]
    add_device: Vec<String>,
    /// One less of storage.devices; it stays in the group if it is in it.
    #[arg(long, value_name = "DISK")]
    remove_device: Vec<String>,
    /// storage.root-size
    #[arg(long, value_name = "SIZE")]
    root_size: Option<String>,
    /// storage.pool.size
    #[arg(long, value_name = "SIZE")]
    pool_size: Option<String>,
    /// Write nothing, only show what would come of it.
    #[arg(long)]
    dry_run: bool,
}

/// Why the spec could not be changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ModifyError {
    #[error(transparent)]
    Edit(#[from] config::EditError),
    #[error(
        "storage is as {file} says, and that is not edited here; write this into /etc/atomic-host.toml, which puts that file out of force, \
         and run this again:\n\n{text}"
    )]
    Legacy { file: String, text: String },
    #[error("{device} is not in storage.devices")]
    NotListed { device: String },
    #[error("{} was changed meanwhile; nothing was written, run this again", path.display())]
    Raced { path: PathBuf },
    #[error("cannot write {}; is /etc writable?", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

pub(super) async fn run(host: &Host, verb: Verb) -> Result<ExitCode, VerbError> {
    match verb {
        Verb::Status { json } => status(host, json).await,
        Verb::Modify(choices) => modify::run(host, &choices).await,
        Verb::Reset { yes } => reset::run(host, yes).await,
        Verb::Export { dir } => export::export(host, &dir).await,
        Verb::Import { dir } => export::import(host, &dir).await,
    }
}

async fn status(host: &Host, json: bool) -> Result<ExitCode, VerbError> {
    let status = gather(host).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&status).unwrap_or_default());
    } else {
        print!("{}", report::storage_status_text(&status));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is wrong with the spec keeps nobody from seeing how full the storage is.
async fn gather(host: &Host) -> Result<StorageStatus, VerbError> {
    let (storage, problem) = match intention::in_force(host) {
        Ok(intention) => {
            let problem = match &intention.source {
                Source::Layers => None,
                Source::Generation { because, .. } => Some(because.in_a_line()),
            };
            (reconcile::survey(host, &intention, Scope::Storage).await?.storage, problem)
        }
        Err(IntentionError::Bad(problems)) => (reconcile::storage_without_spec(host).await?, Some(problems.in_a_line())),
        Err(error @ IntentionError::State(_)) => return Err(error.into()),
    };
    let extender = extender::current(host, Some(&storage))?;
    Ok(StorageStatus { version: 1, problem, storage, extender })
}

#[cfg(test)]
mod tests;
