//! Which deployment boots next and which is the way back, from their order alone, as `ostree admin status` tells it.
//!
//! Pure: the worker gives the deployments as libostree lists them.

use crate::{Deployment, ImageStatus};

impl ImageStatus {
    /// The status of these deployments, in boot order, with their roles found.
    #[must_use]
    pub fn of(mut deployments: Vec<Deployment>) -> ImageStatus {
        for deployment in &mut deployments {
            deployment.pending = false;
            deployment.rollback = false;
        }
        let Some(booted) = deployments.iter().position(|deployment| deployment.booted) else {
            return ImageStatus { booted: false, deployments };
        };
        // Another stateroot is another system: it is neither the next nor the last version of this one.
        let stateroot = deployments[booted].stateroot.clone();
        let (before, after) = deployments.split_at_mut(booted);
        if let Some(next) = before.iter_mut().find(|deployment| deployment.stateroot == stateroot) {
            // A staged one is not in the boot order yet.
            next.pending = !next.staged;
        }
        if let Some(last) = after.iter_mut().skip(1).find(|deployment| deployment.stateroot == stateroot) {
            last.rollback = true;
        }
        ImageStatus { booted: true, deployments }
    }
}

#[cfg(test)]
pub(crate) mod tests;
