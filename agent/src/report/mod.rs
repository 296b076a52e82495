//! Words for people: plans, what happens during apply, and the status of the host. Values in, text out.

mod columns;
mod hold;
mod plan;
mod status;

pub use hold::hold_text;
pub use plan::{outcome_line, plan_text, rows_text, waiting_text};
pub use status::{ContainerStatus, SpecStatus, Status, StorageStatus, status_text, storage_status_text};
