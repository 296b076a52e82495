//! Guest harness: boots the appliance in an emulated machine and drives it.
//! The image comes from `image/host/` by way of [`image`]; scenarios in `tests/scenarios/` and the
//! `xtask` binary use [`guest::Guest`]; everything made lies in `target/guest/`.

pub mod agreement;
pub mod archive;
pub mod containers;
pub mod drop_in;
pub mod edits;
pub mod guest;
pub mod image;
pub mod log_server;
pub mod os_site;
pub mod pool;
pub mod power;
pub mod product;
pub mod registry;
pub mod server;
pub mod site;
pub mod spec_text;
mod tied;
#[cfg(test)]
mod tree;

use std::path::{Path, PathBuf};

/// Top of the source tree.
pub fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

/// Where the recipe and the harness put what they make.
pub fn made() -> PathBuf {
    top().join("target/guest")
}
