//! The first `--reset` after a run that failed or was killed is refused: `atomic storage` answers every failure with one, and would
//! destroy a pool that the failed run found, and did not make.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::RUN;
use super::error::DropInError;

const MARK: &str = "docker-storage-setup.failed";

/// One for each run: another one that ends well says nothing of those that began after it, or that still wait for the lock.
fn own_mark() -> PathBuf {
    Path::new(RUN).join(format!("{MARK}.{}", std::process::id()))
}

fn still_runs(mark: &Path) -> bool {
    mark.extension().is_some_and(|process| Path::new("/proc").join(process).exists())
}

fn marks() -> Vec<PathBuf> {
    let is_mark = |path: &PathBuf| path.file_stem().is_some_and(|name| name == MARK);
    let entries = std::fs::read_dir(RUN).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_mark).collect()
}

/// A run begins, and may be killed; or it failed, and not all that a reset takes is of its making.
pub(super) fn remember() {
    // Without it the next reset is as it always was.
    let _ = std::fs::create_dir_all(RUN);
    let _ = std::fs::write(own_mark(), "");
}

/// A run, which had the lock since then, ended well, or made all that a reset takes.
pub(super) fn forget(locked: SystemTime) {
    let began = |mark: &PathBuf| mark.metadata().and_then(|found| found.modified());
    for mark in marks() {
        if mark == own_mark() || (began(&mark).is_ok_and(|began| began < locked) && !still_runs(&mark)) {
            let _ = std::fs::remove_file(mark);
        }
    }
}

/// Refuses once.
pub(super) fn check() -> Result<(), DropInError> {
    let marks = marks();
    if marks.is_empty() {
        return Ok(());
    }
    for mark in marks {
        let _ = std::fs::remove_file(mark);
    }
    Err(DropInError::plain(
        "The last run failed before it made anything, so --reset would only destroy what was there before it. Run --reset once more if \
         that is what you want.",
    ))
}
