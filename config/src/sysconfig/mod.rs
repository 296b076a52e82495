//! `/etc/sysconfig/docker-storage-setup`, the file of docker-storage-setup: its syntax, its keys, and what they are in the spec.
//!
//! The drop-in reads the file as the shell tool did ([`shell`], [`size`]). For the agent it is the lowest layer of the spec, as long as no
//! TOML layer has `[storage]` (`layer`): then it goes through the same checks as any other layer, and every value keeps its place in it.

mod keys;
mod layer;
pub mod shell;
pub mod size;
#[cfg(test)]
mod tests;
mod words;

pub use keys::{DEFAULTS, KEYS};
pub use layer::Legacy;
pub(crate) use layer::{FILE, is_named_so, stand};
