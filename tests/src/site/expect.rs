//! What a host with the services of [`super::services`] has to show.

use super::Site;
use crate::product;
use anyhow::{Result, ensure};
use serde_json::Value;
use std::time::Duration;

/// The containers of [`super::services`].
pub const NAMES: [&str; 4] = ["web", "watcher", "follower", "rsyslog"];

impl Site {
    /// Everything that the spec asks for is there, and works.
    pub fn everything_runs(&self, engine: &str) -> Result<()> {
        let guest = &self.guest;
        ensure!(self.fetch(8080, "index.html")? == "version 1");
        ensure!(self.fetch(8080, "data/file")? == "from the volume");
        for name in NAMES {
            let unit = format!("container-{name}.service");
            self.holds(&format!("{unit} runs"), &format!("systemctl is-active {unit}"))?;
            guest.check(&format!("systemctl is-enabled {unit}"))?;
            self.holds(&format!("{name} runs"), &format!("{engine} inspect --format '{{{{.State.Running}}}}' {name} | grep -q true"))?;
            let digest =
                guest.check(&format!("{engine} inspect --format '{{{{index .Config.Labels \"io.atomic-host.digest\"}}}}' {name}"))?;
            ensure!(digest.starts_with("sha256:"), "{name} is pinned: {digest}");
        }
        let count = guest.check(&format!("{engine} ps -aq | wc -l"))?;
        ensure!(count == "4", "{count} containers");
        let memory = guest.check("cat /sys/fs/cgroup/container.slice/container-web.slice/memory.max")?;
        ensure!(memory == (64 << 20).to_string(), "{memory} bytes");
        let inside = guest.check("cat /sys/fs/cgroup/container.slice/container-web.slice/*/cgroup.procs /sys/fs/cgroup/container.slice/container-web.slice/*/*/cgroup.procs 2>/dev/null | wc -l")?;
        ensure!(inside != "0", "the container is below its slice");
        guest.check("journalctl -o cat -u container-watcher.service -u container-follower.service | grep -q 'worker begins' || grep -q 'worker begins' /var/log/messages")?;
        self.logs_arrive()
    }

    /// A line goes through the journal in memory to the file and to the other side.
    fn logs_arrive(&self) -> Result<()> {
        let mark = format!("mark-{}", self.guest.check("cat /proc/sys/kernel/random/uuid")?);
        self.guest.check(&format!("logger {mark}"))?;
        self.holds("the line is in the file", &format!("grep -q {mark} /var/log/messages"))?;
        self.logs.wait_for(&mark, Duration::from_secs(120))?;
        self.holds("the journal is in memory", "test -d /run/log/journal/$(cat /etc/machine-id)")?;
        self.holds("journald left the disk", "! ls -l /proc/$(pidof systemd-journald)/fd | grep -q /var/log/journal")
    }

    /// No file touched, no service started anew, and nothing secret told.
    pub fn a_second_apply_does_nothing(&self, engine: &str) -> Result<()> {
        let guest = &self.guest;
        ensure!(product::plan(guest)? == Vec::<Value>::new(), "{:#?}", product::plan(guest)?);
        let before = self.incarnations(engine, &NAMES)?;
        guest.check("touch /run/before-second-apply; sleep 0.1")?;
        let applied = product::apply(guest, &[])?;
        ensure!((applied.code, applied.effects()) == (0, Vec::new()), "{:#}", applied.report);
        let touched = guest.check("find /etc /var/lib/atomic-host -xdev -newer /run/before-second-apply")?;
        ensure!(touched.is_empty(), "{touched}");
        ensure!(self.incarnations(engine, &NAMES)? == before);
        let told = guest.check("journalctl -b -o cat; atomic host status; cat /etc/systemd/system/container-*")?;
        ensure!(!told.contains("do-not-tell"), "a secret was told");
        ensure!(guest.check("stat -c %a /var/lib/atomic-host")? == "700");
        Ok(())
    }

    /// systemd finds nothing to say about the units.
    pub fn units_are_sound(&self) -> Result<()> {
        let units = "/etc/systemd/system/container-*.service /etc/systemd/system/container-*.slice";
        let said = self.guest.check(&format!("systemd-analyze verify {units} 2>&1"))?;
        ensure!(said.is_empty(), "{said}");
        Ok(())
    }

    /// Each container's id and start: they stay while it is left alone.
    pub fn incarnations(&self, engine: &str, names: &[&str]) -> Result<Vec<String>> {
        names
            .iter()
            .map(|name| self.guest.check(&format!("{engine} inspect --format '{{{{.Id}}}} {{{{.State.StartedAt}}}}' {name}")))
            .collect()
    }

    /// Waits until the command succeeds.
    pub fn holds(&self, what: &str, command: &str) -> Result<()> {
        self.until(what, |guest| Ok((guest.sh(command)?.code == 0).then_some(())))
    }
}
