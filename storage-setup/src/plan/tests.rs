//! Tests of the planner: a sentence for each rule, and laws that hold for every case.

mod copies;
mod disks;
mod docker_root;
mod golden;
mod host;
mod laws;
mod links;
mod members;
mod mounts;
mod options;
mod orphans;
mod pool;
mod root;
mod volumes;
