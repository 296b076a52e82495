//! One thing for a pool in use, at once: grown without a survey, taken over from dmeventd, given back to it.
//!
//! Asked by the daemon's extender, which has seen the kernel's status; LVM decides under its own locks whether it can be done.

use config::Bytes;
use storage_setup::extender::Growth;
use storage_setup::protocol::{Event, PoolTask};

use crate::events::{Events, EventsError};
use crate::lvm::{Lvm, LvmError};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolError {
    #[error("LVM")]
    Lvm(#[from] LvmError),
    #[error("LVM reports {text:?} where the free extents of {group} should be")]
    Report { group: String, text: String },
    #[error("nobody reads the events any more")]
    Events(#[from] EventsError),
}

/// Does it, and tells how much room the group has afterwards, whether or not it could be done.
pub(crate) fn serve(group: &str, pool: &str, task: PoolTask, mut lvm: Lvm, events: &mut Events) -> Result<(), PoolError> {
    let name = format!("{group}/{pool}");
    let done = carry_out(&name, task, &mut lvm, events);
    let room = room(group, &mut lvm);
    if let Ok(room) = &room {
        events.emit(room)?;
    }
    done?;
    room?;
    Ok(events.emit(&Event::Done)?)
}

fn carry_out(name: &str, task: PoolTask, lvm: &mut Lvm, events: &mut Events) -> Result<(), PoolError> {
    match task {
        PoolTask::Look => {}
        PoolTask::Take { refresh } => {
            let taken = lvm.run(&["lvchange", "--monitor", "n", name]);
            // Whoever asked may have ended meanwhile, and the pool been given back before it was taken: LVM lets these in side by side.
            // Gone later, it is given back later.
            if let Err(gone) = events.emit(&Event::Taken) {
                lvm.run(&["lvchange", "--monitor", "y", name])?;
                return Err(gone.into());
            }
            if refresh {
                lvm.leave_monitoring()?;
                lvm.run(&["lvchange", "--refresh", name])?;
            }
            taken?;
        }
        PoolTask::GiveBack => drop(lvm.run(&["lvchange", "--monitor", "y", name])?),
        PoolTask::Extend(growth) => {
            // LVM lets dmeventd watch again whatever it resumes, and the pool is not dmeventd's now.
            lvm.leave_monitoring()?;
            match growth {
                Growth::Data(extents) => drop(lvm.run(&["lvextend", "-l", &format!("+{extents}"), name])?),
                Growth::Metadata(extents) => {
                    let size = format!("+{}b", metadata_bytes(name, extents, lvm)?);
                    lvm.run(&["lvextend", "--poolmetadatasize", &size, name])?;
                }
            }
            events.emit(&Event::Extended)?;
        }
    }
    Ok(())
}

/// `--poolmetadatasize` takes no extents.
fn metadata_bytes(name: &str, extents: u64, lvm: &mut Lvm) -> Result<u64, PoolError> {
    let group = name.split('/').next().unwrap_or(name);
    let [_, _, extent, _] = figures(group, lvm)?;
    Ok(extents.saturating_mul(extent))
}

fn room(group: &str, lvm: &mut Lvm) -> Result<Event, PoolError> {
    let [free, extents, extent, seqno] = figures(group, lvm)?;
    Ok(Event::Room { free, extents, extent: Bytes(extent), seqno })
}

fn figures(group: &str, lvm: &mut Lvm) -> Result<[u64; 4], PoolError> {
    let columns = "vg_free_count,vg_extent_count,vg_extent_size,vg_seqno";
    let words = ["vgs", "--noheadings", "--units", "b", "--nosuffix", "-o", columns, group];
    let text = lvm.run(&words)?.report;
    let figures: Vec<u64> = text.split_whitespace().map_while(|word| word.parse().ok()).collect();
    <[u64; 4]>::try_from(figures).map_err(|_| PoolError::Report { group: group.to_owned(), text: text.trim().to_owned() })
}
