//! `atomic host rollback [--reboot]`: what ran before boots next; or what was staged does not.
//!
//! The wish is remembered before its first effect: asked again after a cut it is finished, and asked again after its end it is undone.

use std::process::ExitCode;

use image::{DeploymentName, Event, Request};

use super::VerbError;
use super::os::{Change, in_full};
use crate::host::Host;
use crate::reconcile;
use crate::state::{ledger, rollback};

/// Reads no spec: the way back is there whatever the files say.
pub(super) async fn run(host: &Host, reboot: bool) -> Result<ExitCode, VerbError> {
    let mut change = Change::begin(host, "rollback", "boot order".to_owned()).await?;
    let status = reconcile::image::observe(host).await?;
    // What cannot be read is written anew: a damaged memory is no reason to stay with a bad version.
    let before = rollback::read(host).unwrap_or_default();
    let (way, remembered) = match rollback::begin(before, &status, &rollback::boot(host)?, ledger::now()) {
        Ok(begun) => begun,
        Err(error) => return Err(change.failed(error).await?),
    };
    change.effect("remember the rollback", || rollback::write(host, &remembered)).await?;
    let answer = change.ask(&Request::Rollback { to: way.to.clone() }).await?;
    let Event::RolledBack { reboot: elsewhere } = answer else { return Err(reconcile::image::strange(&answer).into()) };
    let text = |name: &DeploymentName| in_full(name.version.as_deref(), &name.commit);
    change.record(&text(&way.from), &text(&way.to), "made").await?;
    match remembered.ended() {
        Some(hold) => change.effect("remember that it is done", || rollback::write(host, &hold)).await?,
        None => change.effect("forget the rollback", || rollback::forget(host)).await?,
    }
    println!("{} boots next, and {} does not", way.to, way.from);
    change.end(reboot, elsewhere).await
}
