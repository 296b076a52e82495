//! `atomic host deploy COMMIT-or-VERSION [--reboot]`: one commit of the branch that is followed, whatever its age.

use std::process::ExitCode;

use image::Request;

use super::{VerbError, os};
use crate::host::Host;

pub(super) async fn run(host: &Host, revision: String, reboot: bool) -> Result<ExitCode, VerbError> {
    let follow = os::follow(host)?.map(|(branch, _)| branch);
    let target = revision.clone();
    os::stage(host, "deploy", target, &Request::Deploy { follow, revision }, reboot).await
}
