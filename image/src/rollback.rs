//! Where a rollback leads, from the boot order alone.
//!
//! Pure: the agent finds the way in the deployments that the worker tells, and the worker writes the order that comes out.

use crate::{Deployment, DeploymentName, ImageStatus};

/// The way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// What would boot next.
    pub from: DeploymentName,
    /// What shall boot next.
    pub to: DeploymentName,
    /// The deployments that stay, by their index, in their new order; what boots next is first.
    pub order: Vec<u32>,
    /// Whether another deployment than the one in use boots next.
    pub reboot: bool,
}

/// Why there is no way back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWayBack {
    /// Nothing of this host is in use.
    #[error("this host does not run from an OSTree deployment, so there is nothing to go back from")]
    NotBooted,
    /// The deployment in use is the only one.
    #[error("there is no deployment to go back to; to run another version: atomic host deploy COMMIT-or-VERSION")]
    Nothing,
    /// Somebody changed the deployments meanwhile.
    #[error("{to} is not deployed any more, so it cannot boot; see: atomic host status")]
    Gone {
        /// Where the way led.
        to: DeploymentName,
    },
}

/// What would boot next gives way to the deployment in use; when that boots next already, to the one before it.
///
/// # Errors
/// When there is nothing to go back to.
pub fn way_back(status: &ImageStatus) -> Result<WayBack, NoWayBack> {
    let booted = booted(status)?;
    let other = status.deployments.iter().any(|deployment| deployment.staged || deployment.pending);
    let last = status.deployments.iter().find(|deployment| deployment.rollback);
    let to = if other { booted } else { last.ok_or(NoWayBack::Nothing)? };
    Ok(lead(status, booted, to))
}

/// The way to this deployment, wherever it stands.
///
/// # Errors
/// When it is not there, or only staged.
pub fn way_to(status: &ImageStatus, to: &DeploymentName) -> Result<WayBack, NoWayBack> {
    let booted = booted(status)?;
    let found = status.deployments.iter().find(|deployment| deployment.name() == *to && !deployment.staged);
    Ok(lead(status, booted, found.ok_or_else(|| NoWayBack::Gone { to: to.clone() })?))
}

fn booted(status: &ImageStatus) -> Result<&Deployment, NoWayBack> {
    status.deployments.iter().find(|deployment| deployment.booted).ok_or(NoWayBack::NotBooted)
}

/// A staged deployment is dropped: it would take the first place when the host goes down.
fn lead(status: &ImageStatus, booted: &Deployment, to: &Deployment) -> WayBack {
    let stays = |deployment: &&Deployment| !deployment.staged && deployment.index != to.index;
    let rest = status.deployments.iter().filter(stays).map(|deployment| deployment.index);
    WayBack {
        from: status.next().unwrap_or(booted).name(),
        to: to.name(),
        order: std::iter::once(to.index).chain(rest).collect(),
        reboot: to.index != booted.index,
    }
}

#[cfg(test)]
mod tests;
