//! The saved machine: booted once, nothing configured, idle. Every scenario starts from a copy of it.
//! In: a [`Disk`]. Out: a directory `target/guest/ready/LABEL-KEY/` with disks and the state `ready` in them;
//! made again only when the image or the machine's shape changed.

use super::machine::{Load, shape};
use super::{Guest, disks};
use crate::image::{self, Disk, Layout};
use crate::made;
use anyhow::{Context, Result};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the saved state.
pub(super) const STATE: &str = "ready";

/// The directory of the saved machine, made first if need be.
pub(super) fn directory(layout: &Layout, disk: &Disk) -> Result<PathBuf> {
    let all = made().join("ready");
    let label = layout.label();
    let key = Sha256::digest(format!("{} {}", disk.hash, shape(&disks::usual())?));
    let key = key.iter().take(6).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let dir = all.join(format!("{label}-{key}"));
    let _lock = image::lock(&format!("ready-{label}"))?;
    if !dir.exists() {
        fs::create_dir_all(&all)?;
        // Running copies do not mind: they hold links of their own. One being copied right now is young.
        disks::sweep(&all, &format!("{label}-"), Duration::from_mins(10))?;
        let fresh = all.join(format!("{label}.new"));
        if fresh.exists() {
            fs::remove_dir_all(&fresh)?;
        }
        save(&fresh, disk).context("first boot of the image")?;
        fs::rename(&fresh, &dir)?;
    }
    Ok(dir)
}

fn save(dir: &Path, disk: &Disk) -> Result<()> {
    disks::create(dir, &disk.path)?;
    let mut guest = Guest::start(dir.to_owned(), Load::PowerOn, true)?;
    guest.wait_until_idle()?;
    guest.check("sync; echo 3 >/proc/sys/vm/drop_caches")?;
    guest.qmp()?.human(&format!("savevm {STATE}"))?;
    guest.qmp()?.execute("quit", &json!({}))?;
    guest.machine.wait()
}
