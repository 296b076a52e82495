//! `atomic host check [FILE...]`: reads the spec and says all that is wrong with it.

use std::path::PathBuf;
use std::process::ExitCode;

use super::VerbError;
use crate::host::Host;
use crate::reconcile::intention::IntentionError;

pub(super) fn run(host: &Host, files: &[PathBuf]) -> Result<ExitCode, VerbError> {
    let read = if files.is_empty() { config::read(&host.root) } else { config::read_files(files) };
    let spec = read.map_err(IntentionError::Bad)?;
    println!("the spec is sound");
    for remark in spec.legacy.remarks() {
        println!("{remark}");
    }
    Ok(ExitCode::SUCCESS)
}
