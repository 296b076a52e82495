//! When, and by how much, a thin pool grows before it is full. Pure: what the kernel says of the pool goes in, a decision comes out.
//!
//! The agent's daemon looks at the pool (device-mapper's status, read by [`status`] and [`table`]), keeps what it saw in a [`Fill`], asks
//! [`decide`], and lets the storage worker carry out a [`Growth`]. There is no clock in here: times are values.

mod notice;
mod policy;
mod rate;
pub mod status;
pub mod table;
mod watched;

pub use notice::Notice;
pub use policy::{Alarm, Cause, Decision, Growth, Pool, Room, Settings, decide};
pub use rate::{Fill, Rate};
pub use watched::{Watched, device_uuid};
