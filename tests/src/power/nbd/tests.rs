//! qemu's own client talks to the server.

use super::super::platter::Platter;
use super::super::rack::Rack;
use super::super::tape::Left;
use anyhow::{Context, Result, ensure};
use std::process::Command;
use tempfile::TempDir;

/// Two disks of 1 MiB, empty, and the directory with their socket.
fn served() -> Result<(TempDir, Rack)> {
    let dir = tempfile::tempdir()?;
    let base = dir.path().join("base");
    std::fs::File::create(&base)?.set_len(1 << 20)?;
    let rack =
        Rack::serve(vec!["one".to_owned(), "two".to_owned()], vec![Platter::new(&base)?, Platter::new(&base)?], &dir.path().join("disks"))?;
    Ok((dir, rack))
}

/// What qemu-io says to commands on a disk.
fn qemu_io(dir: &TempDir, disk: &str, commands: &[&str]) -> Result<String> {
    let mut command = Command::new("qemu-io");
    command.args(["-f", "raw"]).args(commands.iter().flat_map(|command| ["-c", command]));
    let url = format!("nbd+unix:///{disk}?socket={}", dir.path().join("disks").display());
    let output = command.arg(url).output().context("qemu-io (make setup installs it)")?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    ensure!(output.status.success(), "{said}");
    Ok(said)
}

#[test]
fn qemu_reads_what_it_wrote_and_the_other_disk_is_another() -> Result<()> {
    let (dir, _rack) = served()?;
    qemu_io(&dir, "one", &["write -P 7 512 9000", "write -z 1024 512", "flush"])?;
    qemu_io(&dir, "one", &["read -P 0 0 512", "read -P 7 512 512", "read -P 0 1024 512", "read -P 7 1536 7976"])?;
    qemu_io(&dir, "two", &["read -P 0 0 1M"])?;
    let said = qemu_io(&dir, "three", &["read 0 512"]).expect_err("no such disk").to_string();
    ensure!(said.contains("unknown") || said.contains("not available") || said.contains("No such"), "{said}");
    Ok(())
}

#[test]
fn a_tape_has_the_order_of_all_disks_and_what_was_flushed() -> Result<()> {
    let (dir, rack) = served()?;
    qemu_io(&dir, "one", &["write -P 1 0 4096", "flush"])?;
    rack.record();
    qemu_io(&dir, "two", &["write -P 2 0 4096", "flush", "write -f -P 3 4096 4096", "discard 0 4096"])?;
    qemu_io(&dir, "one", &["write -P 4 8192 4096"])?;
    let tape = rack.stop()?;
    let cuts = tape.cuts(0)?;
    ensure!(cuts.flushes >= 1 && tape.records.len() >= cuts.flushes + 4, "{tape:?}");
    let end = cuts.distinct.iter().rev().find(|cut| cut.left == Left::All).context("the end")?;
    let mut found = Vec::new();
    for disk in tape.after(*end)? {
        let mut bytes = [[0]; 3];
        for (number, byte) in bytes.iter_mut().enumerate() {
            disk.read(number as u64 * 4096, byte)?;
        }
        found.push(bytes.concat());
    }
    ensure!(found == [[1, 0, 4], [0, 3, 0]], "{found:?}");
    Ok(())
}
