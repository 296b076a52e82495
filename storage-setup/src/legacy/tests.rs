//! What the drop-in reads, plans and says, without a host.

mod commands;
mod devices;
mod files;
mod host;
mod lifecycle;
mod mended;
mod messages;
mod plans;
mod sourced;
