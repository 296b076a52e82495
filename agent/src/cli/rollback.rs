//! `atomic host rollback [--reboot]`: what ran before boots next; or what was staged does not.

use std::process::ExitCode;

use image::Request;

use super::{VerbError, os};
use crate::host::Host;

/// Reads no spec: the way back is there whatever the files say.
pub(super) async fn run(host: &Host, reboot: bool) -> Result<ExitCode, VerbError> {
    os::change(host, "rollback", "boot order", &Request::Rollback, reboot).await
}
