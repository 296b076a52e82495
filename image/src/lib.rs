//! The image family: the OSTree deployments of the host, as values, the remotes they come from, and how the image worker is asked.
//!
//! The worker (`image-worker`) alone uses libostree; the agent tells it what to do and shows what it says. [`observe`], [`plan()`] and
//! [`apply`] keep the definitions of remotes, which are plain files. Nothing here uses libostree, so that the agent does not load it.

mod action;
mod apply;
mod observe;
mod plan;
mod protocol;
mod remote;
mod roles;
mod rollback;
mod status;

pub use action::Action;
pub use apply::{Applied, apply};
pub use observe::{ImageError, Observed, RemoteFile, observe};
pub use plan::{Plan, plan};
pub use protocol::{Branch, Commit, Event, Order, Request};
pub use remote::Definition;
pub use rollback::{NoWayBack, WayBack, way_back, way_to};
pub use status::{Deployment, DeploymentName, ImageStatus, Unlocked};
