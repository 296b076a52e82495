//! `atomic host rebase REMOTE:BRANCH [--reboot]`: another branch, from now on.
//!
//! Where `os.ref` says what is followed, that is the place to change it: the next upgrade would go back otherwise.

use std::process::ExitCode;

use image::{Branch, Request};

use super::{VerbError, os};
use crate::host::Host;

pub(super) async fn run(host: &Host, to: Branch, reboot: bool) -> Result<ExitCode, VerbError> {
    match os::follow(host)? {
        Some((said, place)) if said != to => Err(VerbError::RefIsSet { said: said.to_string(), place }),
        Some(_) | None => {
            let target = to.to_string();
            os::stage(host, "rebase", target, &Request::Rebase { to }, reboot).await
        }
    }
}

/// For the command line.
pub(super) fn branch(text: &str) -> Result<Branch, String> {
    Branch::from_refspec(text).ok_or_else(|| "write it as edge:atomic/12/x86_64/host".to_owned())
}
