//! `make run`: from the source tree to a configured host, shown as it happens.
//! In: the workspace and `config/examples/appliance.toml`. Out: a running machine, its journal's lines, its status.

use crate::machine;
use crate::phases::Phases;
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tests::guest::{BOOT_PATIENCE, Guest};
use tests::image::{self, Layout};
use tests::top;

/// What the agent says, as it says it; each call gives the lines since the last.
const JOURNAL: &str = "journalctl -q -b -o cat -u atomic-host-storage -u atomic-hostd --no-pager --cursor-file=/run/shown-by-xtask";

pub(crate) fn run() -> Result<()> {
    let layout = Layout::default();
    let phases = Phases::new(7)?;
    machine::stop()?;
    phases.phase("build", |say| build(say))?;
    phases.phase("image", |say| image::build_with(&layout, &mut |line| say(line)))?;
    phases.phase("first boot, kept for later runs", |_| Guest::saved(&layout))?;
    let guest = phases.phase("start", |_| {
        let guest = Guest::ready_in(&layout, &machine::directory())?;
        machine::remember(&guest)?;
        Ok(guest)
    })?;
    let done = configure(&guest, &phases);
    phases.finish();
    let done = done.and_then(|()| status(&guest));
    println!("enter the host with: make ssh; end it with: make stop");
    // A host that went wrong is left on too, to be looked at.
    guest.detach();
    done
}

fn configure(guest: &Guest, phases: &Phases) -> Result<()> {
    phases.phase("put the specification", |_| specification(guest))?;
    phases.phase("reboot", |_| guest.reboot_and_answer())?;
    phases.phase("the host makes itself so", |say| watch(guest, phases, say))
}

fn status(guest: &Guest) -> Result<()> {
    let status = guest.run(&["atomic", "host", "status"])?;
    println!("\n# atomic host status\n{}{}", status.stdout, status.stderr);
    if status.code != 0 {
        bail!("atomic host status: exit code {}", status.code);
    }
    Ok(())
}

fn build(say: &dyn Fn(&str)) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(top()).args(["build", "--workspace", "--bins"]);
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        cargo.arg("--release");
    }
    image::run(&mut cargo, &mut |line| say(line))
}

/// As cloud-init's `write_files` would do it.
fn specification(guest: &Guest) -> Result<()> {
    let path = top().join("config/examples/appliance.toml");
    let text = fs::read(&path).with_context(|| path.display().to_string())?;
    guest.write_file("/etc/atomic-host.toml", text)?;
    guest.check("sync").map(drop)
}

/// Shows the agent's journal until the boot is over and the agent has nothing more to say.
fn watch(guest: &Guest, phases: &Phases, say: &dyn Fn(&str)) -> Result<()> {
    let until = Instant::now() + BOOT_PATIENCE;
    loop {
        let state = guest.run(&["systemctl", "is-system-running"])?.stdout;
        let lines = guest.sh(JOURNAL)?.stdout;
        lines.lines().for_each(|line| phases.line(&format!("          {line}")));
        let state = state.trim();
        say(&format!("systemd: {state}"));
        if matches!(state, "running" | "degraded") && lines.is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("systemd still says {state}\n{}", guest.serial_tail());
        }
        sleep(Duration::from_secs(1));
    }
}
