//! The machine that `run` leaves behind, for `ssh` and `stop`.
//! In and out: `target/guest/run/`, whose `machine.json` tells how to reach it.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tests::guest::{Guest, Qmp};
use tests::made;

/// How to reach the machine.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    pid: u32,
    ssh_port: u16,
    qmp: PathBuf,
}

/// Directory of its disks and console log.
pub(crate) fn directory() -> PathBuf {
    made().join("run")
}

fn record() -> PathBuf {
    directory().join("machine.json")
}

/// Notes a machine that just started.
pub(crate) fn remember(guest: &Guest) -> Result<()> {
    let pid = guest.pid().context("the machine is off")?;
    let running = Running { pid, ssh_port: guest.ssh_port(), qmp: guest.qmp_socket() };
    fs::write(record(), serde_json::to_vec(&running)?).context("machine.json")
}

/// The machine of the last `run`, if it is still on.
fn running() -> Result<Option<Running>> {
    let Ok(text) = fs::read(record()) else { return Ok(None) };
    let running: Running = serde_json::from_slice(&text).with_context(|| record().display().to_string())?;
    Ok(is_on(&running).then_some(running))
}

/// Process ids come back: it is our machine only if its command line names our directory.
fn is_on(running: &Running) -> bool {
    let command = fs::read(Path::new("/proc").join(running.pid.to_string()).join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command).contains(&*directory().to_string_lossy())
}

/// Enters the guest; comes back only on failure.
pub(crate) fn ssh(command: &[String]) -> Result<()> {
    let Some(running) = running()? else { bail!("no guest is running; start one with `make run`") };
    let error = Command::new("ssh")
        .arg("-i")
        .arg(Guest::ssh_key())
        .args(["-p", &running.ssh_port.to_string()])
        // Every image has a host key of its own, and the connection does not leave this computer.
        .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"])
        .arg("root@127.0.0.1")
        .args(command)
        .exec();
    Err(error).context("ssh (make setup installs it)")
}

/// Ends the machine and removes its files; tells whether there was one.
pub(crate) fn stop() -> Result<bool> {
    let running = running()?;
    if let Some(running) = &running {
        // A machine that quits between the question and the order is what is wanted.
        let _ = Qmp::connect(&running.qmp).and_then(|mut qmp| qmp.execute("quit", &json!({})));
        let until = Instant::now() + Duration::from_secs(20);
        while is_on(running) {
            if Instant::now() > until {
                bail!("the guest does not end; its process is {}", running.pid);
            }
            sleep(Duration::from_millis(50));
        }
        if let Some(sockets) = running.qmp.parent() {
            fs::remove_dir_all(sockets).with_context(|| sockets.display().to_string())?;
        }
    }
    if directory().exists() {
        fs::remove_dir_all(directory())?;
    }
    Ok(running.is_some())
}
