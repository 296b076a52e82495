//! The spec: TOML layers in, a validated [`Desired`] out, with the place of every value.
//!
//! [`layer_paths`] finds the files, [`parse`] takes their texts through four stages: each becomes a tree with places (`tree`), is
//! checked for known keys and kinds of values against the schema (`schema`, `shape`), all are merged, and the sections (`agent`, `os`,
//! `storage`, `engine`, and those below `service`) make validated values of the keys in force. Every stage adds to one list of
//! [`Problems`], so that one run tells all that is wrong. The file of docker-storage-setup can be the lowest layer ([`sysconfig`]).
//! A known key is a field of its section's `Keys`, and nowhere else.
//!
//! Nothing here needs root, knows the host, or does more I/O than reading the layers.

mod agent;
mod chain;
mod desired;
mod edit;
mod engine;
mod kill;
mod label;
mod layers;
mod name;
mod os;
mod place;
mod pool;
mod reader;
mod render;
mod schema;
mod secret;
mod service;
mod shape;
mod size;
mod size_text;
mod spec;
mod step;
mod storage;
mod storage_option;
pub mod sysconfig;
#[cfg(test)]
mod tests;
mod time_text;
mod tree;
mod volume;

pub use chain::chain;
pub use desired::{
    Agent, Autoextend, Ceiling, Desired, Drift, Driver, Engine, EngineKind, Filesystem, Group, Os, OsRef, Pool, PoolMetadata, Remote,
    Storage, Volume, VolumeKind,
};
pub use edit::{Change, EditError, Edited, edit};
pub use kill::Kill;
pub use label::Label;
pub use layers::{Layer, Sources, layer_paths};
pub use name::{LvName, MountPoint, VgName};
pub use place::{Place, Placed, Problem};
pub use render::Problems;
pub use schema::schema;
pub use service::{
    Container, ContainerName, EngineOptions, ImageRef, Journal, JournalStorage, Limits, LogLevel, LogTarget, Mount, MountSource, Namespace,
    Network, Protocol, Publish, Registry, RegistryHost, Relabel, Restart, Rsyslog,
};
pub use size::{Bytes, GIB, KIB, Level, MIB, Percent, Size};
pub use spec::{Spec, parse, read, read_files};
pub use step::{Describe, Disruption, Reason, Step, StepId, Undo};
pub use storage_option::StorageOption;
