//! `atomic storage export` and `import`: images and volumes of the engine, kept around a change of storage that loses them.
//!
//! Both hold the lock of the one writer: nothing makes or removes containers meanwhile.

use std::path::Path;
use std::process::ExitCode;

use config::EngineKind;

use crate::cli::VerbError;
use crate::cli::shown::Shown;
use crate::host::Host;
use crate::reconcile::{self, Scope, intention};
use crate::state::lock;

/// On the root file system, which no change of storage removes.
pub(super) const DIRECTORY: &str = "/var/lib/atomic-host/export";

pub(super) async fn export(host: &Host, to: &Path) -> Result<ExitCode, VerbError> {
    let kind = engine(host).await?;
    let _lock = lock::acquire(host, lock::PATIENCE).await?;
    let mut shown = Shown::new();
    let kept = units::export(kind, to, &mut |line| shown.tell(line, true)).await?;
    shown.end();
    println!("kept {} and {} in {}", count(kept.images.len(), "image"), count(kept.volumes.len(), "volume"), to.display());
    for what in &kept.left_out {
        println!("not kept: {what}");
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn import(host: &Host, from: &Path) -> Result<ExitCode, VerbError> {
    let kind = engine(host).await?;
    let _lock = lock::acquire(host, lock::PATIENCE).await?;
    let mut shown = Shown::new();
    let (kept, filled) = units::import(kind, from, &mut |line| shown.tell(line, true)).await?;
    shown.end();
    let back = kept.volumes.len() - filled.len();
    println!("brought back {} and {}", count(kept.images.len(), "image"), count(back, "volume"));
    for name in &filled {
        println!("left as it is: volume {name}, which holds something already");
    }
    println!("remove {} when it is not needed any more", from.display());
    Ok(ExitCode::SUCCESS)
}

async fn engine(host: &Host) -> Result<EngineKind, VerbError> {
    let intention = intention::in_force(host)?;
    let survey = reconcile::survey(host, &intention, Scope::Whole).await?;
    let units = survey.units.ok_or_else(|| VerbError::NoEngine("nothing was looked at".to_owned()))?;
    units.engine(&intention.desired().engine).map_err(VerbError::NoEngine)
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
