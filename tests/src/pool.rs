//! A thin pool under a writer, in a guest: made by the product, filled through a thin device made as docker makes one, and looked at.
//! In: a [`Guest`]. Out: what the writer met, what the kernel said, what the product did.

use crate::guest::{Guest, Output};
use crate::product::SPEC;
use crate::top;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The group of these pools; its disks are added.
pub const GROUP: &str = "fill";
/// The pool in device-mapper.
pub const DEVICE: &str = "fill-docker--pool";
/// The thin device.
pub const THIN: &str = "/dev/mapper/load";

/// The writer in the guest.
pub const WRITER: &str = "/var/writer";

/// What the writer met.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Written {
    /// MiB.
    pub mib: u64,
    /// All of it, in microseconds.
    pub took: u64,
    /// The longest write, in microseconds.
    pub longest: u64,
}

/// The built binary of the writer.
fn writer() -> PathBuf {
    let profile = std::env::var("PROFILE").unwrap_or_else(|_| "debug".to_owned());
    top().join("target").join(profile).join("writer")
}

/// A pool of this size for dockerd, in a group of its own on one disk of `gib`; `autoextend` goes into the spec as it is.
pub fn make(guest: &mut Guest, gib: u32, size: &str, autoextend: &str) -> Result<()> {
    guest.add_disk(GROUP, gib)?;
    make_on(guest, "devicemapper", &format!("size = \"{size}\"\nautoextend = {{ {autoextend} }}\n"))
}

/// The pool of that group, made by the product on the disk that is there for it; `pool` is what the spec says below `[storage.pool]`, to
/// its end.
pub fn make_on(guest: &Guest, driver: &str, pool: &str) -> Result<()> {
    guest.push(&writer(), WRITER)?;
    let spec = format!(
        "[storage]\ndriver = \"{driver}\"\nvolume-group = \"{GROUP}\"\ndevices = [\"/dev/disk/by-id/virtio-{GROUP}\"]\n\n\
         [storage.pool]\n{pool}"
    );
    guest.write_file(SPEC, spec)?;
    until(
        guest,
        "the daemon watches the pool",
        "grep -q docker-pool /run/atomic-host/extender.json && lvs --noheadings -o seg_monitor fill/docker-pool | grep -q 'not monitored'",
    )
}

/// A thin device of this size in the pool, as docker makes one: by message, without LVM.
pub fn thin(guest: &Guest, gib: u32) -> Result<()> {
    let sectors = u64::from(gib) << 21;
    guest.check(&format!(
        "dmsetup message {DEVICE} 0 'create_thin 7000' && dmsetup create load --table \"0 {sectors} thin /dev/mapper/{DEVICE} 7000\""
    ))?;
    Ok(())
}

/// Writes so much to the thin device, to the end.
pub fn fill(guest: &Guest, mib: u32) -> Result<Written> {
    let output = guest.run_within(Duration::from_mins(8), &[WRITER, "fill", THIN, &mib.to_string()])?;
    written(&output)
}

/// Begins to write so much, in a unit of its own.
pub fn begin(guest: &Guest, mib: u32) -> Result<()> {
    guest.check("rm -f /run/written; systemctl reset-failed load 2>/dev/null; true")?;
    guest.check(&format!("systemd-run -q --unit=load sh -c '{WRITER} fill {THIN} {mib} > /run/written'"))?;
    Ok(())
}

/// Waits for what [`begin`] began.
pub fn finish(guest: &Guest) -> Result<Written> {
    until(guest, "the writer ends", "! systemctl is-active -q load")?;
    let output = guest.sh("cat /run/written; systemctl show -p Result load >&2")?;
    written(&output)
}

fn written(output: &Output) -> Result<Written> {
    serde_json::from_str(output.stdout.trim()).with_context(|| format!("the writer failed: {}{}", output.stdout, output.stderr))
}

/// How often the kernel said since the boot that a pool has no space left.
pub fn switches(guest: &Guest) -> Result<usize> {
    Ok(guest.check("dmesg | grep -c 'switching pool to out-of-data-space' || true")?.parse()?)
}

/// What the extender did, as its lines in the journal.
pub fn growths(guest: &Guest) -> Result<Vec<String>> {
    let lines = guest.check("journalctl -b -q -o cat -u atomic-hostd GREW=data + GREW=metadata")?;
    Ok(lines.lines().map(str::to_owned).collect())
}

/// Waits until a shell command succeeds.
pub fn until(guest: &Guest, what: &str, command: &str) -> Result<()> {
    let limit = Instant::now() + Duration::from_mins(4);
    while guest.sh(command)?.code != 0 {
        if Instant::now() > limit {
            bail!(
                "not after four minutes: {what}\n{}",
                guest.check("journalctl -b -u atomic-hostd -o cat | tail -50; lvs -a; dmsetup status")?
            );
        }
        sleep(Duration::from_millis(500));
    }
    Ok(())
}

/// The status line of the pool, which has to be there.
pub fn status(guest: &Guest) -> Result<String> {
    let line = guest.check(&format!("dmsetup status --noflush {DEVICE}"))?;
    ensure!(line.contains("thin-pool"), "{line}");
    Ok(line)
}
