//! The drop-in for docker-storage-setup and container-storage-setup: the shell tool's files, keys, messages and exit codes.
//!
//! Pure: texts and values in, a [`Plan`] or a refusal out. The edge (`src/bin/storage-worker/drop_in`) reads the files, looks at the host
//! and carries the plan out. The file's syntax is [`::config::sysconfig`]'s, which the agent reads it with too. Texts that the shell tool says are interface and kept to the byte; where it was wrong, ours differ.

mod command_line;
mod config;
mod message;
mod options;
mod output;
pub mod plan;
mod seen;
mod stored;

pub use command_line::{Command, Invocation, USAGE, Usage};
pub use config::Variables;
pub use message::{Refusal, Say};
pub use options::{Mode, Options};
pub use output::{Deferred, current_driver, current_options, extra_has_filesystem, line as output_line, thin_pool};
pub use plan::{Deed, Label, NewDisk, Plan, Task};
pub use seen::{Found, LegacyDisk, Membership, Part, RootVolume, Seen};
pub use stored::{Metadata, Status, StoredError, row as list_row};

#[cfg(test)]
mod tests;
