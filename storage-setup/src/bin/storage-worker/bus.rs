//! systemd from a program without a runtime: one short-lived, single-threaded runtime for each talk.
//!
//! Short-lived, since LVM forks and changes locks and signals of the whole process and shall find no other thread.

use std::time::Duration;

use systemd::{ActiveState, Systemd, SystemdError};

/// Why systemd could not be talked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BusError {
    #[error("cannot make a runtime to talk to systemd")]
    Runtime(#[source] std::io::Error),
    #[error("cannot talk to systemd")]
    Connect(#[source] SystemdError),
    #[error("systemd refused")]
    Refused(#[source] SystemdError),
}

/// Talks to systemd: the closure gets the connection.
pub(crate) fn talk<T>(with: impl AsyncFnOnce(&Systemd) -> Result<T, SystemdError>) -> Result<T, BusError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(BusError::Runtime)?;
    let told = runtime.block_on(async {
        let systemd = Systemd::connect().await.map_err(BusError::Connect)?;
        with(&systemd).await.map_err(BusError::Refused)
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    told
}

/// Whether a unit is up, or on its way.
pub(crate) fn is_up(unit: &str) -> Result<bool, BusError> {
    let active = talk(async |systemd| Ok(systemd.unit(unit).await?.active))?;
    Ok(match active {
        ActiveState::Active | ActiveState::Reloading | ActiveState::Activating => true,
        ActiveState::Inactive | ActiveState::Failed | ActiveState::Deactivating | ActiveState::Other(_) => false,
    })
}
