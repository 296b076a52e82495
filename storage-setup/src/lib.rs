//! Disks, LVM, the thin pool and its volumes: what is there, what shall be, and the steps between.
//!
//! Values in, steps out; the only code that touches LVM is the worker (`src/bin/storage-worker`), which speaks [`protocol`].

mod action;
pub mod blkid;
#[cfg(any(test, feature = "cases"))]
pub mod cases;
pub mod copies;
pub mod dm_name;
pub mod docker_options;
pub mod docker_root;
pub mod extender;
pub mod fullreport;
pub mod intents;
pub mod legacy;
mod model;
pub mod mountinfo;
pub mod ownership;
mod plan;
pub mod protocol;
pub mod record;
pub mod render;
pub mod simulate;
pub mod stamp;
pub mod superblock;
pub mod wipes;

pub use action::{Action, DiskRef, Dockerd};
pub use docker_root::DockerRoot;
pub use model::{
    Content, Device, Disk, DiskUse, EngineStore, Kept, LogicalVolume, Member, Mount, MountedFilesystem, Observed, OurFile, PODMAN_STORAGE,
    Partition, PoolState, Role, Root, VolumeGroup, Watcher,
};
pub use plan::{Note, POOL, Plan, awaited_group, look_for, plan};
