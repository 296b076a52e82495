//! Where a rollback leads, from the boot order alone.
//!
//! Pure: the worker gives the deployments as libostree lists them, and writes the order that comes out.

use crate::{Deployment, ImageStatus};

/// The way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// The deployments that stay, by their index, in their new order; what boots next is first.
    pub order: Vec<u32>,
    /// Whether another deployment than the one in use boots next.
    pub reboot: bool,
}

/// Why there is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWayBack {
    /// Nothing of this host is in use.
    #[error("this host does not run from an OSTree deployment, so there is nothing to go back from")]
    NotBooted,
    /// The deployment in use is the only one.
    #[error("there is no deployment to go back to; to run another version: atomic host deploy COMMIT-or-VERSION")]
    Nothing,
}

/// What would boot next gives way to the deployment in use; when that boots next already, to the one before it.
/// A staged deployment is dropped either way: it would take the first place when the host goes down.
///
/// # Errors
/// When there is nothing to go back to.
pub fn way_back(status: &ImageStatus) -> Result<WayBack, NoWayBack> {
    let booted = status.deployments.iter().find(|deployment| deployment.booted).ok_or(NoWayBack::NotBooted)?;
    let staged = status.deployments.iter().any(|deployment| deployment.staged);
    let pending = status.deployments.iter().any(|deployment| deployment.pending);
    let first = match (staged || pending, status.deployments.iter().find(|deployment| deployment.rollback)) {
        (true, _) => booted,
        (false, Some(rollback)) => rollback,
        (false, None) => return Err(NoWayBack::Nothing),
    };
    let stays = |deployment: &&Deployment| !deployment.staged && deployment.index != first.index;
    let rest = status.deployments.iter().filter(stays).map(|deployment| deployment.index);
    Ok(WayBack { order: std::iter::once(first.index).chain(rest).collect(), reboot: first.index != booted.index })
}

#[cfg(test)]
mod tests;
