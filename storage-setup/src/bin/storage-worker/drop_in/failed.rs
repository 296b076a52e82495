//! The first `--reset` after a run that failed or was killed is refused: `atomic storage` answers every failure with one, and would
//! destroy a pool that the failed run found, and did not make.

use std::path::{Path, PathBuf};

use super::RUN;
use super::error::DropInError;

fn mark() -> PathBuf {
    Path::new(RUN).join("docker-storage-setup.failed")
}

/// A run begins, and may be killed; or it failed, and not all that a reset takes is of its making.
pub(super) fn remember() {
    // Without it the next reset is as it always was.
    let _ = std::fs::create_dir_all(RUN);
    let _ = std::fs::write(mark(), "");
}

/// A run ended well, or made all that a reset takes.
pub(super) fn forget() {
    if mark().exists() {
        let _ = std::fs::remove_file(mark());
    }
}

/// Refuses once.
pub(super) fn check() -> Result<(), DropInError> {
    if !mark().exists() {
        return Ok(());
    }
    forget();
    Err(DropInError::plain(
        "The last run failed before it made anything, so --reset would only destroy what was there before it. Run --reset once more if \
         that is what you want.",
    ))
}
