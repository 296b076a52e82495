//! The spec: TOML layers in, a validated [`Desired`] out, with the place of every value.
//!
//! Nothing here needs root, knows the host, or does more I/O than reading the layers.

mod desired;
mod name;
mod place;
mod size;
mod step;

pub use desired::{
    Agent, Autoextend, Ceiling, Desired, Drift, Driver, Engine, EngineKind, Filesystem, Group, Os, OsRef, Pool, Remote, Storage, Volume,
    VolumeKind,
};
pub use name::{LvName, MountPoint, VgName};
pub use place::{Place, Placed, Problem};
pub use size::{Bytes, GIB, KIB, Level, MIB, Percent, Size};
pub use step::{Describe, Disruption, Reason, Step, StepId, Undo};
