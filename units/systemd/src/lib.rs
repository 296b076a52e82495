//! systemd over D-Bus: reload, enable, start and stop units, and say what state one is in.
//!
//! Called by the storage worker, by the units family and by the agent, each on its own single-threaded runtime;
//! every call goes to PID 1 over the system bus, and every wait has a limit.

mod error;
mod job;
mod proxy;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::sync::OnceCell;
use zbus::connection::Builder;
use zbus::{Connection, proxy::CacheProperties};

pub use error::SystemdError;
pub use job::{JobResult, Verb};
pub use state::{ActiveState, LoadState, ServiceSetup, UnitState};

use proxy::ManagerProxy;

/// How long systemd may take to answer one call. A reload on a slow host with many generators takes tens of seconds.
const CALL_LIMIT: Duration = Duration::from_secs(90);

/// A connection to systemd.
#[derive(Clone, Debug)]
pub struct Systemd {
    connection: Connection,
    manager: ManagerProxy<'static>,
    /// Set once systemd was asked to send signals, which only jobs need.
    subscribed: OnceCell<()>,
}

impl Systemd {
    /// Connects to the system bus. Wants a tokio runtime with I/O and time, which it stays bound to.
    pub async fn connect() -> Result<Systemd, SystemdError> {
        Systemd::over(Builder::system()).await
    }

    /// Connects to the bus at `address`, as `unix:path=/run/dbus/system_bus_socket`; for tests and tools.
    pub async fn connect_to(address: &str) -> Result<Systemd, SystemdError> {
        Systemd::over(Builder::address(address)).await
    }

    async fn over(bus: Builder<'_>) -> Result<Systemd, SystemdError> {
        let no_bus = |source| SystemdError::NoBus { source };
        let connection = bus.method_timeout(CALL_LIMIT).build().await.map_err(no_bus)?;
        let manager = ManagerProxy::builder(&connection).cache_properties(CacheProperties::No).build().await.map_err(no_bus)?;
        Ok(Systemd { connection, manager, subscribed: OnceCell::new() })
    }

    /// Takes the host down and up again, in order: every service is stopped, as `systemctl reboot` does. systemd answers before it begins.
    pub async fn reboot(&self) -> Result<(), SystemdError> {
        // The manager's own Reboot stops no service, and so would finish no staged deployment. Nothing takes this job's place.
        let begun = self.manager.start_unit("reboot.target", "replace-irreversibly").await;
        begun.map(drop).map_err(|source| SystemdError::call("reboot", "systemctl list-jobs", source))
    }

    /// daemon-reload: systemd reads all unit files again.
    pub async fn reload(&self) -> Result<(), SystemdError> {
        self.manager.reload().await.map_err(|source| SystemdError::call("reload the unit files", "systemctl status", source))
    }

    /// Makes the units start at boot as their `[Install]` sections say. Says whether anything changed; reload afterwards.
    pub async fn enable(&self, units: &[&str]) -> Result<bool, SystemdError> {
        let names = units.join(" ");
        let (installable, changes) = self
            .manager
            .enable_unit_files(units, false, false)
            .await
            .map_err(|source| SystemdError::call(format!("enable {names}"), format!("systemctl cat {names}"), source))?;
        if !installable && changes.is_empty() {
            return Err(SystemdError::NothingToEnable { units: names });
        }
        Ok(!changes.is_empty())
    }

    /// Takes the units out of the boot; one without a unit file is out already. Says whether anything changed; reload afterwards.
    pub async fn disable(&self, units: &[&str]) -> Result<bool, SystemdError> {
        match self.manager.disable_unit_files(units, false).await {
            Ok(changes) => Ok(!changes.is_empty()),
            Err(source) if error::is_no_such_unit(&source) => Ok(false),
            Err(source) => {
                let names = units.join(" ");
                Err(SystemdError::call(format!("disable {names}"), format!("systemctl cat {names}"), source))
            }
        }
    }

    /// Starts the unit and waits until it is up. A unit that is up already is left alone.
    pub async fn start(&self, unit: &str, limit: Duration) -> Result<(), SystemdError> {
        self.run(Verb::Start, unit, limit).await
    }

    /// Stops the unit and waits until it is down. A unit that systemd does not have is down already.
    pub async fn stop(&self, unit: &str, limit: Duration) -> Result<(), SystemdError> {
        self.run(Verb::Stop, unit, limit).await
    }

    /// Stops the unit if it is up, then starts it, and waits until it is up.
    pub async fn restart(&self, unit: &str, limit: Duration) -> Result<(), SystemdError> {
        self.run(Verb::Restart, unit, limit).await
    }
}
