//! Gives the pool back to dmeventd: run by systemd when the daemon has ended, however it ended (`ExecStopPost`).

use std::process::ExitCode;

use config::chain;
use storage_setup::protocol::PoolTask;

use super::hand::Hand;
use crate::host::Host;
use crate::state::extender::{self, Record};

/// Gives back what the record names; nothing to do without one.
pub async fn release(host: &Host) -> ExitCode {
    let record = match extender::read(host) {
        Ok(Some(record)) => record,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", chain(&error));
            return ExitCode::FAILURE;
        }
    };
    if give_back(host, &record).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether it went well; the record is gone then.
pub(super) async fn give_back(host: &Host, record: &Record) -> bool {
    let name = format!("{}/{}", record.group, record.pool);
    let refused = match Hand::start(&host.libexec) {
        Ok(hand) => hand.carry_out(&record.group, &record.pool, PoolTask::GiveBack).await.refused,
        Err(error) => Some(error),
    };
    if let Some(error) = refused {
        tracing::error!(
            pool = name,
            "dmeventd did not get {name} back, and nobody watches it now; try: lvchange --monitor y {name}: {}",
            chain(&error)
        );
        return false;
    }
    match extender::remove(host) {
        Ok(()) => {
            tracing::info!(pool = name, "{name} is dmeventd's again");
            true
        }
        Err(error) => {
            tracing::error!("{}", chain(&error));
            false
        }
    }
}
