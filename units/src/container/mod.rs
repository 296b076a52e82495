//! Container services: a created container, the unit that runs it, and the slice that limits it.
//!
//! The spec and what is there come in; [`plan`] gives steps. Only `unit_text` knows how units are written, only the crate `engine-api`
//! how engines are asked.

mod check;
mod model;
mod observe;
mod plan;
#[cfg(test)]
mod tests;
mod unit_text;

pub use model::{Containers, SeenUnit, Source};
pub(crate) use observe::observe;
pub(crate) use plan::{Plan, Service, plan};
