//! The host agent: reads the spec, asks the families what to do, does what is permitted, and remembers.
//!
//! `bin/atomic` is the command line, `bin/atomic-hostd` the daemon and the early storage run; both only call in here.

pub mod cli;
pub mod daemon;
pub mod extender;
pub mod host;
pub mod reconcile;
pub mod report;
pub mod state;
