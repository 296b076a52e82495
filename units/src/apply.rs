//! Carries out one action through systemd, within a time limit.

use std::time::Duration;

use systemd::{ActiveState, Systemd, UnitState};

use crate::{Action, UnitsError};

/// As long as a step may take. dockerd starts in seconds, but takes minutes over a large store after a power cut.
const LIMIT: Duration = Duration::from_secs(300);

/// What an action came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was so already.
    Already,
    /// Done.
    Made,
}

/// Carries out the action.
///
/// # Errors
/// When systemd cannot be asked, or the unit does not come up.
pub async fn apply(action: &Action) -> Result<Applied, UnitsError> {
    let systemd = Systemd::connect().await?;
    match action {
        Action::StartEngine { unit, .. } => {
            let now = fresh(&systemd, unit).await?;
            if now.active == ActiveState::Active {
                return Ok(Applied::Already);
            }
            systemd.start(unit, LIMIT).await?;
        }
        Action::RestartEngine { unit, .. } => {
            fresh(&systemd, unit).await?;
            systemd.restart(unit, LIMIT).await?;
        }
    }
    Ok(Applied::Made)
}

/// The unit's state, after systemd has read what is on disk.
async fn fresh(systemd: &Systemd, unit: &str) -> Result<UnitState, UnitsError> {
    let state = systemd.unit(unit).await?;
    if state.need_reload {
        systemd.reload().await?;
    }
    Ok(state)
}
