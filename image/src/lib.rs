//! The image family: the OSTree deployments of the host, as values, and how the image worker is asked for them.
//!
//! The worker (`image-worker`) makes the values from libostree; the agent reads and shows them. Nothing here uses
//! libostree, so that the agent does not load it.

mod protocol;
mod roles;
mod status;

pub use protocol::{Event, Request};
pub use status::{Deployment, ImageStatus, Unlocked};
