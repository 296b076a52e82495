//! The spec: TOML layers in, a validated [`Desired`] out, with the place of every value.
//!
//! Nothing here needs root, knows the host, or does more I/O than reading the layers.

mod agent;
mod desired;
mod engine;
mod layers;
mod name;
mod os;
mod place;
mod reader;
mod render;
mod schema;
mod shape;
mod size;
mod size_text;
mod spec;
mod step;
mod storage;
mod tree;
mod volume;

pub use desired::{
    Agent, Autoextend, Ceiling, Desired, Drift, Driver, Engine, EngineKind, Filesystem, Group, Os, OsRef, Pool, Remote, Storage, Volume,
    VolumeKind,
};
pub use layers::{Layer, Sources, layer_paths};
pub use name::{LvName, MountPoint, VgName};
pub use place::{Place, Placed, Problem};
pub use render::Problems;
pub use schema::schema;
pub use size::{Bytes, GIB, KIB, Level, MIB, Percent, Size};
pub use spec::{Spec, parse, read, read_files};
pub use step::{Describe, Disruption, Reason, Step, StepId, Undo};
