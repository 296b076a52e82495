//! The commands on named configurations, kept below /var/lib/container-storage-setup as the shell tool keeps them.

mod create;
mod kept;
mod lifecycle;

use storage_setup::legacy::{Command, Say};

use super::error::DropInError;
use super::{answer, lock, say};
use kept::Kept;

/// One command under both locks; one that only reads files waits for no agent.
pub(super) fn run(command: &Command) -> Result<(), DropInError> {
    let _shells = lock::shells()?;
    let _agents = match command {
        Command::List(_) | Command::Export(_) => None,
        Command::Create { .. } | Command::Activate(_) | Command::Deactivate(_) | Command::Remove(_) | Command::AddDevice { .. } => {
            Some(lock::agents()?)
        }
    };
    match command {
        Command::Create { name, input, output } => create::create(&Kept::named(name)?, input, output.as_deref()),
        Command::Activate(name) => lifecycle::activate(&Kept::named(name)?),
        Command::Deactivate(name) => lifecycle::deactivate(&Kept::named(name)?),
        Command::Remove(name) => lifecycle::remove(&Kept::named(name)?),
        Command::List(Some(name)) => list_one(&Kept::named(name)?),
        Command::List(None) => list_all(),
        Command::Export(name) => export(&Kept::named(name)?),
        Command::AddDevice { name, device } => create::add_device(&Kept::named(name)?, device),
    }
}

fn list_one(kept: &Kept) -> Result<(), DropInError> {
    let metadata = kept.metadata()?;
    let status = kept.status()?.map_or("", storage_setup::legacy::Status::as_str);
    answer(&metadata.listing(kept.name(), status));
    Ok(())
}

/// One that cannot be read does not hide the others.
fn list_all() -> Result<(), DropInError> {
    let mut rows = String::new();
    for kept in Kept::all()? {
        let status = kept.status().ok().flatten().map_or("", storage_setup::legacy::Status::as_str);
        match kept.metadata() {
            Ok(metadata) => rows += &storage_setup::legacy::list_row(kept.name(), &metadata.driver, status),
            Err(error) => {
                error.lines().iter().for_each(|line: &Say| say(line));
                rows += &storage_setup::legacy::list_row(kept.name(), "", status);
            }
        }
    }
    if !rows.is_empty() {
        answer(&(storage_setup::legacy::list_row("NAME", "DRIVER", "STATUS") + &rows));
    }
    Ok(())
}

fn export(kept: &Kept) -> Result<(), DropInError> {
    kept.metadata()?;
    answer(&kept.output()?.unwrap_or_default());
    Ok(())
}
